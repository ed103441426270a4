package flow

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/zeebo/xxh3"

	"wire.example/wire/internal/foundation/fault"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/internal/state/store"
)

// keptStep is how the state of a step of one task goes to the store.
type keptStep struct {
	step     *step
	number   uint16
	from, to uint64 // hashes that the task owns
	durable  op.Durable
	late     op.Leaver // its changes are not noted yet; nil once they are
	parts    []keyed.Kept
	leaving  []keyed.Evictable // parts that may leave memory
	unread   []keyed.Unread    // parts of which the store has entries that nobody has looked at
	spillers []keyed.Spiller   // parts that rows are written to
	readers  []store.Reader    // for them
	closed   bool              // the operator goes through all of them: none leaves any more
	wanted   int               // entries there must be room for, once memory was tight
	left     int64             // what was left of the budget when that was decided
	gone     int               // entries that have left since the parts gave up their memory
	lean     int64             // what was left of the budget when hardly any were left to leave; 0: there are
	shrunk   int64             // what was left of it when the parts had given up their memory, if that was too little still; 0: it was not
	// overflowed says that rows were written to spillers while the state was restored.
	overflowed bool
	// version is that of the entries which are stored, 0 for 1.
	version int
	// highest are the highest numbers of the stored entries of the parts; nil: nobody knows them.
	highest []uint64
	// outlines say of the parts what slices there are; nil: nobody knows.
	outlines [][][]byte
	// whole says that all that is stored must be put in.
	whole bool
	// stored is the layout of what is stored, "" if nothing is.
	stored string
	// sums are the checksums of what is stored whole, by table and key group.
	sums map[wholeKey]uint64
	// obsolete says that the store still has whole key groups of an operator that now stores entries.
	obsolete bool
	// former is where the state is that a step of another plan has left and that is rewritten; nil: there is none.
	former *StateRecord
}

// wholeKey is where something is stored as a whole.
type wholeKey struct {
	table uint8
	group int
}

func (k wholeKey) hash() uint64 { return uint64(k.group) << groupShift } //nolint:gosec // a key group, not negative

// groupShift leads from a key group to the first hash of it.
const groupShift = 56

// keep makes ready what is needed to store the step's state, and puts in what is stored. The step is not asked again if nil is returned: it has no state.
func (s *step) keep(number uint16, from, to uint64) *keptStep {
	k := &keptStep{step: s, number: number, from: from, to: to, sums: map[wholeKey]uint64{}}
	durable, ok := s.op.(op.Durable)
	if !ok {
		return k
	}
	parts := durable.Kept()
	if len(parts) > op.MaxKept { // more than there are numbers for
		return k
	}
	k.durable, k.parts = durable, parts
	for i, part := range k.parts {
		part.Keep(keyed.Home{Space: k.space(uint8(i)), From: from, To: to}) //nolint:gosec // at most op.MaxKept
	}
	return k
}

// stateful reports whether an operator has state that checkpoints keep.
func stateful(operator op.Operator) bool {
	_, keyed := operator.(op.Stateful)
	_, shared := operator.(op.Shared)
	return keyed || shared
}

func (k *keptStep) space(table uint8) store.Space {
	return store.Space{Operator: k.number, Table: table}
}

// layout is how the state is stored from now on.
func (k *keptStep) layout() string {
	if k.durable != nil {
		return layoutEntries
	}
	return layoutGroups
}

// restore puts in what the store has.
func (k *keptStep) restore(ctx context.Context, r store.Reader, layout string) error {
	err := k.restoreAs(ctx, r, layout)
	if err == nil && k.durable != nil {
		err = k.durable.Restored()
	}
	if err == nil {
		err = k.step.announce(k.former != nil)
	}
	if err != nil {
		return fmt.Errorf("restore of step %q: %w", k.step.plan.Name, err)
	}
	return nil
}

func (k *keptStep) restoreAs(ctx context.Context, r store.Reader, layout string) error {
	if shared, ok := k.step.op.(op.Shared); ok {
		if err := k.readWhole(r, tableShared, 0, 1<<groupShift-1, func(_ op.KeyGroup, data []byte) error { return shared.RestoreShared(data) }); err != nil {
			return err
		}
	}
	state, keyed := k.step.op.(op.Stateful)
	switch {
	case k.former != nil && k.step.plan.Former.Replay: // when the run begins
		return nil
	case k.former != nil:
		return k.restoreFormer(ctx, r, state)
	case layout == "": // the step is new
		return nil
	case layout == layoutEntries && k.durable == nil:
		return fmt.Errorf("its state is stored by entry, and this release of Wire reads it as whole key groups; use the release that wrote it")
	case layout == layoutEntries:
		return k.restoreEntries(ctx, r)
	case keyed:
		if k.durable != nil {
			k.obsolete = true
		}
		return k.readWhole(r, tableGroups, k.from, k.to, state.Restore)
	default:
		return nil
	}
}

