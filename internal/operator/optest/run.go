package optest

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"slices"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/sdktest"
)

// run is a run of an operator by a schedule.
type run struct {
	operator  *Operator
	schedule  schedule
	inputs    []*batch.Batch
	pool      *batch.Pool
	budget    *limit.Budget
	lender    lender
	hashes    [][]uint64 // of all rows of each input
	instances []*instance
	owners    [op.KeyGroups]uint8
	ended     []bool
	marks     []int64 // the watermark of each input
	merged    int64   // the least of them that was told
	logs      []changelog
	keeping   *keeping // nil: state is snapshotted as a whole
	// point is what the run goes on from after a crash, nil if there is none; crashed are the events that have been one.
	point   *point
	crashed map[int]bool
	// sinceSeal is how many events came since the last seal.
	sinceSeal int
	// reads is how often something was read that a restore had left unread.
	reads int
	// written is how often rows might have left memory as they were put in.
	written int
	result  Result
}

// instance is one of the instances that share the key groups.
type instance struct {
	op     op.Operator
	out    *op.Output
	budget *limit.Budget
	guards []*keyed.Guard
	tables []op.Table
	needs  op.Needs
	kept   *keptInstance // nil: see run.keeping
	calls  int           // for events, of an op.Pausing
	paused bool          // between two of them
}

// newRun prepares a run.
func newRun(o *Operator, s schedule, inputs []*batch.Batch, budget *limit.Budget) *run {
	r := &run{operator: o, schedule: s, inputs: inputs, pool: &batch.Pool{}, budget: budget, ended: make([]bool, len(inputs)), crashed: map[int]bool{}}
	r.lender.pool = r.pool
	r.result.Rows, r.result.Emitted = make([][]string, o.ports()), make([][]string, o.ports())
	r.merged = math.MinInt64
	if s.kept {
		if r.keeping = newKeeping(); s.tight {
			r.keeping.low = math.MaxInt64
		}
	}
	for range inputs {
		r.marks = append(r.marks, math.MinInt64)
	}
	r.logs = make([]changelog, o.ports())
	for i, in := range o.inputs() {
		r.hashes = append(r.hashes, slices.Clone(keyed.NewHasher(in.Keys).Hash(inputs[i])))
		if len(in.Keys) == 0 {
			clear(r.hashes[i])
		}
	}
	return r
}

// execute runs s over inputs, of which each is all rows of one input, however many.
func execute(o *Operator, s schedule, inputs []*batch.Batch, budget *limit.Budget) (*Result, error) {
	r := newRun(o, s, inputs, budget)
	err := r.all()
	for _, in := range r.instances {
		r.result.Peak = max(r.result.Peak, in.budget.Peak())
	}
	return &r.result, err
}

