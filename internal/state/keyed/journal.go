package keyed

import (
	"math/bits"
	"slices"

	"wire.example/wire/internal/foundation/fault"
	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/foundation/memory"
	"wire.example/wire/internal/state/store"
)

// Marks of an entry in a journal. Two of them take turns as that of the epoch under way and that of the sealed one.
const (
	markEven = 1 << 0
	markOdd  = 1 << 1
	// storedShift leads from the mark of an epoch to the one that says that the store has the entry as of that epoch.
	storedShift = 2
	// listedShift leads from the mark of an epoch to the one that says that the entry's number is on the list of that epoch, whatever has become of the entry.
	listedShift = 4
	markTouched = markEven | markOdd
	markStored  = markTouched << storedShift
	markListed  = markTouched << listedShift
)

// journal notes which entries of a table, known by their numbers, changed in an epoch, so that a checkpoint stores those alone.
//
// An entry is touched before it changes. seal ends the epoch: from then on its list is only read, and an entry on it that is touched is written first, as it was at
// the seal. drain writes the rest in pieces. What is removed leaves a deletion if the store has it.
//
// A number stands on a list once, however often it is given to another entry, so that an epoch of any length takes no more than two lists of all numbers, and the deletions of what the store has.
type journal struct {
	name  string
	home  Home
	slice int64
	label []byte // stands behind each key
	// write appends entries to changes as they are now.
	write func(into *store.Changes, numbers []uint32)
	// remove appends deletions of entries that are still there.
	remove func(into *store.Changes, numbers []uint32)

	marks *Slab[uint8]
	// done has a bit for each entry that was touched in the epoch under way and needs no more, so that most touches look at no more than a bit; was is that of the epoch before,
	// whose bits are taken out as entries are drained.
	done, was *Slab[uint64]
	// now is the mark of the epoch under way, touched its entries; sealed are those of the epoch before, from next on not written yet.
	now     uint8
	touched []uint32
	sealed  []uint32
	next    int
	// dense: many have changed, and the sealed ones are gone through in the order of their numbers, as was has them, from word on; next follows then.
	dense bool
	word  int
	// gone has the deletions of the epoch under way, early those of the sealed one, and its entries that had to be written before their turn.
	gone, early *store.Changes
	due         []uint32
	one         [1]uint32
	bytes       int64
	// used: the store may have something, or will, that a clear has to drop: something was put in, sealed or spilled.
	used bool
	// spilled is how many of touched a spill under way has written.
	spilled int
	budget  *limit.Budget
}

func newJournal(name string, home Home, slice int64, label []byte, budget *limit.Budget) *journal {
	return &journal{
		name: name, home: home, slice: slice, label: label, budget: budget, marks: NewSlab[uint8](budget), done: NewSlab[uint64](budget), was: NewSlab[uint64](budget), now: markEven,
		gone: &store.Changes{}, early: &store.Changes{},
	}
}

// before is the mark of the sealed epoch.
func (j *journal) before() uint8 { return j.now ^ (markEven | markOdd) }

// grow makes room for the entries 0 to n-1.
func (j *journal) grow(n int) error {
	words := (n + wordBits - 1) / wordBits
	if err := j.done.Grow(words); err != nil {
		return err
	}
	if err := j.was.Grow(words); err != nil {
		return err
	}
	return j.marks.Grow(n)
}

const wordBits = 64

// reset makes an entry one that is not there, or that has nothing to say.
func (j *journal) reset(n uint32, mark uint8) {
	at := j.marks.At(n)
	*at = *at&markListed | mark
	*j.done.At(n / wordBits) &^= 1 << (n % wordBits)
}

// finish notes that an entry needs no more in this epoch.
func (j *journal) finish(n uint32) { *j.done.At(n / wordBits) |= 1 << (n % wordBits) }

// enter notes new entries.
func (j *journal) enter(numbers []uint32) error {
	from := len(j.touched)
	j.touched = slices.Grow(j.touched, len(numbers))
	for len(numbers) > 0 {
		n := following(numbers)
		if n > 1 {
			j.enterSome(numbers[:n])
		} else {
			j.enterOne(numbers[0])
		}
		numbers = numbers[n:]
	}
	if len(j.touched) == from {
		return nil
	}
	return j.settle()
}

// following is how many of numbers, beginning with the first, follow each other within a chunk of slabs.
func following(numbers []uint32) int {
	first := numbers[0]
	most := min(len(numbers), memory.ChunkLen-int(first%memory.ChunkLen))
	n := 1
	for n < most && numbers[n] == first+uint32(n) { //nolint:gosec // less than ChunkLen
		n++
	}
	return n
}

