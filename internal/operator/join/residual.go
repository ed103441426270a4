package join

import (
	"wire.example/wire/internal/expr/builtin"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/sqlstate"
)

// The truth of a condition, in the order in which AND takes the least. Marks of stored rows are truths, too.
const (
	isFalse   uint8 = 0
	isUnknown uint8 = 1
	isTrue    uint8 = 2
	failed    uint8 = 3 // the residual's error
)

// residual evaluates the condition beside the keys on pairs of rows.
type residual struct {
	cfg   *Config
	probe []outColumn // columns that the condition reads: where they stand among all, and in their input
	build []outColumn
	b     batch.Batch
	own   []*batch.Column
	// gather are the columns of the build side, in its order, nil where they are not read.
	gather []*batch.Column
	result []*batch.Column
	errs   builtin.Errors
	truth  []uint8
}

// outColumn is a column of an input and its place among the columns of both.
type outColumn struct{ place, column int }

func newResidual(c *Config, build int) *residual {
	if c.Residual == nil {
		return nil
	}
	r := &residual{cfg: c, own: make([]*batch.Column, len(c.Left)+len(c.Right)), gather: make([]*batch.Column, len(c.types(build)))}
	r.b.Cols = make([]*batch.Column, len(r.own))
	for _, place := range c.Reads {
		input, column := LeftInput, place
		if place >= len(c.Left) {
			input, column = RightInput, place-len(c.Left)
		}
		own := batch.NewColumn(c.Pool, c.types(input)[column])
		r.own[place], r.b.Cols[place] = own, own
		if input == build {
			r.build = append(r.build, outColumn{place, column})
			r.gather[column] = own
		} else {
			r.probe = append(r.probe, outColumn{place, column})
		}
	}
	return r
}

// eval sets truth to that of the condition for pairs of rows of in and stored rows. Only those of sel count, nil means all.
func (r *residual) eval(in *batch.Batch, rows []uint16, store *keyed.Rows, ids []uint32, sel []uint16) []uint8 {
	for _, c := range r.probe {
		r.own[c.place].Gather(in.Cols[c.column], rows)
	}
	store.Gather(ids, r.gather)
	r.b.Len, r.b.Sel = len(ids), sel
	r.errs.Reset()
	r.result = r.cfg.Residual.Eval(&r.b, r.result[:0], &r.errs)
	values, bits := r.result[0], r.result[0].Bits()
	r.truth = r.truth[:0]
	for i := range ids {
		truth := isFalse
		switch {
		case values.IsNull(i):
			truth = isUnknown
		case bits.Get(i):
			truth = isTrue
		}
		r.truth = append(r.truth, truth)
	}
	for _, i := range r.errs.Rows {
		r.truth[i] = failed
	}
	return r.truth
}

// err returns the error of pair i of the last eval, which failed.
func (r *residual) err(i int) *sqlstate.Error {
	for k, row := range r.errs.Rows {
		if int(row) == i {
			return r.errs.Errs[k]
		}
	}
	return nil
}
