# Everything a developer runs. `make install` needs Python 3.11 or newer and nothing else; what it
# installs is exactly what uv.lock says.
VENV := .venv
STAMP := $(VENV)/.installed
UV_VERSION := $(shell sed -n '/^name = "uv"$$/{n;s/version = "\(.*\)"/\1/p;}' uv.lock)

WORKERS ?= 2
PYTEST_ARGS ?=
ARGS ?=

# A user without a home (nobody, a CI container's) keeps the downloads beside what they become.
ifneq ($(shell test -w "$$HOME" && echo yes),yes)
export HOME := $(CURDIR)/$(VENV)
endif
export UV_PYTHON_DOWNLOADS := never
# Modules are compiled once: maskr starts in a third of the time, and the tests start it often.
export UV_COMPILE_BYTECODE := 1
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help install demo test lint types check bench fmt clean

help: ## Show this help
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "%-10s %s\n", $$1, $$2}' Makefile

install: $(STAMP) ## Make .venv with maskr and all that develops it

demo: install ## Mask a production shop into a staging, on a PostgreSQL of its own
	$(VENV)/bin/maskr demo $(ARGS)

test: install ## Run the tests: make test PYTEST_ARGS="-k keys --postgres=embedded" WORKERS=0
	$(VENV)/bin/python -m pytest -n $(WORKERS) $(PYTEST_ARGS)

lint: install ## Lint, and tell what is not formatted
	$(VENV)/bin/ruff check
	$(VENV)/bin/ruff format --check

types: install ## Check the types
	$(VENV)/bin/mypy

check: lint types test ## Lint, types and tests: what CI runs

bench: install ## Measure beside psql and pg_dump: make bench ARGS=--quick
	$(VENV)/bin/python -m tests.bench $(ARGS)

fmt: install ## Format, and mend what the linter can
	$(VENV)/bin/ruff format
	$(VENV)/bin/ruff check --fix

clean: ## Remove whatever make, the tests and the tools have made
	rm -rf $(VENV) .bench .coverage .hypothesis .mypy_cache .pytest_cache .ruff_cache build dist
	find maskr tests -name __pycache__ -type d -prune -exec rm -rf {} +

# uv asks PyPI; where only pip knows the way there (a mirror in pip.conf), pip installs the same
# versions, by the same hashes.
$(STAMP): pyproject.toml uv.lock | $(VENV)/bin/pip
	test -x $(VENV)/bin/uv || $(VENV)/bin/pip install --quiet uv==$(UV_VERSION)
	$(VENV)/bin/uv sync --quiet --frozen || { \
		$(VENV)/bin/uv export --quiet --frozen --no-emit-project -o $(VENV)/requirements.txt && \
		$(VENV)/bin/pip install --quiet --require-hashes -r $(VENV)/requirements.txt && \
		$(VENV)/bin/pip install --quiet --no-deps --editable . ; }
	touch $@

$(VENV)/bin/pip:
	@sh .ci/venv $(VENV)
