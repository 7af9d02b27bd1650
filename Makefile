# One door to everything: `make help` lists it. Needs only python3 (3.11 to 3.13) with venv, and make.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

UV_VERSION := 0.13.9
PYTHON ?= python3
UV := .tools/bin/uv
BIN := .venv/bin
# The interpreter comes from the system: nothing but packages is ever fetched.
export UV_PYTHON_DOWNLOADS := never
export UV_PYTHON := $(PYTHON)
SOURCES := examples/real_estate core runtime workflows activities audit_log media_node voice_agent verticals gateway cli tests scripts

.PHONY: help
help: ## List what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

.PHONY: setup
setup: $(BIN)/.synced ## Install uv, the servers and every Python package, at the versions of uv.lock

.PHONY: run
run: setup ## Start everything, place the demo call and stay up (ARGS=--once ends after the call)
	@$(BIN)/cordboard demo $(ARGS)

.PHONY: doctor
doctor: setup ## Say what this machine lacks, and how to get it
	@$(BIN)/cordboard doctor $(ARGS)

# `make -k check` goes on after a failure.
CHECKS := check-format check-lint check-imports check-protos check-generated check-mypy check-pyright
.PHONY: check $(CHECKS)
check: $(CHECKS) ## Every static check: format, lint, import rules, protos, generated code, types
check-format: setup
	$(BIN)/ruff format --check .
check-lint: setup
	$(BIN)/ruff check .
check-imports: setup
	$(BIN)/lint-imports --no-logo
check-protos: setup
	$(BIN)/buf lint
	$(BIN)/buf breaking --against protos/baseline.binpb
check-generated: setup
	$(BIN)/python scripts/generate_protos.py --check
check-mypy: setup
	$(BIN)/mypy $(SOURCES)
check-pyright: setup
	$(BIN)/pyright

.PHONY: test
test: setup test-packages ## Run the tests (ARGS= passes on to pytest)
	@$(BIN)/python scripts/run_tests.py $(ARGS)

.PHONY: test-packages
test-packages: ## Install the Debian packages that tests need, or name those that are missing
	@bash scripts/install_test_packages.sh

.PHONY: kills
kills: setup ## Kill each process in the middle of speaking turns, five times, under calls (about 8 minutes)
	CORDBOARD_KILL_CALLS=$${CORDBOARD_KILL_CALLS:-5} $(BIN)/pytest -m kill tests/reliability -s $(ARGS)

.PHONY: soak
soak: setup ## Place demo calls on one stack for SOAK_MINUTES (default 10), then make every fault under calls
	@$(BIN)/cordboard bench soak --minutes $${SOAK_MINUTES:-10} $(ARGS)
	@$(BIN)/cordboard chaos --long

.PHONY: chaos
chaos: setup ## Make every fault under calls and count what each costs (ARGS="--row s3" for one)
	@$(BIN)/cordboard chaos --long $(ARGS)

.PHONY: protos
protos: setup ## Write the Python code of every .proto
	$(BIN)/python scripts/generate_protos.py

.PHONY: baseline
baseline: setup ## Accept the protos as they are as the contract that `buf breaking` guards
	$(BIN)/buf build --exclude-source-info -o protos/baseline.binpb

.PHONY: format
format: setup ## Format and fix what ruff can
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

$(UV):
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' \
	  || { echo "Cordboard needs Python 3.11 to 3.13; set PYTHON=/path/to/python3"; exit 1; }
	@$(PYTHON) -m venv .tools || { echo "python3-venv is missing: apt-get install python3-venv"; exit 1; }
	@.tools/bin/pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

$(BIN)/.synced: pyproject.toml uv.lock | $(UV)
	@$(UV) sync --frozen
	@touch $@
