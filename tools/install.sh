#!/usr/bin/env bash
# Installs the pinned development tools outside the source tree and prints where each one is.
#
#   tools/install.sh [NAME...]       install what is missing (all tools when none is named), print one path a line
#   tools/install.sh --find NAME     print the path when the tool is installed, else fail; never installs
#
# Binaries live in ${WIRE_TOOLS:-$HOME/.cache/wire-tools}/bin, named TOOL-VERSION, so that several checkouts with
# different pins share one folder. golangci-lint takes 6 to 11 minutes to compile on two cores; the others seconds.
set -euo pipefail

# name, version, package: the only place where a tool's version is written.
tools='
golangci-lint v2.15.0 github.com/golangci/golangci-lint/v2/cmd/golangci-lint
gofumpt       v0.12.0 mvdan.cc/gofumpt
gotestsum     v1.13.0 gotest.tools/gotestsum
'
bin=${WIRE_TOOLS:-$HOME/.cache/wire-tools}/bin

# describe NAME: sets version and package of a known tool.
describe() {
	local line
	line=$(awk -v name="$1" '$1 == name { print $2, $3 }' <<<"$tools")
	[ -n "$line" ] || { echo "tools/install.sh: unknown tool \"$1\"" >&2; exit 2; }
	read -r version package <<<"$line"
}

# install_tool NAME: compiles into a folder of its own and moves the result, so that a run cut short leaves nothing half done.
install_tool() {
	describe "$1"
	local target=$bin/$1-$version
	if [ ! -x "$target" ]; then
		echo "tools/install.sh: installing $1 $version" >&2
		mkdir -p "$bin"
		local staging
		staging=$(mktemp -d "$bin/.install.XXXXXX")
		if ! GOBIN=$staging GOFLAGS= CGO_ENABLED=0 go install -trimpath -ldflags='-s -w' "$package@$version" >&2; then
			rm -rf "$staging"
			echo "tools/install.sh: $1 $version could not be installed" >&2
			exit 1
		fi
		mv "$staging/$1" "$target"
		rm -rf "$staging"
	fi
	echo "$target"
}

if [ "${1:-}" = --find ]; then
	describe "${2:?tools/install.sh --find needs a tool name}"
	[ -x "$bin/$2-$version" ] || exit 1
	echo "$bin/$2-$version"
	exit 0
fi
[ $# -gt 0 ] || set -- $(awk 'NF { print $1 }' <<<"$tools")
for name in "$@"; do install_tool "$name"; done
