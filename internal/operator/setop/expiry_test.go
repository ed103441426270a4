package setop_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/operator/optest"
	"wire.example/wire/internal/operator/setop"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sdktest"
)

// fixtures of a released version are never written again; a new version of a layout gets files of its own.
var writeFixtures = flag.Bool("write-fixtures", false, "write fixtures that are missing")

const ttl = 10_000

// life is what is known of a row in a model of the operator: how often it came from either input, and when it came last.
type life struct {
	left, right int
	seen        int64
}

func (l *life) times(c *setop.Config) int {
	n := 0
	switch {
	case c.Kind == setop.Intersect:
		n = min(l.left, l.right)
	case c.All:
		n = max(l.left-l.right, 0)
	case l.right == 0:
		n = l.left
	}
	if !c.All {
		n = min(n, 1)
	}
	return n
}

// forgetting is an operator with a time to live, and a model of it.
type forgetting struct {
	folding
	c         setop.Config
	now       int64
	lives     map[int]*life
	stored    *optest.Stored // nil unless what changes is stored, and may leave memory
	over      map[int]int    // what came out and stays, of rows that were forgotten
	unmatched int64
}

func (f *forgetting) start() {
	f.c.Pool, f.c.Budget = &batch.Pool{}, limit.New("test", 0)
	f.op = setop.New(&f.c)
}

func (f *forgetting) tick(t *rapid.T) {
	f.event(t, func(out *op.Output) (bool, error) { return f.op.OnTime(f.now, out) })
}

// event is drain for an event, before each call of which what it needs is loaded.
func (f *forgetting) event(t *rapid.T, event func(out *op.Output) (bool, error)) {
	f.drain(t, func(out *op.Output) (bool, error) {
		if err := f.load(0, nil); err != nil {
			return false, err
		}
		return event(out)
	})
}

func (f *forgetting) load(input int, in *batch.Batch) error {
	if f.stored == nil {
		return nil
	}
	return f.stored.Load(input, in)
}

// leave has rows leave memory.
func (f *forgetting) leave(t *rapid.T) {
	f.event(t, f.op.OnFlush)
	if rapid.Bool().Draw(t, "seal") {
		must(t, f.stored.Seal())
	}
	must(t, f.stored.Evict(rapid.IntRange(1, 3).Draw(t, "entries"), rapid.IntRange(0, 3).Draw(t, "all") == 0))
}

// resume goes on with what is stored.
func (f *forgetting) resume(t *rapid.T) {
	f.event(t, f.op.OnFlush)
	if f.stored == nil {
		state := snapshot(t, f.op)
		f.start()
		restore(t, f.op, state)
	} else {
		f.start()
		next, err := f.stored.Move(f.op)
		must(t, err)
		f.stored = next
	}
	f.tick(t)
}

func must(t *rapid.T, err error) {
	if err != nil {
		t.Fatal(err)
	}
}

// of returns the life of a row that comes now.
func (f *forgetting) of(v int) *life {
	l := f.lives[v]
	if l != nil && f.now-l.seen > ttl {
		f.over[v] += l.times(&f.c)
		l = nil
	}
	if l == nil {
		l = &life{}
		f.lives[v] = l
	}
	l.seen = f.now
	return l
}

// feed gives a batch to both.
func (f *forgetting) feed(t *rapid.T) {
	input := rapid.IntRange(0, 1).Draw(t, "input")
	var rows [][]any
	var kinds []batch.Change
	for range rapid.IntRange(1, 3).Draw(t, "rows") {
		v, kind := rapid.IntRange(0, 3).Draw(t, "v"), batch.Insert
		l := f.of(v)
		side := &l.left
		if input == 1 {
			side = &l.right
		}
		switch {
		case !rapid.Bool().Draw(t, "take back"):
			*side++
		case *side > 0:
			kind = batch.Delete
			*side--
		default:
			kind = batch.Delete
			f.unmatched++
		}
		rows, kinds = append(rows, []any{v}), append(kinds, kind)
	}
	in := optest.Make(f.c.Types, rows...)
	in.Kinds = kinds
	must(t, f.load(input, in))
	f.drain(t, func(out *op.Output) (bool, error) { return f.op.ApplyInput(input, in, out) })
}

