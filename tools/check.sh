#!/usr/bin/env bash
# Checks that need no test run: formatting, vet and build for every supported platform, committed generated files up to date.
set -euo pipefail
cd "$(dirname "$0")/.."

# tree_state: a digest of every file that git tracks or would track, so that the check also works in a tree with changes.
tree_state() {
	git ls-files -co --exclude-standard -z | sort -z | xargs -0 sha256sum 2>/dev/null || true
}

echo "check: gofumpt"
unformatted=$("$(tools/install.sh gofumpt)" -l .)
if [ -n "$unformatted" ]; then
	printf 'not formatted with gofumpt (run make fmt):\n%s\n' "$unformatted" >&2
	exit 1
fi

for platform in linux/amd64 linux/arm64 darwin/amd64 darwin/arm64; do
	echo "check: build and vet $platform"
	export GOOS=${platform%/*} GOARCH=${platform#*/} CGO_ENABLED=0
	go build ./...
	go vet ./...
done
unset GOOS GOARCH CGO_ENABLED

echo "check: generated files"
before=$(tree_state)
go generate ./...
if ! changed=$(diff <(echo "$before") <(tree_state)); then
	printf 'go generate changed files; commit its output:\n%s\n' "$changed" >&2
	exit 1
fi
