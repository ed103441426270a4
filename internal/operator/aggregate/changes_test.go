package aggregate_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	library "wire.example/wire/internal/expr/aggregate"
	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/aggregate"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/operator/optest"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/sdktest"
)

// changing is an operator with changes out, under test in as many instances as share its key groups.
type changing struct {
	config    aggregate.Config
	instances []*aggregate.Operator
	// stored are the instances as they are stored, nil unless they are.
	stored  []*optest.Stored
	owners  [op.KeyGroups]uint8
	folded  map[string]int
	rejects []string
	counts  op.Counts
	// updates is how many rows were taken back.
	updates int
}

func newChanging(config aggregate.Config, instances int, owners func() uint8) *changing {
	c := &changing{config: config, folded: map[string]int{}}
	c.make(instances, owners)
	return c
}

func (c *changing) make(instances int, owners func() uint8) {
	c.instances, c.stored = nil, nil
	for range instances {
		c.instances = append(c.instances, aggregate.New(&batch.Pool{}, limit.New("test", 0), c.config))
	}
	for g := range c.owners {
		c.owners[g] = owners() % uint8(instances)
	}
}

// store has what changes of the instances stored, so that it may leave memory.
func (c *changing) store() {
	for _, o := range c.instances {
		c.stored = append(c.stored, optest.Store(o))
	}
}

// drain runs an event to its end and folds what comes out.
func (c *changing) drain(event func(out *op.Output) (bool, error)) error {
	return c.drainOf(nil, event)
}

// drainOf is drain for rows.
func (c *changing) drainOf(in *batch.Batch, event func(out *op.Output) (bool, error)) error {
	out := op.NewOutput(1)
	for more := true; more; {
		out.Reset()
		var err error
		for _, s := range c.stored {
			if err = s.Load(0, in); err != nil {
				return err
			}
		}
		if more, err = event(out); err != nil {
			return err
		}
		c.counts.Add(out.Counts)
		for _, r := range out.Rejects {
			c.rejects = append(c.rejects, r.Err.Error())
		}
		if b := out.Ports[0]; b != nil {
			if err := c.fold(b); err != nil {
				return err
			}
		}
	}
	return nil
}

func (c *changing) fold(b *batch.Batch) error {
	if b.Len > batch.MaxRows {
		return fmt.Errorf("a batch of %d rows", b.Len)
	}
	plain := *b
	plain.Kinds = nil
	rows := sdktest.Rows(&plain)
	for i, row := range rows {
		kind := batch.Insert
		if b.Kinds != nil {
			kind = b.Kinds[b.Row(i)]
		}
		switch kind {
		case batch.UpdateBefore:
			if i+1 == len(rows) || b.Kinds[b.Row(i+1)] != batch.UpdateAfter {
				return fmt.Errorf("%s is taken back without a new image", row)
			}
			if rows[i+1] == row {
				return fmt.Errorf("%s is an update that changes nothing", row)
			}
		case batch.UpdateAfter:
			if !c.config.Upsert && (i == 0 || b.Kinds[b.Row(i-1)] != batch.UpdateBefore) {
				return fmt.Errorf("%s updates nothing", row)
			}
		}
		if op.Adds(kind) {
			c.folded[row]++
			continue
		}
		c.updates++
		if c.folded[row]--; c.folded[row] < 0 {
			return fmt.Errorf("%s is taken back and was not there", row)
		}
		if c.folded[row] == 0 {
			delete(c.folded, row)
		}
	}
	return nil
}

// rows are those of the folded changelog, sorted.
func (c *changing) rows() []string {
	var rows []string
	for row, n := range c.folded {
		for range n {
			rows = append(rows, row)
		}
	}
	slices.Sort(rows)
	return rows
}

func (c *changing) feed(b *batch.Batch) error {
	keys := c.config.Partition
	if c.config.Sets == nil && keys == nil {
		keys = c.config.Keys
	}
	hashes := slices.Clone(keyed.NewHasher(keys).Hash(b))
	for i, o := range c.instances {
		part := *b
		part.Sel = []uint16{}
		for k := range b.Rows() {
			if len(keys) == 0 && i == 0 || len(keys) > 0 && int(c.owners[hashes[k]>>56]) == i {
				part.Sel = append(part.Sel, uint16(b.Row(k)))
			}
		}
		if err := c.drainOf(&part, func(out *op.Output) (bool, error) { return o.Apply(&part, out) }); err != nil {
			return err
		}
	}
	return nil
}

func (c *changing) flush() error {
	for _, o := range c.instances {
		if err := c.drain(o.OnFlush); err != nil {
			return err
		}
	}
	return nil
}

// move goes on with other instances.
func (c *changing) move(instances int, owners func() uint8) error {
	if err := c.flush(); err != nil {
		return err
	}
	var state [op.KeyGroups][]byte
	for i, o := range c.instances {
		for g := range state {
			data, err := o.Snapshot(op.KeyGroup(g))
			if err != nil {
				return err
			}
			if data != nil && state[g] != nil {
				return fmt.Errorf("instance %d has state of key group %d, as another", i, g)
			}
			if data != nil {
				state[g] = data
			}
		}
	}
	c.make(instances, owners)
	for g, data := range &state {
		if data == nil {
			continue
		}
		o := c.instances[c.owners[g]]
		if err := o.Restore(op.KeyGroup(g), data); err != nil {
			return err
		}
		again, err := o.Snapshot(op.KeyGroup(g))
		if err != nil {
			return err
		}
		if string(again) != string(data) {
			return fmt.Errorf("key group %d has another snapshot after its restore: %x, then %x", g, data, again)
		}
	}
	return nil
}

