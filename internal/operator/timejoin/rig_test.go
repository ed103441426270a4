package timejoin_test

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"

	"pgregory.net/rapid"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/operator/optest"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// fataler is a *testing.T, *testing.B or *rapid.T.
type fataler interface {
	Helper()
	Fatalf(format string, args ...any)
}

// The columns of both inputs of these tests.
const (
	keyColumn  = iota // a BIGINT or NULL
	timeColumn        // a TIMESTAMP or NULL
	idColumn          // a BIGINT, the row's own
	textColumn        // a TEXT that says the id, long for odd ones
)

func columnTypes() []schema.Type {
	return []schema.Type{schema.Of(schema.Int64), schema.Of(schema.Timestamp), schema.Of(schema.Int64), schema.Of(schema.Text)}
}

// row is a row of an input. A nil key or time is NULL.
type row struct {
	key, time *int64
	id        int64
	kind      batch.Change
}

func (r row) String() string {
	text := func(v *int64) string {
		if v == nil {
			return "NULL"
		}
		return fmt.Sprint(*v)
	}
	return fmt.Sprintf("%s%d{key %s, time %s}", r.kind, r.id, text(r.key), text(r.time))
}

func textOf(id int64) string {
	if id%2 == 0 {
		return fmt.Sprint("row ", id)
	}
	return fmt.Sprintf("a text that is longer than a view has room for: row %d", id)
}

// lend makes a batch of rows; with random, rows that do not count stand between them.
func lend(rows []row, random *rand.Rand) *batch.Batch {
	b := &batch.Batch{}
	var all []row
	if random != nil {
		b.Sel = []uint16{}
	}
	changes := false
	for _, r := range rows {
		for random != nil && random.IntN(3) == 0 {
			junk := int64(random.IntN(5))
			all = append(all, row{key: &junk, time: &junk, id: -1})
		}
		if random != nil {
			b.Sel = append(b.Sel, uint16(len(all)))
		}
		all = append(all, r)
		changes = changes || r.kind != batch.Insert
	}
	b.Len = len(all)
	pool := &batch.Pool{}
	for _, typ := range columnTypes() {
		c := batch.NewColumn(pool, typ)
		c.Reset(b.Len)
		b.Cols = append(b.Cols, c)
	}
	for i, r := range all {
		for column, v := range map[int]*int64{keyColumn: r.key, timeColumn: r.time, idColumn: &r.id} {
			if v == nil {
				b.Cols[column].SetNull(i)
			} else {
				b.Cols[column].Int64s()[i] = *v
			}
		}
		b.Cols[textColumn].SetBytes(i, []byte(textOf(r.id)))
		if changes {
			b.Kinds = append(b.Kinds, r.kind)
		}
	}
	return b
}

// takeBack overwrites a batch that was lent.
func takeBack(b *batch.Batch) {
	for _, c := range b.Cols {
		if c.Kind() == schema.Text {
			data := c.OwnBuffer(0).Data
			for i := range data {
				data[i] = '!'
			}
			c.SetAllNull()
			continue
		}
		for i := range c.Int64s() {
			c.Int64s()[i] = -0x5eadbeef
		}
	}
}

// pair is what came out: the ids of a left and of a right row, 0 for NULLs, and -1 where there are no right columns.
type pair struct{ left, right int64 }

// rig drives instances of a join that share the key groups.
type rig struct {
	t       fataler
	create  func(budget *limit.Budget) op.Multi
	keys    []int
	guarded bool
	kept    bool           // state is stored entry by entry
	created func(op.Multi) // is told of instances that are made; may be nil

	instances []*instance
	owners    [op.KeyGroups]uint8
	told      [2]int64 // the watermarks
	passed    int64    // the watermark that those behind the join were told
	ended     [2]bool
	now       int64
	fed       int64
	counts    op.Counts
	got       map[pair]int
	order     []pair
	rejects   []string
	// check, if set, is shown each batch that comes out.
	check func(b *batch.Batch)
}

