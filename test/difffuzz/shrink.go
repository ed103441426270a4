package difffuzz

import (
	"context"
	"slices"
	"strings"
)

// batch is how many smaller queries are asked at once.
const batchSize = 40

// Shrink makes a difference smaller while it stays: parts of the query, then rows, columns and tables.
func (f *Fuzzer) Shrink(ctx context.Context, d Difference) (Difference, error) {
	sign := differs(&d.Want, &d.Got, d.Query.Ordered, false)
	for range 3 {
		before := d.String()
		for _, step := range []func(context.Context, Difference, string) (Difference, error){f.shrinkRows, f.shrinkQuery, f.shrinkRows, f.shrinkColumns} {
			var err error
			if d, err = step(ctx, d, sign); err != nil {
				return d, err
			}
		}
		if d.String() == before {
			break
		}
	}
	return d, nil
}

// stays asks variants of one difference that share their tables, and returns the first that still differs in the same manner; nil: none.
func (f *Fuzzer) stays(ctx context.Context, tables []Table, variants []Difference, sign string) (*Difference, error) {
	roots := make([]*Node, len(variants))
	for i := range variants {
		roots[i] = variants[i].Query.Root
	}
	got, err := ask(ctx, f.Wire, tables, variants[0].Way, roots)
	if err != nil {
		return nil, err
	}
	want, err := ask(ctx, f.Witnesses[0], tables, way{}, roots)
	if err != nil {
		return nil, err
	}
	for i := range variants {
		v := variants[i]
		if differs(&want[i], &got[i], v.Query.Ordered, true) != sign {
			continue
		}
		v.Tables, v.Want, v.Got = tables, want[i], got[i]
		if still, err := f.prove(ctx, &Universe{Tables: tables}, []Difference{v}, &Report{}); err != nil || len(still) == 0 {
			if err != nil {
				return nil, err
			}
			continue
		}
		return &v, nil
	}
	return nil, nil
}

func (f *Fuzzer) shrinkQuery(ctx context.Context, d Difference, sign string) (Difference, error) {
	for {
		smaller := d.Query.Root.smaller()
		length := len(d.Query.Root.String())
		smaller = slices.DeleteFunc(smaller, func(n *Node) bool { return len(n.String()) >= length })
		slices.SortStableFunc(smaller, func(a, b *Node) int { return len(a.String()) - len(b.String()) })
		found := false
		for part := range slices.Chunk(smaller, batchSize) {
			variants := make([]Difference, len(part))
			for i, n := range part {
				variants[i] = d
				variants[i].Query.Root = n
				variants[i].Query.Ordered = d.Query.Ordered && strings.Contains(n.String(), "ORDER BY")
			}
			v, err := f.stays(ctx, d.Tables, variants, sign)
			if err != nil {
				return d, err
			}
			if v != nil {
				d, found = *v, true
				break
			}
		}
		if !found {
			return d, nil
		}
	}
}

// with returns the tables with one of them changed.
func with(tables []Table, i int, t Table) []Table {
	c := slices.Clone(tables)
	c[i] = t
	return c
}

func (f *Fuzzer) shrinkRows(ctx context.Context, d Difference, sign string) (Difference, error) {
	for i := 0; i < len(d.Tables); i++ {
		if !strings.Contains(d.Query.Root.String(), d.Tables[i].Name+" x") {
			tables := slices.Delete(slices.Clone(d.Tables), i, i+1)
			v, err := f.stays(ctx, tables, []Difference{d}, sign)
			if err != nil {
				return d, err
			}
			if v != nil {
				d = *v
				i--
				continue
			}
		}
		for size := len(d.Tables[i].Rows); size > 0; size /= 2 {
			for at := 0; at < len(d.Tables[i].Rows); {
				t := d.Tables[i]
				t.Rows = slices.Delete(slices.Clone(t.Rows), at, min(at+size, len(t.Rows)))
				v, err := f.stays(ctx, with(d.Tables, i, t), []Difference{d}, sign)
				if err != nil {
					return d, err
				}
				if v != nil {
					d = *v
				} else {
					at += size
				}
			}
		}
	}
	return d, nil
}

func (f *Fuzzer) shrinkColumns(ctx context.Context, d Difference, sign string) (Difference, error) {
	for i := range d.Tables {
		for c := 0; c < len(d.Tables[i].Columns) && len(d.Tables[i].Columns) > 1; c++ {
			t := d.Tables[i]
			t.Columns = slices.Delete(slices.Clone(t.Columns), c, c+1)
			t.Rows = slices.Clone(t.Rows)
			for n, row := range t.Rows {
				t.Rows[n] = slices.Delete(slices.Clone(row), c, c+1)
			}
			v, err := f.stays(ctx, with(d.Tables, i, t), []Difference{d}, sign)
			if err != nil {
				return d, err
			}
			if v != nil {
				d = *v
				c--
			}
		}
	}
	return d, nil
}
