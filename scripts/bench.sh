#!/usr/bin/env bash
# Measures everything the documentation states a figure for and prints it:
# every benchmark, on SQLite and PostgreSQL, then the ratio of tests to code.
# The large scenario alone takes some minutes.
#
#   scripts/bench.sh [PATTERN]   only the benchmarks whose names match
#
# SPINDLE_BENCH_TIME is how long or how often each one runs (default 3x). Wall
# time depends on what else the machine does; compare figures of one run.
set -euo pipefail
cd "$(dirname "$0")/.."

if [ -z "${SPINDLE_TEST_POSTGRES:-}" ]; then
	exec scripts/postgres.sh "$0" "$@"
fi

# measure TIMES PATTERN PACKAGE…
measure() {
	local times=$1 pattern=$2
	shift 2
	go test -run '^$' -bench "$pattern" -benchmem -benchtime "$times" -timeout 60m -p 1 "$@" |
		grep -vE '^(goos|goarch|PASS|\?|ok )|no test files' || [ "${PIPESTATUS[0]}" = 0 ]
}

times=${SPINDLE_BENCH_TIME:-3x}
if [ $# != 0 ]; then
	measure "$times" "$1" ./...
	exit
fi
mapfile -t rooms < <(go list ./... | grep -v '/e2e')
measure "$times" . "${rooms[@]}"
measure "$times" 'Demo|ColdStart' ./internal/e2e/bench
measure 1x Calls ./internal/e2e/bench

printf '\n'
scripts/ratio.sh
