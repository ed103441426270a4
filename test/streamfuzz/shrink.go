package streamfuzz

import (
	"context"
	"slices"
	"strings"

	"wire.example/wire/test/difffuzz"
)

type difffuzzNode = difffuzz.Node

// Shrink makes a difference smaller while it stays: parts of the query, then sources, rows and versions of rows.
func (f *Fuzzer) Shrink(ctx context.Context, d Difference) (Difference, error) {
	for range 4 {
		before := d.String()
		for _, step := range []func(context.Context, Difference) (Difference, error){f.shrinkQuery, f.shrinkSources, f.shrinkRows, f.shrinkWay} {
			var err error
			if d, err = step(ctx, d); err != nil {
				return d, err
			}
		}
		if d.String() == before {
			break
		}
	}
	return d, nil
}

// stays asks a variant of a difference, and reports whether it differs in the same manner.
func (f *Fuzzer) stays(ctx context.Context, d *Difference) (bool, error) {
	if err := ctx.Err(); err != nil {
		return false, err
	}
	if err := f.lay(d.Sources); err != nil {
		return false, err
	}
	w, err := f.witness(ctx, d.Sources)
	if err != nil {
		return false, nil // a part of the query misses what was left out
	}
	defer w.Close(context.WithoutCancel(ctx)) //nolint:errcheck // nothing was written
	want, state, err := f.answer(ctx, w, d.Root)
	if err != nil {
		return false, nil // as above
	}
	for range 3 { // what depends on timing may take several runs to show
		got := f.run(ctx, d.Sources, d.Root, d.Way)
		if got.refused != "" {
			return false, nil
		}
		if sign, wrong := differs(want, state, &got); sign == d.Sign {
			d.Wrong = wrong
			return true, nil
		}
		if d.Way.Parallelism == 1 {
			break
		}
	}
	return false, nil
}

func (f *Fuzzer) shrinkQuery(ctx context.Context, d Difference) (Difference, error) {
	for {
		smaller := append(d.Root.Classed("query"), d.Root.Smaller()...)
		length := len(d.Root.String())
		smaller = slices.DeleteFunc(smaller, func(n *difffuzz.Node) bool { return len(n.String()) >= length })
		slices.SortStableFunc(smaller, func(a, b *difffuzz.Node) int { return len(a.String()) - len(b.String()) })
		found := false
		for _, n := range smaller {
			v := d
			v.Root = n
			ok, err := f.stays(ctx, &v)
			if err != nil {
				return d, err
			}
			if ok {
				d, found = v, true
				break
			}
		}
		if !found {
			return d, nil
		}
	}
}

func (f *Fuzzer) shrinkSources(ctx context.Context, d Difference) (Difference, error) {
	for i := 0; i < len(d.Sources); i++ {
		if strings.Contains(d.Root.String(), "FROM "+d.Sources[i].Name) {
			continue
		}
		v := d
		v.Sources = slices.Delete(slices.Clone(d.Sources), i, i+1)
		ok, err := f.stays(ctx, &v)
		if err != nil {
			return d, err
		}
		if ok {
			d = v
			i--
		}
	}
	return d, nil
}

// shrinkRows leaves out rows, and versions of rows.
func (f *Fuzzer) shrinkRows(ctx context.Context, d Difference) (Difference, error) {
	try := func(i int, entities []Entity) (bool, error) {
		v := d
		v.Sources = slices.Clone(d.Sources)
		v.Sources[i].Entities = entities
		ok, err := f.stays(ctx, &v)
		if ok {
			d = v
		}
		return ok, err
	}
	for i := range d.Sources {
		for size := len(d.Sources[i].Entities); size > 0; size /= 2 {
			for at := 0; at < len(d.Sources[i].Entities); {
				rows := d.Sources[i].Entities
				ok, err := try(i, slices.Delete(slices.Clone(rows), at, min(at+size, len(rows))))
				if err != nil {
					return d, err
				}
				if !ok {
					at += size
				}
			}
		}
		for at := 0; at < len(d.Sources[i].Entities); at++ {
			for n := 0; n <= len(d.Sources[i].Entities[at].Versions); n++ {
				e, smaller := d.Sources[i].Entities[at].without(n)
				if !smaller {
					continue
				}
				rows := slices.Clone(d.Sources[i].Entities)
				rows[at] = e
				if _, err := try(i, rows); err != nil {
					return d, err
				}
			}
		}
	}
	return d, nil
}

// without is e without its nth version, or, where there is none, without its end.
func (e Entity) without(n int) (Entity, bool) {
	switch {
	case n == len(e.Versions) && e.Gone > 0:
		e.Gone = 0
	case n < len(e.Versions) && len(e.Versions) > 1:
		e.Versions = slices.Delete(slices.Clone(e.Versions), n, n+1)
	default:
		return e, false
	}
	return e, true
}

// shrinkWay tries the plainest way.
func (f *Fuzzer) shrinkWay(ctx context.Context, d Difference) (Difference, error) {
	for _, w := range []Way{{1, 0, 0}, {1, 16, 0}, {d.Way.Parallelism, 16, 0}} {
		if w == d.Way {
			break
		}
		v := d
		v.Way = w
		ok, err := f.stays(ctx, &v)
		if err != nil || ok {
			return v, err
		}
	}
	return d, nil
}
