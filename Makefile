# Every command of the project uses the environment in .venv, which `make install` makes.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python
READY := $(VENV)/.ready
# One BLAS thread in each process: the work is parallel over processes.
export OMP_NUM_THREADS := 1
export OPENBLAS_NUM_THREADS := 1
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)

.PHONY: help install demo test lint lock bench bench-engines bench-importance bench-models fuzz paper reproduce test-faults clean

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 20

install: $(READY) ## make .venv from requirements.lock

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "error: $(PYTHON) is older than Python 3.11; name a newer one: make PYTHON=python3.12"; exit 2; }
	test -x $(RUN) || $(PYTHON) -m venv $(VENV)
	@grep -vE '^(pyrfr|fanova|#)' requirements.lock > $(VENV)/requirements.txt
	@echo "installing the locked packages (about a minute) ..."
	$(RUN) -m pip install --quiet --disable-pip-version-check --no-deps -r $(VENV)/requirements.txt
	@if command -v c++ > /dev/null; then \
		echo "building fanova (about a minute) ..."; \
		$(RUN) -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation \
			$$(grep -E '^(pyrfr|fanova)==' requirements.lock); \
	else echo "no C++ compiler: fanova is left out, importance=optuna takes its place"; fi
	$(RUN) -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(READY)

demo: $(READY) ## all strategies and baselines on a bundled data set, at most three minutes
	$(RUN) experiments/demo.py

test: $(READY) lint ## the whole test suite, lint and types
	$(RUN) -m pytest -n 2 --dist loadgroup -m "not faults"

lint: $(READY)
	$(VENV)/bin/ruff check
	$(VENV)/bin/ruff format --check
	$(VENV)/bin/mypy

test-faults: $(READY) ## the long fault injections
	$(RUN) -m pytest -m faults

bench: $(READY) ## what a cell and the optimisers cost
	$(RUN) experiments/bench.py --output results/bench.json

bench-engines: $(READY) ## regression engines on a folder of landscapes: make bench-engines DIR=...
	$(RUN) experiments/bench_engines.py $(DIR) --output results/engines.parquet

bench-importance: $(READY) ## importance and partial dependence against known answers
	$(RUN) experiments/bench_importance.py --output results/importance.json

bench-models: $(READY) ## the compiled models against scikit-learn's own
	$(RUN) experiments/bench_models.py --output results/models.json

fuzz: $(READY) ## planted formulas of many kinds: which ones the default engine finds again
	$(RUN) experiments/fuzz.py --output results/fuzz.json

RESULTS ?= results/study
paper: $(READY) ## every table and figure from collected records: make paper RESULTS=...
	$(RUN) experiments/paper.py --results $(RESULTS) --output paper

FROM ?= evaluations
reproduce: $(READY) ## compute one cell again and compare: make reproduce CELL=svm/vehicle [FROM=nothing]
	$(RUN) experiments/reproduce.py "$(CELL)" --results $(RESULTS) --start $(FROM)

lock: $(READY) ## write the versions installed in .venv to requirements.lock, platform markers kept
	@grep '^#' requirements.lock > $(VENV)/lock
	@{ $(RUN) -m pip freeze --all --exclude-editable | grep -vE '^(pip|nvidia-.*)=='; grep ';' requirements.lock; } \
		| LC_ALL=C sort -f >> $(VENV)/lock
	mv $(VENV)/lock requirements.lock

clean: ## remove the environment and caches, never results
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis
