#!/usr/bin/env bash
# Proves that the random queries find a bug in each operator: plants one line at a time in a temporary copy of the tree, and asks until an answer differs.
#
#   test/difffuzz/plants.sh DSN [NAME...]
#
# DSN names a PostgreSQL database that belongs to the run. Prints, for each plant, how many queries it took: queries over tables, over streams (test/streamfuzz), or joins larger than memory.
# WIRE_SEEDS and WIRE_CASES say after how many seeds of tables and queries over streams to give up.
set -euo pipefail
cd "$(dirname "$0")/../.."
dsn=${1:?a DSN of PostgreSQL}
shift
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
git archive HEAD | tar -x -C "$copy"
go build -o "$copy/difffuzz" ./test/difffuzz/cmd/difffuzz

# name ~ what is asked, with settings ~ file of internal/ ~ text as it is ~ text as it is planted
plants() {
	cat <<'END'
filter ~ tables ~ operator/filter/filter.go ~ if len(f.kept) > 0 { ~ if len(f.kept) > 1 {
project ~ tables ~ operator/project/project.go ~ if rows := p.out.Rows(); rows > 0 { ~ if rows := p.out.Rows(); rows > 1 {
limit ~ tables ~ operator/limit/limit.go ~ to = from + min(n-from, o.left) ~ to = from + min(n-from, o.left+1)
rowsfrom ~ tables ~ operator/rowsfrom/rowsfrom.go ~ o.ordinals.Int64s()[at+i] = o.made ~ o.ordinals.Int64s()[at+i] = o.made - 1
sort ~ tables ~ operator/sort/sort.go ~ o.ids = o.choose(ids, o.config.Offset, o.first) ~ o.ids = o.choose(ids, 0, o.first)
leaders ~ tables ~ operator/sort/leaders.go ~ int(l.kept[pending])) >= worst { ~ int(l.kept[pending])) > -2 {
order ~ tables ~ state/keyed/compare.go ~ case x < y: ~ case x < y && x >= 0:
over ~ tables ~ operator/over/partition.go ~ if i > first && o.peers ~ if i > first+1 && o.peers
setop ~ tables ~ operator/setop/setop.go ~ n = c.left - min(c.left, c.right) ~ n = c.left
distinct ~ tables ~ operator/aggregate/seen.go ~ if rows.n == 0 { ~ if rows.n < 3 {
aggregate ~ tables ~ operator/aggregate/combiner.go ~ if len(slots) == 0 { ~ if len(slots) <= 1 {
join ~ tables ~ operator/join/output.go ~ own.SetAllNull() ~ _ = own
joinkeys ~ tables ~ operator/join/keys.go ~ if row := b.Row(i); !hasNull(b.Cols, columns, row) { ~ if row := b.Row(i); row > 0 && !hasNull(b.Cols, columns, row) {
merge ~ tables ~ operator/join/merge.go ~ if c > 0 { ~ if c >= 0 {
grace ~ joins ~ operator/join/hashpieces.go ~ g.at.At(first) ~ g.at.At(first + 1<<54)
residual ~ tables ~ operator/join/probe.go ~ kind == Anti && (truth == isTrue ~ kind == Anti && (truth == isFalse
exchange ~ tables ~ flow/exchange.go ~ if rows := d.parts.Rows(part); len(rows) > 0 { ~ if rows := d.parts.Rows(part); len(rows) > 1 {
decorrelate ~ tables ~ plan/optimize/pull.go ~ return e.Op != bind.Column || e.Path[0] < nl } ~ return e.Op != bind.Column }
domain ~ tables ~ plan/optimize/unnest.go ~ keys[i] = logical.KeyPair{Left: c, Right: i, NullSafe: true} ~ keys[i] = logical.KeyPair{Left: c, Right: i}
keys ~ tables ~ state/keyed/codec.go ~ d = canonicalDecimal(d, *typ) ~ _ = typ
late ~ streams WIRE_ONLY=view_byclock ~ operator/late/filter.go ~ return micros < watermark && micros <= math.MaxInt64-lateness && micros+lateness < ~ return micros <= watermark && micros <= math.MaxInt64-lateness && micros+lateness <=
assign ~ streams ~ operator/window/assign.go ~ bound := before - a.cfg.Lateness // ~ bound := before //
tumble ~ streams ~ operator/window/aggregate.go ~ add(add(max(b.end, 0), a.cfg.Lag), a.cfg.Lateness) ~ add(max(b.end, 0), a.cfg.Lag)
hop ~ streams ~ operator/window/fire.go ~ s.rest[n].last <= end; n++ ~ s.rest[n].last < end; n++
revised ~ streams WIRE_ONLY=view_allowed,view_every,view_update ~ operator/window/revise.go ~ v.old.reset([]level{known}) ~ v.old.reset(nil)
session ~ streams WIRE_ONLY=session ~ operator/window/session.go ~ s.sessions.At(id).end <= start { ~ s.sessions.At(id).end <= start+1_000_000 {
interval ~ streams WIRE_ONLY=interval_join ~ operator/timejoin/interval.go ~ keep := !over && micros[row] >= horizon ~ keep := !over && micros[row] > horizon+1_000_000
windowjoin ~ streams WIRE_ONLY=window_join ~ operator/timejoin/window.go ~ case micros[row] <= w.horizon || ~ case micros[row] <= w.horizon+5_000_000 ||
versions ~ streams WIRE_ONLY=view_asof,view_asofleft ~ operator/timejoin/versions.go ~ id != keyed.NoRow && v.micros(id) > at; ~ id != keyed.NoRow && v.micros(id) >= at;
topn ~ streams WIRE_ONLY=ROW_NUMBER,RANK,DENSE_RANK,limit ~ operator/topn/flush.go ~ case f.was[i] != f.is[i] && ~ case f.was[i] < f.is[i] &&
dedupe ~ streams WIRE_ONLY=ROW_NUMBER ~ operator/dedupe/choose.go ~ return o.prefixes[i].Less(l.prefix) ~ return l.prefix.Less(o.prefixes[i])
normalize ~ streams WIRE_ONLY=scan_upsert,scan_debezium ~ operator/normalize/flush.go ~ && !e.differs && o.same(was, is): ~ && !e.differs:
fold ~ streams WIRE_EMIT=final ~ operator/fold/fold.go ~ change = -1 ~ change = 0
updating ~ streams WIRE_ONLY=over ~ operator/over/updatingflush.go ~ sameRow(cols, row, columns, i) { ~ sameRow(cols, row, columns, i) || emit && i > 0 {
sorttimed ~ streams WIRE_ONLY=order_by_time ~ operator/sort/timed.go ~ c.Int64s()[row] < limit ~ c.Int64s()[row] < limit+2_000_000
timed ~ streams WIRE_APPEND=1 WIRE_ONLY=view_byclock ~ operator/over/timedwork.go ~ c.rows += int64(j.to - j.from) ~ c.rows++
setchanges ~ streams WIRE_ONLY=INTERSECT,INTERSECT_ALL,EXCEPT,EXCEPT_ALL ~ operator/setop/changes.go ~ for shown.times != now { ~ for shown.times < now {
groupchanges ~ streams ~ operator/aggregate/retract.go ~ *g.rows.At(slot) == 0 && !g.lasting(slot) ~ *g.rows.At(slot) == 0 && slot > 0 && !g.lasting(slot)
joinchanges ~ streams ~ operator/join/given.go ~ g.putAlone(row, id, batch.UpdateAfter) ~ _ = id
END
}

# ask prints the number of the query that shows the planted bug. what is the fuzzer, with settings before it.
ask() {
	local what=$1
	if [ "$what" = tables ]; then
		(cd "$copy" && go build -o wire ./cmd/wire)
		"$copy/difffuzz" -postgres "$dsn" -wire "$copy/wire sql --keep-going --output csv" -seeds "${WIRE_SEEDS:-250}" -most 1 -shrink=false
	elif [ "$what" = joins ]; then
		(cd "$copy" && go build -o wire ./cmd/wire && WIRE_BIN=$copy/wire WIRE_LARGE=20 WIRE_TEST_POSTGRES="$dsn" go test -count=1 -v -timeout 30m -run TestLargeJoins ./test/difffuzz)
	else
		(cd "$copy" && env ${what#streams} WIRE_FIRST=1 WIRE_CASES="${WIRE_CASES:-3000}" WIRE_TEST_POSTGRES="$dsn" go test -count=1 -v -timeout 30m -run TestRandomStreams ./test/streamfuzz)
	fi 2>&1 | sed -n 's/.*# first after/first after/p' | tail -1
}

plants | while IFS= read -r plant; do
	name=${plant%% ~ *} rest=${plant#* ~ }
	what=${rest%% ~ *} rest=${rest#* ~ }
	file=internal/${rest%% ~ *} rest=${rest#* ~ }
	before=${rest%% ~ *} after=${rest#* ~ }
	if [ $# -gt 0 ] && [[ " $* " != *" $name "* ]]; then
		continue
	fi
	text=$(cat "$copy/$file")
	if [[ $text != *"$before"* ]]; then
		echo "$name: $file has no such text"
		continue
	fi
	cp "$copy/$file" "$copy/original"
	printf '%s\n' "${text%%"$before"*}$after${text#*"$before"}" >"$copy/$file"
	found=$(ask "$what" </dev/null || true)
	echo "$name: ${found:-not found}"
	mv "$copy/original" "$copy/$file"
done
