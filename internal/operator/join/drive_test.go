package join_test

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/internal/expr/eval"
	"wire.example/wire/internal/expr/parse"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/operator/optest"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sqlstate"
)

// fataler is a *testing.T, *testing.B or *rapid.T.
type fataler interface {
	Helper()
	Fatalf(format string, args ...any)
}

// makeBatch makes a batch of rows written as text. With spread, every row that counts stands behind one that does not.
func makeBatch(t fataler, types []schema.Type, rows [][]string, spread bool) *batch.Batch {
	t.Helper()
	b := &batch.Batch{Len: len(rows)}
	step := 1
	if spread {
		step, b.Len, b.Sel = 2, 2*len(rows), []uint16{}
		for i := range rows {
			b.Sel = append(b.Sel, uint16(2*i+1))
		}
	}
	pool := &batch.Pool{}
	for k, typ := range types {
		c := batch.NewColumn(pool, typ)
		c.Reset(b.Len)
		for i, row := range rows {
			at := i*step + step - 1
			for j := i * step; j < at; j++ {
				c.SetNull(j)
			}
			setCell(t, c, at, row[k])
		}
		b.Cols = append(b.Cols, c)
	}
	return b
}

func setCell(t fataler, c *batch.Column, row int, text string) {
	t.Helper()
	if text == null {
		c.SetNull(row)
		return
	}
	if bad := codec.SetText(c, row, []byte(text)); bad != nil {
		t.Fatalf("%q as %s: %v", text, c.Type(), bad)
	}
}

// scribble destroys a batch that was lent: whoever kept a reference sees it.
func scribble(b *batch.Batch) {
	for _, c := range b.Cols {
		if c.Kind() == schema.Text {
			text := c.OwnBuffer(0).Data
			for i := range text {
				text[i] = '!'
			}
		}
		c.SetAllNull()
	}
	clear(b.Before)
}

// texts are the rows of b, columns separated by spaces; a column that is not there is a "-".
func texts(b *batch.Batch) []string {
	out := make([]string, b.Rows())
	for i := range out {
		cells := make([]string, len(b.Cols))
		for k, c := range b.Cols {
			switch row := b.Row(i); {
			case c == nil:
				cells[k] = "-"
			case c.IsNull(row):
				cells[k] = null
			default:
				cells[k] = string(codec.AppendText(nil, c, row))
			}
		}
		out[i] = strings.Join(cells, " ")
	}
	return out
}

// event is a batch of an input, or, without rows, its end.
type event struct {
	input  int
	rows   [][]string
	spread bool
	// dated says what the split of each row had reached: 100 times its place in the batch, and 1.
	dated bool
	// restart makes a snapshot before the event and goes on with an operator made of it.
	restart bool
}

func (e event) ends() bool { return e.rows == nil }

// run is an operator with everything it said so far.
type run struct {
	t      fataler
	op     op.Multi
	out    *op.Output
	rows   []string
	before []int64 // of rows that are dated
	errs   []*sqlstate.Error
	counts op.Counts
	ended  [2]bool
	stored *optest.Stored // nil: state is stored as a whole
	steps  int
}

// seal ends an epoch, or stores something, now and then.
func (r *run) seal() {
	r.t.Helper()
	if r.stored == nil {
		return
	}
	var err error
	switch r.steps++; r.steps % 4 {
	case 1:
		err = errors.Join(r.stored.Seal(), r.stored.Drain(math.MaxInt64))
	case 3:
		err = r.stored.Seal()
	default:
		err = r.stored.Drain(40)
	}
	if err != nil {
		r.t.Fatalf("%v", err)
	}
}

func newRun(t fataler, operator op.Multi) *run {
	return &run{t: t, op: operator, out: op.NewOutput(1)}
}

// feed carries out an event. It returns the operator's own failure.
func (r *run) feed(types []schema.Type, e event) error {
	r.t.Helper()
	if e.ends() {
		r.ended[e.input] = true
		return r.drain(0, func() (bool, error) { return r.op.OnInputEnd(e.input, r.out) })
	}
	b := makeBatch(r.t, types, e.rows, e.spread)
	if e.dated {
		for i := range b.Len {
			b.Before = append(b.Before, int64(100*i+1))
		}
	}
	err := r.drain(b.Len, func() (bool, error) { return r.op.ApplyInput(e.input, b, r.out) })
	scribble(b)
	return err
}