type instance struct {
	op     op.Multi
	out    *op.Output
	budget *limit.Budget
	guards []*keyed.Guard
	needs  op.Needs
	stored *optest.Stored
	calls  int
}

// keep may have state stored entry by entry.
func (r *rig) keep(t *rapid.T) {
	if !r.guarded && rapid.Bool().Draw(t, "stored entry by entry") {
		r.keepAll()
	}
}

// keepAll has state stored entry by entry.
func (r *rig) keepAll() {
	r.kept = true
	r.make(len(r.instances))
}

// evict has state leave memory now and then.
func (in *instance) evict() error {
	if in.stored == nil || in.calls%3 != 0 {
		return nil
	}
	return in.stored.Evict(2, in.calls%9 == 0)
}

// store ends an epoch, or stores something, now and then.
func (in *instance) store() error {
	if in.stored == nil {
		return nil
	}
	switch in.calls++; in.calls % 4 {
	case 3:
		return in.stored.Seal()
	case 1:
		return errors.Join(in.stored.Seal(), in.stored.Drain(math.MaxInt64))
	default:
		return in.stored.Drain(40)
	}
}

func newRig(t fataler, keys []int, instances int, guarded bool, create func(*limit.Budget) op.Multi) *rig {
	r := &rig{t: t, create: create, keys: keys, guarded: guarded, told: [2]int64{math.MinInt64, math.MinInt64}, passed: math.MinInt64, got: map[pair]int{}}
	r.make(instances)
	return r
}

func (r *rig) make(instances int) {
	r.instances = nil
	for g := range r.owners {
		r.owners[g] = uint8(g * 7 % instances)
	}
	for range instances {
		in := &instance{out: op.NewOutput(1), budget: limit.New("test", 0)}
		in.op = r.create(in.budget)
		if r.guarded {
			for i, t := range in.op.(op.Tabled).Tables() {
				g := keyed.NewGuard(fmt.Sprint("table ", i))
				g.Open()
				t.(interface{ SetGuard(*keyed.Guard) }).SetGuard(g)
				in.guards = append(in.guards, g)
			}
		}
		if r.kept {
			in.stored = optest.Store(in.op.(op.Durable))
		}
		if r.created != nil {
			r.created(in.op)
		}
		r.instances = append(r.instances, in)
	}
}

// call calls until the operator has no more.
func (r *rig) call(in *instance, input int, b *batch.Batch, call func(*op.Output) (bool, error)) {
	r.t.Helper()
	for calls, more := 0, true; more; calls++ {
		if (len(in.guards) > 0 || in.stored != nil) && (b == nil || calls == 0) {
			if err := in.evict(); err != nil {
				r.t.Fatalf("%v", err)
			}
			if in.stored != nil && b == nil {
				if err := in.stored.Settle(); err != nil {
					r.t.Fatalf("%v", err)
				}
			}
			if err := in.load(input, b); err != nil {
				r.t.Fatalf("%v", err)
			}
		}
		in.out.Reset()
		var err error
		if more, err = call(in.out); err != nil {
			r.t.Fatalf("%v", err)
		}
		for _, g := range in.guards {
			if g.Err() != nil {
				r.t.Fatalf("%v", g.Err())
			}
		}
		r.take(in.out)
		if calls > 100_000 {
			r.t.Fatalf("no end")
		}
	}
	if err := in.store(); err != nil {
		r.t.Fatalf("%v", err)
	}
}

// load makes resident what the next call needs.
func (in *instance) load(input int, b *batch.Batch) error {
	if in.stored != nil {
		return in.stored.Load(input, b)
	}
	in.op.(op.Needer).Needs(input, b, &in.needs)
	return in.needs.Load(in.op.(op.Tabled).Tables())
}