// enterSome notes new entries whose numbers are following.
func (j *journal) enterSome(numbers []uint32) {
	first, n := numbers[0], len(numbers)
	listed := j.now << listedShift
	marks := j.marks.Part(first)[:n]
	before := uint8(0)
	for _, mark := range marks {
		before |= mark
	}
	if before&listed == 0 {
		j.touched = append(j.touched, numbers...)
	}
	for i, mark := range marks {
		if before&listed != 0 && mark&listed == 0 {
			j.touched = append(j.touched, numbers[i])
		}
		marks[i] = mark | j.now | listed
	}
	for to := first + uint32(n); first < to; { //nolint:gosec // numbers have 32 bits
		bit := first % wordBits
		some := min(to-first, wordBits-bit)
		*j.done.At(first / wordBits) |= ^uint64(0) >> (wordBits - some) << bit
		first += some
	}
}

func (j *journal) enterOne(n uint32) {
	listed := j.now << listedShift
	mark := j.marks.At(n)
	if *mark&listed == 0 {
		j.touched = append(j.touched, n)
	}
	*mark |= j.now | listed
	j.finish(n)
}

// touch notes that entries are about to change.
func (j *journal) touch(numbers []uint32) error {
	if fault.Weak("state/touch") {
		return nil
	}
	before, now := j.before(), j.now
	listed := now << listedShift
	j.due = j.due[:0]
	from := len(j.touched)
	done := j.done
	for _, n := range numbers {
		if *done.At(n / wordBits)>>(n%wordBits)&1 != 0 {
			continue
		}
		j.finish(n)
		mark := j.marks.At(n)
		if *mark&before != 0 && !fault.Weak("state/sealed-first") {
			*mark = *mark&^before | before<<storedShift
			j.due = append(j.due, n)
		}
		if *mark&listed == 0 {
			j.touched = append(j.touched, n)
		}
		*mark |= now | listed
	}
	if len(j.due) > 0 {
		j.write(j.early, j.due)
	}
	if len(j.touched) == from {
		return nil
	}
	return j.settle()
}

// touchOne is touch for one entry.
func (j *journal) touchOne(n uint32) error {
	if *j.done.At(n / wordBits)>>(n%wordBits)&1 != 0 {
		return nil
	}
	j.one[0] = n
	return j.touch(j.one[:])
}

// leave notes that entries, which are still there, are about to be removed.
func (j *journal) leave(numbers []uint32) {
	before := j.before()
	j.due = j.due[:0]
	for _, n := range numbers {
		if mark := j.marks.At(n); *mark&before != 0 {
			*mark = *mark&^before | before<<storedShift
			j.due = append(j.due, n)
		}
	}
	if len(j.due) > 0 {
		j.write(j.early, j.due)
		j.due = j.due[:0]
	}
	for _, n := range numbers {
		if mark := j.marks.At(n); *mark&markStored != 0 {
			j.due = append(j.due, n)
		}
	}
	if len(j.due) > 0 {
		j.remove(j.gone, j.due)
	}
	for _, n := range numbers {
		j.reset(n, 0)
	}
}

// leaveOne is leave for one entry.
func (j *journal) leaveOne(n uint32) {
	j.one[0] = n
	j.leave(j.one[:])
}

// stored notes that the store has entries that were just put in.
func (j *journal) stored(numbers []uint32) {
	j.used = true
	for _, n := range numbers {
		j.reset(n, j.now<<storedShift)
	}
}

// clean reports whether the store has an entry as it is. While the sealed epoch is not applied, settled is false: what it has written does not count.
func (j *journal) clean(n uint32, settled bool) bool {
	if fault.Weak("state/evict-clean") {
		return true
	}
	mark := *j.marks.At(n)
	if mark&markTouched != 0 || mark&markStored == 0 {
		return false
	}
	return settled || mark&(j.before()<<storedShift) == 0
}

// known reports whether the store has an entry, or will have it as it was at the seal.
func (j *journal) known(n uint32) bool { return *j.marks.At(n)&(markStored|j.before()) != 0 }

// spill writes about most bytes of what changed in the epoch under way, for a store that applies it at once, and reports whether there is more: the sealed epoch must be drained and
// applied, and nothing may change before all is written.
func (j *journal) spill(into *store.Changes, most int64) (more bool) {
	from := into.Bytes()
	into.Add(j.gone)
	j.gone.Reset()
	for j.spilled < len(j.touched) {
		if into.Bytes()-from >= most {
			return true
		}
		to := min(j.spilled+drained, len(j.touched))
		j.spillSome(into, j.touched[j.spilled:to])
		j.spilled = to
	}
	j.touched, j.spilled = j.touched[:0], 0
	return false
}

// spillSome writes those of numbers that changed.
func (j *journal) spillSome(into *store.Changes, numbers []uint32) {
	j.used = true
	j.due = j.due[:0]
	for _, n := range numbers {
		*j.done.At(n / wordBits) &^= 1 << (n % wordBits)
		mark := j.marks.At(n)
		*mark &^= j.now << listedShift
		if *mark&j.now != 0 {
			*mark = *mark&^j.now | j.now<<storedShift
			j.due = append(j.due, n)
		}
	}
	j.write(into, j.due)
}

// adopt notes an entry that was there before changes were noted: it counts as changed and is not listed. Its owner has it spilled, or listed, before anything else.
func (j *journal) adopt(n uint32) {
	j.used = true
	*j.marks.At(n) |= j.now
	j.finish(n)
}

