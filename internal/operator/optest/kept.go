package optest

import (
	"context"
	"errors"
	"fmt"
	"math"

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
