package aggregate_test

import (
	"fmt"
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

// row is a row of the columns of types.
func row(key, arg int) []any { return []any{key, "k", "1", arg, 0.5, fmt.Sprint(arg), arg%2 == 0, 0.5} }

// TestGroupsExpire: a group that no row came for in a while is a new one when the next comes, whether or not it was swept, and wherever state has gone meanwhile. What was
// emitted of it stays.
func TestGroupsExpire(t *testing.T) {
	config := aggregate.Config{Name: "aggregate 1", Types: types(), Keys: []int{keyInt}, Changes: true, TTL: 10_000, Calls: []aggregate.Call{
		call(t, "count"), distinct(call(t, "count", argInt)), orderBy(call(t, "array_agg", argInt), argInt),
	}}
	type life struct {
		last int64
		args []int
	}
	rapid.Check(t, func(r *rapid.T) {
		config := config
		config.Retracts = rapid.Bool().Draw(r, "retracts")
		c := newChanging(config, 1, zero)
		kept := rapid.Bool().Draw(r, "kept")
		if kept {
			c.store()
		}
		now, lives, over := int64(0), map[int]*life{}, []string{}
		answer := func(key int, l *life) string {
			args := slices.Clone(l.args)
			slices.Sort(args)
			slices.Reverse(args)
			text := joined(args)
			return fmt.Sprintf("%d, %d, %d, [%s]", key, len(args), len(slices.Compact(args)), text)
		}
		for range rapid.IntRange(1, 40).Draw(r, "steps") {
			switch rapid.IntRange(0, 5).Draw(r, "step") {
			case 5:
				if kept {
					c.must(r, leaveSome(r, c))
				}
			case 0:
				now += rapid.Int64Range(1, 7000).Draw(r, "time")
				for _, o := range c.instances {
					c.must(r, c.drain(func(out *op.Output) (bool, error) { return o.OnTime(now, out) }))
				}
			case 1:
				if kept {
					c.must(r, c.resume())
				} else {
					c.must(r, c.move(rapid.IntRange(1, 3).Draw(r, "instances"), func() uint8 { return 1 }))
				}
				for _, o := range c.instances {
					c.must(r, c.drain(func(out *op.Output) (bool, error) { return o.OnTime(now, out) }))
				}
			default:
				key, arg := rapid.IntRange(0, 3).Draw(r, "key"), rapid.IntRange(0, 3).Draw(r, "arg")
				if l := lives[key]; l != nil && now-l.last > config.TTL {
					over = append(over, answer(key, l))
					delete(lives, key)
				}
				if lives[key] == nil {
					lives[key] = &life{}
				}
				lives[key].last, lives[key].args = now, append(lives[key].args, arg)
				if now == 0 {
					lives[key].last = 0
				}
				c.must(r, c.feed(optest.Make(types(), row(key, arg))))
				if now == 0 { // the first time that is known is when these rows came
					now = 1
					for _, o := range c.instances {
						c.must(r, c.drain(func(out *op.Output) (bool, error) { return o.OnTime(now, out) }))
					}
					lives[key].last = 1
				}
			}
		}
		c.must(r, c.end())
		for key, l := range lives {
			over = append(over, answer(key, l))
		}
		slices.Sort(over)
		if diff := sdktest.Diff(append([]string(nil), over...), c.rows()); diff != "" && len(over) > 0 {
			r.Error(diff)
		}
		for _, o := range c.instances { // in time nothing is left
			for range 4 {
				now += 20_000
				c.must(r, c.drain(func(out *op.Output) (bool, error) { return o.OnTime(now, out) }))
			}
			for _, s := range c.stored {
				if n, err := storedEntries(s); n > 0 || err != nil {
					r.Fatalf("%d entries are left, %v", n, err)
				}
			}
			for g := range op.KeyGroups {
				if data, err := o.Snapshot(op.KeyGroup(g)); err != nil || data != nil {
					r.Fatalf("key group %d has state of %d bytes, %v", g, len(data), err)
				}
			}
		}
	})
}

// TestExpiredGroupsAreNotFound: between the time at which groups have expired and the sweep that removes them, a row that comes for one makes a new group.
func TestExpiredGroupsAreNotFound(t *testing.T) {
	const keys, step = 200, 1000 // µs: a sweep in each step looks at a fifth of the key groups
	c := newChanging(aggregate.Config{Name: "aggregate 1", Types: types(), Keys: []int{keyInt}, Changes: true, TTL: 10_000, Calls: []aggregate.Call{call(t, "count")}}, 1, zero)
	now := int64(1)
	tick := func() {
		t.Helper()
		c.must(t, c.drain(func(out *op.Output) (bool, error) { return c.instances[0].OnTime(now, out) }))
	}
	feed := func() {
		t.Helper()
		for key := range keys {
			c.must(t, c.feed(optest.Make(types(), row(key, 0))))
		}
	}
	var want []string
	for key := range keys {
		want = append(want, fmt.Sprintf("%d, 1", key), fmt.Sprintf("%d, 1", key))
	}
	tick()
	feed()
	for now <= 10_001 {
		now += step
		tick()
	}
	feed()
	c.must(t, c.flush())
	slices.Sort(want)
	if diff := sdktest.Diff(want, c.rows()); diff != "" {
		t.Error(diff)
	}
}

// TestGroupsAreSwept: groups that have expired are removed within half their time, though no row comes for them.
func TestGroupsAreSwept(t *testing.T) {
	c := newChanging(aggregate.Config{Name: "aggregate 1", Types: types(), Keys: []int{keyInt}, Changes: true, TTL: 10_000, Calls: []aggregate.Call{call(t, "count")}}, 1, zero)
	for now := int64(1); now <= 20_001; now += 1000 {
		c.must(t, c.drain(func(out *op.Output) (bool, error) { return c.instances[0].OnTime(now, out) }))
		if now == 1 {
			for key := range 200 {
				c.must(t, c.feed(optest.Make(types(), row(key, 0))))
			}
			c.must(t, c.flush())
		}
	}
	for g := range op.KeyGroups {
		if data, err := c.instances[0].Snapshot(op.KeyGroup(g)); err != nil || data != nil {
			t.Fatalf("key group %d has state of %d bytes, %v", g, len(data), err)
		}
	}
}

// TestExpiredGroupsAreRemoved: groups that have left memory and that no row comes for are removed where they are once they have expired.
func TestExpiredGroupsAreRemoved(t *testing.T) {
	config := aggregate.Config{Name: "aggregate 1", Types: types(), Keys: []int{keyInt}, Changes: true, TTL: 10_000, Calls: []aggregate.Call{call(t, "count")}}
	optest.Expiry[*aggregate.Operator]{
		TTL: config.TTL,
		New: func() *aggregate.Operator { return aggregate.New(&batch.Pool{}, limit.New("test", 0), config) },
		Rows: func(nth int) *batch.Batch {
			var rows [][]any
			for key := range 200 {
				rows = append(rows, row(key, nth))
			}
			return optest.Make(types(), rows...)
		},
	}.Removed(t)
}

// leaveSome has groups leave memory, sometimes all with the memory; a barrier may come before, whose epoch is stored at once or not.
func leaveSome(t *rapid.T, c *changing) error {
	if err := c.flush(); err != nil {
		return err
	}
	for _, s := range c.stored {
		if rapid.Bool().Draw(t, "seal") {
			if err := s.Seal(); err != nil {
				return err
			}
		}
		if err := s.Evict(rapid.IntRange(1, 4).Draw(t, "entries"), rapid.IntRange(0, 3).Draw(t, "all") == 0); err != nil {
			return err
		}
	}
	return nil
}

// storedEntries is how many entries there are once all is stored.
func storedEntries(s *optest.Stored) (int, error) {
	for range 2 {
		if err := s.Seal(); err != nil {
			return 0, err
		}
	}
	return s.Len()
}

// resume goes on with new instances from what is stored.
func (c *changing) resume() error {
	if err := c.flush(); err != nil {
		return err
	}
	from := c.stored
	c.make(len(from), zero)
	c.stored = nil
	for i, s := range from {
		next, err := s.Move(c.instances[i])
		if err != nil {
			return err
		}
		c.stored = append(c.stored, next)
	}
	return nil
}

func joined(args []int) string {
	text := ""
	for i, a := range args {
		if i > 0 {
			text += ", "
		}
		text += fmt.Sprint(a)
	}
	return text
}

// TestExpiredRowsAreIgnored: what is taken back of a group that has expired is counted, and makes no group.
func TestExpiredRowsAreIgnored(t *testing.T) {
	o := aggregate.New(&batch.Pool{}, limit.New("test", 0), aggregate.Config{
		Name: "aggregate 1", Types: types(), Keys: []int{keyInt}, Calls: []aggregate.Call{call(t, "sum", argInt)}, Changes: true, Retracts: true, TTL: 1000,
	})
	out := op.NewOutput(1)
	step := func(event func(out *op.Output) (bool, error)) {
		t.Helper()
		out.Reset()
		if more, err := event(out); more || err != nil {
			t.Fatal(more, err)
		}
	}
	in := optest.Make(types(), row(1, 5), row(1, 7))
	step(func(out *op.Output) (bool, error) { return o.OnTime(1_000_000, out) })
	step(func(out *op.Output) (bool, error) { return o.Apply(in, out) })
	step(o.OnFlush)
	step(func(out *op.Output) (bool, error) { return o.OnTime(1_002_000, out) })
	in.Kinds = []batch.Change{batch.Delete, batch.UpdateBefore}
	step(func(out *op.Output) (bool, error) { return o.Apply(in, out) })
	if out.Counts.Filtered != 2 || o.Ignored() != 2 {
		t.Errorf("account %+v, %d ignored", out.Counts, o.Ignored())
	}
	step(o.OnFlush)
	if out.Ports[0] != nil {
		t.Errorf("%v came out", sdktest.Rows(out.Ports[0]))
	}
}
