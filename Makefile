# The two verbs a newcomer types are `make run` and `make test`. Both install what they lack, and say so.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.ONESHELL:
.DEFAULT_GOAL := run

NPM_STAMP := node_modules/.stamp
VENV_STAMP := .venv/.stamp
PYTHON_STAMP := .venv-python/.stamp
AUTOBAHN_STAMP := .venv-autobahn/.stamp
# Built only when a source is newer: the binary embeds the pages, and would be linked anew after each build of them.
WEB_BUILT := packages/demo/dist/index.html
WEB_SOURCES := $(shell find packages -type d \( -name node_modules -o -name dist -o -name python \) -prune -o -type f -print)

.PHONY: run test helpdesk bench soak conformance build fmt codegen tools test-rust test-web test-python test-e2e

# ------------------------------------------------------------------ for newcomers

run: tools build  ## Build everything and start `tidings dev` with the demo
	@exec target/release/tidings dev $(ARGS)

test: tools test-rust test-web test-python test-e2e  ## Everything that CI runs
	@echo "All tests passed."

helpdesk: tools build $(PYTHON_STAMP)  ## A FastAPI application with a live page, to try and to copy from (examples/helpdesk)
	@cd examples/helpdesk
	exec ../../.venv-python/bin/python -m helpdesk --data ../../target/helpdesk $(ARGS)

bench: tools $(VENV_STAMP)  ## Compare with the machine's limits and with FastAPI (about 15 minutes; TIDINGS_BENCH_POSTGRES=postgres://… for PostgreSQL too)
	cargo build --release -p tidings -p tidings-bench
	target/release/tidings-bench compare --fastapi .venv/bin/python --disk target --json target/bench.json --write docs/benchmarks.md $(ARGS)

# Another process group than make's, so that the end takes the servers of the tests along; Ctrl-C is handed on.
soak: tools  ## Break things on purpose, in full: processes, disks, databases, clocks (at most 15 minutes; docs/reliability.md)
	scripts/ensure initdb strace faketime
	cargo test --release -p tidings --test faults --no-run
	mkdir -p target
	printf '| fault | found |\n|---|---|\n' > target/soak.md
	export TIDINGS_SOAK=1 TIDINGS_SOAK_REPORT="$(CURDIR)/target/soak.md"
	timeout $${TIDINGS_SOAK_TIME:-15m} cargo test --release -p tidings --test faults -- --test-threads=1 $(ARGS) &
	trap "kill $$!" INT TERM
	status=0
	wait $$! || status=$$?
	cat target/soak.md
	exit $$status

# Only zlib is optimized: the cases shall meet our own code with all its checks, but not wait for the compressor.
conformance: tools $(AUTOBAHN_STAMP)  ## Play the published WebSocket cases (about 6 minutes; ARGS="--limits production" for 10 seconds)
	cargo test --quiet -p tidings-server --features conformance conformance
	cargo build -p tidings --features conformance --config 'profile.dev.package.zlib-rs.opt-level=3'
	.venv-autobahn/bin/python scripts/conformance/run.py target/debug/tidings $(ARGS)

# ------------------------------------------------------------------ parts

build: $(WEB_BUILT)
	cargo build --release -p tidings

test-rust:
	scripts/ensure initdb pgbouncer strace faketime
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	cargo clippy -p tidings-server --features conformance --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --quiet
	cargo test --workspace

test-web: $(WEB_BUILT)
	cargo build -p tidings
	npm run --silent check
	npm test --silent

test-python: $(WEB_BUILT) $(PYTHON_STAMP)
	cargo build -p tidings
	cd packages/python
	PATH="$(CURDIR)/.venv-python/bin:$$PATH"
	ruff check --quiet .
	ruff format --quiet --check .
	mypy --no-error-summary
	pytest $(ARGS)
	cd ../../examples/helpdesk
	ruff check --quiet .
	ruff format --quiet --check .
	mypy --no-error-summary
	pytest $(ARGS)

test-e2e: $(WEB_BUILT) $(PYTHON_STAMP)
	scripts/ensure chromium
	cargo build -p tidings
	npm run --silent e2e

fmt:  ## Format all sources
	cargo fmt --all
	npm run --silent format

codegen:  ## Write what is generated from the wire types, the settings and the endpoints
	cargo run -q -p xtask -- codegen
	UPDATE=1 cargo test -q -p tidings-settings reference
	UPDATE=1 cargo test -q -p tidings-server openapi

tools:
	@scripts/ensure cc cargo node npm python3 openssl

$(NPM_STAMP): package-lock.json package.json $(wildcard packages/*/package.json) e2e/package.json
	@echo "Installing npm packages (npm ci) …"
	npm ci --no-audit --no-fund
	touch $@

$(WEB_BUILT): $(NPM_STAMP) package.json $(WEB_SOURCES)
	npm run --silent build

$(VENV_STAMP): crates/bench/peers/requirements.txt
	scripts/ensure venv
	@echo "Installing Python packages for the comparison into .venv …"
	python3 -m venv .venv
	.venv/bin/pip install --quiet -r crates/bench/peers/requirements.txt
	touch $@

$(PYTHON_STAMP): packages/python/requirements-dev.txt packages/python/pyproject.toml
	scripts/ensure venv
	@echo "Installing the Python package and what its tests need into .venv-python …"
	python3 -m venv .venv-python
	.venv-python/bin/pip install --quiet -r packages/python/requirements-dev.txt -e packages/python
	touch $@

$(AUTOBAHN_STAMP): scripts/conformance/requirements.txt
	scripts/ensure venv
	@echo "Installing the published WebSocket cases into .venv-autobahn …"
	python3 -m venv .venv-autobahn
	.venv-autobahn/bin/pip install --quiet -r scripts/conformance/requirements.txt
	touch $@
