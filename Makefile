# What there is to do here. `make demo` is the way in; CI runs `make test` and `make test-frameworks`.
# cargo comes from https://rustup.rs; everything else that is missing is installed with apt-get.

# Where rustup puts cargo.
export PATH := $(PATH):$(HOME)/.cargo/bin
export CARGO_TERM_COLOR ?= auto

.PHONY: help demo build pgo check test test-frameworks model deny bench bench-gate load

help:
	@echo 'make demo    build in release and run the demo on 127.0.0.1:8080'
	@echo 'make build   build target/release/sessiongate'
	@echo 'make pgo     build target/pgo/sessiongate, the same laid out for its load: a quarter to a third less CPU; a quarter of an hour'
	@echo 'make check   formatting, clippy, documentation; warnings are errors'
	@echo 'make test    check, then unit, integration and documentation tests'
	@echo 'make test-frameworks   real Express, Flask, Django and PHP applications behind the gateway'
	@echo 'make model   long random walks of the model test; STEPS and SEED choose others'
	@echo 'make deny    licences, advisories and sources of the dependencies (needs cargo-deny)'
	@echo 'make bench   function benchmarks'
	@echo 'make bench-gate   instructions per request, compared with the committed baseline (needs valgrind)'
	@echo 'make load    the gateway beside bare Pingora, nginx, HAProxy and nginx + Lua on this machine; QUICK=1 tries it'

demo: build
	target/release/sessiongate demo

build:
	.ci/install-deps build
	cargo build --release --locked

pgo:
	.ci/install-deps build
	.ci/install-deps pgo
	load-tests/pgo.sh

check:
	.ci/install-deps build
	cargo fmt --all --check
	cargo clippy --locked --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS='-D warnings' cargo doc --locked --workspace --no-deps

test: check
	.ci/install-deps test
	cargo test --locked --workspace

test-frameworks:
	.ci/install-deps build
	.ci/install-deps test
	.ci/install-deps frameworks
	tests/frameworks/install
	cargo test --locked --test it -- --ignored frameworks::

model:
	.ci/install-deps test
	SESSIONGATE_MODEL_STEPS=$(or $(STEPS),100000) SESSIONGATE_MODEL_SEED=$(or $(SEED),$(shell date +%s)) \
		cargo test --locked --test it -- model::

deny:
	cargo deny --locked check

bench:
	.ci/install-deps build
	cargo bench --locked

bench-gate: build
	.ci/install-deps gate
	benches/gate/run

load:
	.ci/install-deps build
	.ci/install-deps load
	cargo build --release --locked --workspace
	load-tests/run.sh