// drain calls until there is no more. rows is the length of the batch that rejected rows are of.
func (r *run) drain(rows int, call func() (bool, error)) error {
	r.t.Helper()
	for more := true; more; {
		r.out.Reset()
		var err error
		if more, err = call(); err != nil {
			return err
		}
		for _, reject := range r.out.Rejects {
			if reject.Row >= rows || reject.Row < -1 {
				r.t.Fatalf("row %d of %d was rejected", reject.Row, rows)
			}
			r.errs = append(r.errs, reject.Err)
		}
		r.counts.Add(r.out.Counts)
		b := r.out.Ports[0]
		if b == nil {
			continue
		}
		if b.Rows() == 0 || b.Rows() > batch.MaxRows {
			r.t.Fatalf("a batch of %d rows", b.Rows())
		}
		r.rows = append(r.rows, texts(b)...)
		for i := range b.Rows() {
			if b.Before != nil {
				r.before = append(r.before, b.Before[b.Row(i)])
			}
		}
	}
	if !r.counts.Balanced() {
		r.t.Fatalf("the account does not add up: %+v", r.counts)
	}
	if r.counts.Emitted != int64(len(r.rows)) {
		r.t.Fatalf("%d rows, account %+v", len(r.rows), r.counts)
	}
	return nil
}

// snapshot returns the state of all key groups.
func (r *run) snapshot() map[op.KeyGroup][]byte {
	r.t.Helper()
	state := map[op.KeyGroup][]byte{}
	for g := range op.KeyGroups {
		data, err := r.op.(op.Stateful).Snapshot(op.KeyGroup(g))
		if err != nil {
			r.t.Fatalf("snapshot of group %d: %v", g, err)
		}
		if data != nil {
			state[op.KeyGroup(g)] = slices.Clone(data)
		}
	}
	return state
}

// restart replaces the operator by another one with its state.
func (r *run) restart(fresh op.Multi) {
	r.t.Helper()
	if r.stored != nil {
		var err error
		if r.stored, err = r.stored.Move(fresh.(op.Durable)); err != nil {
			r.t.Fatalf("%v", err)
		}
	} else {
		for g, data := range r.snapshot() {
			if err := fresh.(op.Stateful).Restore(g, data); err != nil {
				r.t.Fatalf("restore of group %d: %v", g, err)
			}
		}
	}
	r.op = fresh
	for input, ended := range r.ended {
		if !ended {
			continue
		}
		if err := r.drain(0, func() (bool, error) { return r.op.OnInputEnd(input, r.out) }); err != nil {
			r.t.Fatalf("%v", err)
		}
	}
}

func (r *run) answer() answer {
	a := answer{rows: slices.Clone(r.rows)}
	for _, err := range r.errs {
		a.rejects = append(a.rejects, string(err.Code))
	}
	a.sort()
	return a
}

// program compiles a condition over columns l0, l1, … and r0, r1, ….
func program(tb testing.TB, left, right []schema.Type, text string) (_ *eval.Program, reads []int) {
	tb.Helper()
	s := &schema.Schema{}
	for i, typ := range left {
		s.Fields = append(s.Fields, schema.Field{Name: fmt.Sprintf("l%d", i), Type: typ})
	}
	for i, typ := range right {
		s.Fields = append(s.Fields, schema.Field{Name: fmt.Sprintf("r%d", i), Type: typ})
	}
	node, err := parse.Expr(text)
	if err != nil {
		tb.Fatal(err)
	}
	expr, err := bind.Bind(node, bind.FromSchema(s))
	if err != nil {
		tb.Fatal(err)
	}
	for _, path := range bind.Paths(expr) {
		if !slices.Contains(reads, path[0]) {
			reads = append(reads, path[0])
		}
	}
	p, err := eval.Compile(&batch.Pool{}, expr)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(p.Close)
	return p, reads
}
