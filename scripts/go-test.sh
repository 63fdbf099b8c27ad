#!/usr/bin/env bash
# Runs the tests: the rooms with the race detector, the long sweeps cut short;
# then without it what is pure or takes minutes: plan and rating, whole runs, the
# console in a browser, every script and sweep.
# Arguments go to one go test with the race detector instead.
set -euo pipefail
cd "$(dirname "$0")/.."

step() { printf '\n== %s\n' "$*"; }

# The race detector needs a C compiler. The translated C of SQLite is not ours:
# watching it would make the tests three times slower. No wider pattern: packages
# with instances of generic code would put unwatched atomics into the program.
race=(-race -gcflags='modernc.org/sqlite/lib=-race=false')
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

# The console is tested in a browser.
if ! scripts/chromium.sh; then
	printf '\n*** NO CHROMIUM: the console is NOT TESTED IN A BROWSER. ***\n'
fi

if [ $# != 0 ]; then
	step "go test ${race[*]} $*"
	exec go test "${race[@]}" -timeout 18m "$@"
fi
# vet has been run already, and the detector's build would do it again.
# The store takes longest and waits for its servers: it goes first, beside everything else.
mapfile -t rooms < <(go list ./internal/store; go list ./... | grep -vE '/internal/(e2e|plan$|rating$|store$)')
step "go test ${race[*]} -short, room by room"
go test "${race[@]}" -short -vet=off -timeout 18m "${rooms[@]}"
step "go test: whole runs, the console in a browser, every script, sweeps in full"
# The planner's random lives are always the same ones here: a case that comes once in thousands must not stop a change that has nothing to do
# with it. make soak draws new ones, and many more.
go test -vet=off -timeout 18m ./internal/plan -rapid.seed=20261129
go test -vet=off -timeout 18m ./internal/rating ./internal/e2e/... ./internal/cli ./internal/target/autotask ./internal/source/file ./internal/source/partnercenter ./internal/sim/microsoft
