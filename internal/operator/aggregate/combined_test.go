package aggregate_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/aggregate"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/operator/optest"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/sdktest"
)

// TestHalvesOfWhatIsNotKnown: a lane that takes rows back which were never there makes no group have fewer than none.
func TestHalvesOfWhatIsNotKnown(t *testing.T) {
	config := aggregate.Config{Name: "aggregate 1", Types: types(), Keys: []int{keyInt}, Calls: []aggregate.Call{call(t, "count"), call(t, "sum", argInt)}, Retracts: true}
	lane := aggregate.NewCombiner(&batch.Pool{}, limit.New("test", 0), config)
	final := merging(config)
	final.Changes = true
	c := newChanging(final, 1, zero)
	for _, change := range []struct {
		kind batch.Change
		rows []string
	}{{batch.Delete, nil}, {batch.Insert, []string{"1, 1, 5"}}, {batch.Delete, nil}, {batch.Delete, nil}, {batch.Insert, []string{"1, 1, 5"}}} {
		in := optest.Make(types(), row(1, 5))
		in.Kinds = []batch.Change{change.kind}
		for _, event := range []func(out *op.Output) (bool, error){func(out *op.Output) (bool, error) { return lane.Apply(in, out) }, lane.OnFlush} {
			out := op.NewOutput(1)
			for more := true; more; {
				out.Reset()
				var err error
				more, err = event(out)
				c.must(t, err)
				if b := out.Ports[0]; b != nil {
					c.must(t, c.feed(b))
				}
			}
		}
		c.must(t, c.flush())
		if diff := sdktest.Diff(change.rows, c.rows()); diff != "" {
			t.Fatalf("after %v: %s", change.kind, diff)
		}
	}
}

// TestHalvesOfChanges: combiners in two lanes before an operator with changes, over rows that only come and over changelogs.
func TestHalvesOfChanges(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		config := drawConfig(r, t, true)
		in := drawInput(r, &batch.Pool{})
		canonicalKeys(in)
		log := in
		if config.Retracts = rapid.Bool().Draw(r, "retracts"); config.Retracts {
			var rows []uint16
			log, rows = drawChangelog(r, &batch.Pool{}, in)
			in = only(&batch.Pool{}, in, rows)
			config.Calls = slices.DeleteFunc(config.Calls, func(c aggregate.Call) bool {
				return !(&aggregate.Config{Calls: []aggregate.Call{c}, Retracts: true}).Combinable()
			})
		}
		if !config.Combinable() {
			r.Fatal("the calls cannot be combined")
		}
		var lanes []*aggregate.Combiner
		for range 2 {
			lanes = append(lanes, aggregate.NewCombiner(&batch.Pool{}, limit.New("test", 0), config))
		}
		final := merging(config)
		final.Changes = true
		c := newChanging(final, 1, zero)
		out := op.NewOutput(1)
		pass := func(event func(out *op.Output) (bool, error)) {
			for more := true; more; {
				out.Reset()
				var err error
				more, err = event(out)
				c.must(r, err)
				if b := out.Ports[0]; b != nil {
					c.must(r, c.feed(b))
				}
			}
		}
		for at := 0; at < log.Len; {
			part := *log
			part.Sel = []uint16{}
			for n := rapid.IntRange(1, 6).Draw(r, "rows"); n > 0 && at < log.Len; n-- {
				part.Sel = append(part.Sel, uint16(at))
				at++
			}
			which := rapid.IntRange(0, 1).Draw(r, "lane")
			if config.Retracts { // a row is taken back where it came
				which = 0
			}
			pass(func(out *op.Output) (bool, error) { return lanes[which].Apply(&part, out) })
			if rapid.Bool().Draw(r, "flush lanes") {
				for _, l := range lanes {
					pass(l.OnFlush)
				}
			}
			if rapid.Bool().Draw(r, "flush") {
				c.must(r, c.flush())
			}
		}
		for _, l := range lanes {
			pass(l.OnFlush)
		}
		c.must(r, c.end())
		want, _ := reference(config, in)
		if diff := sdktest.Diff(want, c.rows()); diff != "" {
			r.Errorf("%v %v %v\n%s", config.Keys, config.Sets, config.Retracts, diff)
		}
	})
}