func (r *rig) take(out *op.Output) {
	r.t.Helper()
	r.counts.Add(out.Counts)
	for _, reject := range out.Rejects {
		r.rejects = append(r.rejects, reject.Err.Error())
	}
	b := out.Ports[0]
	if b == nil {
		return
	}
	if r.check != nil {
		r.check(b)
	}
	half := len(columnTypes())
	for i := range b.Rows() {
		p := pair{left: r.side(b.Cols[:half], b.Row(i)), right: -1}
		if len(b.Cols) > half {
			p.right = r.side(b.Cols[half:], b.Row(i))
		}
		step := 1
		if len(b.Kinds) > 0 && !op.Adds(b.Kinds[b.Row(i)]) {
			step = -1
		}
		r.got[p] += step
		r.order = append(r.order, p)
	}
}

// side returns the id of one side of a row, after a look at its text.
func (r *rig) side(cols []*batch.Column, row int) int64 {
	r.t.Helper()
	id, text := cols[idColumn], cols[textColumn]
	if id.IsNull(row) {
		if !text.IsNull(row) || !cols[keyColumn].IsNull(row) {
			r.t.Fatalf("half a row is NULL")
		}
		return 0
	}
	v := id.Int64s()[row]
	if got := string(text.Bytes(row)); got != textOf(v) {
		r.t.Fatalf("row %d has the text %q", v, got)
	}
	return v
}

func (r *rig) feed(input int, rows []row, random *rand.Rand) {
	r.t.Helper()
	r.fed += int64(len(rows))
	whole := lend(rows, random)
	hashes := make([]uint64, len(rows))
	if len(r.keys) > 0 {
		copy(hashes, keyed.NewHasher(r.keys).Hash(whole))
	}
	for n, in := range r.instances {
		part := *whole
		if len(r.instances) > 1 {
			part.Sel = []uint16{}
			for k := range whole.Rows() {
				if int(r.owners[op.GroupOf(hashes[k])]) == n {
					part.Sel = append(part.Sel, uint16(whole.Row(k)))
				}
			}
		}
		if part.Kinds != nil {
			part.Kinds = op.Pair(&part, nil)
		}
		r.call(in, input, &part, func(out *op.Output) (bool, error) { return in.op.ApplyInput(input, &part, out) })
	}
	takeBack(whole)
}

// watermark tells the watermark of an input, and the least of both.
func (r *rig) watermark(input int, micros int64) {
	r.t.Helper()
	if micros <= r.told[input] {
		return
	}
	r.told[input] = micros
	r.tell(input)
	r.passed = r.merged()
	for _, in := range r.instances {
		if l, ok := in.op.(op.Limiter); ok {
			r.passed = min(r.passed, l.Limit(r.merged()))
		}
	}
}

func (r *rig) tell(input int) {
	r.t.Helper()
	for _, in := range r.instances {
		if h, ok := in.op.(op.InputWatermarkHandler); ok {
			r.call(in, input, nil, func(out *op.Output) (bool, error) { return h.OnInputWatermark(input, r.told[input], out) })
		}
		if h, ok := in.op.(op.WatermarkHandler); ok {
			r.call(in, -1, nil, func(out *op.Output) (bool, error) { return h.OnWatermark(r.merged(), out) })
		}
	}
}

func (r *rig) merged() int64 { return min(r.told[0], r.told[1]) }

func (r *rig) end(input int) {
	r.t.Helper()
	r.ended[input] = true
	for _, in := range r.instances {
		r.call(in, input, nil, func(out *op.Output) (bool, error) { return in.op.OnInputEnd(input, out) })
	}
	r.watermark(input, math.MaxInt64)
}

// finish ends what has not ended, and checks the account and that no memory is left.
func (r *rig) finish() {
	r.t.Helper()
	for input := range r.ended {
		if !r.ended[input] {
			r.end(input)
		}
	}
	for _, in := range r.instances {
		if e, ok := in.op.(op.Ender); ok {
			r.call(in, -1, nil, e.OnEnd)
		}
		if used := in.budget.Used(); used != 0 {
			r.t.Fatalf("%d bytes are still reserved", used)
		}
	}
	if r.counts.In != r.fed || !r.counts.Balanced() || r.counts.Held != 0 {
		r.t.Fatalf("account %+v of %d rows", r.counts, r.fed)
	}
}

