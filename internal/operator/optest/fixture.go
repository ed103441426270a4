package optest

import (
	"bytes"
	"encoding/binary"
	"os"
	"testing"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/sdktest"
)

// Fixture checks that what an operator stores after inputs, before their end, is what the file at path holds, and that an operator restored from the
// file goes on as if nothing had happened. A file that is missing is written if write says so; one of a released version never is again.
func Fixture(t testing.TB, o Operator, path string, write bool, inputs ...*batch.Batch) {
	t.Helper()
	before := fixtureRun(t, &o, inputs)
	for _, e := range before.schedule.events {
		if e.kind == feed {
			if err := before.feed(e, 0); err != nil {
				t.Fatal(err)
			}
		}
	}
	groups, err := before.snapshot()
	if err != nil {
		t.Fatal(err)
	}
	before.result.Rows = make([][]string, o.ports())    // what it emitted until now the other one does not
	before.result.Emitted = make([][]string, o.ports()) // what comes from now on is compared
	var written []byte
	for g, data := range &groups {
		if data != nil {
			written = append(binary.AppendUvarint(append(written, byte(g)), uint64(len(data))), data...)
		}
	}
	kept, err := os.ReadFile(path)
	if os.IsNotExist(err) && write {
		kept, err = written, os.WriteFile(path, written, 0o644) //nolint:gosec // part of the repository
	}
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(kept, written) {
		t.Fatalf("%s is written differently now; a change of the layout needs a new version", path)
	}
	after := fixtureRun(t, &o, inputs)
	for len(kept) > 0 {
		size, n := binary.Uvarint(kept[1:])
		data := kept[1+n : 1+n+int(size)]
		if err := after.instances[0].op.(op.Stateful).Restore(op.KeyGroup(kept[0]), data); err != nil {
			t.Fatal(err)
		}
		kept = kept[1+n+int(size):]
	}
	for _, r := range []*run{before, after} {
		if ender, ok := r.instances[0].op.(op.Ender); ok {
			if err := r.event(r.instances[0], -1, ender.OnEnd); err != nil {
				t.Fatal(err)
			}
		}
	}
	if diff := sdktest.Diff(before.result.Emitted, after.result.Emitted); diff != "" || len(before.result.Emitted[0]) == 0 {
		t.Fatalf("an operator restored from %s goes on differently (-stored +restored):\n%s", path, diff)
	}
}

// fixtureRun is a run of one instance, of which nothing is fed yet.
func fixtureRun(t testing.TB, o *Operator, inputs []*batch.Batch) *run {
	t.Helper()
	r := newRun(o, plainSchedule(o, lengths(inputs)), inputs, limit.New("test", 0))
	if err := r.make(r.schedule.start); err != nil {
		t.Fatal(err)
	}
	return r
}
