# `make demo` and `make test` are each enough on a fresh machine; `make help` lists the rest.
# The first of these that fits makes .venv. Both frameworks have releases for Python 3.11 to 3.13 (docs/installing.md);
# on Debian a Python has no ensurepip, and makes no venv with pip, without its -venv package.
PYTHON ?= python3.13 python3.12 python3.11 python3
FITS := import sys, ensurepip, venv; sys.exit(not (3, 11) <= sys.version_info < (3, 14))
FOUND = $(firstword $(foreach one,$(PYTHON),$(shell $(one) -c '$(FITS)' 2>/dev/null && echo $(one))))
VENV := .venv
BIN := $(VENV)/bin
# Linux without a GPU: make setup TORCH_INDEX=https://download.pytorch.org/whl/cpu  (a small CPU build of PyTorch)
TORCH_INDEX ?=
# What benchmarks measure: the processor as it is (native), or as if it had AVX2 and nothing newer (avx2), or both
ISA ?= native

# On all cores; each process begins with neighbours, which share what they need, and takes over what others have left
PYTEST := $(BIN)/python -m pytest -n auto --dist worksteal

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-quick test-slow lint bench bench-deep notebooks site reader finder clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(VENV)/.dev-installed ## Make .venv with everything: both frameworks, tests, lint

demo: $(VENV)/.installed ## Download MNIST, train in both frameworks, draw the pictures
	$(BIN)/python download_mnist.py
	$(BIN)/python mnist_pytorch.py
	$(BIN)/python mnist_tensorflow.py
	$(BIN)/python visualize_results.py

test: $(VENV)/.dev-installed ## Run the tests, but for the slowest
	$(PYTEST) -m "not slow"

test-quick: $(VENV)/.dev-installed ## Run what needs no training on the whole MNIST
	$(PYTEST) -m "not slow and not whole"

test-slow: $(VENV)/.dev-installed ## Run the slowest tests, which `make test` leaves out
	$(PYTEST) -m slow

lint: $(VENV)/.dev-installed ## Check style, types, and which room imports which
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

bench: $(VENV)/.installed ## Time training and prediction side by side with peers (15 minutes); ISA=avx2: as without AVX512
	$(BIN)/python benchmarks/training_speed.py --isa $(ISA)
	$(if $(filter native,$(ISA)),$(BIN)/python benchmarks/prediction_speed.py)

bench-deep: $(VENV)/.installed ## Time steps alone and beside a busy process, and an ensemble (15 minutes); takes ISA, too
	$(BIN)/python benchmarks/steps.py --isa $(ISA)

notebooks: $(VENV)/.dev-installed ## Run the lessons and write their notebooks anew (7 minutes; nothing else should run)
	$(BIN)/python -m lessons.build

site: $(VENV)/.dev-installed ## Build README, docs/ and the lessons as a site, into outputs/site
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict

reader: $(VENV)/.installed ## Make anew the models that ship: of `digits read`, and the page's baseline (12 to 40 minutes)
	$(BIN)/python -m digits.reading.form_graph
	$(BIN)/digits train pytorch --recipe baseline --output-dir outputs/baseline
	$(BIN)/digits export outputs/baseline/pytorch_model.safetensors --output digits/page/baseline.onnx
	$(BIN)/digits train pytorch --recipe reader --output-dir outputs/reader
	$(BIN)/digits export outputs/reader/pytorch_model.safetensors --output digits/reading/reader.onnx

finder: $(VENV)/.installed ## Train anew the network that finds digits on pages (2 to 4 hours, with a GPU 15 minutes; run again, it goes on)
	$(BIN)/digits train pytorch --recipe finder --resume --output-dir outputs/finder
	$(BIN)/digits export outputs/finder/pytorch_model.safetensors --output digits/reading/finder.onnx
	$(BIN)/python benchmarks/reading_confidence.py

clean: ## Remove .venv, outputs and caches; mnist_data stays
	rm -rf $(VENV) outputs build *.egg-info .mypy_cache .ruff_cache .hypothesis .pytest_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/pip:
	@test -n "$(FOUND)" || { echo "error: make needs Python 3.11, 3.12 or 3.13, able to make a venv; none is among:" \
	  "$(PYTHON). Install one from python.org or your system's packages (Debian, Ubuntu: with its -venv package)," \
	  "or name yours: make $(MAKECMDGOALS) PYTHON=/path/to/python" >&2; exit 1; }
	$(FOUND) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml constraints.txt | $(BIN)/pip
	$(if $(TORCH_INDEX),$(BIN)/pip install -q -c constraints.txt --index-url $(TORCH_INDEX) torch)
	$(BIN)/pip install -q -c constraints.txt -e '.[pytorch,tensorflow,page,finder]'
	@touch $@

$(VENV)/.dev-installed: $(VENV)/.installed
	$(BIN)/pip install -q -c constraints.txt -e '.[pytorch,tensorflow,parquet,page,finder,heic,tensorboard,tune,cluster,lessons,docs,dev]'
	@touch $@
