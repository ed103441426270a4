#!/usr/bin/env bash
# The one test command of the repository: `make test`, `make cover`, `make race` and CI all call it.
#
#   tools/test.sh [go test flags] PACKAGES...
#
# Runs through gotestsum when tools/install.sh has installed it, through plain `go test` on a machine that has only Go. Output is the
# same on a terminal and in a pipe: no colour, no cursor movement. Fails when a test fails and when no test ran at all.
# TEST_LOG (default: a temporary file) receives a copy of the output; its last line is the runner's own summary.
set -uo pipefail
cd "$(dirname "$0")/.."

scratch=$(mktemp -d)
memory=
trap 'rm -rf "$scratch" ${memory:+"$memory"}' EXIT
log=${TEST_LOG:-$scratch/log}

# Tests make thousands of small files durable. What they write goes to memory where there is enough that programs may be run from: fsync costs nothing there.
if [ "$(df -k --output=avail /dev/shm 2>/dev/null | tail -n 1)" -gt 4000000 ] 2>/dev/null && memory=$(mktemp -d /dev/shm/wire-test.XXXXXX 2>/dev/null); then
	chmod 711 "$memory"
	printf '#!/bin/sh\n' >"$memory/probe"
	chmod 755 "$memory/probe"
	if "$memory/probe" 2>/dev/null; then
		export GOTMPDIR=${GOTMPDIR:-$scratch} TMPDIR=$memory
	fi
fi

if runner=$(tools/install.sh --find gotestsum); then
	"$runner" --no-color --format standard-quiet --format-hide-empty-pkg -- "$@" 2>&1 | tee "$log"
	status=${PIPESTATUS[0]}
	ran=$(sed -n 's/^DONE \([0-9]*\) tests\{0,1\}[ ,].*/\1/p' "$log" | tail -n 1)
else
	go test "$@" 2>&1 | tee "$log"
	status=${PIPESTATUS[0]}
	# A package counts when it ran tests: "ok <package> <time>" without "[no tests to run]".
	ran=$(grep -E '^(ok|FAIL)[[:space:]]' "$log" | grep -cv 'no tests to run')
fi

if [ "$status" -eq 0 ] && [ "${ran:-0}" -eq 0 ]; then
	echo "tools/test.sh: no test ran" >&2
	exit 1
fi
exit "$status"
