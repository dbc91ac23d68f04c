# One place for what one does with this repository. `make` alone lists the targets.

PYTHON ?= python3
PORT ?= 8000
export PORT

BIN := .venv/bin
MANAGE := $(BIN)/python manage.py
# A stamp is named for what it was made from, so that changed requirements make a new one.
RUN_STAMP := .venv/run-$(shell cat requirements.txt | cksum | cut -d' ' -f1)
DEV_STAMP := .venv/dev-$(shell cat requirements.txt requirements-dev.txt | cksum | cut -d' ' -f1)
STATIC_STAMP := staticfiles/.collected
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet install
TEMPLATES = $(shell find templates -name '*.html')

.DEFAULT_GOAL := help
.PHONY: help run staff seed test chaos lint fix messages bench

help:  ## list the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | awk -F'\t' '{printf "  make %-10s %s\n", $$1, $$2}'

run: $(RUN_STAMP) $(STATIC_STAMP)  ## start web, worker and beat (PORT=8000)
	@$(MANAGE) migrate --verbosity 0
	@$(MANAGE) refresh_lines
	@$(MANAGE) load_programme
	@$(MANAGE) load_support
	@$(MANAGE) load_proposals
	@$(MANAGE) load_samples
	@$(MANAGE) staff_signin
	@$(MANAGE) serve

staff: $(RUN_STAMP)  ## give the local staff sign-in a new password, and print it
	@$(MANAGE) migrate --verbosity 0
	@$(MANAGE) staff_signin --new

seed: $(RUN_STAMP)  ## load the programme and the labelled samples, without starting anything
	@$(MANAGE) migrate --verbosity 0
	@$(MANAGE) load_programme
	@$(MANAGE) load_support
	@$(MANAGE) load_proposals
	@$(MANAGE) load_samples

test: $(DEV_STAMP)  ## run the tests (on DATABASE_URL and REDIS_URL where these are set); ARGS="-k word"
	@$(BIN)/python -m pytest $(ARGS)

chaos: $(DEV_STAMP)  ## kill what sends five thousand letters, for some minutes, and count them (LETTERS=5000)
	@$(BIN)/python -m tests.chaos.trial --letters $(or $(LETTERS),5000) --longest 240

lint: $(DEV_STAMP)  ## check style, imports, types, migrations, templates and catalogues
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/djade --target-version 5.2 --check $(TEMPLATES)
	$(BIN)/djhtml --tabwidth 2 --check $(TEMPLATES)
	$(BIN)/mypy
	$(MANAGE) makemigrations --check --dry-run
	$(MANAGE) check_messages

fix: $(DEV_STAMP)  ## format code and templates, and repair what can be repaired
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	-$(BIN)/djade --target-version 5.2 $(TEMPLATES)
	-$(BIN)/djhtml --tabwidth 2 $(TEMPLATES)

messages: $(DEV_STAMP)  ## bring the catalogues up to date (needs gettext), and compile them
	$(MANAGE) makemessages --locale tr --locale az --no-location --no-wrap --ignore .venv --ignore var --ignore staticfiles
	$(MANAGE) compilemessages --locale tr --locale az --ignore .venv

bench: $(DEV_STAMP)  ## measure pages, registrations, letters and reminders, each beside a reference
	$(BIN)/python -m bench

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; name it: make PYTHON=python3.12 …"; exit 1; }
	@$(PYTHON) -m venv .venv || { echo "This Python cannot make a virtual environment (on Debian: apt install python3-venv)."; rm -rf .venv; exit 1; }

$(RUN_STAMP): | $(BIN)/python
	@echo "Installing what the portal runs on …"
	@$(PIP) -r requirements.txt
	@rm -f .venv/run-* && touch $@

$(DEV_STAMP): | $(BIN)/python
	@echo "Installing what tests and checks need …"
	@$(PIP) -r requirements-dev.txt
	@rm -f .venv/dev-* && touch $@

$(STATIC_STAMP): $(RUN_STAMP) $(shell find static -type f) izbaku/settings.py
	@$(MANAGE) collectstatic --no-input --verbosity 0
	@touch $@
