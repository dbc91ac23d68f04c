"""Settings, read from the environment; every default is safe and needs no server.

`PORTAL_ENV=local` (the default) runs on one machine with SQLite and a filesystem broker.
`PORTAL_ENV=production` refuses to start without the settings that only the association knows.
"""

from contextlib import suppress
from pathlib import Path
from typing import Any

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
    value = env.str(name, "") or (local if IS_LOCAL else "")  # set to nothing is not set
    if not value and not IS_LOCAL:
        raise ImproperlyConfigured(f"{name} is not set: {why}")
    return value


DEBUG = env.bool("DEBUG", False)
SECRET_KEY = required(
    "SECRET_KEY", "local-only-key-of-no-worth", "it signs sessions and links; use 50 random characters."
)
ALLOWED_HOSTS = required("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]", "other hosts are refused.").split(",")
CSRF_TRUSTED_ORIGINS: list[str] = env.list("CSRF_TRUSTED_ORIGINS", [])
SITE_ADDRESS = required(
    "SITE_ADDRESS",
    f"http://localhost:{env.str('PORT', '') or 8000}",  # on one machine the portal is where it listens
    "letters, feeds and share links carry it.",
)

# When the association's office answers students, on working days in İzmir; the clock of a request runs in these hours.
OFFICE_HOURS: list[str] = env.list("OFFICE_HOURS", ["09:00", "17:00"])

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
    "izbaku.desk.admin_config.DeskAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",  # "two hours ago" in the list of sessions
    "csp",
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
    "allauth.mfa",
    "allauth.usersessions",
    "crispy_forms",
    "crispy_bootstrap5",
    "izbaku",
    "izbaku.audit",
    "izbaku.mail",
    "izbaku.privacy",
    "izbaku.accounts",
    "events",
    "proposals",
    "students",
    "izbaku.portal",
    "izbaku.desk",
]

