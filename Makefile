# What is typed in this folder. `make` alone lists the targets. Only scripts/setup installs anything.

.DEFAULT_GOAL := help
.PHONY: help demo test interop vectors model fuzz stress memory-checks race-check fips address-check check header mechanisms bench-quick bench build fetch bare-root clean

cargo := scripts/cargo
# A target that has fetched works without a network from then on.
offline := CARGO_NET_OFFLINE=true $(cargo)

# The suite loads the library from cargo's folder, as an application would: it is built first.
long_form = $(offline) build --locked --package claviger-module &&

help: ## list the targets
	@echo "claviger: a software HSM behind PKCS#11. make ..."
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/    \1\t\2/p' $(MAKEFILE_LIST) | expand -t 18

demo: ## TLS offload with nginx, from an empty machine to the last handshake
	@scripts/setup demo
	@$(MAKE) --no-print-directory build
	@examples/nginx/demo

test: ## set up, build and run the whole test suite
	@scripts/setup test
	@$(MAKE) --no-print-directory fetch
	@scripts/fetch suites
	@scripts/run-tests

interop: ## every client of docs/integrations, installed and driven by its page
	@scripts/setup interop
	@$(MAKE) --no-print-directory fetch
	@scripts/interop

vectors: ## every published vector for every mechanism, and a table of them
	@scripts/setup test
	@$(MAKE) --no-print-directory fetch
	@scripts/vectors

model: ## a hundred thousand random sequences of calls against a model
	@scripts/setup test
	@$(MAKE) --no-print-directory fetch
	@$(long_form) PKCS11_TESTS_HUNG_AFTER=7200 MODEL=long $(offline) test --locked --package pkcs11-tests --test model

fuzz: ## random calls of all functions: CALLS=2000000, SEED=... to repeat one
	@scripts/setup test
	@$(MAKE) --no-print-directory fetch
	@$(long_form) PKCS11_TESTS_HUNG_AFTER=604800 CALLS=$(or $(CALLS),2000000) SEED=$(or $(SEED),$(shell date +%s)) \
		$(offline) test --locked --package pkcs11-tests --test fuzz -- --nocapture

stress: ## a minute of 64 threads, ten thousand lives of the library
	@scripts/setup test
	@$(MAKE) --no-print-directory fetch
	@$(long_form) STRESS=long $(offline) test --locked --package pkcs11-tests --test stress -- --test-threads=1

memory-checks: ## valgrind over a C program that calls everything from 32 threads
	@scripts/setup test
	@$(MAKE) --no-print-directory fetch
	@$(long_form) MEMORY_CHECKS=long $(offline) test --locked --package pkcs11-tests --test memory_checks

race-check: ## ThreadSanitizer over the same program: data races, Rust's locks seen
	@scripts/setup race
	@$(MAKE) --no-print-directory fetch
	@scripts/race-check

fips: ## the library against AWS-LC's FIPS branch, in target/fips (docs/fips.md)
	@scripts/setup fips
	@$(MAKE) --no-print-directory fetch
	@scripts/fips

address-check: ## AddressSanitizer over programs that leave the library, and wrong parameters
	@scripts/setup test
	@$(MAKE) --no-print-directory fetch
	@scripts/address-check

check: ## formatting, lints, layers, unsafe, lengths, documentation, licences
	@scripts/setup check
	@$(MAKE) --no-print-directory fetch
	@scripts/check

header: ## write include/claviger.h from the code's tables
	@scripts/setup check
	@$(MAKE) --no-print-directory fetch
	@CARGO_NET_OFFLINE=true scripts/make-header

mechanisms: ## write docs/mechanisms.md from the code's tables
	@scripts/setup check
	@$(MAKE) --no-print-directory fetch
	@CARGO_NET_OFFLINE=true scripts/make-mechanisms

# Measured is the release build; the page and its charts are written into docs/.
meter = $(MAKE) --no-print-directory build && \
	$(offline) build --locked --release --package claviger-mechanisms --example primitive_speed && \
	$(offline) bench --locked --package pkcs11-tests --bench meter

bench-quick: ## two minutes: operations a second beside the bare algorithm and SoftHSM
	@scripts/setup test
	@$(meter)

bench: ## fifteen minutes, up to 100,000 keys: MODULE=/path/to/another.so to measure that too
	@scripts/setup test
	@METER=long && export METER && $(meter)

build: fetch ## build target/release/libclaviger.so and the command claviger
	$(offline) build --locked --release --workspace --exclude pkcs11-tests

fetch:
	@scripts/setup build
	@scripts/fetch

bare-root: ## as root: prove `make demo` and `make test` in an empty Debian 12
	@scripts/bare-root

include packaging/package.mk

clean: ## remove what was built
	$(cargo) clean