// restoreEntries puts in what is stored entry by entry.
func (k *keptStep) restoreEntries(ctx context.Context, r store.Reader) error {
	if stored := max(k.version, 1); !op.ReadsEntries(k.durable, stored) {
		return fmt.Errorf("its state has version %d of the layout of its entries, and this release of Wire reads version %d; use the release that wrote it", stored, op.EntriesVersion(k.durable))
	}
	joints, err := k.restoreJoints(ctx)
	if err != nil {
		return err
	}
	if len(k.spillers) > 0 {
		return k.restoreOverflow(ctx, r)
	}
	for i, part := range k.parts {
		if j := jointOf(part); j != nil && slices.Contains(joints, j) {
			continue
		}
		if err := k.admit(ctx, r, uint8(i), part); err != nil { //nolint:gosec // at most op.MaxKept
			return err
		}
	}
	return k.readWhole(r, TableRest, k.from, k.to, k.durable.RestoreRest)
}

// How many entries, and about how many bytes of them, are put in at once: each task of a step may put in so much more than it should.
const (
	admitEntries = 4096
	admitBytes   = 1 << 20
	leastAdmit   = 64 << 10
	admitShare   = 16 // of what is low
)

// admitAtOnce is about how many bytes of entries are put in at once.
func (k *keptStep) admitAtOnce() int {
	return int(min(max(lowOf(k.step.chain.pipeline.settings.Budget)/admitShare, leastAdmit), admitBytes))
}

// admit puts the stored entries of a part in.
func (k *keptStep) admit(ctx context.Context, r store.Reader, table uint8, part keyed.Kept) error {
	var e keyed.Entries
	var bytes []byte
	passed, err := k.filled(ctx, table, part, k.from)
	if errors.Is(err, errPostponed) {
		return nil
	}
	if err != nil {
		return err
	}
	give := func(next uint64) error {
		if e.Len() == 0 {
			return nil
		}
		last := e.Hashes[e.Len()-1]
		put := part.Admit
		if passed != nil {
			put = passed.Pass
		}
		err := put(&e)
		e.Reset()
		bytes = bytes[:0]
		if err == nil && passed == nil {
			err = k.writeOutTight(ctx)
		}
		if err == nil && passed == nil && next != last { // what has one hash is in memory together
			passed, err = k.filled(ctx, table, part, next)
		}
		return err
	}
	err = k.scan(r, table, part, func(slice int64, hash uint64, key, value []byte) error {
		if need := len(key) + len(value); e.Len() == admitEntries || e.Len() > 0 && len(bytes)+need > cap(bytes) {
			if err := give(hash); err != nil {
				return err
			}
		}
		if need := len(key) + len(value); cap(bytes)-len(bytes) < need { // no entry lies in it
			bytes = make([]byte, 0, max(k.admitAtOnce(), need))
		}
		at := len(bytes)
		bytes = append(append(bytes, key...), value...)
		e.Slices, e.Hashes = append(e.Slices, slice), append(e.Hashes, hash)
		e.Keys, e.Values = append(e.Keys, bytes[at:at+len(key)]), append(e.Values, bytes[at+len(key):])
		return nil
	})
	if errors.Is(err, errPostponed) {
		return nil
	}
	if err != nil || e.Len() == 0 {
		return err
	}
	return give(e.Hashes[e.Len()-1])
}

// filled is full for a part of which the entries from a hash on are not put in yet, and leaves those unread if it can: errPostponed.
func (k *keptStep) filled(ctx context.Context, table uint8, part keyed.Kept, from uint64) (passed keyed.Evictable, err error) {
	if passed, err = k.full(ctx, part); passed == nil || err != nil { // nil while there is room
		return nil, err
	}
	if postponed, err := k.postpone(table, passed, from); err != nil {
		return nil, err
	} else if postponed {
		fault.Point("restore/unread")
		return nil, errPostponed
	}
	return passed, nil
}

// scan gives the entries of a part that are put in, those of one slice alone where the part has an index.
func (k *keptStep) scan(r store.Reader, table uint8, part keyed.Kept, f func(slice int64, hash uint64, key, value []byte) error) error {
	indexed, ok := part.(keyed.Indexed)
	if !ok {
		return r.Scan(k.space(table), k.from, k.to, f)
	}
	slice := indexed.Index()
	return r.ScanSlice(k.space(table), slice, k.from, k.to, func(hash uint64, key, value []byte) error { return f(slice, hash, key, value) })
}

