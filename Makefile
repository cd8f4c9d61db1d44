# `make help` lists what there is. Everything happens in .venv and var beside this file; nothing
# else on the machine is touched. Paths are relative on purpose: the folder may have any name.

PYTHON ?= python3
export PIP_DISABLE_PIP_VERSION_CHECK = 1

python := .venv/bin/python
pip := $(python) -m pip install --quiet --require-hashes --only-binary :all:

.DEFAULT_GOAL := help
.SUFFIXES:
.PHONY: help run test test-postgres lint bench faults faults-postgres docs messages lock install dev

help: ## list these targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 16

run: .venv/.installed ## start everything: web, worker, engine, on SQLite and an embedded Valkey
	@DEMO="$${DEMO-true}" exec $(python) manage.py run --stop-with-parent

test: .venv/.installed-dev ## run the test suite on SQLite and an embedded Valkey
	@env -u DATABASE_URL -u REDIS_URL $(python) -m pytest -n 2 $(PYTEST)

test-postgres: .venv/.installed-dev ## run the same suite on DATABASE_URL and REDIS_URL
	@$(python) -m tests.services
	@$(python) -m pytest -n 2 $(PYTEST)

lint: .venv/.installed-dev ## check style, types and the direction of imports
	@$(python) -m ruff check .
	@$(python) -m ruff format --check .
	@$(python) -m mypy
	@$(python) -c "from importlinter.cli import lint_imports_command as lint; lint()"

bench: .venv/.installed-dev ## measure how fast it is
	@$(python) -m bench

# FAULTS_MINUTES is for how long, FAULTS_SEED repeats a run; what was found is written to var/faults.
faults: .venv/.installed-dev ## kill processes and servers, and see what is lost: nothing
	@env -u DATABASE_URL -u REDIS_URL $(long) $(python) -m pytest tests/faults -m faults $(PYTEST)

faults-postgres: .venv/.installed-dev ## the same on DATABASE_URL and REDIS_URL
	@$(python) -m tests.services
	@env $(long) $(python) -m pytest tests/faults -m faults $(PYTEST)

long = FAULTS_MINUTES="$${FAULTS_MINUTES-5}" FAULTS_RESULTS="$${FAULTS_RESULTS-var/faults}"

docs: .venv/.installed-dev ## write the generated pages of the documentation again
	@$(python) manage.py settings_table --write
	@$(python) manage.py permissions_table --write
	@RECORD_EXAMPLES=1 $(python) -m pytest -q tests/contract/test_examples.py -k records

messages: .venv/.installed-dev ## gather what is said, list what is not translated, compile
	@DJANGO_SETTINGS_MODULE=tests.settings $(python) -m tests.messages

lock: .venv/.installed-dev ## pin the newest packages that requirements/ allows, with hashes
	@$(python) -m uv --version >/dev/null 2>&1 || $(python) -m pip install --quiet uv
	@env UV_PYTHON_DOWNLOADS=never $(python) -m uv $(compile) requirements/base.in -o requirements.txt
	@env UV_PYTHON_DOWNLOADS=never $(python) -m uv $(compile) requirements/dev.in -c requirements.txt -o requirements-dev.txt

compile := pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links

install: .venv/.installed ## install what running needs
dev: .venv/.installed-dev ## install what developing needs

# A failed attempt leaves .venv/bin/python behind, so pip is asked whether it works. Whole Debian
# systems lack ensurepip, without which `venv` makes an environment that cannot install anything.
.venv/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "Crisis API needs Python 3.11 or newer as $(PYTHON); set PYTHON to one, as in"; \
	  echo "  make run PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { \
	  echo "$(PYTHON) cannot make virtual environments here. On Debian and Ubuntu:"; \
	  echo "  apt-get install python3-venv"; exit 1; }
	@$(python) -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear .venv
	@touch .venv/.made

.venv/.installed: requirements.txt | .venv/.made
	@echo "Installing packages into .venv …"
	@$(pip) -r requirements.txt
	@touch .venv/.installed

.venv/.installed-dev: requirements-dev.txt | .venv/.installed
	@echo "Installing packages for development into .venv …"
	@$(pip) -r requirements-dev.txt
	@touch .venv/.installed-dev
