# `make demo` and `make test` do all set-up themselves. Needs Python 3.11 or newer with venv.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin

.PHONY: demo test lint check bench lowest smoke clean

demo: $(VENV)/.installed
	$(BIN)/rtaudit demo

test: $(VENV)/.dev
	$(BIN)/python -m pytest -n 2 --dist loadgroup

lint: $(VENV)/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/rtaudit policy lint
	$(BIN)/rtaudit policy test

check: lint test lowest smoke

bench: $(VENV)/.dev
	for name in help collect check diff render; do $(BIN)/python benchmarks/$$name.py || exit 1; done

# The oldest versions that pyproject.toml admits must do the main job too.
lowest: $(VENV)/.dev
	rm -rf $(VENV)-lowest
	$(PYTHON) -m venv $(VENV)-lowest
	$(BIN)/uv pip install --quiet --python $(VENV)-lowest/bin/python --resolution lowest-direct .
	$(BIN)/uv pip install --quiet --python $(VENV)-lowest/bin/python pytest pytest-timeout pytest-xdist hypothesis azure-mgmt-network
	mkdir -p build
	$(VENV)-lowest/bin/rtaudit demo > build/demo-lowest.txt
	grep -q "^not ready: " build/demo-lowest.txt
	grep -q "^drift: " build/demo-lowest.txt
	$(VENV)-lowest/bin/python -m pytest -q -n 2 tests/collect tests/drift tests/policy tests/simulate

# What a user installs: a wheel in an empty environment, run from another folder.
smoke: $(VENV)/.dev
	rm -rf $(VENV)-smoke build/wheel
	$(BIN)/python -m pip wheel --quiet --no-deps --wheel-dir build/wheel .
	$(PYTHON) -m venv $(VENV)-smoke
	$(VENV)-smoke/bin/python -m pip install --quiet build/wheel/rtaudit-*.whl
	cd / && $(abspath $(VENV)-smoke)/bin/rtaudit demo > /dev/null
	cd / && $(abspath $(VENV)-smoke)/bin/rtaudit policy test

$(VENV)/.pip:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade "pip>=25.1"
	touch $@

$(VENV)/.installed: $(VENV)/.pip pyproject.toml
	$(BIN)/python -m pip install --quiet --editable .
	touch $@

$(VENV)/.dev: $(VENV)/.pip pyproject.toml
	$(BIN)/python -m pip install --quiet --editable . --group dev
	touch $@ $(VENV)/.installed

clean:
	rm -rf $(VENV) $(VENV)-lowest $(VENV)-smoke build dist
