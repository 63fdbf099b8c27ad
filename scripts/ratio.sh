#!/usr/bin/env bash
# Prints how many lines of test stand behind each line of code, for the rooms
# where money is decided and for the whole program. Blank lines and lines that
# are only a comment count on neither side. The simulators are counted apart:
# they serve the tests and are part of the product all the same.
set -euo pipefail
cd "$(dirname "$0")/.."

# lines counts the lines of the Go files named on standard input.
lines() { xargs -r cat | grep -cvE '^[[:space:]]*(//.*)?$' || true; }

row() {
	local name=$1 code tests
	shift
	code=$(find "$@" -name '*.go' ! -name '*_test.go' ! -path '*/testdata/*' | lines)
	tests=$(find "$@" -name '*_test.go' ! -path '*/testdata/*' | lines)
	awk -v n="$name" -v c="$code" -v t="$tests" \
		'BEGIN { printf "%-26s %7d %7d   %s\n", n, c, t, c ? sprintf("%.2f : 1", t / c) : "-" }'
}

printf '%-26s %7s %7s   %s\n' room code tests ratio
for room in money billing rating plan; do row "$room" "internal/$room"; done
row "the four together" internal/money internal/billing internal/rating internal/plan
program=()
for dir in internal/*/; do
	case $dir in
	internal/sim/ | internal/e2e/) ;;
	*) program+=("$dir") ;;
	esac
done
row "program without e2e" "${program[@]}" cmd
row "program" "${program[@]}" cmd internal/e2e
row "simulators" internal/sim
row "overall" internal cmd
