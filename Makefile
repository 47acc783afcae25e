# One command for each thing that people do here; `make` alone lists them.  Everything
# missing on the machine is installed first (as root or through sudo; else it is named).

.DEFAULT_GOAL := help
# Targets use the same build directory and processors: one at a time, even under -j.
.NOTPARALLEL:
.PHONY: help demo test bench setup kernel lint test-unit test-api fuzz-api test-lab test-kernel test-e2e pure

# A checkout that is built once gains nothing from incremental builds and debuggers' information.
ifdef CI
export CARGO_INCREMENTAL := 0
export CARGO_PROFILE_DEV_DEBUG := 0
endif

target := $(or $(CARGO_TARGET_DIR),target)

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: ## one hypervisor, two bridges, a router, four VMs (builds no kernel)
	@deploy/setup/demo
	@cargo build --profile demo --bin midspan
	@MIDSPAN=$(abspath $(target)/demo/midspan) tests/lab/run deploy/demo/standalone

test: setup kernel lint test-unit test-api test-lab ## everything: lints, unit tests, tests on the real kernel datapath

bench: setup kernel ## simulation costs, the REST API, and the datapath beside ovs-vswitchd
	@tests/bench/run

setup:
	@deploy/setup/test

kernel: ## build the lab kernel, once (about 6 minutes)
	@tests/lab/build-kernel

lint: ## format, clippy, rustdoc, crate arrows and purity, sizes
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --quiet -- -D warnings
	RUSTDOCFLAGS='-D warnings' cargo doc --workspace --no-deps --quiet
	cargo xtask deps
	cargo xtask size

pure: ## the tests of the pure crates only: seconds
	cargo test --quiet -p packet -p model -p simulation -p tunnel

test-unit: ## every test that needs neither root nor the kernel datapath
	cargo test --workspace --quiet

test-api: ## the REST API as a process: authentication, with a real Keystone; TLS; several servers
	tests/api/run

fuzz-api: setup ## the REST API against its own OpenAPI document, by a fuzzer from PyPI
	tests/api/schemathesis

test-lab: test-kernel test-e2e ## the tests in the lab

test-kernel: ## Rust tests against the kernel datapath
	tests/lab/run-kernel-tests

test-e2e: ## end-to-end scripts, each in a guest of its own
	tests/lab/selftest
	tests/e2e/run
