# Everyday commands; CMake and its presets do the work. `make help` lists them.
PREFIX ?= /usr/local
JOBS ?= $(shell nproc)
FUZZ_SECONDS ?= 600
# WERROR=ON makes a compiler warning an error.
WERROR ?= OFF
EVIDENCE ?=

configure = cmake --preset $(1) -DCONSTAT_WERROR=$(WERROR) -DCONSTAT_TESTS=$(2)
compile = cmake --build --preset $(1) -j $(JOBS)
check = ctest --preset $(1) -j $(JOBS)

.PHONY: release demo test clang asan fuzz bench install format format-check clean help

release: ## build the program: build/release/constat (the default)
	$(call configure,release,OFF)
	$(call compile,release)

demo: ## install what is missing, build, and make a case of the sample evidence
	scripts/deps build
	$(MAKE) release
	scripts/demo

test: ## install what is missing, build, and run the fast tests
	scripts/deps test
	$(call configure,release,ON)
	$(call compile,release)
	$(call check,release)

clang: ## build with clang and run the tests
	scripts/deps check
	$(call configure,clang-release,ON)
	$(call compile,clang-release)
	$(call check,clang-release)

asan: ## the tests under the address and undefined-behaviour sanitizers
	scripts/deps test
	$(call configure,asan,ON)
	$(call compile,asan)
	$(call check,asan)

fuzz: ## run every fuzz target for FUZZ_SECONDS (default 600)
	scripts/deps check
	$(call configure,fuzz,ON)
	$(call compile,fuzz)
	scripts/fuzz $(FUZZ_SECONDS)

bench: release ## measure events per second on EVIDENCE (default: the sample evidence)
	scripts/bench $(EVIDENCE)

install: release ## install under PREFIX (default /usr/local), below DESTDIR if set
	DESTDIR="$(DESTDIR)" cmake --install build/release --prefix "$(PREFIX)"

format: ## format the C files
	scripts/format

format-check: ## name the C files that are not formatted
	scripts/format --check

clean: ## remove everything built
	rm -rf build

help: ## this list
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/\1|\2/p' Makefile | awk -F '|' '{ printf "make %-14s %s\n", $$1, $$2 }'
