# Everything a person types. `make` alone lists it.
# Needs python3 (3.11 or newer) with venv, and the package index; PIP_* of the environment is respected.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?= python3
IN_VENV := .venv/bin/python
# A clone that was moved, or a python3 that changed, gets a new environment: scripts in it name both.
PLACE := $(shell printf '%s %s' "$(CURDIR)" "$$($(PYTHON) -V 2>&1)" | cksum | cut -d' ' -f1)
VENV_STAMP := .venv/.made-$(PLACE)
RUN_STAMP := .venv/.run-$(PLACE)
DEV_STAMP := .venv/.dev-$(PLACE)
# Two makes at once in one clone install one after the other, where the system has flock.
ONE_BY_ONE := $(shell command -v flock >/dev/null 2>&1 && echo flock pyproject.toml)
PIP := $(IN_VENV) -m pip install --quiet --quiet --disable-pip-version-check --no-input
COMPILE := $(IN_VENV) -m uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate --python-version 3.11
WORKERS ?= 2
ARGS ?=

define check_python
import importlib.util, shutil, sys
found = sys.version.split()[0]
if sys.version_info < (3, 11):
    sys.exit("Python 3.11 ou plus récent est nécessaire (trouvé : %s) : sudo apt-get install python3 python3-venv / Python 3.11 or newer is needed (found: %s)" % (found, found))
if not (importlib.util.find_spec("venv") and importlib.util.find_spec("ensurepip")):
    sys.exit("Le module venv de Python manque : sudo apt-get install python3-venv / Python's venv module is missing: sudo apt-get install python3-venv")
free = shutil.disk_usage(".").free // 1000000
if free < 1000:
    sys.exit("Disque plein : %d Mo libres ici, il en faut 1000 / Disk full: %d MB free here, 1000 are needed" % (free, free))
endef
export check_python

.PHONY: help
help: ## list these commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: run
run: $(RUN_STAMP) ## install, start the database, load the demo, serve on http://127.0.0.1:8000 (PORT=8001)
	@exec $(IN_VENV) -m salw_cli.run

.PHONY: test
test: $(DEV_STAMP) ## run the tests on a PostgreSQL of their own (ARGS="-k transfer")
	@$(IN_VENV) -m pytest -n $(WORKERS) -q $(ARGS)

.PHONY: check
check: lint test ## lint, format, types, import contracts, tests

.PHONY: lint
lint: $(DEV_STAMP) ## everything of `make check` but the tests
	@$(IN_VENV) -m ruff check .
	@$(IN_VENV) -m ruff format --check .
	@$(IN_VENV) -m mypy
	@.venv/bin/lint-imports

.PHONY: bench
bench: $(DEV_STAMP) ## measure against the yardsticks and write bench/RESULTS.md
	@$(IN_VENV) -m bench $(ARGS)

.PHONY: soak
soak: $(DEV_STAMP) ## run the long loops (SALW_SOAK_SECONDS=600 each)
	@$(IN_VENV) -m pytest -m soak -q $(ARGS)

.PHONY: verifiers
verifiers: $(VENV_STAMP) ## fetch and build other people's verifiers of the log, which the tests then run too
	@$(IN_VENV) tests/verifiers/prepare.py

.PHONY: lock
lock: $(DEV_STAMP) ## compile both requirements files again from pyproject.toml
	@$(COMPILE) --extra build pyproject.toml -o requirements.lock
	@$(COMPILE) --extra build --extra dev pyproject.toml -o requirements-dev.lock
	@for name in go aics; do $(COMPILE) tests/verifiers/$$name.in -o tests/verifiers/$$name.lock || exit 1; done

$(VENV_STAMP):
	@command -v $(PYTHON) >/dev/null || { echo "python3 manque : sudo apt-get install python3 python3-venv / python3 is missing: sudo apt-get install python3 python3-venv" >&2; exit 1; }
	@$(PYTHON) -c "$$check_python"
	@$(ONE_BY_ONE) sh -c 'test -e $@ || { echo "1/3  .venv ..."; $(PYTHON) -m venv --clear .venv && touch $@; }'

$(RUN_STAMP): requirements.lock pyproject.toml $(VENV_STAMP)
	@$(ONE_BY_ONE) sh -c 'test $@ -nt requirements.lock -a $@ -nt pyproject.toml || { \
	  echo "2/3  requirements.lock ..."; $(PIP) --require-hashes -r requirements.lock \
	  && echo "3/3  salw ..." && $(PIP) --no-deps --no-build-isolation -e . && touch $@; }'

$(DEV_STAMP): requirements-dev.lock pyproject.toml $(VENV_STAMP)
	@$(ONE_BY_ONE) sh -c 'test $@ -nt requirements-dev.lock -a $@ -nt pyproject.toml || { \
	  echo "2/3  requirements-dev.lock ..."; $(PIP) --require-hashes -r requirements-dev.lock \
	  && echo "3/3  salw ..." && $(PIP) --no-deps --no-build-isolation -e . && touch $@; }'
