package aggregate

import (
	"slices"

	"wire.example/wire/internal/expr/aggregate"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/schema"
)

// ranking keeps the rows of an ordered call in the order of its keys, each group's in a list of its own, so that rows can be taken back and the answer can be given
// again and again. Rows that are equal in the keys are in the order of their values: it does not show in which order they came.
type ranking struct {
	lists *keyed.Ranked
	heads *keyed.Slab[ranks]
	// number is the place of the group's number in the rows, NoColumn if there is only one group.
	number int
	// extreme: only the first rows count (of a maximum the last), all that are equal to it if equal values may differ in form.
	extreme, last, forms bool

	prefixes []keyed.Prefix
	sources  []uint16
	gone     []uint32
}

// ranks are the list of a group: its root and, of extremes, the first row (of a maximum the last), + 1 each, 0 while it is empty.
type ranks struct {
	root, best uint32
}

// newRanking gives o a ranking of rows with the given types, whose keys are local; it adds the number of the group to them.
func newRanking(o *ordered, types []schema.Type, local []keyed.Key) []schema.Type {
	g := o.call.groups
	r := &ranking{number: NoColumn}
	for i := range types {
		if !slices.ContainsFunc(local, func(k keyed.Key) bool { return k.Column == i }) {
			local = append(local, keyed.Key{Column: i})
		}
	}
	if f := o.call.config.Function; f.Class == aggregate.Plain && (f.Name == "min" || f.Name == "max") {
		r.extreme, r.last = true, f.Name == "max"
		r.forms = !plain(types[0].Kind)
	}
	if g.numberGroups(); g.numbers != nil {
		r.number = len(types)
		types = append(types, schema.Of(schema.Int64))
	}
	o.order = keyed.NewOrder(types, local)
	o.rows = keyed.NewRows(g.pool, types, 0, g.config.Name, g.budget)
	r.lists = keyed.NewRanked(o.rows, o.order, g.config.Name, g.budget)
	r.heads = keyed.NewSlab[ranks](g.budget)
	o.ranking = r
	return types
}

// plain reports whether equal values of a kind look alike.
func plain(kind schema.Kind) bool {
	return kind.IsInteger() || kind.IsDatetime() || kind == schema.Text || kind == schema.Bytes || kind == schema.Bool || kind == schema.UUID
}

func (r *ranking) root(slot uint32) uint32 { return r.heads.At(slot).root - 1 }

// set makes root that of a group's list.
func (r *ranking) set(slot, root uint32) {
	h := r.heads.At(slot)
	h.root = root + 1
	if r.extreme && !r.forms {
		h.best = r.end(root) + 1
	}
}

// end returns the first row of a list that counts.
func (r *ranking) end(root uint32) uint32 {
	if r.last {
		return r.lists.Last(root)
	}
	return r.lists.First(root)
}

// better reports whether row id, which has the given prefix, takes the place of best.
func (o *ordered) better(id uint32, prefix keyed.Prefix, best uint32) bool {
	r := o.ranking
	other := r.lists.Prefix(best)
	switch {
	case prefix != other:
		return prefix.Less(other) != r.last
	case o.order.Exact():
		return false
	default:
		return (o.order.CompareIDs(o.rows, id, best) < 0) != r.last
	}
}

// rank puts rows of o.cols into the lists of their groups.
func (o *ordered) rank(rows *selection) error {
	r := o.ranking
	ids := o.ids[:rows.n]
	if err := o.rows.Append(o.cols, rows.hashes, rows.rows, ids); err != nil {
		return err
	}
	prefixes := r.prefixesOf(o, rows)
	for i, id := range ids {
		h := r.heads.At(rows.slot(i))
		root, err := r.lists.Insert(h.root-1, id, prefixes[i])
		if h.root = root + 1; err != nil {
			return err
		}
		if r.extreme && !r.forms && (h.best == 0 || o.better(id, prefixes[i], h.best-1)) {
			h.best = id + 1
		}
	}
	return nil
}

