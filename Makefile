# Each goal does its own set-up; quick when nothing has changed. No root needed.
# Locks name every package, so pip resolves nothing (--no-deps): old ones took `coverage[toml]` for unpinned.
PYTHON ?= python3
BIN := .venv/bin
SERVE ?= 1

.PHONY: help demo run test browser clean

help:  ## List the goals
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 10

demo: .venv/run.stamp  ## The whole product on sample feeds, without internet (SERVE=0: end after the digest)
	$(BIN)/aggregator demo $(if $(filter 0,$(SERVE)),--no-serve)

run: .venv/run.stamp  ## Poll the live sources of feeds.yaml, on schedule, with the archive page
	$(BIN)/aggregator run

test: .venv/test.stamp browser  ## Everything that CI checks
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -n 2 --dist loadscope --cov --cov-report=term:skip-covered

# The browser that tests look with: installed where that is allowed, else its tests skip and say so.
browser:
	@command -v chromium >/dev/null || [ "$$(id -u)" != 0 ] || ! command -v apt-get >/dev/null || \
	  (apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-noto-cjk >/dev/null)

.venv/python.stamp:
	$(PYTHON) -m venv .venv
	@touch $@

.venv/run.stamp: .venv/python.stamp requirements.lock pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

.venv/test.stamp: .venv/python.stamp requirements-dev.lock pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

clean:  ## Remove the virtual environment and what tools left behind
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage
