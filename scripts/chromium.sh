#!/usr/bin/env bash
# Makes sure that there is a Chromium for the tests that look at the console
# in a browser. If there is none and this is Debian and root, the package is
# installed with apt-get; otherwise it says how to get one and fails.
#
# SPINDLE_CHROMIUM names a browser that is elsewhere.
set -euo pipefail

say() { printf 'chromium.sh: %s\n' "$*" >&2; }

if [ -n "${SPINDLE_CHROMIUM:-}" ]; then
	[ -x "$SPINDLE_CHROMIUM" ] && exit
	say "SPINDLE_CHROMIUM is $SPINDLE_CHROMIUM, which is no program"
	exit 1
fi
there() { command -v chromium || command -v chromium-browser || command -v google-chrome || command -v google-chrome-stable; }
there >/dev/null && exit

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
	say "installing Chromium with apt-get"
	export DEBIAN_FRONTEND=noninteractive
	get=(apt-get -qq -o Dpkg::Use-Pty=0)
	{ "${get[@]}" update && "${get[@]}" install -y --no-install-recommends chromium; } >&2 || say "apt-get failed"
	there >/dev/null && exit
fi
say "there is no Chromium on this machine."
say "Install it: on Debian 'sudo apt-get install chromium', on macOS 'brew install --cask chromium'."
say "Or name a browser of yours: SPINDLE_CHROMIUM=/path/to/chrome make test"
exit 1
