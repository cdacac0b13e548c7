# What a person types. `make` alone lists the targets; all of them make what they need first.
#
# Variables, from the environment or the command line (make run PYTHON=python3.12):
#   PYTHON           the Python, 3.11 or newer, that .venv is made from
#   TORCH_INDEX_URL  the package index that torch is taken from, if not the one pip uses anyway;
#                    for the CPU build, the CPU wheel index that pytorch.org's install page names
#   TESTERS          processes that tests run in, each with a server and a sandbox of its own; 0 is
#                    none beside make's
#   STAGELIGHT_*     the product's settings, see docs/settings.md

PYTHON ?= python3
TORCH_INDEX_URL ?=
TESTERS ?= 2

BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input
VISION_PIP := .venv-vision/bin/python -m pip --disable-pip-version-check --no-input
INSTALLED := .venv/.installed
VISION := .venv-vision/.installed
VISION_PYTHON := .venv-vision/bin/python
VENDORED := static/vendor/.vendored
# How they are spread over the processes: tests/spread.py
SPREAD := -n $(TESTERS)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run setup runtime-vision test test-full lint types bench coverage-table soak pins clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' Makefile

run: $(INSTALLED) $(VENDORED) ## Start Stagelight on http://127.0.0.1:8000; Ctrl-C stops it
	@$(BIN)/stagelight serve

setup: $(INSTALLED) $(VENDORED) ## Only install: .venv and the front-end files

runtime-vision: $(VISION) ## A second runtime in .venv-vision: torch 2.14.1 and torchvision (5.5 GB)

test: $(INSTALLED) $(VENDORED) ## Run the tests, the browser's too (at most 10 minutes)
	@STAGELIGHT_CHROMIUM="$$(scripts/browser.sh)" && export STAGELIGHT_CHROMIUM && \
	$(BIN)/python -m pytest -m "not full" $(SPREAD)

test-full: $(INSTALLED) $(VENDORED) $(VISION) ## Run the long suites, and the probe's on the vision runtime
	@STAGELIGHT_CHROMIUM="$$(scripts/browser.sh)" && export STAGELIGHT_CHROMIUM && \
	$(BIN)/python -m pytest -m full $(SPREAD)
	STAGELIGHT_RUNTIMES=vision=$(VISION_PYTHON) $(VISION_PYTHON) -m scripts.vision_tests \
	    .venv/lib/python3.*/site-packages $(SPREAD) tests/test_probe_*.py

lint: $(INSTALLED) ## Ruff, its formatter, and the arrows between the rooms
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/lint-imports

types: $(INSTALLED) ## Mypy, strict
	$(BIN)/mypy

bench: $(INSTALLED) $(VENDORED) $(VISION) ## Measure what DESIGN has budgets for
	$(BIN)/python -m bench.submit_to_verdict
	$(BIN)/python -m bench.staging
	$(BIN)/python -m bench.blockers
	$(BIN)/python -m bench.guards
	$(BIN)/python -m bench.history

coverage-table: $(INSTALLED) $(VENDORED) ## Renew docs/coverage.md: 100 models, and torch's catalogue
	$(BIN)/python -m bench.coverage

soak: $(INSTALLED) $(VENDORED) ## 200 runs, one in four hostile, one and four at a time: what is left?
	$(BIN)/python -m bench.soak --workers 1
	$(BIN)/python -m bench.soak --workers 4

pins: ## Renew constraints.txt within what pyproject.toml allows
	$(PYTHON) -m venv build/pins
	build/pins/bin/python -m pip install --quiet --upgrade pip
	build/pins/bin/python scripts/pins.py > build/constraints.txt
	mv build/constraints.txt constraints.txt

clean: ## Remove all that make made; data/ stays
	rm -rf .venv .venv-vision node_modules static/vendor build dist
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Torch comes first where it has an index of its own, alone, so that nothing else does. The
# package is built without isolation, with the pinned hatchling.
$(INSTALLED): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit("Stagelight needs Python 3.11 or newer; set PYTHON." \
	    if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv .venv
	$(if $(TORCH_INDEX_URL),$(PIP) install -c constraints.txt --no-deps \
	    --index-url "$(TORCH_INDEX_URL)" torch)
	$(PIP) install -c constraints.txt editables hatchling
	$(PIP) install -c constraints.txt --no-build-isolation -e '.[runtime,dev]'
	@touch $@

# What the default runtime offers, on another torch, and torchvision. Nothing of Stagelight.
$(VISION): constraints-vision.txt
	$(PYTHON) -m venv .venv-vision
	$(if $(TORCH_INDEX_URL),$(VISION_PIP) install -c constraints-vision.txt --no-deps \
	    --index-url "$(TORCH_INDEX_URL)" torch torchvision)
	$(VISION_PIP) install -c constraints-vision.txt \
	    numpy onnx onnxscript scipy torch torchvision transformers
	@touch $@

$(VENDORED): package.json package-lock.json static/vendor.json scripts/vendor.py | $(INSTALLED)
	@command -v npm > /dev/null || { echo "npm is not there: install Node.js (with npm)." >&2; exit 1; }
	npm ci --ignore-scripts --no-audit --no-fund
	$(BIN)/python scripts/vendor.py
	@touch $@
