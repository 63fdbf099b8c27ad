#!/usr/bin/env bash
# Measures everything the documentation states a figure for and prints it:
# every benchmark, on SQLite and PostgreSQL, then the ratio of tests to code.
#
#   scripts/bench.sh [PATTERN]   only the benchmarks whose names match
#
# SPINDLE_BENCH_TIME is how long or how often each one runs (default 3x). Wall
# time depends on what else the machine does; compare figures of one run.
set -euo pipefail
cd "$(dirname "$0")/.."

run=(go test -run '^$' -bench "${1:-.}" -benchmem -benchtime "${SPINDLE_BENCH_TIME:-3x}" -timeout 60m -p 1 ./...)
[ -n "${SPINDLE_TEST_POSTGRES:-}" ] || run=(scripts/postgres.sh "${run[@]}")
"${run[@]}" | grep -vE '^(goos|goarch|PASS|\?|ok )|no test files'

printf '\n'
scripts/ratio.sh
