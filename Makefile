# make app | test | lint | format | clean
# (PYTHON=python3.12 picks an interpreter, PORT=8600 a port, WORKERS=4 how many processes run the tests)

ifndef PYTHON
PYTHON := $(shell for candidate in python3.11 python3.12 python3.13 python3; do \
	if $$candidate -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; \
	then echo $$candidate; break; fi; done)
endif

BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check -q -q
# A stamp carries the checksum of what it installed: unchanged files mean no pip and no network, whatever their dates.
KEY := $(shell cat pyproject.toml requirements.lock requirements-content.lock | cksum | tr -d ' \t')
APP_STAMP := .venv/.app-$(KEY)
TEST_STAMP := .venv/.test-$(KEY)

.PHONY: app test suite lint format clean

app: $(APP_STAMP)
	$(if $(PORT),STREAMLIT_SERVER_PORT=$(PORT) )$(BIN)/otoscope app

# The linters run beside the tests: the types take one process a minute. If one of both fails, so does this, once both have ended.
test: $(TEST_STAMP)
	@$(MAKE) --no-print-directory -j2 lint suite

# Each process computes on one thread: more would only wait for each other. What is compiled is kept: tests start many processes.
suite: $(TEST_STAMP)
	PYTHONDONTWRITEBYTECODE= OMP_NUM_THREADS=1 $(BIN)/pytest -n $(or $(WORKERS),2) --dist worksteal --capture=sys

lint: $(TEST_STAMP)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/basedpyright --pythonpath $(BIN)/python
	$(BIN)/lint-imports

format: $(TEST_STAMP)
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

clean:
	rm -rf .venv .pytest_cache .ruff_cache .hypothesis .import_linter_cache build dist *.egg-info
	find analysis app tests -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@if [ -z "$(PYTHON)" ]; then \
		echo "Otoscope needs Python 3.11 or newer and found none. Install one, or name it: make app PYTHON=/path/to/python3" >&2; \
		exit 1; fi
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Otoscope needs Python 3.11 or newer; $(PYTHON) is not. Name another: make app PYTHON=/path/to/python3" >&2; \
		exit 1; }
	@echo "Making .venv with $(PYTHON) ..."
	@$(PYTHON) -m venv .venv || { rm -rf .venv; exit 1; }

# torch goes first, so that no other package chooses another build of it.
$(APP_STAMP): | $(BIN)/python
	@echo "Installing Otoscope (once; several minutes where torch has to be downloaded) ..."
	@$(PIP) install $$(grep -E '^(torch|setuptools)==' requirements.lock)
	@$(PIP) install --no-warn-conflicts --no-build-isolation -c requirements.lock -e .
	@$(PIP) install --no-deps --require-hashes -r requirements-content.lock
	@rm -f .venv/.app-* .venv/.test-*
	@touch $@

$(TEST_STAMP): $(APP_STAMP)
	@echo "Installing the test tools ..."
	@$(PIP) install --no-warn-conflicts --no-build-isolation -c requirements.lock -e '.[test]'
	@touch $@
