package optest

import (
	"bufio"
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/internal/state/store"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/sdktest"
)

// restTable stands in a file for what belongs to a key group as a whole; its slice is the key group.
const restTable = "rest"

// EntriesFixture is Fixture for the state that an op.Durable stores entry by entry. The file has a line for each entry: table, slice, hash, key and value, of which the last three are
// hexadecimal; then one for what belongs to each key group: "rest", the group, 0, - and the bytes. Its name should have the version of the entries' layout.
func EntriesFixture(t testing.TB, o Operator, path string, write bool, inputs ...*batch.Batch) {
	t.Helper()
	entriesFixture(t, &o, path, write, func(kept, written []byte) {
		t.Helper()
		if !bytes.Equal(kept, written) {
			t.Fatalf("%s is written differently now; a change of the layout needs a new version:\n%s", path, sdktest.Diff(strings.Split(string(kept), "\n"), strings.Split(string(written), "\n")))
		}
	}, inputs)
}

// OldEntriesFixture is EntriesFixture for a file in an older layout, which is read still.
func OldEntriesFixture(t testing.TB, o Operator, path string, inputs ...*batch.Batch) {
	t.Helper()
	entriesFixture(t, &o, path, false, func(kept, written []byte) {
		t.Helper()
		if bytes.Equal(kept, written) {
			t.Fatalf("%s is not in an older layout", path)
		}
	}, inputs)
}

func entriesFixture(t testing.TB, o *Operator, path string, write bool, compare func(kept, written []byte), inputs []*batch.Batch) {
	t.Helper()
	before := entriesRun(t, o, inputs)
	before.feedAll(t)
	in := before.instances[0]
	if in.kept == nil {
		t.Fatal("the operator's state is not stored entry by entry")
	}
	if o.Spill {
		if err := before.flush(in); err != nil {
			t.Fatal(err)
		}
		if err := before.spill(in, func(keyed.Spiller) bool { return true }); err != nil {
			t.Fatal(err)
		}
	}
	if o.Leave {
		if err := errors.Join(before.flush(in), before.depart(in, false)); err != nil {
			t.Fatal(err)
		}
		before.feedAll(t)
	}
	if err := before.seal(in); err != nil {
		t.Fatal(err)
	}
	if err := before.store(in, math.MaxInt64); err != nil {
		t.Fatal(err)
	}
	written, err := before.writeEntries()
	if err != nil {
		t.Fatal(err)
	}
	before.result.Rows = make([][]string, o.ports())
	before.result.Emitted = make([][]string, o.ports()) // what comes from now on is compared
	before.logs = make([]changelog, o.ports())
	kept, err := os.ReadFile(path)
	if os.IsNotExist(err) && write {
		kept, err = written, os.WriteFile(path, written, 0o644) //nolint:gosec // part of the repository
	}
	if err != nil {
		t.Fatal(err)
	}
	compare(kept, written)
	o.Changes = false // what it takes back the other one had given
	after := entriesRun(t, o, inputs)
	if err := after.readEntries(kept); err != nil {
		t.Fatal(err)
	}
	for _, r := range []*run{before, after} {
		if err := r.endAll(); err != nil {
			t.Fatal(err)
		}
		for port := range r.result.Emitted { // entries have no order
			slices.Sort(r.result.Emitted[port])
		}
	}
	if diff := sdktest.Diff(before.result.Emitted, after.result.Emitted); diff != "" {
		t.Fatalf("an operator restored from %s goes on differently (-stored +restored):\n%s", path, diff)
	}
}

// feedAll feeds all rows.
func (r *run) feedAll(t testing.TB) {
	t.Helper()
	for _, e := range r.schedule.events {
		if e.kind == feed {
			if err := r.feed(e, 0); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// endAll ends the inputs and the operator.
func (r *run) endAll() error {
	for i := range r.inputs {
		if err := r.watermark(i, math.MaxInt64); err != nil {
			return err
		}
		if err := r.endInput(r.instances[0], i); err != nil {
			return err
		}
	}
	if ender, ok := r.instances[0].op.(op.Ender); ok {
		return r.event(r.instances[0], -1, ender.OnEnd)
	}
	return nil
}

// entriesRun is a run of one instance whose state is stored entry by entry, of which nothing is fed yet.
func entriesRun(t testing.TB, o *Operator, inputs []*batch.Batch) *run {
	t.Helper()
	r := fixtureRun(t, o, inputs)
	r.keeping = newKeeping()
	r.keeping.keep(r.instances[0])
	return r
}

// writeEntries writes all that is stored.
func (r *run) writeEntries() ([]byte, error) {
	tables, err := r.stored(r.instances)
	if err != nil {
		return nil, err
	}
	var out []byte
	for table, entries := range tables {
		for _, n := range entries {
			out = fmt.Appendf(out, "%d %d %016x %s %s\n", table, n.slice, n.hash, digits(n.key), digits(n.value))
		}
	}
	rest, err := r.restOf()
	for _, g := range slices.Sorted(maps.Keys(rest)) {
		out = fmt.Appendf(out, "%s %d 0 - %s\n", restTable, g, digits(rest[g]))
	}
	return out, err
}

// digits are bytes as hexadecimal digits, - for none.
func digits(data []byte) string {
	if len(data) == 0 {
		return "-"
	}
	return hex.EncodeToString(data)
}

// readEntries puts in what writeEntries wrote.
func (r *run) readEntries(data []byte) error {
	in, changes := r.instances[0].kept, &store.Changes{}
	given := make([]keyed.Entries, len(in.parts))
	rest := map[op.KeyGroup][]byte{}
	for lines := bufio.NewScanner(bytes.NewReader(data)); lines.Scan(); {
		f := strings.Fields(lines.Text())
		key, err := unhex(f[3])
		if err != nil {
			return err
		}
		value, err := unhex(f[4])
		if err != nil {
			return err
		}
		slice, err := strconv.ParseInt(f[1], 10, 64)
		if err != nil {
			return err
		}
		if f[0] == restTable {
			rest[op.KeyGroup(slice)] = value //nolint:gosec // below 256
			continue
		}
		hash, err := strconv.ParseUint(f[2], 16, 64)
		if err != nil {
			return err
		}
		table, err := strconv.Atoi(f[0])
		if err != nil {
			return err
		}
		changes.Put(store.Space{Operator: in.number, Table: uint8(table)}, slice, hash, key, value) //nolint:gosec // few tables
		if !indexed(in.parts[table], slice) {
			continue
		}
		e := &given[table]
		e.Slices, e.Hashes = append(e.Slices, slice), append(e.Hashes, hash)
		e.Keys, e.Values = append(e.Keys, key), append(e.Values, value)
	}
	if err := r.keeping.store.Apply(context.Background(), []*store.Changes{changes}); err != nil {
		return err
	}
	for i, part := range in.parts {
		if err := (&admission{left: none}).admit(part, &given[i]); err != nil {
			return err
		}
	}
	for g, data := range rest {
		if err := in.durable.RestoreRest(g, data); err != nil {
			return err
		}
	}
	return in.durable.Restored()
}

func unhex(s string) ([]byte, error) {
	if s == "-" {
		return nil, nil
	}
	return hex.DecodeString(s)
}
