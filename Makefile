# Everything needs only Python >= 3.11 with venv. ARGS reaches the command: make demo ARGS=--exit
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
ARGS ?=

.PHONY: demo test check bench soak site format lock clean

demo: $(VENV)/.demo
	$(BIN)/connect demo $(ARGS)

test: $(VENV)/.dev
	$(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadfile $(ARGS)

check: $(VENV)/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

bench: $(VENV)/.dev
	$(BIN)/python -m benchmarks $(ARGS)

soak: $(VENV)/.dev
	CONNECT_SOAK=1 $(BIN)/python -m pytest tests/soak $(ARGS)
	CONNECT_SOAK=1 $(BIN)/python -m pytest tests/unit -m 'hypothesis or soak' $(ARGS)

site: $(VENV)/.dev
	$(BIN)/python -m docs.site

format: $(VENV)/.dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# What CI installs, version by version: made anew when a dependency is to move.
lock:
	rm -rf $(VENV)-lock && $(PYTHON) -m venv $(VENV)-lock
	$(VENV)-lock/bin/python -m pip install --quiet --disable-pip-version-check '.[dev]'
	$(VENV)-lock/bin/python -m pip freeze --exclude kafka-connect-worker > .ci/constraints.txt
	rm -rf $(VENV)-lock

# The stamp files say which extras are installed; a changed pyproject.toml installs again.
$(VENV)/.demo: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[demo]'
	touch $@

$(VENV)/.dev: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	touch $@ $(VENV)/.demo

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis
