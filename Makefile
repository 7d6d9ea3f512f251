# What one types in this repository. `make` alone says what there is.
#
# Cargo builds into CARGO_TARGET_DIR where that is set, else into target/.

SHELL := bash
.DEFAULT_GOAL := help
.PHONY: help demo build test check fmt lint e2e crash generate clean-cache

XTASK := cargo run --quiet --locked --package xtask --

help: ## Say what there is
	@echo "make TARGET, where TARGET is"
	@sed -n 's/^\([a-z*-]*\):.*## /  \1\t/p' $(MAKEFILE_LIST) | expand -t 16
	@echo "  bench-NAME    Run bench/NAME/run (BENCH_FLAGS=--quick for the short form)"

demo: ## Build everything, start a server, and run one real job on it (DEMO_EXIT=1 ends it then)
	@bash scripts/demo

build: ## Build the release binary with the web app inside
	cargo build --locked --release --package gantry

test: ## Install what tests need, and run every check and test
	@$(XTASK) ci test

check: ## Formatting, clippy, house rules and unit tests: the look before a commit
	@$(XTASK) ci check

e2e: ## Drive the web app on the real binary in Chromium
	@$(XTASK) ci e2e

crash: ## Kill servers, workers and engine hosts at random under 2,000 jobs (CRASH_FLAGS="--seed N")
	cargo test --locked --package gantry-testkit --test crash -- --full $(CRASH_FLAGS)

fmt: ## Format Rust and the web app
	cargo fmt --all
	@if [ -d web/node_modules ]; then cd web && npm run --silent format; \
	else echo "web/: not formatted; run npm ci there first"; fi

lint: ## Clippy and house rules
	cargo clippy --locked --workspace --all-targets -- -D warnings
	@$(XTASK) tidy

generate: ## Write openapi.json, the web app's API types and the third-party notices again
	@$(XTASK) openapi
	@$(XTASK) notices

bench-%:
	@test -x bench/$*/run || { echo "no bench '$*'; there are: $$(ls bench 2>/dev/null | xargs)"; exit 2; }
	bench/$*/run $(BENCH_FLAGS)

clean-cache: ## Remove what tests and benches put into your cache folder
	@bash scripts/clean-cache
