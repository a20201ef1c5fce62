# Two commands do everything on a fresh machine with Python 3.11 or later and make: `make quickstart`, `make test`.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
PYTEST := OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadfile # two processes of a thread: small models gain nothing from more

.PHONY: help quickstart test test-full equivalence format install lock clean
.DEFAULT_GOAL := help

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

install: $(STAMP) ## create .venv and install genlab into it

$(STAMP): pyproject.toml requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "genlab needs Python 3.11 or later"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes --requirement requirements.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --editable .
	@$(BIN)/python -m compileall -q src # for where Python may not write bytecode itself: each command would compile anew
	@touch $@

quickstart: ## install, then train and score four small models on real digits (a few minutes on 2 cores)
	@start=$$(date +%s); $(MAKE) --no-print-directory install && installed=$$(date +%s) && \
	$(BIN)/genlab train -m rows=experiments/quickstart/study.yaml sweep=quickstart launcher=local hydra.launcher.workers=2 \
	  metrics=image metrics.n_samples=600 callbacks.previews.times=2 && \
	echo "Time: installation $$((installed - start)) s, training and scoring $$(($$(date +%s) - installed)) s"

test: $(STAMP) ## lint, check types and run the tests
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(PYTEST)

test-full: $(STAMP) ## the tests that train for minutes, too
	$(PYTEST) -m ""

equivalence: $(STAMP) ## print how far each sampler is from diffusers' own
	$(BIN)/python tests/equivalence/table.py

format: $(STAMP) ## format the code
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

lock: ## pin what pyproject.toml allows today, with the hashes of the files
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-annotate --no-emit-index-url \
	  --custom-compile-command "make lock" --generate-hashes --extra dev --output-file requirements.lock pyproject.toml

clean: ## remove the environment and caches; runs and data stay
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache dist build
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