MIDDLEWARE = [
    "izbaku.kept.KeptPages",  # first: it keeps the finished response
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "izbaku.audit.doing.Trail",  # after authentication: changes are the work of whoever is signed in
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "izbaku.accounts.marker.SignedInMarker",
    "izbaku.accounts.typed.TypedTextStays",
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
    with suppress(PermissionError):
        VAR_DIR.chmod(0o700)
    DATABASES["default"]["OPTIONS"] = {
        "timeout": 20,
        "transaction_mode": "IMMEDIATE",  # a read that turns into a write would fail at once under load
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA secure_delete=ON;",
    }
    # A file: a shared in-memory database says "table is locked" to a second thread.
    DATABASES["default"]["TEST"] = {"NAME": str(VAR_DIR / "test.sqlite3")}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.str("REDIS_URL", "")
CELERY_BROKER_URL = REDIS_URL or "filesystem://localhost"
BROKER_DIR = VAR_DIR / "broker"

# Letters: a relay (smtp://, smtp+starttls://, smtps://user:password@host:port), or a folder shown at /dev/inbox/.
MAIL_URL = required("MAIL_URL", "", "invitations, confirmations and sign-in codes leave through this relay.")
MAIL_FOLDER = VAR_DIR / "inbox"
MAIL_FROM = required("MAIL_FROM", "portal@localhost.localdomain", "letters come from this address.")
MAIL_FROM_NAME = "İZAZDER · İzmir–Bakü 40"
# Where undeliverable letters go. `bounces+{}@example.org`: with a token of the letter in place of the braces, so that
# reports can be read: from a mailbox (imaps://user:password@host/INBOX), or handed in at /mail/bounces/ with the token.
MAIL_RETURN = env.str("MAIL_RETURN", MAIL_FROM)
MAILBOX_URL = env.str("MAILBOX_URL", "")
BOUNCES_TOKEN = env.str("BOUNCES_TOKEN", "")
MAIL_PER_MINUTE = env.int("MAIL_PER_MINUTE", 0)  # what the relay takes from us in a minute; 0: as much as it can
METRICS_TOKEN = env.str("METRICS_TOKEN", "")  # opens /metrics; without one only a local machine shows it, to itself
MAIL_DOMAIN = MAIL_FROM.rpartition("@")[2]

# Rate limits must count for all workers together.
CACHES: dict[str, Any] = {
    "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}
    if REDIS_URL
    else {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "shared_cache",
        "OPTIONS": {"MAX_ENTRIES": 100_000, "CULL_FREQUENCY": 10},  # by itself 300: a stranger could crowd limits out
    }
}
CACHES["default"]["KEY_FUNCTION"] = "izbaku.discreet.cache_key"

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

# --- Sealing and attachments -----------------------------------------------------------------------------

SEALING_KEYS = required(
    "SEALING_KEYS", "", "it opens sealed fields and files; Fernet keys, newest first, separated by commas."
).split(",")
SEALING_KEY_FILE = VAR_DIR / "sealing.key"  # made at the first need, and read only on a local machine
DEFAULT_EXCEPTION_REPORTER_FILTER = "izbaku.sealing.Discreet"
PRIVATE_ROOT = VAR_DIR / "private"  # files of records: no address leads here
ACCEL_PREFIX = env.str("ACCEL_PREFIX", "")  # nginx's internal location of PRIVATE_ROOT; it adds the headers itself
CLAMD_URL = env.str("CLAMD_URL", "")  # tcp://host:3310 or unix:///path; with it nothing unscanned is handed out
FILE_UPLOAD_HANDLERS = [
    "izbaku.uploads.Bounded",  # first: what follows never sees more than one file may hold
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]

# --- Languages and time ----------------------------------------------------------------------------------

LANGUAGE_CODE = "tr"
LANGUAGES = [("tr", "Türkçe"), ("az", "Azərbaycanca"), ("en", "English")]
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = ["izbaku.formats"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Europe/Istanbul"
MODELTRANSLATION_LANGUAGES = ("tr", "az", "en")
MODELTRANSLATION_DEFAULT_LANGUAGE = "tr"
MODELTRANSLATION_FALLBACK_LANGUAGES = ("tr",)
LANGUAGE_COOKIE_SAMESITE = "Lax"

# --- People ----------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
# Staff without an authenticator app or a passkey reach only the page where they set one up.
SECOND_FACTOR_REQUIRED = env.bool("SECOND_FACTOR_REQUIRED", not IS_LOCAL)
MESSAGE_STORAGE = "izbaku.accounts.marker.MarkedMessages"  # Django's own cookie would hold the words, and addresses
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "account_overview"
LOGOUT_REDIRECT_URL = "root"

ACCOUNT_ADAPTER = "izbaku.accounts.adapters.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1"]  # so signing in asks for one; our sign-up form does not
ACCOUNT_SIGNUP_FORM_CLASS = "izbaku.accounts.forms.SignupForm"
ACCOUNT_SIGNUP_FORM_HONEYPOT_FIELD = "website"
ACCOUNT_FORMS = {
    "signup": "izbaku.accounts.signup.TrappedSignupForm",
    "request_login_code": "izbaku.accounts.signup.CodeForm",
    "reset_password": "izbaku.accounts.signup.ResetForm",
}
# By network; our forms count letters by address and network, and say so in words. Passwords: see the adapter.
ACCOUNT_RATE_LIMITS = {
    "confirm_email": "20/m/ip",
    "request_login_code": "20/m/ip",
    "reset_password": "20/m/ip",
    "login_failed_everywhere": "20/5m/key",
}
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
# Codes, not links: mail scanners open every link.
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_TIMEOUT = 600
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND = True
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = 600
ACCOUNT_LOGIN_BY_CODE_SUPPORTS_RESEND = True
ACCOUNT_PASSWORD_RESET_BY_CODE_ENABLED = True
ACCOUNT_PASSWORD_RESET_BY_CODE_TIMEOUT = 600
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_DEFAULT_HTTP_PROTOCOL = SITE_ADDRESS.partition(":")[0]
MFA_ADAPTER = "izbaku.accounts.adapters.MFAAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_FORMS = {
    "activate_totp": "izbaku.accounts.app_codes.Activate",
    "authenticate": "izbaku.accounts.app_codes.Authenticate",
    "reauthenticate": "izbaku.accounts.app_codes.Reauthenticate",
    "add_webauthn": "izbaku.accounts.passkeys.Add",
    "edit_webauthn": "izbaku.accounts.passkeys.Edit",
    "authenticate_webauthn": "izbaku.accounts.passkeys.Authenticate",
    "login_webauthn": "izbaku.accounts.passkeys.Login",
    "reauthenticate_webauthn": "izbaku.accounts.passkeys.Reauthenticate",
}
MFA_TOTP_ISSUER = "İzmir–Bakü 40"
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = IS_LOCAL
ALLAUTH_TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXIES", 0)
# Other sites' sign-in, off until switched on: {"google": {"APPS": [{"client_id": "…", "secret": "…"}]}}
SOCIALACCOUNT_PROVIDERS: Any = env.json("SOCIAL_SIGN_IN", {})
SOCIALACCOUNT_ONLY = False
SOCIALACCOUNT_EMAIL_AUTHENTICATION = False
INSTALLED_APPS += [f"allauth.socialaccount.providers.{name}" for name in SOCIALACCOUNT_PROVIDERS]
SESSION_COOKIE_AGE = 14 * 24 * 3600

CRISPY_ALLOWED_TEMPLATE_PACKS = "bootstrap5"
CRISPY_TEMPLATE_PACK = "bootstrap5"

# --- The trail of changes --------------------------------------------------------------------------------

