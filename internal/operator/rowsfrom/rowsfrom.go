package rowsfrom

import (
	"wire.example/wire/internal/expr/setreturning"
	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sqlstate"
)

// Call is one of the functions.
type Call struct {
	Function *setreturning.Function
	// Args are columns of the input, and Types are theirs.
	Args  []int
	Types []schema.Type
	// Declared are the columns of a definition list.
	Declared []schema.Field
}

// Fields returns the columns that the call makes.
func (c *Call) Fields() []schema.Field { return c.Function.Fields(c.Types, c.Declared) }

// Config says what the operator does. Its output has the columns of the input, then those of each call, then, if Ordinality, a BIGINT that numbers
// the rows of each row of the input from 1.
type Config struct {
	// Name is the step's, for errors.
	Name       string
	Calls      []Call
	Ordinality bool
	// Outer keeps a row for which no function returns a row: once, with NULLs.
	Outer bool
	// Keep says which columns of the input are passed on; the others are nil in the output. Nil keeps all.
	Keep []bool
}

// maxValues is how many values of arrays the rows of one batch may repeat of their parents, beyond those of its first row.
const maxValues = 1 << 18

// Operator is the operator.
type Operator struct {
	pool   *batch.Pool
	budget *limit.Budget
	config Config
	calls  []call
	out    batch.Batch
	repeat batch.Repeater
	// parents is, for each row of the output, the row of the input; ordinals its number.
	parents  []uint16
	ordinals *batch.Column
	// nested are the columns passed on in which a row may hold many values, and room is how many values may still be repeated.
	nested []int
	room   int
	// at is the row, among those of the input that count, whose turn it is; if begun, made is how many rows it has so far.
	at    int
	begun bool
	made  int64
	// held is what is reserved for what the generators keep.
	held int64
}

// call is a function at work.
type call struct {
	Call
	generator setreturning.Generator
	args      []*batch.Column
	columns   []*batch.Column
	// over says that the row at hand has no more rows from this call.
	over bool
	// rows is how many the last fill wrote, and bad why it wrote no more.
	rows int
	bad  *sqlstate.Error
}

// New returns the operator that config describes. What generators keep of a row is reserved in budget.
func New(pool *batch.Pool, budget *limit.Budget, config Config) *Operator {
	o := &Operator{pool: pool, budget: budget, config: config, parents: make([]uint16, 0, batch.MaxRows)}
	for _, c := range config.Calls {
		made := call{Call: c, generator: c.Function.New(c.Types, c.Declared), args: make([]*batch.Column, len(c.Args))}
		for _, f := range c.Fields() {
			made.columns = append(made.columns, batch.NewColumn(pool, f.Type))
		}
		o.calls = append(o.calls, made)
	}
	if config.Ordinality {
		o.ordinals = batch.NewColumn(pool, schema.Of(schema.Int64))
	}
	return o
}

// Apply emits the next rows of in.
func (o *Operator) Apply(in *batch.Batch, out *op.Output) (more bool, err error) {
	o.begin(in)
	for o.at < in.Rows() && len(o.parents) < batch.MaxRows {
		row, had := in.Row(o.at), len(o.parents)
		most, weight := o.most(in, row)
		if most == 0 {
			break
		}
		if err := o.take(in, row, most, out); err != nil {
			return false, err
		}
		o.room -= weight * (len(o.parents) - had)
	}
	if len(o.parents) > 0 {
		o.build(in)
		out.Emit(0, &o.out)
	}
	if more = o.at < in.Rows(); !more {
		o.at = 0
	}
	return more, nil
}

// begin makes the columns of the calls ready to be written.
func (o *Operator) begin(in *batch.Batch) {
	o.parents, o.nested, o.room = o.parents[:0], o.nested[:0], maxValues
	for i, c := range in.Cols {
		if o.passes(i, c) && c.Kind().IsNested() {
			o.nested = append(o.nested, i)
		}
	}
	for k := range o.calls {
		c := &o.calls[k]
		for i, column := range c.Args {
			c.args[i] = in.Cols[column]
		}
		for _, column := range c.columns {
			column.Reset(batch.MaxRows)
		}
	}
	if o.ordinals != nil {
		o.ordinals.Reset(batch.MaxRows)
	}
}

// passes reports whether column i of the input is passed on.
func (o *Operator) passes(i int, c *batch.Column) bool {
	return c != nil && (len(o.config.Keep) == 0 || o.config.Keep[i])
}

// most is how many rows row may have next, 0 if the batch has enough, and how many values each of them repeats.
func (o *Operator) most(in *batch.Batch, row int) (most, weight int) {
	for _, i := range o.nested {
		weight += in.Cols[i].Nested(row, row+1)
	}
	most = batch.MaxRows - len(o.parents)
	if weight > 0 {
		most = min(most, max(o.room, 0)/weight)
	}
	if most == 0 && len(o.parents) == 0 {
		most = 1
	}
	return most, weight
}

