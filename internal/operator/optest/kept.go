package optest

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/internal/state/store"
)

// keeping is the store of the instances of a run whose state is stored entry by entry. Each instance has the number of an operator for itself, since here the key groups
// of an instance need not be neighbours.
type keeping struct {
	store *store.Memory
	last  uint16
	rest  map[op.KeyGroup][]byte
	// low is what memory is tight below.
	low int64
}

func newKeeping() *keeping {
	return &keeping{store: store.NewMemory(), rest: map[op.KeyGroup][]byte{}}
}

// keptInstance is what an instance needs for that.
type keptInstance struct {
	durable op.Durable
	parts   []keyed.Kept
	number  uint16
	changes *store.Changes // of the sealed epoch, nil when all of it is stored
	unread  []keyed.Unread
	// outlined: entries of slices were left unread, of whatever key groups of its shards.
	outlined bool
	// overflowed: rows were written to other parts while they were put in.
	overflowed bool
}

// left says what becomes of entries that are not put in when state is restored.
type left int

const (
	none   left = iota // all are put in
	known              // they stay in the store
	unread             // they stay there, and nobody looks at them, where a part can do with that
)

// left is what a restore leaves in the store, and behind how many pieces.
func (r *run) left() (l left, pieces int) {
	if r.schedule.lazy {
		return unread, r.reads % passEvery
	}
	return known, admittedPieces
}

// highest are the highest numbers of entries of the instances, by table.
func (r *run) highest() []uint64 {
	highest := make([]uint64, len(r.instances[0].kept.parts))
	for _, in := range r.instances {
		for table, part := range in.kept.parts {
			if n, ok := part.(keyed.Numbered); ok {
				highest[table] = max(highest[table], n.Highest())
			}
		}
	}
	return highest
}

// outlines are what the parts of the instances say of their slices, by table; nil where one of them says nothing.
func (r *run) outlines() [][][]byte {
	all := make([][][]byte, len(r.instances[0].kept.parts))
	for table := range all {
		for _, in := range r.instances {
			o, ok := in.kept.parts[table].(keyed.Outlined)
			if !ok {
				break
			}
			outline, ok := o.Outline()
			if !ok {
				all[table] = nil
				break
			}
			all[table] = append(all[table], outline)
		}
	}
	return all
}

// readOn reads some of what a restore has left unread, now and then without putting it in.
func (r *run) readOn(in *instance) error {
	if in.kept == nil || len(in.kept.unread) == 0 {
		return nil
	}
	r.reads++
	more, err := in.kept.unread[0].ReadOn(pieceOfEntries, r.reads%passEvery == 0)
	if !more {
		in.kept.unread = in.kept.unread[1:]
	}
	return err
}

// passEvery: what was unread is not put in one in so many times.
const passEvery = 3

// keep has an instance note what changes.
func (k *keeping) keep(in *instance) {
	durable, ok := in.op.(op.Durable)
	if !ok {
		return
	}
	k.last++
	in.kept = &keptInstance{durable: durable, parts: durable.Kept(), number: k.last}
	for i, part := range in.kept.parts {
		part.Keep(keyed.Home{Space: store.Space{Operator: k.last, Table: uint8(i)}, To: math.MaxUint64}) //nolint:gosec // few parts
		if leaving, ok := part.(keyed.Evictable); ok && leaving.MayLeave() {
			leaving.Attach(k.store.Reader(), k.low)
		}
		if spiller, ok := part.(keyed.Spiller); ok {
			spiller.Attach(k.store.Reader(), 0)
		}
	}
}

// departEvery: one in so many times all state leaves, with its memory.
const departEvery = 8

// evict has state leave memory, as if there were little of it: what is stored as it is, and where no sealed epoch is being stored the rest, too.
func (r *run) evict(in *instance, want int) error {
	if in.kept == nil {
		return nil
	}
	if err := r.flush(in); err != nil {
		return err
	}
	if want%departEvery == 0 {
		return r.depart(in, false)
	}
	settled := in.kept.changes == nil
	if settled {
		if err := r.spill(in, func(keyed.Spiller) bool { return true }); err != nil {
			return err
		}
	}
	for _, part := range in.kept.parts {
		leaving, ok := part.(keyed.Evictable)
		if !ok || !leaving.MayLeave() {
			continue
		}
		evicted, err := leaving.Evict(want, settled)
		if err != nil {
			return err
		}
		if evicted >= want || !settled {
			continue
		}
		if err := r.spillChanges(leaving); err != nil {
			return err
		}
		if _, err := leaving.Evict(want-evicted, true); err != nil {
			return err
		}
	}
	return nil
}

// spill has rows written to the parts that which names.
func (r *run) spill(in *instance, which func(keyed.Spiller) bool) error {
	for _, part := range in.kept.parts {
		spiller, ok := part.(keyed.Spiller)
		if !ok || !which(spiller) {
			continue
		}
		if err := r.store(in, math.MaxInt64); err != nil {
			return err
		}
		r.point = nil // the store is not any more as it was sealed
		if err := spillAll(spiller, r.keeping.store); err != nil {
			return err
		}
	}
	return nil
}

