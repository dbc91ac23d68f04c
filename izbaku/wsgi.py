"""The portal as a WSGI application: kept pages are answered before Django is asked."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "izbaku.settings")
django_application = get_wsgi_application()

from izbaku.kept import kept_application  # noqa: E402  (its table needs the settings that are now set up)

application = kept_application(django_application)