func (r *run) all() error {
	if err := r.make(r.schedule.start); err != nil {
		return err
	}
	at := make([]int, len(r.inputs))
	for i := 0; i < len(r.schedule.events); {
		e, next := r.schedule.events[i], i+1
		var err error
		switch e.kind {
		case feed:
			err = r.feed(e, at[e.input])
			at[e.input] += e.rows
		case end:
			if err = r.watermark(e.input, math.MaxInt64); err == nil {
				r.ended[e.input] = true
				err = r.each(func(in *instance) error { return r.endInput(in, e.input) })
			}
		case move:
			err = r.move(e)
		case flush:
			err = r.each(r.flush)
		case watermark:
			err = r.watermark(e.input, e.micros)
		case tick:
			err = r.tick(e.micros)
		case seal:
			err = r.sealAll(next, at)
		case evict:
			err = r.each(func(in *instance) error { return r.evict(in, e.rows) })
		case crash:
			next, err = r.crash(e, i, at)
		}
		if r.sinceSeal++; err == nil && r.sinceSeal%drainedEvery == 0 {
			err = r.each(func(in *instance) error { return r.store(in, drainedBetween) })
		}
		if err == nil {
			err = r.each(r.readOn)
		}
		if err != nil {
			return err
		}
		i = next
	}
	err := r.each(func(in *instance) error {
		if err := r.flush(in); err != nil {
			return err
		}
		if ender, ok := in.op.(op.Ender); ok {
			return r.finish(in, -1, ender.OnEnd)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if r.operator.Changes {
		for port := range r.logs {
			r.result.Rows[port] = r.logs[port].left()
		}
	}
	return r.account(at)
}

// account checks that every row is accounted for.
func (r *run) account(fed []int) error {
	total := int64(0)
	for _, n := range fed {
		total += int64(n)
	}
	if c := r.result.Counts; c.In != total || !c.Balanced() {
		return fmt.Errorf("%d rows went in, but the account is %+v", total, c)
	}
	return nil
}

func (r *run) each(do func(*instance) error) error {
	for _, in := range r.instances {
		if err := do(in); err != nil {
			return err
		}
	}
	return nil
}

// make makes instances as e says.
func (r *run) make(e event) error {
	r.instances, r.owners = nil, e.owners
	for i := range e.instances {
		in := &instance{out: op.NewOutput(r.operator.ports()), budget: r.budget.Child(fmt.Sprint("instance ", i), 0)}
		var err error
		if in.op, err = r.operator.New(r.pool, in.budget); err != nil {
			return err
		}
		if tabled, ok := in.op.(op.Tabled); ok {
			in.tables = tabled.Tables()
		}
		if r.schedule.guarded {
			in.watch()
		}
		if r.keeping != nil {
			r.keeping.keep(in)
		}
		r.instances = append(r.instances, in)
	}
	return nil
}

// drainedBetween is about how many bytes of sealed state are stored between two events: so few that some is left when the next rows come.
const drainedBetween = 64

// drainedEvery is how many events come between two pieces that are stored.
const drainedEvery = 4

// watch sets guards on the tables.
func (in *instance) watch() {
	for i, t := range in.tables {
		if table, ok := t.(interface{ SetGuard(*keyed.Guard) }); ok {
			g := keyed.NewGuard(fmt.Sprintf("table %d", i))
			g.Open()
			table.SetGuard(g)
			in.guards = append(in.guards, g)
		}
	}
}

// declare asks for needs and loads them, as a driver does where state is not resident.
func (in *instance) declare(input int, b *batch.Batch) error {
	if in.resident() {
		return nil
	}
	if needer, ok := in.op.(op.Needer); ok {
		needer.Needs(input, b, &in.needs)
	}
	return in.needs.Load(in.tables)
}

// resident reports whether all state is in memory.
func (in *instance) resident() bool {
	return !slices.ContainsFunc(in.tables, func(t op.Table) bool { return !t.Resident() })
}

// checkGuards returns the first touch of what was not declared.
func (in *instance) checkGuards() error {
	for _, g := range in.guards {
		if g.Err() != nil {
			return g.Err()
		}
	}
	return nil
}

// feed feeds rows to the instances that own them.
func (r *run) feed(e event, from int) error {
	var parts [3]*batch.Batch
	whole := r.lender.lend(r.inputs[e.input], from, from+e.rows, e, r.schedule.plain)
	for i := range r.instances {
		part := *whole
		if len(r.instances) > 1 {
			part.Sel = []uint16{}
			for k := range whole.Rows() {
				if int(r.owners[op.GroupOf(r.hashes[e.input][from+k])]) == i {
					part.Sel = append(part.Sel, uint16(whole.Row(k)))
				}
			}
		}
		parts[i] = &part
	}
	for i, in := range r.instances {
		if err := r.apply(in, e.input, parts[i]); err != nil {
			return err
		}
	}
	r.lender.takeBack(whole)
	return nil
}

func (r *run) apply(in *instance, input int, b *batch.Batch) error {
	if err := in.declare(input, b); err != nil {
		return err
	}
	return r.drain(in, b, func(out *op.Output) (bool, error) {
		if multi, ok := in.op.(op.Multi); ok {
			return multi.ApplyInput(input, b, out)
		}
		return in.op.Apply(b, out)
	})
}

func (r *run) endInput(in *instance, input int) error {
	multi, ok := in.op.(op.Multi)
	if !ok {
		return nil
	}
	return r.finish(in, input, func(out *op.Output) (bool, error) { return multi.OnInputEnd(input, out) })
}

// finish is event for the end of an input, or of all.
func (r *run) finish(in *instance, input int, call func(*op.Output) (bool, error)) error {
	if err := r.close(in, input); err != nil {
		return err
	}
	return r.event(in, input, call)
}

// event runs an event of the operator to its end; what the operator needs is asked for before each call.
func (r *run) event(in *instance, input int, call func(*op.Output) (bool, error)) error {
	return r.drain(in, nil, func(out *op.Output) (bool, error) {
		if err := r.pause(in); err != nil {
			return false, err
		}
		if in.kept != nil {
			if err := r.spill(in, keyed.Spiller.Tight); err != nil {
				return false, err
			}
		}
		if s, ok := in.op.(op.Settler); ok && s.Settles() {
			if err := r.settleAll(in); err != nil {
				return false, err
			}
		}
		if err := in.declare(input, nil); err != nil {
			return false, err
		}
		return call(out)
	})
}

// pauseEvery: before one in so many calls for an event state leaves memory.
const pauseEvery = 3

// pause has state leave memory before a call for an event, now and then, if the operator pauses there.
func (r *run) pause(in *instance) error {
	pausing, ok := in.op.(op.Pausing)
	if !ok || in.kept == nil || in.paused || !pausing.Pauses() {
		return nil
	}
	if in.calls++; in.calls%pauseEvery != 0 {
		return nil
	}
	in.paused = true
	out := in.out
	in.out = op.NewOutput(r.operator.ports())
	err := r.evict(in, in.calls)
	in.out, in.paused = out, false
	return err
}

// maxCalls is how often an operator may say "more" without emitting anything.
const maxCalls = 10_000

// drain calls until the operator has no more, and takes what it emits.
func (r *run) drain(in *instance, b *batch.Batch, call func(*op.Output) (bool, error)) error {
	idle := 0
	for more := true; more; {
		in.out.Reset()
		var err error
		if more, err = call(in.out); err != nil {
			return err
		}
		if err := in.checkGuards(); err != nil {
			return err
		}
		before := r.result.Counts.Emitted
		if err := r.take(in.out, b); err != nil {
			return err
		}
		if idle++; r.result.Counts.Emitted > before {
			idle = 0
		}
		if idle > maxCalls {
			return errors.New("the operator says more, and more, and emits nothing")
		}
	}
	return nil
}

// take notes what a call emitted.
func (r *run) take(out *op.Output, in *batch.Batch) error {
	r.result.Counts.Add(out.Counts)
	emitted := int64(0)
	for port, b := range out.Ports {
		if b == nil {
			continue
		}
		if b.Len > batch.MaxRows {
			return fmt.Errorf("a batch of %d rows was emitted", b.Len)
		}
		for i, c := range b.Cols {
			if c != nil && c.Len() != b.Len {
				return fmt.Errorf("column %d of a batch of %d rows has %d", i, b.Len, c.Len())
			}
		}
		emitted += int64(b.Rows())
		rows := sdktest.Rows(b)
		r.result.Emitted[port] = append(r.result.Emitted[port], rows...)
		if !r.operator.Changes {
			r.result.Rows[port] = append(r.result.Rows[port], rows...)
			continue
		}
		if err := r.logs[port].take(b); err != nil {
			return err
		}
	}
	if emitted != out.Counts.Emitted {
		return fmt.Errorf("%d rows were emitted, and %d counted", emitted, out.Counts.Emitted)
	}
	for _, reject := range out.Rejects {
		if reject.Row == op.NoRow {
			r.result.Rejects = append(r.result.Rejects, "a row to be emitted: "+reject.Err.Error())
			continue
		}
		if in == nil {
			return fmt.Errorf("a row was rejected without a batch: %w", reject.Err)
		}
		row := batch.Batch{Cols: in.Cols, Len: in.Len, Sel: []uint16{uint16(reject.Row)}}
		r.result.Rejects = append(r.result.Rejects, sdktest.Rows(&row)[0]+": "+reject.Err.Error())
	}
	return nil
}

// move takes snapshots and goes on with new instances that are restored from them.
func (r *run) move(e event) error {
	if r.instances[0].kept != nil {
		if err := r.moveKept(e); err != nil {
			return err
		}
		return r.endInputsAgain()
	}
	groups, err := r.snapshot()
	if err != nil {
		return err
	}
	for _, in := range r.instances {
		r.result.Peak = max(r.result.Peak, in.budget.Peak())
	}
	if err := r.make(e); err != nil {
		return err
	}
	for g, data := range &groups {
		if data == nil {
			continue
		}
		in := r.instances[r.owners[g]]
		state := in.op.(op.Stateful)
		kept := bytes.Clone(data)
		if err := state.Restore(op.KeyGroup(g), data); err != nil {
			return fmt.Errorf("restore of key group %d: %w", g, err)
		}
		fill(data, garbage) // it was lent
		again, err := state.Snapshot(op.KeyGroup(g))
		if err != nil {
			return err
		}
		if !bytes.Equal(kept, again) {
			return fmt.Errorf("key group %d has another snapshot after its restore: %x, then %x", g, kept, again)
		}
	}
	return r.endInputsAgain()
}

// endInputsAgain tells restored instances of the inputs that had ended.
func (r *run) endInputsAgain() error {
	for input, ended := range r.ended {
		if !ended {
			continue
		}
		if err := r.each(func(in *instance) error { return r.endInput(in, input) }); err != nil {
			return err
		}
	}
	return nil
}

// snapshot passes a barrier and takes the state of every key group, each of which one instance alone has.
func (r *run) snapshot() (groups [op.KeyGroups][]byte, err error) {
	for i, in := range r.instances {
		if err := r.passBarrier(in); err != nil {
			return groups, err
		}
		for _, g := range in.guards {
			g.Open()
		}
		state, ok := in.op.(op.Stateful)
		if !ok {
			continue
		}
		for g := range groups {
			data, err := state.Snapshot(op.KeyGroup(g))
			switch {
			case err != nil:
				return groups, fmt.Errorf("snapshot of key group %d: %w", g, err)
			case data == nil:
			case int(r.owners[g]) != i:
				return groups, fmt.Errorf("instance %d has state of key group %d, which is not its own", i, g)
			default:
				groups[g] = data
			}
		}
	}
	return groups, nil
}
