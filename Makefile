# The targets people use. `make test` is the whole judgement; CI runs `.ci/run`.
# Everything works from a fresh clone: `deps` fetches what is missing and says what it could not.

SHELL       := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := build

GO      ?= go
MODULE  := github.com/halligan-dev/halligan
TOOLS   := $(CURDIR)/.tools
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS := -s -w -X $(MODULE)/internal/cli.version=$(VERSION)
BINARIES := halligan halligan-kit halligan-host
FUZZTIME ?= 5s

# Rooms that start goroutines or are called from several. archtest fails when a
# room with a `go` statement is missing here, or when a name here is no room.
RACE_PACKAGES := \
	client \
	internal/cli \
	internal/alert \
	internal/alert/mailtest \
	internal/authn/oidc \
	internal/api \
	internal/broker \
	internal/certificate \
	internal/host \
	internal/witness \
	internal/provider/aws \
	internal/provider/aws/mototest \
	internal/provider/exec \
	internal/provider/ssh \
	internal/scheduler \
	internal/server \
	internal/store/sqlite \
	internal/store/storetest

# Where tests look for the foreign ledger verifier, the fuzzer of the API, and a double
# of AWS with AWS's own command line.
export HALLIGAN_FSCK := $(TOOLS)/tessera-fsck
export HALLIGAN_SCHEMATHESIS := $(TOOLS)/schemathesis/bin/st
export HALLIGAN_MOTO := $(TOOLS)/moto/bin

.PHONY: help build deps test check unit race fuzz-smoke demo bench soak profile release clean

help: ## what there is
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

build: ## the binaries, static, into ./bin
	@mkdir -p bin
	@for b in $(BINARIES); do \
		CGO_ENABLED=0 $(GO) build -trimpath -buildvcs=false -ldflags '$(LDFLAGS)' -o bin/$$b ./cmd/$$b; \
		echo "built bin/$$b $(VERSION)"; \
	done

deps: ## what the tests need: Debian packages where we may, Go tools into ./.tools
	@scripts/deps.sh

test: deps check unit race ## everything that gates a change
	@echo "make test: passed ($(VERSION))"

check: deps ## gofmt, vet, staticcheck, the map of the rooms
	@unformatted=$$(gofmt -l $$(find . -name '*.go' -not -path './.tools/*' -not -path '*/testdata/*')); \
	if [ -n "$$unformatted" ]; then echo "gofmt: these files are not formatted:"; echo "$$unformatted"; exit 1; fi
	CGO_ENABLED=0 $(GO) vet ./...
	@if [ -x $(TOOLS)/staticcheck ]; then echo "staticcheck ./..."; CGO_ENABLED=0 $(TOOLS)/staticcheck ./...; \
	else echo "staticcheck: skipped, see deps above"; fi
	CGO_ENABLED=0 $(GO) test -vet=off -count=1 ./internal/archtest/

# The longest come first, so that none of them is left alone on one core in the end.
unit: ## all tests, no cgo
	CGO_ENABLED=0 $(GO) run ./scripts/gotest -name unit -- -vet=off -timeout 60m ./internal/e2e/ ./internal/cell/ ./internal/server/ ./...

race: ## rooms with concurrency under the race detector
	@scripts/race.sh $(RACE_PACKAGES)

fuzz-smoke: ## every fuzz target for $(FUZZTIME) each
	@FUZZTIME=$(FUZZTIME) scripts/fuzz-smoke.sh

demo: build ## one emergency from request to proof, on this machine
	@./bin/halligan demo

bench: ## ratios against peers and limits, in one interleaved run
	@if [ -x scripts/bench.sh ]; then scripts/bench.sh; \
	else $(GO) test -run '^$$' -bench . -benchmem ./internal/...; fi

soak: deps ## the long runs: crashes, power cuts, growth, the API's fuzzer
	HALLIGAN_SOAK=1 $(GO) test -count=1 -v -timeout 6h ./internal/e2e/... ./internal/store/...
	HALLIGAN_SOAK=1 $(GO) test -count=1 -v -timeout 6h -run 'TestCrash|TestStorm' ./internal/server/
	HALLIGAN_SOAK=1 $(GO) test -count=1 -v -timeout 1h -run TestReproducible ./scripts/release/

profile: ## CPU and allocation profiles of every benchmark, into ./profiles
	@scripts/profile.sh

release: ## archives for Linux and macOS with their digests, the same bytes anywhere, into ./dist
	$(GO) run ./scripts/release -version '$(VERSION)' -out dist

clean: ## what was built here (tools stay)
	rm -rf bin profiles dist