// spillChanges stores what changed of a part in the epoch under way.
func (r *run) spillChanges(part keyed.Evictable) error {
	r.point = nil // the store is not any more as it was sealed
	for more := true; more; {
		spilled := &store.Changes{}
		more = part.Spill(spilled, spilledAtOnce)
		if err := r.keeping.store.Apply(context.Background(), []*store.Changes{spilled}); err != nil {
			return err
		}
	}
	return nil
}

// depart has all state leave memory, as a driver does where little is left.
func (r *run) depart(in *instance, forGood bool) error {
	if err := r.store(in, math.MaxInt64); err != nil {
		return err
	}
	for _, part := range in.kept.parts {
		leaving, ok := part.(keyed.Departing)
		if !ok || !leaving.MayLeave() {
			continue
		}
		if err := r.spillChanges(leaving); err != nil {
			return err
		}
		if err := leaving.Depart(forGood); err != nil {
			return err
		}
	}
	return nil
}

// settleAll stores all that may leave memory.
func (r *run) settleAll(in *instance) error {
	if in.kept == nil {
		return errors.New("the operator wants its state to be in the store, and there is none")
	}
	if err := r.store(in, math.MaxInt64); err != nil {
		return err
	}
	for _, part := range in.kept.parts {
		if leaving, ok := part.(keyed.Evictable); ok && leaving.MayLeave() {
			if err := r.spillChanges(leaving); err != nil {
				return err
			}
		}
	}
	return nil
}

// close makes ready for the end of an input, or of all, as a driver does where state is away.
func (r *run) close(in *instance, input int) error {
	closer, ok := in.op.(op.Closer)
	if !ok || in.kept == nil || in.resident() || !closer.Closes(input) {
		return nil
	}
	return r.depart(in, true)
}

// seal passes a barrier: what changed is stored from now on, piece by piece.
func (r *run) seal(in *instance) error {
	if in.kept == nil {
		return nil
	}
	if err := r.store(in, math.MaxInt64); err != nil {
		return err
	}
	if err := r.passBarrier(in); err != nil {
		return err
	}
	in.kept.changes = &store.Changes{}
	for _, part := range in.kept.parts {
		part.Seal()
	}
	return nil
}

// passBarrier tells the operator of a barrier.
func (r *run) passBarrier(in *instance) error {
	if err := r.flush(in); err != nil {
		return err
	}
	if h, ok := in.op.(op.BarrierHandler); ok {
		return r.event(in, -1, func(out *op.Output) (bool, error) { return h.OnBarrier(1, out) })
	}
	return nil
}

// aheadBytes is how much of what was sealed is stored ahead of the rest: so little that some does, and some does not.
const aheadBytes = 300

// store writes about most bytes of what was sealed.
func (r *run) store(in *instance, most int64) error {
	k := in.kept
	if k == nil || k.changes == nil {
		return nil
	}
	if k.changes.Bytes() >= aheadBytes {
		if err := r.keeping.store.Apply(context.Background(), []*store.Changes{k.changes}); err != nil {
			return err
		}
		k.changes.Reset()
	}
	for _, part := range k.parts {
		before := k.changes.Bytes()
		more, err := part.Drain(k.changes, most)
		if more || err != nil {
			return err
		}
		if most -= k.changes.Bytes() - before; most <= 0 {
			return nil
		}
	}
	changes := k.changes
	k.changes = nil
	return r.keeping.store.Apply(context.Background(), []*store.Changes{changes})
}

// entry is a stored entry.
type entry struct {
	slice      int64
	hash       uint64
	key, value []byte
}

// moveKept stores what the instances have and goes on with new ones, which get it.
func (r *run) moveKept(e event) error {
	for _, in := range r.instances {
		if err := r.seal(in); err != nil {
			return err
		}
		if err := r.store(in, math.MaxInt64); err != nil {
			return err
		}
		r.result.Peak = max(r.result.Peak, in.budget.Peak())
	}
	rest, err := r.restOf()
	if err != nil {
		return err
	}
	r.point = nil
	return r.restoreKept(e, rest, r.outlines())
}

// restOf asks the instances for what belongs to key groups as a whole.
func (r *run) restOf() (map[op.KeyGroup][]byte, error) {
	rest := map[op.KeyGroup][]byte{}
	for i, in := range r.instances {
		for g := range op.KeyGroups {
			data, err := in.kept.durable.Rest(op.KeyGroup(g)) //nolint:gosec // below 256
			switch {
			case err != nil:
				return nil, err
			case data == nil:
			case int(r.owners[g]) != i && in.kept.outlined: // a driver asks for the key groups of its own alone
			case int(r.owners[g]) != i:
				return nil, fmt.Errorf("instance %d has something of key group %d, which is not its own", i, g)
			default:
				rest[op.KeyGroup(g)] = data //nolint:gosec // below 256
			}
		}
	}
	return rest, nil
}

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
