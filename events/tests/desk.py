"""The desk as a test uses it: a staff member's client, and a form sent back as a browser would."""

import time
from html.parser import HTMLParser
from typing import Any

from allauth.account.internal.flows import login
from django.contrib.auth.models import Permission
from django.test import Client

from izbaku.accounts.models import User


def staff(*permissions: str, **fields: Any) -> Client:
    """A signed-in staff member of the portal: with all rights, or with only those that are named."""
    values = {"email": "aylin@example.org", "is_staff": True, "is_superuser": not permissions, "language": "en"}
    user = User.objects.create_user(**values | fields)
    user.user_permissions.set(Permission.objects.filter(codename__in=[*permissions, "every_event"]))
    return proven(user)


def proven(user: User) -> Client:
    """A client of somebody who is signed in."""
    client = Client()
    client.force_login(user)
    session = client.session  # and has proven just now who they are, as acts on many ask
    session[login._AUTHENTICATION_METHODS_USER_SESSION_KEY] = str(user.pk)
    session[login.AUTHENTICATION_METHODS_SESSION_KEY] = [{"method": "code", "at": time.time(), "reauthenticated": True}]
    session.save()
    return client


class _Form(HTMLParser):
    """What the browser would send of the page's main form."""

    def __init__(self) -> None:
        super().__init__()
        self.data: dict[str, list[str]] = {}
        self.is_inside = False
        self.select = self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        has = dict(attrs)
        if tag == "form":
            self.is_inside = has.get("id") == "event_form"
        if not self.is_inside:
            return
        name, kind = has.get("name") or "", has.get("type")
        if tag == "input" and name and kind not in ("submit", "file", "button"):
            if kind not in ("checkbox", "radio") or "checked" in has:
                self.data.setdefault(name, []).append(has.get("value") or "")
        elif tag == "textarea":
            self.text = name
            self.data[name] = [""]
        elif tag == "select":
            self.select = name
        elif tag == "option" and "selected" in has:
            self.data.setdefault(self.select, []).append(has.get("value") or "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self.text = ""

    def handle_data(self, data: str) -> None:
        if self.text:
            self.data[self.text][0] += data


def typed(response: Any, **changes: Any) -> dict[str, Any]:
    """What the browser sends when this page's form is saved with these changes."""
    form = _Form()
    form.feed(response.content.decode())
    sent = {name: values for name, values in form.data.items() if "__prefix__" not in name}
    return sent | {"_save": "1"} | changes