// want is what has come out and stays.
func (f *forgetting) want() []string {
	for v, l := range f.lives {
		f.over[v] += l.times(&f.c)
	}
	want := []string{}
	for v, n := range f.over {
		want = append(want, slices.Repeat([]string{fmt.Sprint(v)}, n)...)
	}
	slices.Sort(want)
	return want
}

// TestRowsAreForgotten: a row of which none came in a while is a new one when the next comes, whether or not it was swept, and wherever state has gone meanwhile. What was
// emitted of it stays.
func TestRowsAreForgotten(t *testing.T) {
	types := []schema.Type{schema.Of(schema.Int64)}
	rapid.Check(t, func(r *rapid.T) {
		f := &forgetting{folding: folding{folded: map[string]int{}}, now: 1, lives: map[int]*life{}, over: map[int]int{}, c: setop.Config{
			Name: "s", Kind: setop.Kind(rapid.IntRange(0, 1).Draw(r, "kind")), All: rapid.Bool().Draw(r, "all"), Changes: true, TTL: ttl, Types: types,
		}}
		f.start()
		if rapid.Bool().Draw(r, "kept") {
			f.stored = optest.Store(f.op)
		}
		f.tick(r)
		for range rapid.IntRange(1, 40).Draw(r, "steps") {
			switch rapid.IntRange(0, 6).Draw(r, "step") {
			case 0:
				f.now += rapid.Int64Range(1, 7000).Draw(r, "time")
				f.tick(r)
			case 1:
				f.resume(r)
			case 2:
				if f.stored != nil {
					f.leave(r)
				}
			default:
				f.feed(r)
			}
		}
		f.event(r, f.op.OnFlush)
		if diff := sdktest.Diff(f.want(), f.rows()); diff != "" {
			r.Error(diff)
		}
		if f.counts.Filtered != f.unmatched || !f.counts.Balanced() {
			r.Errorf("%d rows were taken back that were not there, but the account is %+v", f.unmatched, f.counts)
		}
		for range 4 { // in time nothing is left
			f.now += 2 * ttl
			f.tick(r)
		}
		if f.stored != nil {
			must(r, f.stored.Seal())
			must(r, f.stored.Seal())
			if n, err := f.stored.Len(); n > 0 || err != nil {
				r.Errorf("%d entries are left, %v", n, err)
			}
		}
		for g, data := range snapshot(r, f.op) {
			if len(data) > 0 {
				r.Errorf("key group %d has state of %d bytes", g, len(data))
			}
		}
	})
}

// TestAForgottenRowIsWrittenAnew: what takes the place of a row that is over comes out as it is written itself, swept up or not.
func TestAForgottenRowIsWrittenAnew(t *testing.T) {
	types := []schema.Type{schema.NumericOf(10, 2)}
	for _, from := range []int{0, 1} {
		s := setop.New(&setop.Config{
			Name: "s", Kind: setop.Except, Changes: true, TTL: ttl, Types: types, Pool: &batch.Pool{}, Budget: limit.New("test", 0),
		})
		got := []string{}
		out := op.NewOutput(1)
		at := func(micros int64, input int, value string) {
			t.Helper()
			for _, event := range []func(*op.Output) (bool, error){
				func(out *op.Output) (bool, error) { return s.OnTime(micros, out) },
				func(out *op.Output) (bool, error) { return s.ApplyInput(input, optest.Make(types, []any{value}), out) },
				s.OnFlush,
			} {
				out.Reset()
				if more, err := event(out); more || err != nil {
					t.Fatal(more, err)
				}
				if b := out.Ports[0]; b != nil {
					got = append(got, sdktest.Rows(b)...)
				}
			}
		}
		at(1, from, "1.0")
		at(2+ttl, 0, "1.00")
		want := []string{"+I 1.0", "+I 1.00"}[from:]
		if !slices.Equal(got, want) {
			t.Errorf("input %d first: %q, want %q", from, got, want)
		}
	}
}

