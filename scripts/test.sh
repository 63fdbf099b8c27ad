#!/usr/bin/env bash
# Everything that must hold before a change lands, the same on a laptop and in
# CI: format, vet, staticcheck, generated code, then all tests (the import rules are one of
# them), on SQLite and on PostgreSQL in one run; see go-test.sh.
#
# A PostgreSQL server is started for the run unless SPINDLE_TEST_POSTGRES names
# one. Arguments go to go test in place of ./...; --lint stops before the tests.
set -euo pipefail
cd "$(dirname "$0")/.."

# Pinned: a new release may find more and must not break an old commit.
staticcheck=honnef.co/go/tools/cmd/staticcheck@v0.8.2

step() { printf '\n== %s\n' "$*"; }

step format
unformatted=$(gofmt -l .)
if [ -n "$unformatted" ]; then
	printf 'not formatted (run make fmt):\n%s\n' "$unformatted"
	exit 1
fi

step vet
go vet ./...

step staticcheck
go run "$staticcheck" ./...

step 'generated code'
generated() { find internal/web -name '*_templ.go' | LC_ALL=C sort | xargs cat | cksum; }
before=$(generated)
make --silent generate >/dev/null 2>&1 || { make generate; exit 1; }
if [ "$(generated)" != "$before" ]; then
	echo 'the code of the templates was not up to date and is renewed now: commit it'
	exit 1
fi
[ "${1:-}" != --lint ] || exit 0

if [ -n "${SPINDLE_TEST_POSTGRES:-}" ]; then
	scripts/go-test.sh "$@"
else
	scripts/postgres.sh scripts/go-test.sh "$@"
fi