// settle reserves what the lists have grown by, and what waits to be drained.
func (j *journal) settle() error {
	bytes := int64(cap(j.touched)+cap(j.sealed))*numberBytes + j.gone.Held() + j.early.Held()
	if bytes > j.bytes {
		if err := j.budget.Reserve(bytes - j.bytes); err != nil {
			return outOfMemory(j.name, err)
		}
	} else {
		j.budget.Release(j.bytes - bytes)
	}
	j.bytes = bytes
	return nil
}

// seal ends the epoch. The one before must be drained.
func (j *journal) seal() {
	j.used = j.used || len(j.touched) > 0
	j.touched, j.sealed, j.next, j.word = j.sealed[:0], j.touched, 0, 0
	j.gone, j.early = j.early, j.gone
	j.done, j.was = j.was, j.done
	j.now = j.before()
	j.dense = len(j.sealed) >= j.was.Len()/denseShare
}

const (
	// drained is about how many entries are written before it is looked how many bytes they take.
	drained = 256
	// unlisted is how many numbers are at least taken off the list of an epoch in one call, beside what is written.
	unlisted = 1 << 10
	// denseShare: entries are gone through in the order of their numbers, which is that of memory, where there is one for so many words of bits.
	denseShare = 2
)

// drain writes sealed entries, about most bytes of them, and reports whether there are more.
func (j *journal) drain(into *store.Changes, most int64) (more bool) {
	from := into.Bytes()
	into.Add(j.early) // deletions go before what was put in after them
	j.early.Reset()
	for j.dense && j.word < j.was.Len() {
		if into.Bytes()-from >= most {
			return true
		}
		j.write(into, j.nextBits())
	}
	if j.dense {
		j.unlist(max(most, unlisted))
		return j.next < len(j.sealed)
	}
	for j.next < len(j.sealed) && into.Bytes()-from < most {
		j.write(into, j.nextListed())
	}
	return j.next < len(j.sealed)
}

// nextListed returns the next of the sealed entries that have to be written, in the order in which they were touched.
func (j *journal) nextListed() []uint32 {
	before := j.before()
	j.due = j.due[:0]
	for ; j.next < len(j.sealed) && len(j.due) < drained; j.next++ {
		n := j.sealed[j.next]
		*j.was.At(n / wordBits) &^= 1 << (n % wordBits)
		mark := j.marks.At(n)
		*mark &^= before << listedShift
		if *mark&before != 0 {
			*mark = *mark&^before | before<<storedShift
			j.due = append(j.due, n)
		}
	}
	return j.due
}

// nextBits returns the next of the sealed entries that have to be written, in the order of their numbers.
func (j *journal) nextBits() []uint32 {
	before := j.before()
	j.due = j.due[:0]
	for ; j.word < j.was.Len() && len(j.due) < drained; j.word++ {
		word := j.was.At(uint32(j.word)) //nolint:gosec // a number of 32 bits has no more words
		for rest := *word; rest != 0; rest &= rest - 1 {
			n := uint32(j.word)*wordBits + uint32(bits.TrailingZeros64(rest)) //nolint:gosec // as above
			if mark := j.marks.At(n); *mark&before != 0 {
				*mark = *mark&^before | before<<storedShift
				j.due = append(j.due, n)
			}
		}
		*word = 0
	}
	return j.due
}

// unlist takes some numbers off the sealed list, all of which was written.
func (j *journal) unlist(most int64) {
	listed := j.before() << listedShift
	to := j.next + int(min(most, int64(len(j.sealed)-j.next)))
	for _, n := range j.sealed[j.next:to] {
		*j.marks.At(n) &^= listed
	}
	j.next = to
}

// clear notes that all entries, which are still there, are about to be removed. What came and went within an epoch was never there for the store.
func (j *journal) clear() {
	if j.used {
		before := j.before()
		j.due = j.due[:0]
		for ; j.next < len(j.sealed); j.next++ {
			n := j.sealed[j.next]
			if mark := j.marks.At(n); *mark&before != 0 {
				*mark &^= before
				j.due = append(j.due, n)
			}
		}
		j.write(j.early, j.due)
		j.gone.Drop(j.home.Space, j.slice, j.home.From, j.home.To)
	}
	j.used = false
	j.unload()
}

// unload forgets all entries, of which nothing is to be written any more.
func (j *journal) unload() {
	j.forget()
	j.budget.Release(j.bytes)
	j.touched, j.sealed, j.next, j.bytes = nil, nil, 0, 0
}

// forget gives the memory of all marks back.
func (j *journal) forget() {
	j.marks.Free()
	j.done.Free()
	j.was.Free()
}

// handOver appends what is still to be said of the sealed epoch and of the one under way to others.
func (j *journal) handOver(sealed, current *store.Changes) {
	sealed.Add(j.early)
	current.Add(j.gone)
	j.early.Reset()
	j.gone.Reset()
}
