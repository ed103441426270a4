package optest

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/internal/state/store"
)

// How instances are restored from what others have stored entry by entry.

// restoreKept goes on with new instances, which get what the old ones have stored, and rest; outlines are what those said when it was sealed.
func (r *run) restoreKept(e event, rest map[op.KeyGroup][]byte, outlines [][][]byte) error {
	tables, err := r.stored(r.instances)
	if err != nil {
		return err
	}
	highest := r.highest()
	if err := r.make(e); err != nil {
		return err
	}
	if err := r.putAgain(tables); err != nil {
		return err
	}
	joints, err := r.postponeJoints(highest)
	if err != nil {
		return err
	}
	overflows := r.overflows()
	putRest := func() error {
		for g, data := range rest {
			if err := r.instances[r.owners[g]].kept.durable.RestoreRest(g, data); err != nil {
				return err
			}
		}
		return nil
	}
	if overflows { // as a driver does
		if err := putRest(); err != nil {
			return err
		}
	}
	for _, table := range r.tablesInTurn() {
		if err := r.restoreTable(table, tables[table], highest[table], outlines[table], joints); err != nil {
			return err
		}
	}
	if !overflows {
		if err := putRest(); err != nil {
			return err
		}
	}
	return r.each(func(in *instance) error { return in.kept.durable.Restored() })
}

// restoreTable puts the entries of a table in, but of the parts of joints.
func (r *run) restoreTable(table int, entries []entry, highest uint64, outlines [][]byte, joints []*keyed.Joint) error {
	var given [3]keyed.Entries
	for _, n := range entries {
		owner := r.owners[op.GroupOf(n.hash)]
		in := r.instances[owner].kept
		if !indexed(in.parts[table], n.slice) {
			continue
		}
		to := &given[owner]
		to.Slices, to.Hashes = append(to.Slices, n.slice), append(to.Hashes, n.hash)
		to.Keys, to.Values = append(to.Keys, bytes.Clone(n.key)), append(to.Values, bytes.Clone(n.value))
	}
	for i, in := range r.instances {
		if slices.Contains(joints, jointOf(in.kept.parts[table])) {
			continue
		}
		a := admission{highest: highest, outlines: outlines}
		a.left, a.pieces = r.left()
		if r.overflows() && r.schedule.lazy {
			a.put = func() error { return r.writeOut(in, table) }
		}
		if err := a.admit(in.kept.parts[table], &given[i]); err != nil {
			return fmt.Errorf("part %d: %w", table, err)
		}
		if a.rest != nil {
			in.kept.unread = append(in.kept.unread, a.rest)
		}
		in.kept.outlined = in.kept.outlined || a.outlined
	}
	return nil
}

// jointOf is what a part is restored with; nil: it is restored by itself.
func jointOf(part keyed.Kept) *keyed.Joint {
	if p, ok := part.(keyed.InJoint); ok {
		return p.Joint()
	}
	return nil
}

// postponeJoints leaves parts unread that are read together, but for some pieces, and returns those.
func (r *run) postponeJoints(highest []uint64) (joints []*keyed.Joint, err error) {
	if !r.schedule.lazy {
		return nil, nil
	}
	for _, in := range r.instances {
		var own []*keyed.Joint
		for table, part := range in.kept.parts {
			j := jointOf(part)
			if j == nil {
				continue
			}
			if n, ok := part.(keyed.Numbered); ok {
				n.Above(highest[table])
			}
			if !slices.Contains(own, j) {
				own = append(own, j)
			}
		}
		for _, j := range own {
			j.Postpone(0)
			_, pieces := r.left()
			more := true
			for ; more && pieces > 0; pieces-- {
				if more, err = j.ReadOn(pieceOfEntries, false); err != nil {
					return nil, err
				}
			}
			if more {
				in.kept.unread = append(in.kept.unread, j)
			}
		}
		joints = append(joints, own...)
	}
	return joints, nil
}

// putAgain stores what the instances before had for those that own it now, under the numbers of these.
func (r *run) putAgain(tables [][]entry) error {
	changes := &store.Changes{}
	for table, entries := range tables {
		for _, n := range entries {
			in := r.instances[r.owners[op.GroupOf(n.hash)]].kept
			changes.Put(store.Space{Operator: in.number, Table: uint8(table)}, n.slice, n.hash, n.key, n.value) //nolint:gosec // few tables
		}
	}
	return r.keeping.store.Apply(context.Background(), []*store.Changes{changes})
}

