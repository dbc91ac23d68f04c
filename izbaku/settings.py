"""Settings, read from the environment; every default is safe and needs no server.

`PORTAL_ENV=local` (the default) runs on one machine with SQLite and a filesystem broker.
`PORTAL_ENV=production` refuses to start without the settings that only the association knows.
"""

from pathlib import Path

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _
from environs import Env

BASE_DIR = Path(__file__).resolve().parent.parent

env = Env()
env.read_env(BASE_DIR / ".env", recurse=False)

PORTAL_ENV = env.str("PORTAL_ENV", "local")
IS_LOCAL = PORTAL_ENV == "local"
VAR_DIR = Path(env.str("PORTAL_VAR", str(BASE_DIR / "var")))


def required(name: str, local: str, why: str) -> str:
    """The variable's value; a missing one explains itself and stops production from starting."""
    value = env.str(name, local if IS_LOCAL else "")
    if not value and not IS_LOCAL:
        raise ImproperlyConfigured(f"{name} is not set: {why}")
    return value


DEBUG = env.bool("DEBUG", False)
SECRET_KEY = required(
    "SECRET_KEY", "local-only-key-of-no-worth", "it signs sessions and links; use 50 random characters."
)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]"] if IS_LOCAL else [])
CSRF_TRUSTED_ORIGINS: list[str] = env.list("CSRF_TRUSTED_ORIGINS", [])
SITE_ADDRESS = required("SITE_ADDRESS", "http://localhost:8000", "letters, feeds and share links carry it.")

# Who runs the portal and how to reach them: shown on "About". Not in the sourced data, so it must be set.
CONTACT = {
    "name": "İZAZDER",
    "email": required("CONTACT_EMAIL", "", "visitors must be able to reach the association."),
    "phone": env.str("CONTACT_PHONE", ""),
    "address": env.str("CONTACT_ADDRESS", ""),
    "url": env.str("CONTACT_URL", ""),
}

INSTALLED_APPS = [
    "modeltranslation",  # before admin, which it extends
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "csp",
    "izbaku",
    "izbaku.accounts",
    "events",
    "izbaku.portal",
    "izbaku.desk",
]

MIDDLEWARE = [
    "izbaku.freshness.KeptPages",  # first: it keeps the finished response
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "izbaku.freshness.FreshForAuthor",
]

ROOT_URLCONF = "izbaku.urls"
WSGI_APPLICATION = "izbaku.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
                "izbaku.portal.context.page",
            ],
        },
    },
]

# --- Storage ---------------------------------------------------------------------------------------------

DATABASE_URL = env.str("DATABASE_URL", f"sqlite:///{VAR_DIR / 'portal.sqlite3'}")
DATABASES = {"default": env.dj_db_url("DATABASE_URL", DATABASE_URL, conn_max_age=600, conn_health_checks=True)}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    VAR_DIR.mkdir(parents=True, exist_ok=True)
    DATABASES["default"]["OPTIONS"] = {
        "timeout": 20,
        "transaction_mode": "IMMEDIATE",  # a read that turns into a write would fail at once under load
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
    # A file: a shared in-memory database says "table is locked" to a second thread.
    DATABASES["default"]["TEST"] = {"NAME": str(VAR_DIR / "test.sqlite3")}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.str("REDIS_URL", "")
CELERY_BROKER_URL = REDIS_URL or "filesystem://"
BROKER_DIR = VAR_DIR / "broker"

MEDIA_ROOT = VAR_DIR / "media"
MEDIA_URL = "/media/"
STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": env.str("STATIC_STORAGE", "whitenoise.storage.CompressedManifestStaticFilesStorage")},
}
WHITENOISE_MAX_AGE = 3600

# --- Languages and time ----------------------------------------------------------------------------------

LANGUAGE_CODE = "tr"
LANGUAGES = [("tr", "Türkçe"), ("az", "Azərbaycanca"), ("en", "English")]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Europe/Istanbul"
MODELTRANSLATION_LANGUAGES = ("tr", "az", "en")
MODELTRANSLATION_DEFAULT_LANGUAGE = "tr"
MODELTRANSLATION_FALLBACK_LANGUAGES = ("tr",)
LANGUAGE_COOKIE_SAMESITE = "Lax"

# --- People ----------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]

# --- Security --------------------------------------------------------------------------------------------

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = env.bool("HTTPS", not IS_LOCAL)
SECURE_HSTS_SECONDS = env.int("HSTS_SECONDS", 0 if IS_LOCAL else 31_536_000)
if env.bool("BEHIND_PROXY", False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# --- The programme ---------------------------------------------------------------------------------------

SITE_NAME = _("İzmir–Baku 40")
PROGRAMME_YEAR = env.int("PROGRAMME_YEAR", 2026)
RELEASE = env.str("RELEASE", "dev")
KEPT_PAGES = env.bool("KEPT_PAGES", True)
KEPT_BYTES = env.int("KEPT_BYTES", 32 * 1024 * 1024)

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(levelname)s %(name)s: %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", "WARNING")},
}
