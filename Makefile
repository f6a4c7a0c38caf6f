# `make demo` and `make test` are each enough on a fresh machine; `make help` lists the rest.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Linux without a GPU: make setup TORCH_INDEX=https://download.pytorch.org/whl/cpu  (a small CPU build of PyTorch)
TORCH_INDEX ?=

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint bench clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(VENV)/.dev-installed ## Make .venv with everything: both frameworks, tests, lint

demo: $(VENV)/.installed ## Download MNIST, train in both frameworks, draw the pictures
	$(BIN)/python download_mnist.py
	$(BIN)/python mnist_pytorch.py
	$(BIN)/python mnist_tensorflow.py
	$(BIN)/python visualize_results.py

test: $(VENV)/.dev-installed ## Run all tests
	$(BIN)/python -m pytest

lint: $(VENV)/.dev-installed ## Check style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(VENV)/.installed ## Time training and prediction side by side with peers (10 to 15 minutes)
	$(BIN)/python benchmarks/training_speed.py --recipes baseline
	$(BIN)/python benchmarks/training_speed.py --recipes fast --runs 10
	$(BIN)/python benchmarks/prediction_speed.py

clean: ## Remove .venv, outputs and caches; mnist_data stays
	rm -rf $(VENV) outputs build *.egg-info .mypy_cache .ruff_cache .hypothesis .pytest_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/.installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "error: $(PYTHON) is older than Python 3.11. Run: make $(MAKECMDGOALS) PYTHON=python3.11" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(if $(TORCH_INDEX),$(BIN)/pip install -q -c constraints.txt --index-url $(TORCH_INDEX) torch)
	$(BIN)/pip install -q -c constraints.txt -e '.[pytorch,tensorflow,onnx,read]'
	@touch $@

$(VENV)/.dev-installed: $(VENV)/.installed
	$(BIN)/pip install -q -c constraints.txt -e '.[pytorch,tensorflow,onnx,read,heic,tensorboard,dev]'
	@touch $@
