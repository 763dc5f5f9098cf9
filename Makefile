# Everything runs in a virtual environment of this folder; models are cached per user.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
WORKERS ?= 2

.PHONY: setup demo test test-long lint bench clean

setup: $(READY)

$(READY): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable . --group dev
	$(BIN)/countenance models pull
	@touch $(READY)

# What tests in a real browser need. Without npm they are skipped, and say so.
BROWSER := tests/browser/node_modules/.ready

$(BROWSER): tests/browser/package-lock.json
	@if ! command -v npm >/dev/null; then echo "npm is not there: tests in a browser will be skipped"; \
	elif npm ci --silent --no-audit --no-fund --prefix tests/browser; then touch $@; \
	else echo "npm could not install tests/browser: tests in a browser will be skipped"; fi

demo: setup
	$(BIN)/countenance --project out/demo init
	$(BIN)/countenance --project out/demo produce examples/brief.yaml --out out/demo --approve-as "Demo Reviewer"
	$(BIN)/countenance --project out/demo ledger verify
	@for video in out/demo/*/video.mp4; do $(BIN)/countenance --project out/demo verify $$video || exit 1; done
	@echo "Open out/demo/campaign.html in a browser."

test: setup lint $(BROWSER)
	$(BIN)/python -m pytest -m "not long" -n $(WORKERS) --dist loadfile

test-long: setup $(BROWSER)
	$(BIN)/python -m pytest -m long

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: setup
	$(BIN)/python -m pip install --quiet --group bench
	$(BIN)/python -m benchmarks

clean:
	rm -rf $(VENV) out build dist
