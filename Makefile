# `make demo` and `make test` do all set-up themselves. Needs Python 3.11 or newer with venv.
# What is installed is in requirements/*.txt, each file by its hash: the day's package index decides nothing.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
LISTS = requirements
INSTALL = -m pip install --quiet --disable-pip-version-check
LOCKED = $(INSTALL) --require-hashes --only-binary :all: --requirement
OURS = $(INSTALL) --no-deps --no-build-isolation
COMPILE = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url --upgrade

.PHONY: demo test lint check fuzz fixes bench lock lowest latest smoke clean

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

# Laws and fuzzers run briefly with the tests, on the same examples each time; here on FUZZ new ones each.
FUZZ ?= 2000
fuzz: $(VENV)/.dev
	RTAUDIT_FUZZ=$(FUZZ) $(BIN)/python -m pytest -q -n 2 -m hypothesis

bench: $(VENV)/.dev
	for name in help collect fill check diff render runbook scan plan; do $(BIN)/python benchmarks/$$name.py || exit 1; done

# Renews the lists: the newest versions that pyproject.toml admits, and for `lowest` the oldest.
lock: $(VENV)/.dev
	$(COMPILE) --group build --output-file $(LISTS)/build.txt
	$(COMPILE) pyproject.toml --output-file $(LISTS)/run.txt
	$(COMPILE) pyproject.toml --group dev --constraint $(LISTS)/run.txt --constraint $(LISTS)/build.txt --output-file $(LISTS)/dev.txt
	$(COMPILE) --group fixes --output-file $(LISTS)/fixes.txt
	$(COMPILE) pyproject.toml --group build --group test --resolution lowest-direct --output-file $(LISTS)/lowest.txt

# Each command that a rule prints, run by the real Azure CLI on the simulated Azure; writes docs/fixes.md.
fixes: $(VENV)/.dev $(VENV)-fixes/.installed
	$(BIN)/python proof/fixes.py $(abspath $(VENV)-fixes)/bin/python --page docs/fixes.md

$(VENV)-fixes/.installed: $(LISTS)/fixes.txt
	rm -rf $(VENV)-fixes
	$(PYTHON) -m venv $(VENV)-fixes
	$(VENV)-fixes/bin/python $(subst --only-binary :all:,--no-compile,$(LOCKED)) $(LISTS)/fixes.txt
	touch $@

# The oldest versions that pyproject.toml admits must do the main job too.
lowest:
	rm -rf $(VENV)-lowest
	$(PYTHON) -m venv $(VENV)-lowest
	$(VENV)-lowest/bin/python $(subst --only-binary :all: ,,$(LOCKED)) $(LISTS)/lowest.txt
	$(VENV)-lowest/bin/python $(OURS) .
	mkdir -p build
	$(VENV)-lowest/bin/rtaudit demo > build/demo-lowest.txt
	grep -q "^not ready: " build/demo-lowest.txt
	grep -q "^drift: " build/demo-lowest.txt
	$(VENV)-lowest/bin/python -m pytest -q -n 2 tests/collect/test_simulated.py tests/drift tests/policy tests/simulate

# The newest versions that pyproject.toml admits, on the day that this runs: a report, never a gate.
latest:
	rm -rf $(VENV)-latest
	$(PYTHON) -m venv $(VENV)-latest
	$(VENV)-latest/bin/python $(INSTALL) --upgrade "pip>=25.1"
	$(VENV)-latest/bin/python $(INSTALL) . --group build --group test
	$(VENV)-latest/bin/python -m pip list --format freeze
	$(VENV)-latest/bin/rtaudit demo > /dev/null
	$(VENV)-latest/bin/python -m pytest -q -n 2 tests/documents tests/collect/test_simulated.py tests/simulate

# What a user installs: a wheel in an environment that holds nothing else, run from another folder.
smoke: $(VENV)/.dev
	rm -rf $(VENV)-smoke build/wheel
	$(BIN)/python -m pip wheel --quiet --no-deps --no-build-isolation --wheel-dir build/wheel .
	$(PYTHON) -m venv $(VENV)-smoke
	$(VENV)-smoke/bin/python $(LOCKED) $(LISTS)/run.txt
	$(VENV)-smoke/bin/python $(INSTALL) --no-deps build/wheel/rtaudit-*.whl
	cd / && $(abspath $(VENV)-smoke)/bin/rtaudit demo > /dev/null
	cd / && $(abspath $(VENV)-smoke)/bin/rtaudit policy test

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: $(VENV)/bin/python pyproject.toml $(LISTS)/build.txt $(LISTS)/run.txt
	$(BIN)/python $(LOCKED) $(LISTS)/build.txt
	$(BIN)/python $(LOCKED) $(LISTS)/run.txt
	$(BIN)/python $(OURS) --editable .
	touch $@

$(VENV)/.dev: $(VENV)/bin/python pyproject.toml $(LISTS)/dev.txt
	$(BIN)/python $(LOCKED) $(LISTS)/dev.txt
	$(BIN)/python $(OURS) --editable .
	touch $@

clean:
	rm -rf $(VENV) $(VENV)-fixes $(VENV)-lowest $(VENV)-latest $(VENV)-smoke build dist
