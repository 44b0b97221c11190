# Plain `make` lists the targets. Everything needs Go, git and make; -race needs a C compiler as well.
SHELL       := /bin/bash
BUILD       := .build
BINARY      := $(BUILD)/seatrial
VERSION     := $(shell git describe --always --dirty 2>/dev/null || echo unversioned)
GOLANGCI    := v2.15.0
LINT        := $(BUILD)/golangci-lint-$(GOLANGCI)
CLIENTS     := sim/idcs/clients sim/okta/clients
FUZZTIME    ?= 10s
CHANGES     ?= 10000
KILLS       ?= 50
CC_FOUND    := $(shell command -v "$$(go env CC)" 2>/dev/null)
RACE        := $(if $(CC_FOUND),-race,)

# One set of flags for all that is built, by the tests, too: packages that differ in them are compiled once for each.
export GOFLAGS := $(strip $(GOFLAGS) -trimpath)

.DEFAULT_GOAL := help
.PHONY: help build certify test bench fuzz cover lint fmt tidy-check generate-check scenarios load pilot crash ldap-peers ldap-speed ci clean

help: ## list the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build: ## build the binary into .build/seatrial
	@mkdir -p $(BUILD)
	go build -ldflags "-s -w -X main.version=$(VERSION)" -o $(BINARY) .

certify: build ## rehearse IDM to IDCS and to Okta with the embedded defaults and print the verdict
	$(BINARY) certify --target all --out $(BUILD)/report

test: ## run all tests, with the race detector where a C compiler is found
	@$(if $(RACE),,echo "make test: no C compiler found, so the tests run WITHOUT the race detector; install gcc for it" >&2)
	go test $(RACE) -shuffle=on ./...
	$(if $(RACE),go test -shuffle=on -run 'Foreign|EveryFlaw' ./scenarios) # foreign engines: without -race
	cd sim/idcs/clients && go test $(RACE) -shuffle=on ./...
	cd sim/okta/clients && go test -shuffle=on ./... # without -race, with which Okta's SDKs take minutes to compile

bench: ## time the hot paths, with allocations, and the engine against a bare loop (GOGC as the binary sets it)
	GOGC=400 go test -run '^$$' -bench . -benchmem ./sim/... ./syncer/... ./loadtest

fuzz: ## run each fuzz target for FUZZTIME (default 10s)
	@set -e; for pkg in $$(git grep -lE '^func Fuzz' -- '*_test.go' | xargs -n1 dirname | sort -u); do \
	  for target in $$(grep -hoE '^func Fuzz[A-Za-z0-9_]+' $$pkg/*_test.go | cut -c6-); do \
	    echo "$$pkg $$target"; go test -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZTIME) ./$$pkg; \
	  done; done

cover: ## show the test coverage of each package
	go test -cover ./... | grep -v 'no test files'

lint: $(LINT) ## run the linters (builds the pinned version once)
	$(LINT) run ./...
	for m in $(CLIENTS); do (cd $$m && $(abspath $(LINT)) run --config $(abspath .golangci.yaml) ./...) || exit 1; done

$(LINT):
	@mkdir -p $(BUILD)
	GOBIN=$(abspath $(BUILD)) go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI)
	@mv $(BUILD)/golangci-lint $(LINT)

fmt: $(LINT) ## format the code
	$(LINT) fmt ./...

tidy-check: ## check that go.mod and go.sum are tidy
	go mod tidy -diff
	for m in $(CLIENTS); do (cd $$m && go mod tidy -diff) || exit 1; done

generate-check: ## check that generated code is current
	go generate ./...
	git diff --exit-code -- sim/control scenarios

scenarios: build ## run the scenario suite alone
	$(BINARY) scenarios run

load: build ## run the load test alone
	$(BINARY) loadtest

pilot: build ## rehearse a pilot of two weeks, before and after the policies are aligned
	$(BINARY) pilot

crash: build ## kill the engine KILLS times (default 50) in CHANGES password changes (default 10000)
	$(BINARY) loadtest crash --changes $(CHANGES) --kills $(KILLS)

ldap-peers: ## run real LDAP clients and raw bytes against slapd and 389-ds, and print where these differ from sim/ds
	sim/ds/clients/peers.sh

ldap-speed: ## time sim/ds and slapd in turns with one client, 16 connections, 1,000 and 100,000 users, into testdata/speed.json
	LDAP_SPEED=1 go test -count=1 -timeout 30m -run TestSpeedBesideSlapd ./sim/ds/clients -v

ci: ## what the continuous integration runs
	.ci/run

clean: ## remove what was built
	rm -rf $(BUILD)
