# Everything a person or CI runs, from a clean checkout. `make help` lists it.
# Needs: GNU make, Python 3.11 or newer with venv, and a package index for the first run.

PYTHON ?= python3
ARGS ?=
INTEGRATION ?= yes
BIN := .venv/bin
VENDOR := mcp_platform/console/vendor/htmx.js
UV_LOCK = build/upkeep/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-header --no-emit-index-url --no-annotate $(ARGS)
PARALLEL = $(BIN)/pytest -n auto --dist worksteal
# Tests that compare docs/ with the code; they need no server.
DOCUMENTED = $(wildcard tests/test_*.py) tests/kit/test_metrics.py

# Whatever the environment says, bytecode is kept: tests start hundreds of processes of ours.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test test-quick test-full test-cluster integration check check-migrations mutate bench scan lock clean venv

help: ## List the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 26
	@echo
	@echo '  ARGS="…" is passed on (make test ARGS="-k booking -x"); PYTHON=python3.12 chooses the Python.'

demo: .venv/.runtime ## Run the whole platform here with simulated vendors; no accounts needed
	@$(BIN)/mcp-platform demo $(ARGS)

test: .venv/.dev ## Run the tests (PostgreSQL and Valkey come with the packages)
	@$(PARALLEL) $(ARGS)

test-quick: .venv/.dev ## Run what changes often and starts no process of ours
	@$(PARALLEL) --tier quick $(ARGS)

test-full: .venv/.dev ## Run the tests with ten times the examples, and what is exhaustive
	@$(PARALLEL) --tier full $(ARGS)

test-cluster: .venv/.dev ## Run the tests of Kubernetes on the cluster of KUBECONFIG; they clean up
	@$(BIN)/pytest -m cluster tests/tenants tests/manifests $(ARGS)

# The reaper of testcontainers is one more image; the tests remove what they start.
integration: .venv/.dev ## Build the image and run the tests in containers (needs an engine)
	@if docker info > /dev/null 2>&1; then .ci/images/build || test "$(INTEGRATION)" != required; fi
	@INTEGRATION=$(INTEGRATION) TESTCONTAINERS_RYUK_DISABLED=true TESTCONTAINERS_HOST_OVERRIDE=127.0.0.1 \
		TESTCONTAINERS_CONNECTION_MODE=docker_host $(BIN)/pytest tests/integration $(ARGS)

check: .venv/.dev ## Lint, format, types, import contracts, migrations, documented settings
	@mkdir -p build
	@echo '— ruff';           $(BIN)/ruff check --quiet .
	@echo '— ruff format';    $(BIN)/ruff format --quiet --check .
	@echo '— mypy';           $(BIN)/mypy --no-error-summary
	@echo '— import contracts'; $(BIN)/lint-imports > build/imports.txt 2>&1 || { cat build/imports.txt; exit 1; }
	@echo '— migrations';     $(BIN)/python -m mcp_platform.cli check-migrations
	@echo '— documentation';  $(BIN)/pytest -q --no-header --no-summary $(DOCUMENTED) > build/documented.txt 2>&1 \
		|| { cat build/documented.txt; exit 1; }

check-migrations: .venv/.dev ## Compare the models with what the migrations make
	@$(BIN)/python -m mcp_platform.cli check-migrations $(ARGS)

# In a copy, because a module is changed on disk for as long as its tests run.
mutate: .venv/.dev ## Make small faults and name those that no test finds (MODULES="lanes lease")
	@rm -rf build/mutation && mkdir -p build/mutation
	@git ls-files -z --cached --others --exclude-standard | xargs -0 cp --parents -t build/mutation
	@cd build/mutation && ../../$(BIN)/python -m tests.mutation --output ../mutation.json $(MODULES) $(ARGS)

bench: .venv/.dev ## Measure; the numbers go to build/bench.json
	@$(BIN)/python -m tests.benchmarks --output build/bench.json $(ARGS)

scan: .venv/.dev build/checkov/.installed build/upkeep/.installed ## Look over the manifests with checkov, and the locks with pip-audit
	@rm -rf build/scan && $(BIN)/python -m tests.manifests.fleets build/scan
	@build/checkov/bin/checkov --directory build/scan --framework kubernetes --skip-download --quiet --compact $(ARGS)
	@.ci/audit

venv: .venv/.dev ## Install everything for development into .venv

lock: build/upkeep/.installed ## Resolve the dependencies anew (ARGS=--upgrade takes newer ones)
	@$(UV_LOCK) --extra dev --extra manifests pyproject.toml -o requirements-dev.lock
	@$(UV_LOCK) -c requirements-dev.lock pyproject.toml -o requirements.lock
	@$(UV_LOCK) -c requirements-dev.lock --extra manifests pyproject.toml -o requirements-manifests.lock
	@$(UV_LOCK) -c requirements-dev.lock --group build -o requirements-build.lock
	@$(UV_LOCK) --no-deps --group assets -o requirements-assets.lock
	@$(UV_LOCK) --group scan -o requirements-checkov.lock
	@$(UV_LOCK) -c requirements-dev.lock --group image -o requirements-image.lock
	@$(UV_LOCK) --group upkeep -o requirements-upkeep.lock
	@$(UV_LOCK) --group oldest-pip -o .ci/pip-oldest.lock
	@$(UV_LOCK) --group newest-pip -o .ci/pip-newest.lock

clean: ## Remove what was built and cached; .venv and .data stay
	@rm -rf build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find mcp_platform tests alembic -name __pycache__ -type d -prune -exec rm -rf {} +

# What runs is installed by hash from the lock; our own package is then linked in, built by the
# hash-checked builder and not by one fetched on the side. Development is a superset of running, so
# it counts as both.
.venv/.runtime: .venv/bin/pip pyproject.toml requirements.lock requirements-build.lock | $(VENDOR)
	@echo 'Installing what the platform needs into .venv'
	@$(BIN)/python install.py requirements.lock requirements-build.lock --project .
	@touch $@

.venv/.dev: .venv/bin/pip pyproject.toml requirements-dev.lock requirements-build.lock | $(VENDOR)
	@echo 'Installing what development needs into .venv'
	@$(BIN)/python install.py requirements-dev.lock requirements-build.lock --project .
	@touch .venv/.runtime $@

# What the browser gets and others wrote: taken out of a locked wheel, compared, never committed.
$(VENDOR): .venv/bin/pip assets.py requirements-assets.lock
	@$(BIN)/python assets.py

# A tool whose pins do not go with ours has an environment and a lock of its own.
build/%/.installed: requirements-%.lock
	@echo 'Installing $* into build/$*'
	@$(PYTHON) -m venv build/$*
	@build/$*/bin/python install.py $<
	@touch $@

.venv/bin/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo 'Python 3.11 or newer is needed. If it has another name: make PYTHON=python3.12 …' >&2; exit 1; }
	@$(PYTHON) -m venv .venv > .venv.log 2>&1 && rm .venv.log || { \
		cat .venv.log >&2; rm -rf .venv .venv.log; \
		echo 'Python cannot make a virtual environment. On Debian and Ubuntu: apt-get install python3-venv' >&2; exit 1; }
