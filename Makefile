# Everything that is done to this repository by command. `make help` lists the targets; CONTRIBUTING.md says when to use which.
# Needs Go and bash only; other tools are installed by tools/install.sh, outside the tree, when a target wants them.

SHELL := /bin/bash
.DEFAULT_GOAL := help

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
COMMIT  ?= $(shell git rev-parse --short=12 HEAD 2>/dev/null || echo unknown)
CLI     := wire.example/wire/internal/cli
LDFLAGS := -s -w -X $(CLI).buildVersion=$(VERSION) -X $(CLI).buildCommit=$(COMMIT)

# Packages whose goroutines share data: CI runs these under the race detector, `make race` all.
CONCURRENT := /internal/(flow|connect|foundation|telemetry|server|node|cli)(/|$$)

# Packages whose suites run without cgo, too: those of state, and of what keeps and writes it. Suites that run the program run it without cgo always.
WITHOUT_CGO := ./internal/state/... ./internal/operator/... ./internal/connect/file ./internal/flow ./internal/engine ./test/exactlyonce ./test/edits

.PHONY: help build test check lint fmt race race-concurrent no-cgo cover bench fuzz fuzz-sql fuzz-stream pgquery nexmark soak crash killed e2e tools clean

help: ## List the targets.
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## Compile bin/wire: static, stripped, stamped with version and commit.
	CGO_ENABLED=0 go build -trimpath -ldflags '$(LDFLAGS)' -o bin/wire ./cmd/wire

test: ## Run all tests (a test whose server is absent is skipped, and says so).
	tools/test.sh ./...

check: ## gofumpt, build and vet for linux and darwin on amd64 and arm64, generated files up to date.
	tools/check.sh

lint: ## golangci-lint with the rules of .golangci.yml.
	"$$(tools/install.sh golangci-lint)" run ./...

fmt: ## Format every Go file with gofumpt.
	"$$(tools/install.sh gofumpt)" -w .

race: ## Run all tests under the race detector (needs a C compiler).
	CGO_ENABLED=1 tools/test.sh -race ./...

race-concurrent: ## The race detector on the packages that start goroutines.
	CGO_ENABLED=1 tools/test.sh -race $$(go list ./... | grep -E '$(CONCURRENT)')

no-cgo: ## The suites of state without cgo, as the product is built: its store allocates otherwise then.
	CGO_ENABLED=0 tools/test.sh -count=1 $(WITHOUT_CGO)

cover: ## Run all tests with coverage, write cover.out, apply the floors.
	tools/cover.sh

bench: build ## Micro-benchmarks, then `wire bench` (BENCH selects by regular expression).
	go test -run '^$$' -bench '$(or $(BENCH),.)' -benchmem ./...
	bin/wire bench

fuzz: ## Run every fuzz target for FUZZTIME each (default 30s; FUZZ selects by regular expression).
	tools/fuzz.sh

fuzz-sql: build ## Random queries compared with PostgreSQL: WIRE_CASES (default 20000) from WIRE_SEED (default: the day).
	WIRE_BIN=$(CURDIR)/bin/wire WIRE_SEED=$(or $(WIRE_SEED),$(shell date +%Y%m%d)) WIRE_CASES=$(or $(WIRE_CASES),20000) \
		go test -count=1 -v -timeout 4h -run TestRandomQueries ./test/difffuzz

fuzz-stream: ## Random queries over random streams compared with PostgreSQL: WIRE_CASES (default 20000) from WIRE_SEED (default: the day).
	WIRE_SEED=$(or $(WIRE_SEED),$(shell date +%Y%m%d)) WIRE_CASES=$(or $(WIRE_CASES),20000) \
		go test -count=1 -v -timeout 4h -run TestRandomStreams ./test/streamfuzz

pgquery: ## Compare the SQL parser with PostgreSQL's own grammar (needs a C compiler; a module of its own).
	cd test/pgquery && CGO_ENABLED=1 go test -count=1 ./...

nexmark: build ## Nexmark in full: 23 queries over 100,000 events, in every way.
	WIRE_BIN=$(CURDIR)/bin/wire WIRE_TEST_HEAVY=1 tools/test.sh -count=1 -timeout 4h ./test/nexmark/...

soak: build ## Queries over an endless stream for SOAK_MINUTES (default 30): memory and goroutines must not grow.
	WIRE_BIN=$(CURDIR)/bin/wire SOAK_MINUTES=$(or $(SOAK_MINUTES),30) go test -count=1 -v -timeout 8h -run TestSoak ./test/soak

crash: ## Runs are killed and stopped at every named point and at 300 random moments, state is damaged, its disk filled, fails and loses power at every call (WIRE_SEED; default: the day): test/crash and test/exactlyonce in full.
	WIRE_TEST_HEAVY=1 tools/test.sh -count=1 -timeout 4h ./test/crash ./test/exactlyonce

killed: ## Every script of test/pipelines in every way, killed as a process too; see make nexmark for the same of Nexmark's queries.
	WIRE_TEST_HEAVY=1 tools/test.sh -count=1 -timeout 4h ./test/pipelines

e2e: build ## The suites under test/ in full against bin/wire as a real process (WIRE_BIN names it to the tests).
	@test -d test || { echo 'make e2e: this tree has no test/' >&2; exit 1; }
	WIRE_BIN=$(CURDIR)/bin/wire WIRE_TEST_HEAVY=1 tools/test.sh -count=1 -timeout 4h ./test/...

tools: ## Install the pinned tools and print their paths.
	tools/install.sh

clean: ## Remove what the targets above wrote.
	rm -rf bin cover.out cover.html test.log
