#!/usr/bin/env bash
# Measures every page of the console with 10,000 customers, 100,000 lines and
# 24 months in the database, on SQLite and PostgreSQL: p50 and p99 of the
# server's time with four people at once, compressed bytes, statements; then
# exports, and what people do to many things at once. Fails when a page is over
# its budget, or when a page of the console is not measured.
#
#   scripts/bench-web.sh [FOLDER]   FOLDER keeps the filled databases for the
#                                   next time; they take some minutes to fill
#
# SPINDLE_BENCH_CUSTOMERS and _MONTHS make them smaller, SPINDLE_BENCH_ON=sqlite|postgres
# takes one kind, SPINDLE_BENCH_ONLY a pattern of pages, SPINDLE_BENCH_ROUNDS
# how many visits each page gets. A busy machine makes every p99 worse.
set -euo pipefail
here=$PWD
cd "$(dirname "$0")/.."

folder=${1:-${SPINDLE_BENCH_WEB:-}}
if [ -z "$folder" ]; then
	folder=$(mktemp -d "${TMPDIR:-/tmp}/spindle-bench-web.XXXXXX")
	trap 'rm -rf "$folder"' EXIT
fi
case $folder in /*) ;; *) folder=$here/$folder ;; esac
mkdir -p "$folder"
chmod o+x "$folder"

export SPINDLE_BENCH_WEB=$folder
export SPINDLE_POSTGRES_DIR=${SPINDLE_POSTGRES_DIR:-$folder/postgres}
run=(go test -run '^TestBenchPages$' -count 1 -v -timeout 90m ./internal/web)
if [ -z "${SPINDLE_TEST_POSTGRES:-}" ] && [ "${SPINDLE_BENCH_ON:-}" != sqlite ]; then
	run=(scripts/postgres.sh "${run[@]}")
fi
"${run[@]}"
