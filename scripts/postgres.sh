#!/usr/bin/env bash
# Starts a throw-away PostgreSQL server on a free loopback port, in a folder
# of its own that is removed at the end.
#
#   scripts/postgres.sh COMMAND…   runs COMMAND with SPINDLE_TEST_POSTGRES set
#                                  to the server's DSN, then stops the server
#   scripts/postgres.sh            prints the DSN and serves until interrupted
#
# SPINDLE_POSTGRES_DIR names a folder to keep it in instead, so that the next
# server has what this one had.
#
# The server is taken from this machine. If there is none and this is Debian
# and root, it is installed with apt-get. Durability is off: for tests only.
set -euo pipefail

say() { printf 'postgres.sh: %s\n' "$*" >&2; }

# bindir prints the folder with initdb and postgres: the newest one installed.
bindir() {
	local dir
	for dir in $(ls -d /usr/lib/postgresql/*/bin /usr/pgsql-*/bin 2>/dev/null | sort -rV) \
		"$(pg_config --bindir 2>/dev/null || true)" \
		"$(dirname "$(command -v initdb 2>/dev/null || true)")"; do
		if [ -x "$dir/initdb" ] && [ -x "$dir/postgres" ] && [ -x "$dir/pg_ctl" ]; then
			printf '%s\n' "$dir"
			return
		fi
	done
}

install_server() {
	if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
		say "PostgreSQL's server programs (initdb, postgres) are not on this machine."
		say "Install them: on Debian or Ubuntu 'sudo apt-get install postgresql', on macOS 'brew install postgresql'."
		say "Or run the tests against a server of yours: SPINDLE_TEST_POSTGRES=postgres://user:password@host/db make test"
		return 1
	fi
	say "installing PostgreSQL with apt-get"
	export DEBIAN_FRONTEND=noninteractive
	local get=(apt-get -qq -o Dpkg::Use-Pty=0)
	"${get[@]}" update >&2
	"${get[@]}" install -y --no-install-recommends postgresql-common >&2
	# The package would start a server of its own; nobody needs that one.
	sed -i 's/^#\?create_main_cluster.*/create_main_cluster = false/' /etc/postgresql-common/createcluster.conf
	"${get[@]}" install -y --no-install-recommends postgresql >&2
}

bin=$(bindir)
if [ -z "$bin" ]; then
	install_server
	bin=$(bindir)
fi
[ -n "$bin" ] || { say "PostgreSQL was installed, but its programs were not found"; exit 1; }

# The server refuses to run as root.
as=()
if [ "$(id -u)" = 0 ]; then
	user=nobody
	id postgres >/dev/null 2>&1 && user=postgres
	as=(runuser -u "$user" --)
fi

kept=${SPINDLE_POSTGRES_DIR:-}
if [ -n "$kept" ]; then
	mkdir -p "$kept"
	dir=$(cd "$kept" && pwd)
	mode=fast
else
	dir=$(mktemp -d "${TMPDIR:-/tmp}/spindle-postgres.XXXXXX")
	mode=immediate
fi
stop() {
	trap - EXIT
	(cd / && "${as[@]}" "$bin/pg_ctl" -D "$dir/data" -m "$mode" -w stop >/dev/null 2>&1) || true
	[ -n "$kept" ] || rm -rf "$dir"
}
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

if [ ! -e "$dir/password" ]; then
	(umask 077 && od -An -N16 -tx1 /dev/urandom | tr -d ' \n' >"$dir/password")
fi
password=$(cat "$dir/password")
[ ${#as[@]} = 0 ] || chown -R "$user" "$dir"
cd "$dir" # a folder the server's user can enter
if [ ! -e "$dir/data/PG_VERSION" ]; then
	"${as[@]}" "$bin/initdb" -D "$dir/data" -U spindle --pwfile="$dir/password" -A scram-sha-256 \
		-E UTF8 --locale=C >"$dir/initdb.log" 2>&1 || { cat "$dir/initdb.log" >&2; exit 1; }
fi

# start tries one port after the other: another process may take one meanwhile.
start() {
	local try
	for try in 1 2 3 4 5 6 7 8 9 10; do
		port=$((20000 + (RANDOM * 32768 + RANDOM) % 40000))
		if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
			continue # somebody listens there
		fi
		if "${as[@]}" "$bin/pg_ctl" -D "$dir/data" -l "$dir/server.log" -w -t 60 start -o "\
			-c listen_addresses=127.0.0.1 -p $port -c unix_socket_directories='' \
			-c fsync=off -c synchronous_commit=off -c full_page_writes=off \
			-c max_connections=200 -c shared_buffers=64MB" >/dev/null 2>&1; then
			return 0
		fi
	done
	say "the server did not start:"
	tail -n 20 "$dir/server.log" >&2
	return 1
}
start
cd "$OLDPWD"

dsn="postgres://spindle:$password@127.0.0.1:$port/postgres?sslmode=disable"
if [ $# = 0 ]; then
	printf '%s\n' "$dsn"
	while :; do sleep 3600 & wait $!; done
fi
# In the background, so that a signal ends the wait and the server with it.
SPINDLE_TEST_POSTGRES=$dsn "$@" <&0 &
child=$!
trap 'kill -INT $child 2>/dev/null; wait $child; exit 130' INT
trap 'kill -TERM $child 2>/dev/null; wait $child; exit 143' TERM HUP
status=0
wait $child || status=$?
exit $status