// pieceOfEntries is how many entries are put in at once: so few that most parts get several pieces.
const pieceOfEntries = 5

// admittedPieces is how many pieces are put into a part that may leave memory; what follows stays in the store, as if memory were tight.
const admittedPieces = 4

// admission is how entries are put in that are stored, and what became of those that were not.
type admission struct {
	// Of parts that leave memory some stay in the store, behind so many pieces.
	left   left
	pieces int
	// highest is the highest number of an entry, outlines what the parts said of their slices.
	highest  uint64
	outlines [][]byte
	// silent: one of them said nothing.
	silent bool
	// put is called when a piece was put in, if it is not nil.
	put func() error
	// rest is the part if nobody has looked at those and they are to be read on; outlined: they are of several slices.
	rest     keyed.Unread
	outlined bool
}

// admit puts entries in, and then overwrites what it lent.
func (a *admission) admit(part keyed.Kept, all *keyed.Entries) error {
	put := part.Admit
	for from := 0; from < all.Len(); from += pieceOfEntries {
		to := min(from+pieceOfEntries, all.Len())
		piece := keyed.Entries{Slices: all.Slices[from:to], Hashes: all.Hashes[from:to], Keys: all.Keys[from:to], Values: all.Values[from:to]}
		leaving, ok := part.(keyed.Evictable)
		if ok && a.left != none && leaving.MayLeave() && from >= a.pieces*pieceOfEntries && (from == 0 || all.Hashes[from] != all.Hashes[from-1]) {
			if postponed, err := a.postpone(leaving, all.Hashes[from]); postponed || err != nil {
				return err
			}
			put = leaving.Pass
		}
		if err := put(&piece); err != nil {
			return err
		}
		if a.put != nil {
			if err := a.put(); err != nil {
				return err
			}
		}
		for i := range piece.Keys {
			fill(piece.Keys[i], garbage)
			fill(piece.Values[i], garbage)
		}
	}
	return nil
}

// postpone leaves the entries from a hash on unread, if that is asked for and the part can do with it.
func (a *admission) postpone(part keyed.Evictable, from uint64) (postponed bool, err error) {
	if a.left != unread {
		return false, nil
	}
	if o, ok := part.(keyed.Outlined); ok {
		if a.outlines != nil {
			a.outlined, err = o.PostponeSlices(from, a.outlines)
		}
		if a.outlined {
			a.rest, _ = part.(keyed.Unread)
		}
		return a.outlined, err
	}
	p, ok := part.(keyed.Postponable)
	if !ok || !p.MayPostpone() {
		return false, nil
	}
	if n, ok := part.(keyed.Numbered); ok {
		n.Above(a.highest)
	}
	p.Postpone(from)
	a.rest = p
	return true, nil
}

// stored reads what is stored of all instances, by part, in the order of the store.
func (r *run) stored(instances []*instance) ([][]entry, error) {
	tables := make([][]entry, len(instances[0].kept.parts))
	reader := r.keeping.store.Reader()
	for table := range tables {
		for _, in := range instances {
			space := store.Space{Operator: in.kept.number, Table: uint8(table)} //nolint:gosec // few tables
			err := reader.Scan(space, 0, math.MaxUint64, func(slice int64, hash uint64, key, value []byte) error {
				tables[table] = append(tables[table], entry{slice, hash, bytes.Clone(key), bytes.Clone(value)})
				return nil
			})
			if err != nil {
				return nil, err
			}
		}
		sortEntries(tables[table])
	}
	return tables, reader.Close()
}

// sortEntries puts entries in the order of the store.
func sortEntries(entries []entry) {
	slices.SortStableFunc(entries, func(a, b entry) int {
		return cmp.Or(cmp.Compare(store.ShardOf(a.hash), store.ShardOf(b.hash)), cmp.Compare(a.slice, b.slice), cmp.Compare(a.hash, b.hash), bytes.Compare(a.key, b.key))
	})
}
