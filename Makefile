# Every target sets up what it needs on a fresh machine with Python 3.13 and Node 20 (npm).
SHELL := /bin/bash
PYTHON ?= $(shell command -v python3.13 || command -v python3)
VENV := .venv
RUN := $(VENV)/bin
READY := $(VENV)/.ready
NODE_READY := node_modules/.ready
PORT ?= 7071
export PORT
export AZURE_FUNCTIONS_DURABLE_STRICT_TYPING := 1
export MALLOC_ARENA_MAX := 2
export MALLOC_MMAP_THRESHOLD_ := 262144

.DEFAULT_GOAL := help
.PHONY: help setup demo test serve check format lock bench chaos clean

help:  ## this list
	@awk -F':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY) $(NODE_READY)  ## the virtual environment and the storage emulator, nothing started

$(READY): requirements-dev.txt
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.13 is needed: install it, or give make PYTHON=/path/to/python3.13"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(RUN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@

$(NODE_READY): package-lock.json
	@command -v npm >/dev/null || { echo "Node 20 with npm is needed (for Azurite, the storage emulator)"; exit 1; }
	npm ci --no-audit --no-fund --loglevel=error
	@touch $@

demo: setup  ## two simulated tenants, one migration, the comparison of both
	$(RUN)/python -m local.demo

test: setup  ## all tests
	$(RUN)/python -m pytest -n 2 --dist loadfile

serve: setup  ## the app on 127.0.0.1:7071 (PORT), settings from the environment
	@exec $(RUN)/python -m local.serve

check: setup  ## format, lint, types, import directions
	$(RUN)/ruff format --check .
	$(RUN)/ruff check .
	$(RUN)/pyright
	$(RUN)/lint-imports

format: setup  ## rewrite the code in the project's format
	$(RUN)/ruff format .
	$(RUN)/ruff check --fix .

lock: setup  ## compile the pinned and hashed requirement files anew
	cd . && for name in requirements requirements-dev; do \
	  $(RUN)/pip-compile --quiet --generate-hashes --allow-unsafe --strip-extras --no-emit-index-url \
	    --no-emit-trusted-host --no-emit-find-links -o $$name.txt $$name.in; done

chaos: setup  ## the long fault tests (kill -9 at random times)
	$(RUN)/python -m pytest -n 2 -m chaos --dist load

bench: setup  ## figures of the README: memory while 1 GiB passes through, status of 10,000 workspaces
	$(RUN)/python -m benchmarks

clean:  ## remove what make set up and what the local commands stored
	rm -rf $(VENV) node_modules .data
