# `make help` lists what there is. Everything lands in .venv/ and var/; nothing is installed system-wide.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
PYTHON := $(shell for p in python3.13 python3.12 python3.11 python3; do \
	if "$$p" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; \
	then command -v "$$p"; break; fi; done)
BIN := .venv/bin
PORT ?= 8000
APPS := config profiles consent segments campaigns

.PHONY: help demo up install test check lint format types layers migrations links docs screenshots bench soak lock translations
.PHONY: requirements-met install-dev install-saml install-redis install-parquet

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 14

demo: install ## environment, database, a demo shop's data, all processes; prints address and log-in
	@$(BIN)/python manage.py demo --port $(PORT)

up: install ## the installation without demo data (PORT=8000)
	@$(BIN)/python manage.py up --port $(PORT)

install: .venv/installed translations ## the environment alone (.venv/)

install-saml: .venv/installed-saml ## the extra with which people sign in by SAML 2.0

install-redis: .venv/installed-redis ## the extra with which a Redis or Valkey server is the broker

install-parquet: .venv/installed-parquet ## the extra with which files of people can be Parquet

test: install-dev translations ## environment, browser, the whole test suite
	@$(BIN)/python tools/browser.py || true
	@$(BIN)/python -m pytest $(ARGS)

check: install-dev lint types layers migrations links ## format, lint, types, layers, migrations, links

lint: install-dev
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .

format: install-dev ## rewrite the code in the project's format
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

types: install-dev
	@$(BIN)/mypy $(APPS)

layers: install-dev
	@$(BIN)/lint-imports

migrations: install-dev
	@DJANGO_SETTINGS_MODULE=config.settings_test $(BIN)/python manage.py makemigrations --check --dry-run

links: install-dev
	@$(BIN)/python -m tools.links

docs: install-dev ## the documentation as a site, in var/docs/
	@$(BIN)/python -m tools.settings_page
	@DJANGO_SETTINGS_MODULE=config.settings_test $(BIN)/python manage.py rules
	@$(MAKE) links
	@$(BIN)/python -m sphinx --quiet --fail-on-warning --keep-going --nitpicky -j auto docs var/docs
	@echo "var/docs/index.html"

screenshots: install-dev ## the pictures of the documentation, from a demo that runs (AT=http://127.0.0.1:8000)
	@$(BIN)/python -m tools.screenshots --at $(or $(AT),http://127.0.0.1:$(PORT)) $(NAMES)

bench: install-dev ## the benchmarks, all or one: make bench NAME=segments
	@$(BIN)/python manage.py bench $(NAME)

soak: install-dev ## kill -9 at random for 20 rounds (an hour): make soak ARGS="--rounds 2 --events 2000 --mails 300"
	@$(BIN)/python -m tests.scale.soak $(ARGS)

lock: ## pin requirements/*.in, with hashes (needs uv)
	@uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url requirements/base.in -o requirements/base.txt
	@uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url requirements/saml.in -o requirements/saml.txt
	@uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url requirements/redis.in -o requirements/redis.txt
	@uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url requirements/parquet.in -o requirements/parquet.txt
	@uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url requirements/docs.in -o requirements/docs.txt
	@uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url requirements/dev.in -o requirements/dev.txt

translations: .venv/installed ## compile locale/*.po
	@$(BIN)/python tools/translations.py

# --- the environment -------------------------------------------------------------------------
requirements-met:
	@if [ -z "$(PYTHON)" ]; then echo "Rapport needs CPython 3.11, 3.12 or 3.13; none is on PATH." >&2; exit 1; fi
	@"$(PYTHON)" tools/preflight.py

.venv/installed: requirements/base.txt | requirements-met
	@if [ ! -x $(BIN)/python ]; then "$(PYTHON)" -m venv .venv; fi
	@echo "Installing into .venv/ (once, about a minute)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/base.txt
	@touch $@

.venv/installed-saml: requirements/saml.txt .venv/installed
	@echo "Installing what SAML 2.0 needs (once)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/saml.txt
	@touch $@

.venv/installed-parquet: requirements/parquet.txt .venv/installed
	@echo "Installing what Parquet needs (once)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/parquet.txt
	@touch $@

.venv/installed-redis: requirements/redis.txt .venv/installed
	@echo "Installing what a Redis broker needs (once)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/redis.txt
	@touch $@

.venv/installed-dev: requirements/dev.txt .venv/installed
	@echo "Installing what tests and checks need (once)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@touch $@

install-dev: .venv/installed-dev
