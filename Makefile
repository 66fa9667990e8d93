# Needs Python 3.11 or later, make and git. Everything else goes into .venv, with the versions of constraints.txt.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
WORKERS ?= 2

export PIP_DISABLE_PIP_VERSION_CHECK := 1

VENV := .venv
BIN := $(VENV)/bin
PIP_INSTALL := $(BIN)/python -m pip install --quiet --constraint constraints.txt
# Folders count too: their time changes when a file is added or removed.
SOURCES := $(shell find engine templates -name __pycache__ -prune -o -name '*.pyc' -prune -o -print) README.md LICENSE

.DELETE_ON_ERROR:
# Two installations into one environment must not run at once.
.NOTPARALLEL:
.PHONY: build test check static format bench reports clean

## build: set up and build every shipped scenario
build: $(VENV)/installed
	$(BIN)/flopsheet build scenarios --out reports

## test: set up and run the tests on the installed package
test: $(VENV)/installed $(VENV)/tools
	$(BIN)/python -m pytest -n $(WORKERS) $(PYTEST_ARGS)

## check: everything that must hold before a commit is pushed
check: static
	@$(MAKE) --no-print-directory test

## static: format, lint, types, layers
static: $(VENV)/installed $(VENV)/tools
	$(BIN)/ruff format --check --quiet .
	$(BIN)/ruff check --quiet .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo --no-cache

## format: let ruff rewrite the sources
format: $(VENV)/tools
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

## bench: measure against hand-written numpy and the chinchilla package
bench: $(VENV)/installed $(VENV)/bench
	$(BIN)/python tests/benchmarks/run.py

## reports: build every shipped scenario again, changed or not
reports: $(VENV)/installed
	$(BIN)/flopsheet build scenarios --out reports --force

## clean: remove the environment and the caches, keep the reports
clean:
	rm -rf $(VENV) .hypothesis .mypy_cache .pytest_cache .ruff_cache dist

$(VENV)/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed: make PYTHON=...")'
	$(PYTHON) -m venv $(VENV)
	@touch $@

# The libraries, with the package once, so that a changed source later installs the package alone.
$(VENV)/libraries: $(VENV)/pip pyproject.toml constraints.txt
	$(PIP_INSTALL) hatchling
	$(PIP_INSTALL) --no-build-isolation '.[verify]'
	@touch $@

$(VENV)/installed: $(VENV)/libraries $(SOURCES)
	$(PIP_INSTALL) --no-build-isolation --no-deps --force-reinstall .
	@touch $@

$(VENV)/tools: $(VENV)/libraries
	$(PIP_INSTALL) --no-build-isolation '.[verify,dev]'
	@touch $@

$(VENV)/bench: $(VENV)/libraries
	$(PIP_INSTALL) --no-build-isolation '.[verify,bench]'
	@touch $@
