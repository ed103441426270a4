#!/usr/bin/env bash
# Runs every test with coverage of the whole module, writes cover.out and applies the floors of tools/covergate/floors.txt.
# TEST_LOG as in tools/test.sh. Extra arguments go to `go test`.
set -euo pipefail
cd "$(dirname "$0")/.."

# A package is credited with what any package's tests execute in it: much of the engine is exercised from above.
# go test prints, for each package, the share of the whole module that its tests ran: left out, since the table below says what counts.
tools/test.sh -count=1 -timeout 25m -covermode=atomic -coverpkg=./... -coverprofile=cover.out "$@" ./... |
	awk '/^coverage: / || /^\t.*\tcoverage: 0\.0% of statements$/ { next } { sub(/\tcoverage: .*/, ""); print; fflush() }'
go run ./tools/covergate -profile cover.out -floors tools/covergate/floors.txt
