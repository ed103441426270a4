package aggregate

import (
	"math"
	"slices"

	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sqlstate"
	"wire.example/wire/sdk/temporal"
)

// percentile is percentile_disc and percentile_cont. From the number of rows it knows which of them the answer is made of, and keeps only those.
type percentile struct {
	spec *Spec
	// continuous: the answer may lie between two rows. many: the argument is an array of fractions.
	continuous, many bool

	n, seen int64
	ready   bool
	bad     *sqlstate.Error
	null    bool // there is no fraction, or no array of them
	points  []point
	// ranks are the numbers of the rows that are wanted, ascending; kept are the values of the first next of them.
	ranks []int64
	next  int
	kept  *batch.Column
}

// point is one fraction's answer: the value of the row lo, or one between those of lo and hi.
type point struct {
	null   bool
	lo, hi int64
	share  float64
}

// newPercentile returns the constructor of a percentile.
func newPercentile(continuous, many bool) func(*Spec) Scan {
	return func(spec *Spec) Scan {
		return &percentile{spec: spec, continuous: continuous, many: many, kept: batch.NewColumn(spec.Pool, spec.Args[1])}
	}
}

// Begin begins a group of n rows.
func (p *percentile) Begin(n int64) {
	p.n, p.seen, p.ready, p.bad, p.null = n, 0, false, nil, false
	p.points, p.ranks, p.next = p.points[:0], p.ranks[:0], 0
	if n == 0 && !p.many && len(p.spec.Direct) > 0 && p.spec.Direct[0] != nil {
		p.prepare(p.spec.Direct[0], 0)
	}
}

// prepare reads the fractions from row of direct.
func (p *percentile) prepare(direct *batch.Column, row int) {
	p.ready = true
	switch {
	case direct.IsNull(row):
		p.null = true
	case !p.many:
		p.point(direct, row)
	default:
		for i := direct.Offsets()[row]; i < direct.Offsets()[row+1]; i++ {
			p.point(direct.Child(0), int(i))
		}
	}
	slices.Sort(p.ranks)
	p.ranks = slices.Compact(p.ranks)
	p.kept.Reset(len(p.ranks))
}

// point finds the rows that a fraction is answered from.
func (p *percentile) point(fractions *batch.Column, i int) {
	if fractions.IsNull(i) {
		p.points = append(p.points, point{null: true})
		return
	}
	f := fractions.Float64s()[i]
	if !(f >= 0 && f <= 1) {
		p.bad = errFraction(f)
		return
	}
	if p.n == 0 {
		return
	}
	var at point
	if p.continuous {
		x := f * float64(p.n-1)
		at.lo, at.hi = int64(math.Floor(x)), int64(math.Ceil(x))
		at.share = x - math.Floor(x)
	} else {
		at.lo = max(int64(math.Ceil(f*float64(p.n))), 1) - 1
		at.hi = at.lo
	}
	p.points = append(p.points, at)
	p.ranks = append(p.ranks, at.lo, at.hi)
}

// Add takes the next rows.
func (p *percentile) Add(in *Rows) {
	if !p.ready && in.N > 0 {
		p.prepare(in.Args[0], in.Row(0))
	}
	end := p.seen + int64(in.N)
	for ; p.next < len(p.ranks) && p.ranks[p.next] < end; p.next++ {
		p.kept.CopyRow(p.next, in.Args[1], in.Row(int(p.ranks[p.next]-p.seen)))
	}
	p.seen = end
}

// Pick begins a group of which the rows are known by their numbers.
func (p *percentile) Pick(n int64, in *Rows) []int64 {
	p.Begin(n)
	if !p.ready {
		p.prepare(in.Args[0], in.Row(0))
	}
	return p.ranks
}

// AddPicked takes the rows that were asked for.
func (p *percentile) AddPicked(in *Rows) {
	for i := range in.N {
		p.kept.CopyRow(p.next, in.Args[1], in.Row(i))
		p.next++
	}
}

// Result stores the answer.
func (p *percentile) Result(out *batch.Column, row int) *sqlstate.Error {
	if p.bad != nil || p.n == 0 || p.null {
		setNull(out, row)
		return p.bad
	}
	if !p.many {
		return p.store(out, row, p.points[0])
	}
	elements := out.Child(0)
	from := elements.Len()
	elements.Resize(from + len(p.points))
	out.Offsets()[row], out.Offsets()[row+1] = int32(from), int32(elements.Len()) //nolint:gosec // offsets are 32 bits wide
	for i, at := range p.points {
		if bad := p.store(elements, from+i, at); bad != nil {
			return bad
		}
	}
	return nil
}

func (p *percentile) store(out *batch.Column, row int, at point) *sqlstate.Error {
	if at.null {
		setNull(out, row)
		return nil
	}
	lo, _ := slices.BinarySearch(p.ranks, at.lo)
	if at.lo == at.hi {
		out.CopyRow(row, p.kept, lo)
		return nil
	}
	hi, _ := slices.BinarySearch(p.ranks, at.hi)
	if out.Kind() == schema.Float64 {
		a, b := p.kept.Float64s()[lo], p.kept.Float64s()[hi]
		out.Float64s()[row] = a + float64(at.share*(b-a))
		return nil
	}
	v, err := between(p.kept.Intervals()[lo], p.kept.Intervals()[hi], at.share)
	if err != nil {
		out.SetNull(row)
		return codec.AsSQLState(err)
	}
	out.Intervals()[row] = v
	return nil
}

// between returns a + share * (b - a).
func between(a, b temporal.Interval, share float64) (temporal.Interval, error) {
	minus, err := a.Neg()
	if err != nil {
		return a, err
	}
	diff, err := b.Add(minus)
	if err != nil {
		return a, err
	}
	if diff, err = diff.Mul(share); err != nil {
		return a, err
	}
	return diff.Add(a)
}

// Close releases the column.
func (p *percentile) Close() { p.kept.Release() }