// take makes at most most rows of row.
func (o *Operator) take(in *batch.Batch, row, most int, out *op.Output) error {
	if !o.begun {
		if bad := o.start(row); bad != nil {
			out.Counts.In++
			out.RejectOf(in, row, bad)
			o.at++
			return nil
		}
		if err := o.reserve(); err != nil {
			return err
		}
	}
	at := len(o.parents)
	n, bad := o.fill(at, most)
	over := bad != nil || n < most
	if over && bad == nil && o.made+int64(n) == 0 && o.config.Outer {
		o.pad(at, 0, 1)
		if o.ordinals != nil {
			o.ordinals.SetNull(at)
		}
		o.parents = append(o.parents, uint16(row)) //nolint:gosec // a row number of a batch
		o.made = 1
	}
	for i := range n {
		o.made++
		o.parents = append(o.parents, uint16(row)) //nolint:gosec // a row number of a batch
		if o.ordinals != nil {
			o.ordinals.Int64s()[at+i] = o.made
		}
	}
	if over {
		o.finish(in, row, bad, out)
	}
	return nil
}

// start begins the calls for row.
func (o *Operator) start(row int) *sqlstate.Error {
	for k := range o.calls {
		c := &o.calls[k]
		if c.over = c.Function.Strict && c.nullAt(row); c.over {
			continue
		}
		if bad := c.generator.Start(c.args, row); bad != nil {
			return bad
		}
	}
	o.begun, o.made = true, 0
	return nil
}

func (c *call) nullAt(row int) bool {
	for _, arg := range c.args {
		if arg.IsNull(row) {
			return true
		}
	}
	return false
}

// fill has every call write its next rows from row at on, and returns how many there are, and why no more if one failed.
func (o *Operator) fill(at, most int) (n int, bad *sqlstate.Error) {
	for k := range o.calls {
		c := &o.calls[k]
		c.rows, c.bad = 0, nil
		if !c.over {
			c.rows, c.bad = c.generator.Fill(c.columns, at, most)
			c.over = c.rows < most
		}
		n = max(n, c.rows)
	}
	for k := range o.calls { // the first to fail ends all
		if c := &o.calls[k]; c.bad != nil && (bad == nil || c.rows < n) {
			n, bad = c.rows, c.bad
		}
	}
	for k := range o.calls {
		c := &o.calls[k]
		if c.rows > n || bad != nil {
			for _, column := range c.columns {
				setreturning.Cut(column, at+n, min(at+most, column.Len()))
			}
		}
	}
	o.pad(at, -1, n)
	return n, bad
}

// pad makes NULL what the calls lack of n rows from row at on; rows says how many there are of each call, -1 that each knows itself.
func (o *Operator) pad(at, rows, n int) {
	for k := range o.calls {
		c := &o.calls[k]
		have := rows
		if have < 0 {
			have = c.rows
		}
		for _, column := range c.columns {
			for i := have; i < n; i++ {
				column.PutNull(at + i)
			}
		}
	}
}

// finish counts the row at hand, which has no more rows, and goes on to the next.
func (o *Operator) finish(in *batch.Batch, row int, bad *sqlstate.Error, out *op.Output) {
	out.Counts.In++
	switch {
	case bad != nil:
		out.RejectOf(in, row, bad)
	case o.made == 0:
		out.Counts.Filtered++
	default:
		out.Counts.Forwarded++
	}
	o.at, o.begun = o.at+1, false
}

// reserve keeps the reservation as large as what the generators keep.
func (o *Operator) reserve() error {
	held := int64(0)
	for k := range o.calls {
		held += o.calls[k].generator.Held()
	}
	switch {
	case held > o.held:
		if err := o.budget.Reserve(held - o.held); err != nil {
			return op.OutOfMemory(o.config.Name, err)
		}
	case held < o.held:
		o.budget.Release(o.held - held)
	}
	o.held = held
	return nil
}

// build makes the output batch.
func (o *Operator) build(in *batch.Batch) {
	o.out.Cols = o.out.Cols[:0]
	for i, c := range in.Cols {
		if !o.passes(i, c) {
			o.out.Cols = append(o.out.Cols, nil)
			continue
		}
		own := o.repeat.Column(o.pool, i, c.Type())
		own.Gather(c, o.parents)
		o.out.Cols = append(o.out.Cols, own)
	}
	for k := range o.calls {
		for _, column := range o.calls[k].columns {
			column.Resize(len(o.parents))
			o.out.Cols = append(o.out.Cols, column)
		}
	}
	if o.ordinals != nil {
		o.ordinals.Resize(len(o.parents))
		o.out.Cols = append(o.out.Cols, o.ordinals)
	}
	o.repeat.Carry(&o.out, in, o.parents)
}
