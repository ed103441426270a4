#!/usr/bin/env bash
# Proves that the random queries find a bug in each operator: plants one line at a time in a temporary copy of the tree, and asks until an answer differs.
#
#   test/difffuzz/plants.sh DSN [NAME...]
#
# DSN names a PostgreSQL database that belongs to the run. Prints, for each plant, how many queries it took.
set -euo pipefail
cd "$(dirname "$0")/../.."
dsn=${1:?a DSN of PostgreSQL}
shift
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
git archive HEAD | tar -x -C "$copy"
go build -o "$copy/difffuzz" ./test/difffuzz/cmd/difffuzz

# name | file | line as it is | line as it is planted
plants() {
	cat <<'END'
filter|internal/operator/filter/filter.go|if len(f.kept) > 0 {|if len(f.kept) > 1 {
project|internal/operator/project/project.go|if rows := p.out.Rows(); rows > 0 {|if rows := p.out.Rows(); rows > 1 {
limit|internal/operator/limit/limit.go|to = min(n, from+o.left)|to = min(n, from+o.left+1)
rowsfrom|internal/operator/rowsfrom/rowsfrom.go|o.ordinals.Int64s()\[at+i\] = o.made|o.ordinals.Int64s()[at+i] = o.made - 1
sort|internal/operator/sort/sort.go|o.ids = o.choose(ids, o.config.Offset, o.first)|o.ids = o.choose(ids, 0, o.first)
topn|internal/operator/sort/leaders.go|if l.o.ties.Compare(in.Cols, row, in.Cols, int(l.kept\[pending\])) >= worst {|if l.o.ties.Compare(in.Cols, row, in.Cols, int(l.kept[pending])) > -2 {
order|internal/state/keyed/compare.go|case x < y:|case x < y \&\& x >= 0:
over|internal/operator/over/partition.go|if i > 0 \&\& o.peers.CompareIDs(o.rows, ids\[i-1\], id) == 0 {|if i > 1 \&\& o.peers.CompareIDs(o.rows, ids[i-1], id) == 0 {
setop|internal/operator/setop/setop.go|n = c.left - min(c.left, c.right)|n = c.left
aggregate|internal/operator/aggregate/call.go|if c.distinct != nil \&\& rows.n > 0 {|if c.distinct != nil \&\& rows.n > 9 {
join|internal/operator/join/output.go|own.SetAllNull()|_ = own
joinkeys|internal/operator/join/keys.go|if row := b.Row(i); !hasNull(b.Cols, columns, row) {|if row := b.Row(i); row > 0 \&\& !hasNull(b.Cols, columns, row) {
residual|internal/operator/join/probe.go|kind == Anti \&\& (truth == isTrue|kind == Anti \&\& (truth == isFalse
exchange|internal/flow/exchange.go|if rows := d.parts.Rows(part); len(rows) > 0 {|if rows := d.parts.Rows(part); len(rows) > 1 {
decorrelate|internal/plan/optimize/pull.go|computed := func(e \*bind.Expr) bool { return e.Op != bind.Column .. e.Path\[0\] < nl }|computed := func(e *bind.Expr) bool { return e.Op != bind.Column }
unnest|internal/plan/optimize/unnest.go|keys\[i\] = logical.KeyPair{Left: c, Right: i, NullSafe: true}|keys[i] = logical.KeyPair{Left: c, Right: i}
keys|internal/state/keyed/codec.go|d = canonicalDecimal(d, \*typ)|d = canonicalDecimal(d, c.Type())
END
}

plants | while IFS='|' read -r name file before after; do
	if [ $# -gt 0 ] && [[ " $* " != *" $name "* ]]; then
		continue
	fi
	cp "$copy/$file" "$copy/original"
	sed -i "s|$before|$after|" "$copy/$file"
	if cmp -s "$copy/$file" "$copy/original"; then
		echo "$name: $file has no such line"
	elif (cd "$copy" && go build -o wire ./cmd/wire); then
		found=$("$copy/difffuzz" -postgres "$dsn" -wire "$copy/wire sql --keep-going --output csv" -seeds 250 -most 1 -shrink=false | grep '^# first' | tail -1 || true)
		echo "$name: ${found:-not found}"
	fi
	mv "$copy/original" "$copy/$file"
done