func (r *rig) tick(now int64) {
	r.t.Helper()
	r.now = now
	for _, in := range r.instances {
		if h, ok := in.op.(op.TimeHandler); ok {
			r.call(in, -1, nil, func(out *op.Output) (bool, error) { return h.OnTime(now, out) })
		}
	}
}

// restart goes on with new instances that are made of the state.
func (r *rig) restart(instances int) {
	r.t.Helper()
	if r.kept {
		r.restartKept(instances)
	} else {
		r.restartWhole(instances)
	}
	for input, ended := range r.ended {
		for _, in := range r.instances {
			if ended {
				r.call(in, input, nil, func(out *op.Output) (bool, error) { return in.op.OnInputEnd(input, out) })
			}
		}
	}
	if r.now != 0 {
		r.tick(r.now)
	}
	for input, micros := range r.told {
		if micros != math.MinInt64 {
			r.tell(input)
		}
	}
}

// restartKept has them made of entries.
func (r *rig) restartKept(instances int) {
	r.t.Helper()
	var from []*optest.Stored
	for _, in := range r.instances {
		from = append(from, in.stored)
	}
	r.kept = false
	r.make(instances)
	r.kept = true
	var to []op.Durable
	for _, in := range r.instances {
		to = append(to, in.op.(op.Durable))
	}
	next, err := optest.Move(from, to, func(g op.KeyGroup) int { return int(r.owners[g]) })
	if err != nil {
		r.t.Fatalf("%v", err)
	}
	for i, in := range r.instances {
		in.stored = next[i]
	}
}

// restartWhole has them made of snapshots of the key groups.
func (r *rig) restartWhole(instances int) {
	r.t.Helper()
	var groups [op.KeyGroups][]byte
	for n, in := range r.instances {
		if h, ok := in.op.(op.BarrierHandler); ok {
			r.call(in, -1, nil, func(out *op.Output) (bool, error) { return h.OnBarrier(1, out) })
		}
		for _, g := range in.guards {
			g.Open()
		}
		for g := range groups {
			data, err := in.op.(op.Stateful).Snapshot(op.KeyGroup(g))
			switch {
			case err != nil:
				r.t.Fatalf("%v", err)
			case data != nil && int(r.owners[g]) != n:
				r.t.Fatalf("instance %d has state of key group %d", n, g)
			case data != nil:
				groups[g] = data
			}
		}
	}
	r.make(instances)
	for g, data := range &groups {
		if data == nil {
			continue
		}
		in := r.instances[r.owners[g]].op.(op.Stateful)
		kept := bytes.Clone(data)
		if err := in.Restore(op.KeyGroup(g), data); err != nil {
			r.t.Fatalf("%v", err)
		}
		for i := range data {
			data[i] = 0xde
		}
		again, err := in.Snapshot(op.KeyGroup(g))
		if err != nil {
			r.t.Fatalf("%v", err)
		}
		if !bytes.Equal(kept, again) {
			r.t.Fatalf("key group %d has another snapshot after its restore", g)
		}
	}
}

// same compares what came out with what should have.
func (r *rig) same(want map[pair]int, about string) {
	r.t.Helper()
	var wrong []string
	for p, n := range want {
		if r.got[p] != n {
			wrong = append(wrong, fmt.Sprintf("%v: %d times, want %d", p, r.got[p], n))
		}
	}
	for p, n := range r.got {
		if want[p] == 0 && n != 0 {
			wrong = append(wrong, fmt.Sprintf("%v: %d times, want none", p, n))
		}
	}
	if len(wrong) > 0 {
		r.t.Fatalf("%s\n%s", strings.Join(wrong, "\n"), about)
	}
}