func (c *changing) end() error {
	for _, o := range c.instances {
		if err := c.drain(o.OnEnd); err != nil {
			return err
		}
	}
	return nil
}

// drawChangelog draws changes of which the rows that result are those of rows of in.
func drawChangelog(t *rapid.T, pool *batch.Pool, in *batch.Batch) (log *batch.Batch, rows []uint16) {
	var picks []uint16
	var kinds []batch.Change
	live := []uint16{}
	for row := range in.Len {
		for len(live) > 0 && rapid.IntRange(0, 2).Draw(t, "take back") == 0 {
			i := rapid.IntRange(0, len(live)-1).Draw(t, "which")
			picks, kinds = append(picks, live[i]), append(kinds, batch.Delete)
			live = slices.Delete(live, i, i+1)
		}
		if n := len(kinds); n > 0 && kinds[n-1] == batch.Delete && rapid.Bool().Draw(t, "update") {
			kinds[n-1] = batch.UpdateBefore
			kinds = append(kinds, batch.UpdateAfter)
		} else {
			kinds = append(kinds, batch.Insert)
		}
		picks = append(picks, uint16(row))
		live = append(live, uint16(row))
	}
	log = &batch.Batch{Len: len(picks), Kinds: kinds}
	for _, col := range in.Cols {
		c := batch.NewColumn(pool, col.Type())
		c.Gather(col, picks)
		log.Cols = append(log.Cols, c)
	}
	return log, live
}

// canonicalKeys makes keys that are equal look alike: a group's key is written as in the first of its rows, even if that is gone. So is the least of its values, -0 or 0.
func canonicalKeys(in *batch.Batch) {
	for i := range in.Len {
		if col := in.Cols[keyNumeric]; !col.IsNull(i) {
			col.SetDecimal(i, col.Decimal(i).Canonical())
		}
		if col := in.Cols[argFloat]; !col.IsNull(i) {
			col.Float64s()[i] += 0 // -0 becomes 0
		}
	}
}

// only is the rows of in that are named.
func only(pool *batch.Pool, in *batch.Batch, rows []uint16) *batch.Batch {
	out := &batch.Batch{Len: len(rows)}
	for _, col := range in.Cols {
		c := batch.NewColumn(pool, col.Type())
		c.Gather(col, rows)
		out.Cols = append(out.Cols, c)
	}
	return out
}

// drive feeds log in random pieces, with flushes and moves between them.
func (c *changing) drive(t *rapid.T, log *batch.Batch) {
	alone := len(c.config.Partition) == 0 && (c.config.Sets != nil || len(c.config.Keys) == 0)
	for at := 0; at < log.Len; {
		n := rapid.IntRange(1, log.Len-at).Draw(t, "rows")
		part := *log
		part.Sel = nil
		for i := range n {
			part.Sel = append(part.Sel, uint16(at+i))
		}
		at += n
		c.must(t, c.feed(&part))
		if rapid.Bool().Draw(t, "flush") {
			c.must(t, c.flush())
		}
		if rapid.IntRange(0, 3).Draw(t, "move") == 0 {
			instances := 1
			if !alone {
				instances = rapid.IntRange(1, 3).Draw(t, "instances")
			}
			random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "owners"), 0))
			c.must(t, c.move(instances, func() uint8 { return uint8(random.IntN(3)) }))
		}
	}
	c.must(t, c.end())
	if c.counts.In != int64(log.Len) || !c.counts.Balanced() {
		t.Fatalf("%d rows went in, but the account is %+v", log.Len, c.counts)
	}
}

func (c *changing) must(t rapid.TB, err error) {
	if err != nil {
		t.Fatal(err)
	}
}

func zero() uint8 { return 0 }

// byValues is config with calls that put rows that are equal in their keys in the order of their values, where the operator does.
func byValues(config aggregate.Config) aggregate.Config {
	config.Calls = slices.Clone(config.Calls)
	for i := range config.Calls {
		if c := &config.Calls[i]; c.Function.Order != library.AnyOrder && (config.Retracts || len(c.OrderBy) > 0) {
			c.OrderBy = slices.Clone(c.OrderBy)
			for _, a := range c.Args {
				c.OrderBy = append(c.OrderBy, keyed.Key{Column: a})
			}
		}
	}
	return config
}

// TestChanges: what is emitted as groups change, folded, is what an operator that answers once gives over the rows that are left.
func TestChanges(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		config := drawConfig(r, t, false)
		config.Changes = true
		in := drawInput(r, &batch.Pool{})
		log := in
		if config.Retracts = rapid.Bool().Draw(r, "retracts"); config.Retracts {
			canonicalKeys(in)
			var rows []uint16
			log, rows = drawChangelog(r, &batch.Pool{}, in)
			in = only(&batch.Pool{}, in, rows)
		}
		c := newChanging(config, 1, zero)
		c.drive(r, log)
		want, _ := reference(byValues(config), in)
		if diff := sdktest.Diff(want, c.rows()); diff != "" {
			r.Errorf("%v %v %v\n%s", config.Keys, config.Sets, config.Retracts, diff)
		}
	})
}

func newBudget() *limit.Budget { return limit.New("test", 0) }

func newOut() *op.Output { return op.NewOutput(1) }
