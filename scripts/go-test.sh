#!/usr/bin/env bash
# Runs the tests: everything with the race detector, the long sweeps cut short;
# then the long sweeps themselves (whole runs, conformance under every dialect
# and fault) without it, because they are many times slower with it. Arguments
# go to one go test with the race detector instead.
set -euo pipefail
cd "$(dirname "$0")/.."

step() { printf '\n== %s\n' "$*"; }

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

if [ $# != 0 ]; then
	step "go test ${race[*]} $*"
	exec go test "${race[@]}" -timeout 18m "$@"
fi
step "go test ${race[*]} -short, all but the whole runs"
go list ./... | grep -v '/internal/e2e' | xargs go test "${race[@]}" -short -timeout 18m
step "go test: whole runs and conformance suites"
go test -timeout 18m ./internal/e2e/... ./internal/target/... ./internal/source/partnercenter