// TestExpiredRowsAreNotFound: between the time at which rows have expired and the sweep that removes them, one that is like them is new.
func TestExpiredRowsAreNotFound(t *testing.T) {
	const rows, step = 200, ttl / 10 // a sweep in each step looks at a fifth of the key groups
	types := []schema.Type{schema.Of(schema.Int64)}
	s := setop.New(&setop.Config{Name: "s", Kind: setop.Except, Changes: true, TTL: ttl, Types: types, Pool: &batch.Pool{}, Budget: limit.New("test", 0)})
	out, emitted := op.NewOutput(1), 0
	run := func(event func(*op.Output) (bool, error)) {
		t.Helper()
		for more := true; more; {
			out.Reset()
			var err error
			if more, err = event(out); err != nil {
				t.Fatal(err)
			}
			if b := out.Ports[0]; b != nil {
				emitted += b.Rows()
			}
		}
	}
	now := int64(1)
	tick := func() { run(func(out *op.Output) (bool, error) { return s.OnTime(now, out) }) }
	feed := func() {
		t.Helper()
		var all [][]any
		for v := range rows {
			all = append(all, []any{v})
		}
		run(func(out *op.Output) (bool, error) { return s.ApplyInput(0, optest.Make(types, all...), out) })
		run(s.OnFlush)
	}
	tick()
	feed()
	for now <= 1+ttl {
		now += step
		tick()
	}
	feed()
	if emitted != 2*rows {
		t.Errorf("%d rows came out, want %d twice", emitted, rows)
	}
}

// TestManyRowsAreForgotten: many rows are swept in several calls.
func TestManyRowsAreForgotten(t *testing.T) {
	types := []schema.Type{schema.Of(schema.Int64)}
	s := setop.New(&setop.Config{
		Name: "s", Kind: setop.Intersect, Changes: true, TTL: ttl, Types: types, Pool: &batch.Pool{}, Budget: limit.New("test", 0),
	})
	out := op.NewOutput(1)
	calls := 0
	all := func(event func(out *op.Output) (bool, error)) {
		t.Helper()
		calls = 0
		for more := true; more; calls++ {
			out.Reset()
			var err error
			if more, err = event(out); err != nil {
				t.Fatal(err)
			}
		}
	}
	all(func(out *op.Output) (bool, error) { return s.OnTime(1, out) })
	for k := range 40 {
		rows := make([][]any, batch.MaxRows)
		for i := range rows {
			rows[i] = []any{k*batch.MaxRows + i}
		}
		in := optest.Make(types, rows...)
		if _, err := s.ApplyInput(k%2, in, out); err != nil {
			t.Fatal(err)
		}
		all(s.OnFlush)
	}
	all(func(out *op.Output) (bool, error) { return s.OnTime(2+ttl, out) })
	if calls < 2 {
		t.Errorf("%d rows were swept in one call", 40*batch.MaxRows)
	}
	for g, data := range snapshot(t, s) {
		if len(data) > 0 {
			t.Fatalf("key group %d has state of %d bytes", g, len(data))
		}
	}
}

// fataler is a test.
type fataler interface{ Fatal(args ...any) }

// snapshot returns the state of all key groups.
func snapshot(t fataler, s *setop.SetOp) [][]byte {
	parts := make([][]byte, op.KeyGroups)
	for g := range parts {
		var err error
		if parts[g], err = s.Snapshot(op.KeyGroup(g)); err != nil {
			t.Fatal(err)
		}
	}
	return parts
}

func restore(t fataler, s *setop.SetOp, parts [][]byte) {
	for g, data := range parts {
		if len(data) == 0 {
			continue
		}
		if err := s.Restore(op.KeyGroup(g), data); err != nil {
			t.Fatal(err)
		}
	}
}

