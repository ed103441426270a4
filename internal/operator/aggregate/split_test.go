package aggregate_test

import (
	"testing"

	"pgregory.net/rapid"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/aggregate"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/operator/optest"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/sdktest"
)

// split is the whole of a split aggregate: two lanes, two tasks of values, and the operator that merges.
type split struct {
	t         *rapid.T
	config    aggregate.Config
	combiners []*aggregate.Combiner
	scatters  []*aggregate.Scatter
	distincts []*aggregate.Distinct
	partition []int
	final     *changing
}

func newSplit(t *rapid.T, config aggregate.Config) *split {
	s := &split{t: t, config: config}
	for range 2 {
		s.combiners = append(s.combiners, aggregate.NewCombiner(&batch.Pool{}, limit.New("test", 0), config))
		s.scatters = append(s.scatters, aggregate.NewScatter(&batch.Pool{}, config))
	}
	_, s.partition = config.ScatterOutput()
	s.makeDistincts()
	final := merging(config)
	final.Changes = true
	s.final = newChanging(final, 1, zero)
	return s
}

func (s *split) makeDistincts() {
	s.distincts = nil
	for range 2 {
		s.distincts = append(s.distincts, aggregate.NewDistinct(&batch.Pool{}, limit.New("test", 0), s.config))
	}
}

// pass runs an event and hands on what comes out.
func (s *split) pass(event func(out *op.Output) (bool, error), next func(b *batch.Batch)) {
	out := op.NewOutput(1)
	for more := true; more; {
		out.Reset()
		var err error
		if more, err = event(out); err != nil {
			s.t.Fatal(err)
		}
		if b := out.Ports[0]; b != nil {
			next(b)
		}
	}
}

func (s *split) merge(b *batch.Batch) { s.final.must(s.t, s.final.feed(b)) }

// lookUp deals pieces by the hash that they are exchanged by.
func (s *split) lookUp(b *batch.Batch) {
	hashes := keyed.NewHasher(s.partition).Hash(b)
	for k, d := range s.distincts {
		part := *b
		part.Sel = []uint16{}
		for i := range b.Rows() {
			if int(hashes[i]>>63) == k {
				part.Sel = append(part.Sel, uint16(b.Row(i)))
			}
		}
		s.pass(func(out *op.Output) (bool, error) { return d.Apply(&part, out) }, s.merge)
	}
}

func (s *split) flush() {
	for _, c := range s.combiners {
		s.pass(c.OnFlush, s.merge)
	}
	for _, d := range s.distincts {
		s.pass(d.OnFlush, s.merge)
	}
	s.final.must(s.t, s.final.flush())
}

// move goes on with other tasks.
func (s *split) move() {
	s.flush()
	old := s.distincts
	s.makeDistincts()
	for k, d := range old {
		for g := range op.KeyGroups {
			data, err := d.Snapshot(op.KeyGroup(g))
			s.final.must(s.t, err)
			if data == nil {
				continue
			}
			if g/(op.KeyGroups/2) != k {
				s.t.Fatalf("task %d has state of key group %d", k, g)
			}
			s.final.must(s.t, s.distincts[k].Restore(op.KeyGroup(g), data))
			again, err := s.distincts[k].Snapshot(op.KeyGroup(g))
			s.final.must(s.t, err)
			if string(again) != string(data) {
				s.t.Fatalf("key group %d has another snapshot after its restore", g)
			}
		}
	}
	s.final.must(s.t, s.final.move(2, zero))
}

// TestSplit: values that are looked up apart give the same answers.
func TestSplit(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		config := drawConfig(r, t, true)
		config.Sets, config.Partition, config.Split = nil, nil, true
		if len(config.Keys) == 0 {
			config.Keys = []int{keyInt}
		}
		for _, c := range []aggregate.Call{call(t, "count", argInt), call(t, "sum", argInt), call(t, "count", argText), call(t, "corr", argFloat, argFraction), call(t, "count", argInt)} {
			if c.Distinct = rapid.Bool().Draw(r, "distinct"); rapid.Bool().Draw(r, "filter") {
				c.Filter = argFilter
			}
			config.Calls = append(config.Calls, c)
		}
		if !config.Splittable() {
			return
		}
		in := drawInput(r, &batch.Pool{})
		canonicalKeys(in)
		s := newSplit(r, config)
		for at := 0; at < in.Len; {
			part := *in
			part.Sel = []uint16{}
			for n := rapid.IntRange(0, 6).Draw(r, "rows"); n > 0 && at < in.Len; n-- {
				part.Sel = append(part.Sel, uint16(at))
				at++
			}
			lane := rapid.IntRange(0, 1).Draw(r, "lane")
			s.pass(func(out *op.Output) (bool, error) { return s.combiners[lane].Apply(&part, out) }, s.merge)
			s.pass(func(out *op.Output) (bool, error) { return s.scatters[lane].Apply(&part, out) }, s.lookUp)
			if rapid.Bool().Draw(r, "flush") {
				s.flush()
			}
			if rapid.IntRange(0, 4).Draw(r, "move") == 0 {
				s.move()
			}
		}
		s.flush()
		want, _ := reference(config, in)
		if diff := sdktest.Diff(want, s.final.rows()); diff != "" {
			r.Errorf("%v\n%s", config.Keys, diff)
		}
	})
}

// TestScatter: the account, and values of one type in one column.
func TestScatter(t *testing.T) {
	config := aggregate.Config{Name: "a", Types: types(), Keys: []int{keyText}, Split: true, Calls: []aggregate.Call{
		call(t, "count"), distinct(call(t, "count", argText)), filter(distinct(call(t, "count", keyText))), filter(distinct(call(t, "count", argText))),
	}}
	list, partition := config.ScatterOutput()
	if len(list) != 4 || len(partition) != 3 {
		t.Errorf("pieces of %v, dealt by %v", list, partition)
	}
	s := aggregate.NewScatter(&batch.Pool{}, config)
	in := optest.Make(types(), []any{1, "k", "1", 1, 1.0, "a", true, 0.5}, []any{1, "k", "1", 1, 1.0, nil, false, 0.5}, []any{1, "l", "1", 1, 1.0, "b", nil, 0.5})
	out := op.NewOutput(1)
	var counts op.Counts
	var rows []string
	for more := true; more; {
		out.Reset()
		var err error
		if more, err = s.Apply(in, out); err != nil {
			t.Fatal(err)
		}
		counts.Add(out.Counts)
		if out.Ports[0] != nil {
			rows = append(rows, sdktest.Rows(out.Ports[0])...)
		}
	}
	if want := (op.Counts{In: 3, Forwarded: 2, Filtered: 1, Emitted: 3}); counts != want || !counts.Balanced() {
		t.Errorf("account %+v, want %+v", counts, want)
	}
	if diff := sdktest.Diff([]string{`"k", 0, "a", 3`, `"l", 0, "b", 1`, `"k", 1, "k", 1`}, rows); diff != "" {
		t.Error(diff)
	}
	if config.Calls = config.Calls[:1]; config.Splittable() {
		t.Error("calls without DISTINCT are split")
	}
}
