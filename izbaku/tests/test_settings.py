"""Production says what it lacks before it serves anybody; README and .env.example name every setting."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

BASE = Path(__file__).resolve().parents[2]
SETTINGS = (BASE / "izbaku" / "settings.py").read_text(encoding="utf-8")
SERVE = (BASE / "izbaku" / "management" / "commands" / "serve.py").read_text(encoding="utf-8")
README = (BASE / "README.md").read_text(encoding="utf-8")
EXAMPLE = (BASE / ".env.example").read_text(encoding="utf-8")

REQUIRED = re.findall(r'= required\(\s*"([A-Z_]+)"|: required\(\s*"([A-Z_]+)"', SETTINGS)
REQUIRED = sorted({first or second for first, second in REQUIRED})
KNOWN = set(re.findall(r'(?:\benv\.\w+|required|environ\.get)\(\s*"([A-Z_]+)"', SETTINGS + SERVE))
ROWS = [row for row in README.splitlines() if row.startswith("| `")]

PRODUCTION = {
    "PORTAL_ENV": "production",
    "SECRET_KEY": "0123456789abcdefghijklmnopqrstuvwxyz-ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "ALLOWED_HOSTS": "portal.example.org",
    "SITE_ADDRESS": "https://portal.example.org",
    "CONTACT_EMAIL": "info@example.org",
    "MAIL_URL": "smtps://user:password@mail.example.org:465",
    "MAIL_FROM": "portal@example.org",
    "SEALING_KEYS": Fernet.generate_key().decode(),
}


def python(*arguments: str, folder: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    """Python with these settings only: whatever else this machine or a .env sets is emptied or left out."""
    environment = {name: value for name, value in os.environ.items() if name not in KNOWN}
    environment |= dict.fromkeys(REQUIRED, "") | {"DEBUG": "0", "PORTAL_VAR": str(folder)} | settings
    return subprocess.run(
        [sys.executable, *arguments], check=False, capture_output=True, text=True, cwd=BASE, env=environment, timeout=60
    )


def test_production_starts_with_what_is_required_and_nothing_more(tmp_path):
    assert set(PRODUCTION) == {"PORTAL_ENV", *REQUIRED}

    started = python("-c", "import izbaku.settings", folder=tmp_path, **PRODUCTION)

    assert (started.returncode, started.stderr) == (0, "")


@pytest.mark.parametrize("name", REQUIRED)
def test_production_refuses_to_start_without_it_and_says_why(name, tmp_path):
    started = python("-c", "import izbaku.settings", folder=tmp_path, **PRODUCTION | {name: ""})

    assert started.returncode == 1
    last = started.stderr.splitlines()[-1]
    assert re.fullmatch(rf"django\.core\.exceptions\.ImproperlyConfigured: {name} is not set: .{{15,}}\.", last)


def test_a_local_machine_needs_none_of_them(tmp_path):
    started = python("-c", "import django; django.setup()", folder=tmp_path, DJANGO_SETTINGS_MODULE="izbaku.settings")

    assert (started.returncode, started.stderr) == (0, "")


@pytest.mark.parametrize(("port", "told"), [({}, "http://localhost:8000"), ({"PORT": "8131"}, "http://localhost:8131")])
def test_on_one_machine_feeds_and_letters_name_the_port_it_listens_on(port, told, tmp_path):
    asked = "import os; del os.environ['SITE_ADDRESS']; from izbaku import settings; print(settings.SITE_ADDRESS)"

    assert python("-c", asked, folder=tmp_path, **port).stdout.strip() == told


def test_django_finds_nothing_to_say_about_production(tmp_path):
    checked = python("manage.py", "check", "--deploy", "--fail-level", "WARNING", folder=tmp_path, **PRODUCTION)

    assert checked.returncode == 0, checked.stderr
    assert checked.stdout.startswith("System check identified no issues")


def test_readme_marks_what_production_requires():
    marked = [name for row in ROWS if " * |" in row for name in re.findall("`([A-Z_]+)`", row.split("|")[1])]

    assert sorted(marked) == REQUIRED


def test_readme_and_the_example_name_every_setting_and_no_other():
    in_readme = {name for row in ROWS for name in re.findall("`([A-Z_]{3,})`", row.split("|")[1])}
    in_example = set(re.findall(r"^#([A-Z_]+)=", EXAMPLE, re.MULTILINE))

    assert in_readme == KNOWN
    assert in_example == KNOWN
    assert [name for name in REQUIRED if EXAMPLE.index(f"#{name}=") > EXAMPLE.index("#DATABASE_URL=")] == []