// TestTheStoredStateIsReadForEver: state that an earlier release wrote is read, and goes on as it would have gone on.
func TestTheStoredStateIsReadForEver(t *testing.T) {
	types := []schema.Type{schema.Of(schema.Text), schema.Of(schema.Int64)}
	for name, c := range map[string]setop.Config{
		"final": {Kind: setop.Except, All: true}, "changes": {Kind: setop.Intersect, All: true, Changes: true},
		"forgotten-changes": {Kind: setop.Except, Changes: true, TTL: ttl},
	} {
		t.Run(name, func(t *testing.T) {
			c.Name, c.Types, c.Pool, c.Budget = "s", types, &batch.Pool{}, limit.New("test", 0)
			left := optest.Make(types, []any{"a", 1}, []any{"a", 1}, []any{"a text that no view holds", 2}, []any{nil, nil})
			optest.EntriesFixture(t, driven(c), "testdata/entries-v1-"+name+".txt", *writeFixtures, left, optest.Make(types, []any{"a", 1}, []any{nil, nil}, []any{"b", 3}))
			out := op.NewOutput(1)
			call := func(more bool, err error) {
				t.Helper()
				if more || err != nil {
					t.Fatal(more, err)
				}
			}
			s := setop.New(&c)
			call(s.OnTime(1_700_000_000_000_000, out))
			call(s.ApplyInput(0, optest.Make(types, []any{"a", 1}, []any{"a", 1}, []any{"a text that no view holds", 2}, []any{nil, nil}), out))
			call(s.OnTime(1_700_000_000_000_500, out))
			in := optest.Make(types, []any{"a", 1}, []any{nil, nil}, []any{"b", 3}, []any{nil, nil})
			if c.Changes {
				in.Kinds = []batch.Change{batch.Insert, batch.Insert, batch.Insert, batch.Delete}
			}
			call(s.ApplyInput(1, in, out))
			call(s.OnFlush(out))
			state := fixture(t, name+"-v1.state", keyed.AppendParts(nil, 1, snapshot(t, s)...))
			parts, err := keyed.Parts("fixture", state, 1, op.KeyGroups)
			if err != nil {
				t.Fatal(err)
			}
			restored := setop.New(&c)
			restore(t, restored, parts)
			want, got := goOn(t, s, types), goOn(t, restored, types)
			if diff := sdktest.Diff(want, got); diff != "" || len(want) == 0 {
				t.Errorf("restored state goes on otherwise (-stored +restored):\n%s", diff)
			}
		})
	}
}

// goOn returns what comes out of s when some rows more come, after most of a time to live, and both inputs end.
func goOn(t *testing.T, s *setop.SetOp, types []schema.Type) (rows []string) {
	t.Helper()
	out := op.NewOutput(1)
	feed := func(input int, row ...any) func(*op.Output) (bool, error) {
		return func(out *op.Output) (bool, error) { return s.ApplyInput(input, optest.Make(types, row), out) }
	}
	for _, event := range []func(*op.Output) (bool, error){
		func(out *op.Output) (bool, error) { return s.OnTime(1_700_000_000_000_200+ttl, out) }, feed(0, "a", 1), feed(1, "a text that no view holds", 2),
		feed(0, "b", 3), feed(1, nil, nil), func(out *op.Output) (bool, error) { return s.OnInputEnd(0, out) },
		func(out *op.Output) (bool, error) { return s.OnInputEnd(1, out) },
	} {
		for more := true; more; {
			out.Reset()
			var err error
			if more, err = event(out); err != nil {
				t.Fatal(err)
			}
			if b := out.Ports[0]; b != nil {
				rows = append(rows, sdktest.Rows(b)...)
			}
		}
	}
	return rows
}

// fixture returns the bytes of a file of testdata, which are what this program writes, too.
func fixture(t *testing.T, name string, written []byte) []byte {
	t.Helper()
	path := filepath.Join("testdata", name)
	stored, err := os.ReadFile(path)
	if os.IsNotExist(err) && *writeFixtures {
		stored, err = written, os.WriteFile(path, written, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(stored, written) {
		t.Errorf("%s is written differently now; a change of the layout needs a new version", path)
	}
	return stored
}
