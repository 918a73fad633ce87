# What people do with a clone. Everything is installed into .venv; `make clean` removes it.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.NOTPARALLEL: # one pip at a time
unexport PYTHONPATH PYTHONHOME PYTHONDONTWRITEBYTECODE

VENV := .venv
RUN := $(VENV)/bin/python
PIP := $(RUN) -m pip --disable-pip-version-check --no-input
ARGS ?=

# Which Python makes .venv: the first of these that is new enough and can make one.
PYTHON ?=
PYTHONS := $(or $(PYTHON),python3.14 python3.13 python3.12 python3.11 python3)

# Some tests hold Estafette against npm packages; without npm they skip themselves.
ifneq ($(shell command -v npm 2>/dev/null),)
NODE := $(patsubst %/package-lock.json,%/node_modules/.done,$(wildcard tests/node/package-lock.json))
endif

.PHONY: help setup demo serve test check format docs bench crash screenshots lock clean

help: ## show this list
	@echo 'make TARGET [ARGS="…"] [PYTHON=/path/to/python3]'
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' Makefile

setup: $(VENV)/run.done ## set up: a virtual environment in .venv, with the command in it
	@echo 'Ready. The command is $(VENV)/bin/estafette; make demo shows it at work.'

demo: $(VENV)/demo.done ## run a server, send two messages and watch them arrive
	@$(RUN) demo/first_message.py

serve: $(VENV)/run.done ## run a server on your own home (ARGS="--port 8081")
	@$(VENV)/bin/estafette serve $(ARGS)

test: $(VENV)/dev.done $(NODE) ## run the tests (ARGS="tests/model -k segments")
	$(RUN) -m pytest -n 5 --dist loadfile --no-loadscope-reorder $(ARGS)

check: $(VENV)/dev.done ## check format, lint, types and what is installed
	$(RUN) -m ruff format --check .
	$(RUN) -m ruff check .
	$(RUN) -m mypy
	$(RUN) -m mypy demo
	$(PIP) check

format: $(VENV)/dev.done ## put the code into shape
	$(RUN) -m ruff format .
	$(RUN) -m ruff check --fix .

docs: $(VENV)/dev.done ## write the tables of the docs and the catalogs of the console anew
	$(RUN) -m tests.tables
	$(RUN) -m tests.words

bench: $(VENV)/dev.done ## measure the speed on this machine
	$(RUN) -m bench $(ARGS)

screenshots: $(VENV)/dev.done ## make the pictures of the READMEs anew, with this machine's Chromium
	$(RUN) -m tests.screenshots

crash: $(VENV)/dev.done ## kill servers under load and look for what is lost or doubled
	$(RUN) -m tests.acceptance.crash $(ARGS)

# The locks hold versions and hashes, and no address: pip takes them from where it is set up to.
COMPILE = $(RUN) -m uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--custom-compile-command 'make lock' $(ARGS) pyproject.toml

lock: $(VENV)/dev.done ## write the lock files anew from pyproject.toml (ARGS=--upgrade)
	$(COMPILE) --group dev --output-file requirements/dev.txt
	$(COMPILE) --group build --constraint requirements/dev.txt --output-file requirements/run.txt
	$(COMPILE) --group build --group demo --constraint requirements/dev.txt \
		--output-file requirements/demo.txt
	@! grep -nE '^ *-(-index-url|-extra-index-url|-find-links|i|f)|://' requirements/*.txt

clean: ## remove all that make has made
	rm -rf $(VENV) build dist tests/node/node_modules
	rm -rf .coverage .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# What follows is remembered by stamps: repeated, it takes no time.

$(RUN):
	@for python in $(PYTHONS); do \
		version=$$($$python -c 'import sys; print("%d.%d.%d" % sys.version_info[:3])' 2>/dev/null) \
			|| continue; \
		if ! $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then \
			old="$$old $$python is $$version;"; \
		elif ! $$python -c 'import ensurepip, venv' 2>/dev/null; then \
			bare="$$bare $$python is $$version;"; \
		else \
			echo "Making $(VENV) with $$python ($$version)"; \
			$$python -m venv --clear $(VENV) && exit 0; \
			rm -rf $(VENV); exit 1; \
		fi; \
	done; \
	echo 'Estafette needs Python 3.11 or later, with its venv module.' >&2; \
	if [ -n "$$bare" ]; then \
		echo "Without venv:$$bare on Debian and Ubuntu: apt-get install python3-venv" >&2; \
	fi; \
	if [ -n "$$old" ]; then echo "Too old:$$old" >&2; fi; \
	if [ -z "$$bare$$old" ]; then echo "Not found: $(PYTHONS)." >&2; fi; \
	echo 'Name one with: make PYTHON=/path/to/python3 …' >&2; \
	exit 1

# Each lock is complete: demo.txt holds run.txt, and dev.txt holds both.
define install
@echo 'Installing requirements/$(1).txt into $(VENV)'
@$(PIP) install --no-compile --no-deps --require-hashes -r requirements/$(1).txt
@$(PIP) install --quiet --no-compile --no-deps --no-build-isolation --editable .
@touch $(foreach name,$(1) $(2),$(VENV)/$(name).done)
endef

$(VENV)/run.done: requirements/run.txt pyproject.toml | $(RUN)
	$(call install,run)

$(VENV)/demo.done: requirements/demo.txt pyproject.toml | $(RUN)
	$(call install,demo,run)

$(VENV)/dev.done: requirements/dev.txt pyproject.toml | $(RUN)
	$(call install,dev,demo run)

tests/node/node_modules/.done: tests/node/package-lock.json
	@echo 'Installing the npm packages that the tests hold Estafette against'
	@if npm ci --prefix tests/node --include=dev --no-audit --no-fund --fetch-retries=1; then \
		touch $@; \
	else \
		echo 'npm could not install them: the tests that need them skip themselves' >&2; \
	fi