# Every model and column is kept track of but these; each has its reason.
AUDIT_LEAVES_OUT = {
    "admin.logentry": "Django's own log of the admin",
    "auth.permission": "made from the models by every migration",
    "contenttypes.contenttype": "made from the models by every migration",
    "sessions.session": "no record: who is signed in at the moment",
    "usersessions.usersession": "no record: where somebody is signed in at the moment",
    "account.emailconfirmation": "a link on its way, for a few days",
    "mfa.authenticator.last_used_at": "using a second factor changes nothing",
    "socialaccount.socialaccount.last_login": "signing in changes nothing",
    "accounts.user.last_login": "signing in changes nothing; the list of sessions shows it",
    "events.registration.code": "a person's key; it never changes",
    "events.registration.found_by": "made from the name and the address",
    "events.guest.found_by": "made from the name and the address",
    "events.guest.likeness": "made from the name and the address",
    "events.guest.changed_at": "the trail says when",
    "events.guestimport": "a file on its way, for two days; what came of it is kept track of",
    "events.invitation.code": "a guest's key; it never changes",
    "events.invitation.found_by": "made from the name of who comes instead",
    "events.invitation.held": "counted with the seats",
    "events.invitation.version": "counts the answers",
    "events.invitationstep": "a ledger itself: rows are only added",
    "izbaku.knock": "a counter",
    "izbaku.programmeversion": "a counter",
    "mail.message": "a letter's states stand in its own row; secrets pass through it",
    "mail.hold": "written by the outbox for minutes",
    "mail.pulse": "counters of the machinery",
    "mail.mailbox": "how far the machinery has read",
    "mail.leftout": "made by a round that runs; its numbers stand in the round's report",
    "mail.mailing.after": "how far a round has come",
    "mail.mailing.expanded_at": "how far a round has come",
    "privacy.consent": "a ledger itself: rows are only added",
    "privacy.destroyed": "a ledger itself: rows are only added",
    "privacy.noticeshown": "a ledger itself: rows are only added",
    "privacy.reading": "a ledger itself: rows are only added",
    "events.line": "made anew from its event",
    "events.eventword": "made anew from its event",
    "events.imported": "what an import remembers of its own work",
    "events.event.sequence": "counts the changes",
    "events.allotment.taken": "counted by the database",
    "events.registration.version": "counts the changes",
    "events.registration.state_at": "the trail says when",
    "events.reminder.at": "follows the event",
    "events.reminder.set_at": "follows the event",
    "events.reminder.missed": "counted by the sweep",
    "events.reminder.done_for": "what the reminders remember of their own work",
    "events.event.changed_at": "the trail says when",
    "students.casedraft": "sealed, and gone once it is sent",
    "proposals.author.code": "a person's key; it never changes",
    "proposals.partner.code": "a person's key; it never changes",
    "proposals.follower.code": "a person's key; it never changes",
    "proposals.proposal.code": "its authors' key; it never changes",
    "proposals.proposal.found_by": "made from title, summary and organisations",
    "proposals.proposalstep": "a ledger itself: rows are only added",
    "proposals.proposalversion": "a ledger itself: versions stay, and what is being written is saved with every field",
    # Who reads the trail must not learn that somebody asked for help. A request keeps its own log.
    "students.case": "its steps and acts tell, to those who may open it",
    "students.casestep": "of a request, which keeps its own log",
    "students.casemessage": "of a request, which keeps its own log",
    "students.casenote": "of a request, which keeps its own log",
    "students.casefile": "of a request, which keeps its own log",
    "students.caseact": "of a request, which keeps its own log",
    "students.casetag": "of a request, which keeps its own log",
    "students.merging": "of a request, which keeps its own log",
    "students.nudge": "of a request, which keeps its own log",
    "students.survey": "of a request, which keeps its own log",
    "students.referral": "of a request, which keeps its own log",
    "students.referralitem": "of a request, which keeps its own log",
}
# That these were added is not told: they are made with another row. What becomes of them is.
AUDIT_COMES_ALONG = {"events.reminder"}
# Of these only that they changed; so of `class Personal`, sealed texts, passwords, tokens, hashes and e-mail addresses.
AUDIT_MASKS = {
    "mfa.authenticator.data",
    "socialaccount.socialaccount.extra_data",
    "socialaccount.socialaccount.uid",
    "socialaccount.socialapp.key",
    "socialaccount.socialapp.settings",
}

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
CSRF_FAILURE_VIEW = "izbaku.portal.views.not_sent"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = env.bool("HTTPS", not IS_LOCAL)
SECURE_HSTS_SECONDS = env.int("HSTS_SECONDS", 0 if IS_LOCAL else 31_536_000)
# Whether every other name under the host speaks HTTPS, only its owner knows: off, and Django's two hints with it.
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = env.bool("HSTS_SUBDOMAINS", False)
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
if env.bool("BEHIND_PROXY", False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# --- The programme ---------------------------------------------------------------------------------------

SITE_NAME = _("İzmir–Baku 40")
SISTERS_SINCE = 1986  # as the association and the municipality count; the sources differ (see the first milestone)
PROGRAMME_YEAR = env.int("PROGRAMME_YEAR", 2026)
RELEASE = env.str("RELEASE", "dev")
KEPT_PAGES = env.bool("KEPT_PAGES", True)
KEPT_BYTES = env.int("KEPT_BYTES", 16 * 1024 * 1024)

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "izbaku.discreet.Discreet", "fmt": "%(levelname)s %(name)s: %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", "WARNING")},
}
