# Spindle. Needs Go and make; make test also a C compiler and PostgreSQL's
# server, which it installs on Debian as root.

VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
LDFLAGS := -s -w -X main.version=$(VERSION)

.PHONY: build test demo bench soak fmt lint clean help

build: ## one static binary, ./spindle
	CGO_ENABLED=0 go build -trimpath -ldflags "$(LDFLAGS)" -o spindle ./cmd/spindle

test: ## format, vet, staticcheck, import rules, all tests with the race detector on SQLite and PostgreSQL
	@scripts/test.sh

demo: build ## a month of Microsoft data becomes Autotask services and charges, with nothing configured
	./spindle demo

bench: ## every benchmark behind the figures in the documentation, and the ratio of tests to code
	@scripts/bench.sh

soak: ## the long tests: SPINDLE_SOAK is how long each may run (default 10m)
	@SPINDLE_SOAK=$${SPINDLE_SOAK:-10m} scripts/postgres.sh go test -run Soak -count 1 -timeout 0 ./...

fmt: ## format the code
	gofmt -w .

lint: ## format, vet and staticcheck without the tests
	@scripts/test.sh --lint

clean: ## remove what build and demo leave
	rm -rf spindle dist

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "%-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
