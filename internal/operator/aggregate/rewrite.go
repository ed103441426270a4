package aggregate

import (
	"encoding/binary"
	"fmt"
	"math"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// Rewriter makes of what an operator has stored what another one reads: one that has other calls over the same groups, whose keys and arguments are of wider types,
// or that answers with each change where the first one would have answered at the end. It keeps no rows: what a new call would have made of those that came
// before is not there. It is used from one goroutine.
type Rewriter struct {
	old, now *groups
	from     []int
	segments [][]byte
	next     uint64 // the number of the next group of a key group that had none
	high     uint64
}

// NewRewriter returns a rewriter from the state of an operator with the configuration old to that of one with now, whose keys and sets are the same but for their types. Call i
// goes on from the call from[i] of old, or from nothing if that is negative. Both have the same Retracts, and neither answers with pieces of values.
func NewRewriter(pool *batch.Pool, budget *limit.Budget, old, now Config, from []int) (*Rewriter, error) {
	if len(from) != len(now.Calls) || len(old.Keys) != len(now.Keys) || len(old.Sets) != len(now.Sets) || old.Retracts != now.Retracts {
		return nil, fmt.Errorf("internal error: %s: state of other groups", now.Name)
	}
	r := &Rewriter{old: newGroups(pool, budget, &old, false), now: newGroups(pool, budget, &now, false), from: from, segments: make([][]byte, len(old.Calls))}
	for _, g := range []*groups{r.old, r.now} {
		for _, c := range g.calls {
			if c.ordered == nil {
				if err := c.state.Grow(1); err != nil {
					return nil, err
				}
			}
		}
	}
	for i, k := range from {
		if k >= len(old.Calls) || k >= 0 && !laidOutAlike(r.old.calls[k], r.now.calls[i]) {
			return nil, fmt.Errorf("internal error: %s: call %d cannot go on from call %d", now.Name, i, k)
		}
	}
	return r, nil
}

func laidOutAlike(old, now *call) bool {
	if (old.ordered == nil) != (now.ordered == nil) || old.distinct != now.distinct {
		return false
	}
	return old.ordered == nil || (old.ordered.ranking == nil) == (now.ordered.ranking == nil) && len(old.ordered.columns) == len(now.ordered.columns)
}

// Free gives the memory back.
func (r *Rewriter) Free() {
	r.old.free()
	r.now.free()
}

func (r *Rewriter) corrupt(reason string) error {
	return &keyed.CorruptError{What: "a group of " + r.now.config.Name, Reason: reason}
}

// Group rewrites what Operator.Snapshot returned for a key group.
func (r *Rewriter) Group(data []byte) ([]byte, error) {
	count := 2 + len(r.old.seen)
	for _, c := range r.old.calls {
		if c.ordered != nil {
			count++
		}
	}
	parts, err := keyed.Parts(r.now.config.Name, data, version, count)
	if err != nil {
		return nil, err
	}
	mark := parts[0]
	if len(mark) == 0 {
		return nil, r.corrupt("there is no mark")
	}
	r.next, r.high = 0, 0
	if r.old.numbers != nil {
		next, n := binary.Uvarint(mark[1:])
		if n <= 0 {
			return nil, r.corrupt("the mark has no number")
		}
		r.high = next
	}
	main, err := r.main(parts[1])
	if err != nil {
		return nil, err
	}
	out := [][]byte{mark[:1:1], main}
	if r.now.numbers != nil {
		out[0] = binary.AppendUvarint(out[0], max(r.high, r.next))
	}
	if out, err = r.values(out, parts[2:2+len(r.old.seen)]); err != nil {
		return nil, err
	}
	if out, err = r.rows(out, parts[2+len(r.old.seen):]); err != nil {
		return nil, err
	}
	return keyed.AppendParts(nil, version, out...), nil
}

// main rewrites the groups.
func (r *Rewriter) main(data []byte) ([]byte, error) {
	if r.now.table == nil {
		return r.group(nil, data)
	}
	return keyed.RewriteTable(r.now.config.Name, data, r.old.config.prefix(), r.now.config.prefix(), r.group)
}

// values rewrites the tables of values that were seen.
func (r *Rewriter) values(out, parts [][]byte) ([][]byte, error) {
	for _, s := range r.now.seen {
		was, calls := r.seenBefore(s)
		if was == nil || len(parts[was.number]) == 0 {
			out = append(out, nil)
			continue
		}
		part, err := keyed.RewriteTable(r.now.config.Name, parts[was.number], was.types, s.types, func(dst, value []byte) ([]byte, error) {
			return r.counts(dst, value, was, calls)
		})
		if err != nil {
			return nil, err
		}
		out = append(out, part)
	}
	return out, nil
}

// seenBefore returns the table that the values of s were in, nil if there was none, and the places that its calls had there, -1 for new ones.
func (r *Rewriter) seenBefore(s *seen) (*seen, []int) {
	var was *seen
	places := make([]int, len(s.calls))
	for i, c := range s.calls {
		places[i] = -1
		k := r.from[c.number]
		if k < 0 {
			continue
		}
		for _, o := range r.old.seen {
			for at, oc := range o.calls {
				if oc.number == k && (was == nil || was == o) {
					was, places[i] = o, at
				}
			}
		}
	}
	return was, places
}

// counts rewrites what is known of a value: a bit, or a number, for each call.
func (r *Rewriter) counts(dst, value []byte, was *seen, places []int) ([]byte, error) {
	numbers := 1
	if was.counts != nil {
		numbers = len(was.calls)
	}
	had := make([]uint64, numbers)
	for i := range had {
		v, n := binary.Uvarint(value)
		if n <= 0 {
			return nil, r.corrupt("the counts of a value do not end where they should")
		}
		had[i], value = v, value[n:]
	}
	mask := uint64(0)
	for i, k := range places {
		switch {
		case was.counts == nil && k >= 0:
			mask |= had[0] >> k & 1 << i
		case was.counts != nil && k >= 0:
			dst = binary.AppendUvarint(dst, had[k])
		case was.counts != nil:
			dst = binary.AppendUvarint(dst, 0)
		}
	}
	if was.counts == nil {
		dst = binary.AppendUvarint(dst, mask)
	}
	return dst, nil
}

// rows rewrites the rows of calls that need them in order.
func (r *Rewriter) rows(out, parts [][]byte) ([][]byte, error) {
	places := map[int]int{}
	for _, c := range r.old.calls {
		if c.ordered != nil {
			places[c.number] = len(places)
		}
	}
	for i, c := range r.now.calls {
		if c.ordered == nil {
			continue
		}
		k := r.from[i]
		if k < 0 || len(parts[places[k]]) == 0 {
			out = append(out, nil)
			continue
		}
		old := r.old.calls[k].ordered.types
		if len(old) != len(c.ordered.types) {
			return nil, r.corrupt("rows of a call know of their group, and would not")
		}
		part, err := keyed.RewriteRows(r.now.config.Name, parts[places[k]], old, c.ordered.types)
		if err != nil {
			return nil, err
		}
		out = append(out, part)
	}
	return out, nil
}

// group rewrites what is known of a group.
func (r *Rewriter) group(dst, value []byte) ([]byte, error) {
	dst, value, err := r.marks(dst, value)
	if err != nil {
		return nil, err
	}
	for _, n := range []struct {
		was, is bool
		fresh   func() uint64
	}{
		{r.old.rows != nil, r.now.rows != nil, func() uint64 { return 0 }},
		{r.old.numbers != nil, r.now.numbers != nil, r.number},
		{r.old.expiry != nil, r.now.expiry != nil, func() uint64 { return 0 }},
	} {
		v := uint64(0)
		switch {
		case n.was:
			var size int
			if v, size = binary.Uvarint(value); size <= 0 || v > math.MaxInt64 {
				return nil, r.corrupt("its numbers do not end where they should")
			}
			value = value[size:]
		case n.is:
			v = n.fresh()
		}
		if n.is {
			dst = binary.AppendUvarint(dst, v)
		}
	}
	dst, rest, err := r.Calls(dst, value)
	if err == nil && len(rest) > 0 {
		err = r.corrupt("what is known of it does not end where it should")
	}
	return dst, err
}

// marks rewrites what others know of a group, and returns what follows.
func (r *Rewriter) marks(dst, value []byte) (out, rest []byte, err error) {
	marks := byte(0)
	if r.old.changes != nil {
		if len(value) == 0 || value[0]&^stored != 0 {
			return nil, nil, r.corrupt("it has no mark")
		}
		marks, value = value[0], value[1:]
	}
	if r.now.changes != nil {
		dst = append(dst, marks)
	}
	if marks&imaged == 0 {
		return dst, value, nil
	}
	image, rest, err := keyed.RewriteRow("a group of "+r.now.config.Name, dst, value, r.old.answers(), r.now.answers(), r.from)
	if err != nil || r.now.changes == nil {
		return dst, rest, err
	}
	return image, rest, nil
}

// answers are the types of the answers of the calls.
func (g *groups) answers() []schema.Type { return g.config.Output()[len(g.config.prefix()):] }

// number gives a group the next number.
func (r *Rewriter) number() uint64 {
	r.next++
	return r.next - 1
}

// Bare returns what the calls of now know of a group, of what the former operator has stored of it.
func (r *Rewriter) Bare(dst, value []byte) ([]byte, error) {
	_, value, err := r.marks(nil, value)
	if err != nil {
		return nil, err
	}
	for _, is := range []bool{r.old.rows != nil, r.old.numbers != nil, r.old.expiry != nil} {
		if !is {
			continue
		}
		_, size := binary.Uvarint(value)
		if size <= 0 {
			return nil, r.corrupt("its numbers do not end where they should")
		}
		value = value[size:]
	}
	dst, rest, err := r.Calls(dst, value)
	if err == nil && len(rest) > 0 {
		err = r.corrupt("what is known of it does not end where it should")
	}
	return dst, err
}

// Whole is what an operator of now stores of a key group whose groups are keys, and of which its calls, all Plain, know what Bare returned: nobody has been told of any.
func (r *Rewriter) Whole(keys, bare [][]byte) []byte {
	mark, values := []byte{0}, make([][]byte, len(bare))
	for i, calls := range bare {
		if r.now.changes != nil {
			values[i] = append(values[i], 0)
		}
		if r.now.numbers != nil {
			values[i] = binary.AppendUvarint(values[i], uint64(i)) //nolint:gosec // not negative
		}
		values[i] = append(values[i], calls...)
	}
	if r.now.numbers != nil {
		mark = binary.AppendUvarint(mark, uint64(len(keys))) //nolint:gosec // not negative
	}
	return keyed.AppendParts(nil, version, mark, keyed.BuildTable(r.now.config.prefix(), keys, values))
}

// Groups gives the groups of a key group that the former operator has stored to f, with the keys that they have now and what Bare returns of them. Its calls are Plain.
func (r *Rewriter) Groups(data []byte, f func(key, bare []byte) error) error {
	parts, err := keyed.Parts(r.now.config.Name, data, version, 2)
	if err != nil || len(parts[1]) == 0 {
		return err
	}
	_, err = keyed.ReadTable(r.now.config.Name, parts[1], r.old.config.prefix(), r.now.config.prefix(), func(key, value []byte) error {
		bare, err := r.Bare(nil, value)
		if err != nil {
			return err
		}
		return f(key, bare)
	})
	return err
}

// Calls rewrites what the calls know of one group, or of a part of it, and returns what follows behind that.
func (r *Rewriter) Calls(dst, value []byte) (out, rest []byte, err error) {
	for i, c := range r.old.calls {
		before := value
		if value, err = r.skip(c, value); err != nil {
			return nil, nil, err
		}
		r.segments[i] = before[:len(before)-len(value)]
	}
	for i, c := range r.now.calls {
		switch k := r.from[i]; {
		case k >= 0:
			dst = append(dst, r.segments[k]...)
		case c.ordered == nil:
			dst = c.state.Append(0, dst)
		case c.ordered.ranking == nil:
			dst = binary.LittleEndian.AppendUint32(dst, 0)
		}
	}
	return dst, value, nil
}

// skip returns what is behind that which a call knows.
func (r *Rewriter) skip(c *call, value []byte) ([]byte, error) {
	switch {
	case c.ordered == nil:
		rest, err := c.state.Restore(0, value)
		c.state.Free(0)
		return rest, err
	case c.ordered.ranking != nil:
		return value, nil
	}
	size := 4
	if len(value) >= size && binary.LittleEndian.Uint32(value) > 0 {
		size += 8
	}
	if len(value) < size {
		return nil, r.corrupt("its rows are not there")
	}
	return value[size:], nil
}

// KeyTypes are the types of the keys that the groups of c are stored by: those of Keys and, with Sets, that of the number of the set.
func (c *Config) KeyTypes() []schema.Type { return c.prefix() }

// Announce has the next flush tell of all groups, of which nobody has been told: they were restored from an operator that would have answered at the end.
func (o *Operator) Announce() error {
	if o.changes == nil {
		return nil
	}
	if o.table == nil {
		if !o.touched {
			return nil
		}
		return o.changes.touch(nil)
	}
	p := Part{o}
	return p.Announce()
}