func (r *ranking) prefixesOf(o *ordered, rows *selection) []keyed.Prefix {
	r.prefixes = roomFor(r.prefixes, rows.n)
	r.sources = r.sources[:0]
	for i := range rows.n {
		r.sources = append(r.sources, uint16(rows.row(i))) //nolint:gosec // a row number of a batch
	}
	o.order.Prefixes(o.cols, r.sources, r.prefixes[:rows.n])
	return r.prefixes[:rows.n]
}

// unrank takes rows that are equal to those of o.cols out of the lists of their groups. What is not there changes nothing.
func (o *ordered) unrank(rows *selection) error {
	r := o.ranking
	prefixes := r.prefixesOf(o, rows)
	r.gone = r.gone[:0]
	for i := range rows.n {
		slot := rows.slot(i)
		root := r.root(slot)
		id, equal := r.lists.Find(root, o.cols, rows.row(i), prefixes[i])
		if !equal {
			continue
		}
		id = o.exact(id, rows.row(i))
		root = r.lists.Delete(root, id)
		if h := r.heads.At(slot); h.best == id+1 { // of extremes alone
			r.set(slot, root)
		} else {
			h.root = root + 1
		}
		r.gone = append(r.gone, id)
	}
	return o.rows.Delete(r.gone)
}

// mostForms is how many rows that are equal are looked at for the one that looks like the row that is taken back.
const mostForms = 64

// exact returns, of the rows that are equal to row i of o.cols, of which id is the first, one that looks like it.
func (o *ordered) exact(id uint32, i int) uint32 {
	r := o.ranking
	for at, n := id, 0; at != keyed.NoRow && n < mostForms; at, n = r.lists.Next(at), n+1 {
		cols, row := o.rows.Row(at)
		if o.order.Compare(cols, row, o.cols, i) != 0 {
			break
		}
		same := true
		for k, col := range cols {
			same = same && sameValue(col, row, o.cols[k], i)
		}
		if same {
			return at
		}
	}
	return id
}

// listed appends the rows of a group that the answer is made of, in order.
func (o *ordered) listed(slot uint32, ids []uint32) []uint32 {
	r := o.ranking
	root := r.root(slot)
	first, next := r.lists.First, r.lists.Next
	if r.last {
		first, next = r.lists.Last, r.lists.Previous
	}
	if r.extreme && !r.forms && root != keyed.NoRow {
		return append(ids, r.heads.At(slot).best-1)
	}
	at := first(root)
	if !r.extreme {
		for ; at != keyed.NoRow; at = next(at) {
			ids = append(ids, at)
		}
		return ids
	}
	if best := at; at != keyed.NoRow {
		ids = append(ids, at)
		for at = next(at); r.forms && at != keyed.NoRow && o.order.CompareIDs(o.rows, best, at) == 0; at = next(at) {
			ids = append(ids, at)
		}
	}
	return ids
}

// clear forgets the rows of a group.
func (o *ordered) clear(slot uint32) error {
	r := o.ranking
	r.gone = r.gone[:0]
	for at := r.lists.First(r.root(slot)); at != keyed.NoRow; at = r.lists.Next(at) {
		r.gone = append(r.gone, at)
	}
	*r.heads.At(slot) = ranks{}
	return o.rows.Delete(r.gone)
}

// relist makes the lists of a key group's groups, which are restored, as are its rows.
func (o *ordered) relist(group uint8) error {
	r := o.ranking
	byNumber := o.call.groups.byNumber(group)
	lists := map[uint32][]uint32{}
	for _, id := range o.rows.AppendGroup(nil, group) {
		slot := uint32(0)
		if r.number != NoColumn {
			cols, row := o.rows.Row(id)
			var known bool
			if slot, known = byNumber[cols[r.number].Int64s()[row]]; !known {
				return o.ownerless()
			}
		}
		lists[slot] = append(lists[slot], id)
	}
	for slot, ids := range lists {
		if err := o.order.Sort(o.rows, ids); err != nil {
			return err
		}
		root, err := r.lists.Build(ids)
		if err != nil {
			return err
		}
		r.set(slot, root)
	}
	return nil
}
