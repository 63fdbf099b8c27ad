# Spindle. Needs Go and make; make test also a C compiler, PostgreSQL's server
# and Chromium, which it installs on Debian as root.

VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
LDFLAGS := -s -w -X main.version=$(VERSION)

TEMPL := github.com/a-h/templ/cmd/templ@v0.3.977

.PHONY: build test demo screenshots bench bench-web soak generate fmt lint clean help

build: ## one static binary, ./spindle
	CGO_ENABLED=0 go build -trimpath -ldflags "$(LDFLAGS)" -o spindle ./cmd/spindle

test: ## format, vet, staticcheck, import rules, all tests with the race detector on SQLite and PostgreSQL
	@scripts/test.sh

demo: build ## a month of Microsoft data becomes Autotask services and charges, with nothing configured; at a terminal the console stays up
	@if [ -t 0 ] && [ -t 1 ]; then ./spindle demo --serve; else ./spindle demo; fi

screenshots: build ## the pictures in docs/img, from a demo in Chromium
	@mkdir -p docs/img
	SPINDLE_SCREENSHOTS=$(CURDIR)/docs/img SPINDLE_BINARY=$(CURDIR)/spindle go test ./internal/e2e/browser -run TestScreenshots -count 1 -v

bench: ## every benchmark behind the figures in the documentation, and the ratio of tests to code
	@scripts/bench.sh

bench-web: ## time of every page of the console with 10,000 customers, on both databases; FOLDER=DIR keeps them filled for next time
	@scripts/bench-web.sh $(FOLDER)

soak: ## the long tests: SPINDLE_SOAK is how long each may run (default 10m)
	@SPINDLE_SOAK=$${SPINDLE_SOAK:-10m} scripts/postgres.sh go test -run 'Soak|TestGallery' -count 1 -timeout 0 ./...
	go test ./internal/plan ./internal/rating -rapid.checks=20000 -timeout 0
	go test ./internal/store -run RollUps -rapid.checks=5000 -timeout 0

generate: ## renew the generated code of the templates
	go run $(TEMPL) generate -path internal/web

fmt: ## format the code
	gofmt -w .

lint: ## format, vet and staticcheck without the tests
	@scripts/test.sh --lint

clean: ## remove what build and demo leave
	rm -rf spindle dist

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "%-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
