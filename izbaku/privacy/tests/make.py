"""People and their traces, as the portal itself makes them."""

import time
from datetime import UTC, datetime

from django.contrib.auth import get_user_model

NOW = datetime(2026, 3, 20, 9, tzinfo=UTC)


def person(email="leyla.huseynova@example.org", name="Leyla Hüseynova", **more):
    return get_user_model().objects.create_user(email, name=name, language="en", **more)


def sign_in(client, user) -> None:
    """As if the person had typed a code this moment."""
    client.force_login(user)
    session = client.session
    session["account_authentication_methods"] = [{"method": "code", "at": time.time()}]
    session["account_authentication_methods_user"] = str(user.pk)
    session.save()
