#!/usr/bin/env bash
# Everything that must hold before a change lands, the same on a laptop and in
# CI: format, vet, staticcheck, then all tests (the import rules are one of
# them) with the race detector, on SQLite and on PostgreSQL in one run.
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
[ "${1:-}" != --lint ] || exit 0

# The race detector needs a C compiler.
race=(-race)
compiles() { printf 'int main(void){return 0;}\n' | "${CC:-$(go env CC)}" -x c - -o /dev/null >/dev/null 2>&1; }
if ! compiles; then
	if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
		step "installing a C compiler for the race detector"
		export DEBIAN_FRONTEND=noninteractive
		{ apt-get -qq update && apt-get -qq -o Dpkg::Use-Pty=0 install -y --no-install-recommends gcc libc6-dev; } ||
			printf 'the C compiler could not be installed\n'
	fi
	if ! compiles; then
		race=()
		printf '\n*** NO C COMPILER: the tests run WITHOUT THE RACE DETECTOR. ***\n'
		printf '*** Install gcc and libc6-dev to run them as CI does.        ***\n'
	fi
fi
[ ${#race[@]} = 0 ] || export CGO_ENABLED=1

run=(go test "${race[@]}" -timeout 18m)
if [ $# = 0 ]; then set -- ./...; fi
if [ -n "${SPINDLE_TEST_POSTGRES:-}" ]; then
	step "${run[*]} $* (PostgreSQL: the server of SPINDLE_TEST_POSTGRES)"
	"${run[@]}" "$@"
else
	step "${run[*]} $* (PostgreSQL: a throw-away server)"
	scripts/postgres.sh "${run[@]}" "$@"
fi