// readWhole gives what is stored whole to put, key group by key group.
func (k *keptStep) readWhole(r store.Reader, table uint8, from, to uint64, put func(op.KeyGroup, []byte) error) error {
	var data []byte
	group, pieces := 0, uint32(0)
	give := func() error {
		if pieces == 0 {
			return nil
		}
		k.sums[wholeKey{table, group}] = xxh3.Hash(data)
		err := put(op.KeyGroup(group), data) //nolint:gosec // the top 8 bits of a hash
		data, pieces = nil, 0
		return err
	}
	err := r.Scan(k.space(table), from, to, func(_ int64, hash uint64, key, value []byte) error {
		if g := int(hash >> groupShift); g != group {
			if err := give(); err != nil {
				return err
			}
			group = g
		}
		if len(key) != 4 || binary.BigEndian.Uint32(key) != pieces {
			return &keyed.CorruptError{What: k.step.plan.Name, Reason: fmt.Sprintf("piece %d of key group %d is not there", pieces, group)}
		}
		data = append(data, value...)
		pieces++
		return nil
	})
	if err != nil {
		return err
	}
	return give()
}

// seal ends the epoch: what belongs to it and is stored whole is written at once, the rest can be drained.
func (k *keptStep) seal(into *store.Changes) error {
	if k.obsolete {
		into.DropAll(k.space(tableGroups), k.from, k.to)
		k.obsolete = false
	}
	for _, part := range k.parts {
		part.Seal()
	}
	if shared, ok := k.step.op.(op.Shared); ok && k.step.chain.task == 0 {
		data, err := shared.SnapshotShared()
		if err != nil {
			return k.failed(err)
		}
		k.putWhole(into, wholeKey{tableShared, 0}, data)
	}
	state, ok := k.step.op.(op.Stateful)
	if !ok {
		return nil
	}
	read, table := state.Snapshot, uint8(tableGroups)
	if k.durable != nil {
		read, table = k.durable.Rest, TableRest
	}
	for g := k.from >> groupShift; g <= k.to>>groupShift; g++ {
		data, err := read(op.KeyGroup(g)) //nolint:gosec // the top 8 bits of a hash
		if err != nil {
			return k.failed(err)
		}
		k.putWhole(into, wholeKey{table, int(g)}, data) //nolint:gosec // the top 8 bits of a hash
	}
	return nil
}

func (k *keptStep) failed(err error) error {
	return fmt.Errorf("snapshot of step %q: %w", k.step.plan.Name, err)
}

// putWhole stores data in pieces, unless it is stored already.
func (k *keptStep) putWhole(into *store.Changes, at wholeKey, data []byte) {
	was, stored := k.sums[at]
	if data == nil {
		if stored {
			into.Drop(k.space(at.table), 0, at.hash(), at.hash())
			delete(k.sums, at)
		}
		return
	}
	sum := xxh3.Hash(data)
	if stored {
		if sum == was {
			return
		}
		into.Drop(k.space(at.table), 0, at.hash(), at.hash())
	}
	k.sums[at] = sum
	for piece := uint32(0); piece == 0 || len(data) > 0; piece++ {
		n := min(len(data), pieceBytes)
		into.Put(k.space(at.table), 0, at.hash(), binary.BigEndian.AppendUint32(nil, piece), data[:n])
		data = data[n:]
	}
}

// drain writes about most bytes of what was sealed.
func (k *keptStep) drain(into *store.Changes, most int64) (more bool, err error) {
	for _, part := range k.parts {
		before := into.Bytes()
		if more, err = part.Drain(into, most); err == nil {
			err = into.Err()
		}
		if err != nil {
			err = k.failed(err)
		}
		if more || err != nil {
			return more, err
		}
		if most -= into.Bytes() - before; most <= 0 {
			return true, nil
		}
	}
	return false, nil
}

// drop has everything removed that the store has of the step: its task has ended.
func (k *keptStep) drop(into *store.Changes) {
	for i := range k.parts {
		into.DropAll(k.space(uint8(i)), k.from, k.to) //nolint:gosec // at most op.MaxKept
	}
	into.DropAll(k.space(TableRest), k.from, k.to)
	into.DropAll(k.space(tableGroups), k.from, k.to)
	if k.step.chain.task == 0 {
		into.DropAll(k.space(tableShared), 0, 1<<groupShift-1)
	}
}
