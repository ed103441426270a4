#!/usr/bin/env bash
# Runs every native fuzz target of the module for FUZZTIME each (default 30s), one after the other; FUZZ selects by regular expression.
# Stops at the first target that finds a failing input; Go has then stored it under the package's testdata/fuzz.
set -euo pipefail
cd "$(dirname "$0")/.."

found=0
while IFS=: read -r file name; do
	[[ $name =~ ${FUZZ:-.} ]] || continue
	found=$((found + 1))
	echo "fuzz ${file%/*} $name ${FUZZTIME:-30s}"
	go test -run '^$' -fuzz "^$name\$" -fuzztime "${FUZZTIME:-30s}" "./${file%/*}"
done < <(git ls-files -co --exclude-standard '*_test.go' | sort | xargs grep -HoE '^func Fuzz[A-Za-z0-9_]*' | sed 's/:func /:/')
[ "$found" -gt 0 ] || { echo "tools/fuzz.sh: no fuzz target matches" >&2; exit 1; }
