package keyed

import (
	"math/bits"

	"wire.example/wire/internal/foundation/fault"
	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/state/store"
)

// marks are what a journal knows of noteBits entries that follow each other, a bit for each. Two bits of a kind take turns as that of the epoch under way and that of the sealed one.
type marks struct {
	// touched: the entry changed in the epoch, and is to be written.
	touched [2]uint32
	// stored: the store has the entry as of the epoch, or will.
	stored [2]uint32
}

const (
	noteBits  = 32
	noteShift = 5
)

// bitOf is the bit of entry n.
func bitOf(n uint32) uint32 { return 1 << (n % noteBits) }

// journal notes which entries of a table, known by their numbers, changed in an epoch, so that a checkpoint stores those alone.
//
// An entry is touched before it changes. seal ends the epoch: from then on what was touched in it is only read, and such an entry that is touched again is written first, as it was at
// the seal. drain writes the rest in pieces. What is removed leaves a deletion if the store has it.
//
// What was touched has a bit. While few have, their numbers are on a list, too; when these are many for the numbers that there are, the list is given up, and bits alone are set and gone through. So an epoch of any length takes the bits of all
// numbers, a short list, and the deletions of what the store has.
type journal struct {
	name  string
	home  Home
	slice int64
	label []byte // stands behind each key
	// write appends entries to changes as they are now.
	write func(into *store.Changes, numbers []uint32)
	// remove appends deletions of entries that are still there.
	remove func(into *store.Changes, numbers []uint32)

	marks *Slab[marks]
	// now is which of two bits is that of the epoch under way.
	now uint8
	// touched are the numbers of all entries that were touched in the epoch under way, and perhaps of some that are no more, unless it is dense. sealed are those of the epoch before, from next on not written yet, unless that wasDense. A number may stand on a list more than once.
	touched, sealed []uint32
	next            int
	// dense: many have changed, touched is empty, and what changed is gone through in the order of the numbers; word is where, in the sealed epoch.
	dense, wasDense bool
	word            int
	// gone has the deletions of the epoch under way, early those of the sealed one, and its entries that had to be written before their turn.
	gone, early *store.Changes
	due         []uint32
	one         [1]uint32
	bytes       int64
	// used: the store may have something, or will, that a clear has to drop: something was put in, sealed or spilled.
	used bool
	// spilled is how many of touched a spill under way has written, relisted how many of marks it has listed, of a dense epoch.
	spilled, relisted int
	shard             int // of the entries that were spilled last
	budget            *limit.Budget
}

func newJournal(name string, home Home, slice int64, label []byte, budget *limit.Budget) *journal {
	return &journal{
		name: name, home: home, slice: slice, label: label, budget: budget, marks: NewSlab[marks](budget), gone: &store.Changes{}, early: &store.Changes{},
	}
}

// before is which of two bits is that of the sealed epoch.
func (j *journal) before() uint8 { return j.now ^ 1 }

// grow makes room for the entries 0 to n-1.
func (j *journal) grow(n int) error { return j.marks.Grow((n + noteBits - 1) / noteBits) }

// reset makes an entry one that is not there, or that has nothing to say.
func (j *journal) reset(n uint32) {
	m, bit := j.marks.At(n>>noteShift), bitOf(n)
	m.touched[0] &^= bit
	m.touched[1] &^= bit
	m.stored[0] &^= bit
	m.stored[1] &^= bit
}

// isReset reports whether an entry is as reset leaves it.
func (j *journal) isReset(n uint32) bool {
	m := j.marks.At(n >> noteShift)
	return (m.touched[0]|m.touched[1]|m.stored[0]|m.stored[1])&bitOf(n) == 0
}

// enter notes new entries.
func (j *journal) enter(numbers []uint32) error {
	if len(numbers) == 0 {
		return nil
	}
	j.list(numbers)
	now := j.now & 1
	for i := 0; i < len(numbers); {
		at, word := numbers[i]>>noteShift, uint32(0)
		for ; i < len(numbers) && numbers[i]>>noteShift == at; i++ {
			word |= bitOf(numbers[i])
		}
		j.marks.At(at).touched[now] |= word
	}
	return j.settle()
}

// list puts numbers on the list of the epoch under way, or gives it up.
func (j *journal) list(numbers []uint32) {
	if j.thin(len(numbers)) {
		j.touched = append(j.touched, numbers...)
	}
}

// thin reports whether n more numbers are to go on the list of the epoch under way. Else the epoch is dense.
func (j *journal) thin(n int) bool {
	if !j.dense && len(j.touched)+n > j.marks.Len()/denseShare {
		j.dense, j.touched = true, j.touched[:0]
	}
	return !j.dense
}

// touch notes that entries are about to change.
func (j *journal) touch(numbers []uint32) error {
	if fault.Weak("state/touch") {
		return nil
	}
	before, now := j.before()&1, j.now&1
	j.due = j.due[:0]
	changed := false
	thin := j.thin(len(numbers))
	for _, n := range numbers {
		m, bit := j.marks.At(n>>noteShift), bitOf(n)
		if m.touched[now]&bit != 0 {
			continue
		}
		changed = true
		m.touched[now] |= bit
		if thin {
			j.touched = append(j.touched, n)
		}
		if m.touched[before]&bit != 0 && !fault.Weak("state/sealed-first") {
			m.touched[before] &^= bit
			m.stored[before] |= bit
			j.due = append(j.due, n)
		}
	}
	if len(j.due) > 0 {
		j.write(j.early, j.due)
	}
	if !changed {
		return nil
	}
	return j.settle()
}

// touchOne is touch for one entry.
func (j *journal) touchOne(n uint32) error {
	if j.marks.At(n >> noteShift).touched[j.now&1]&bitOf(n) != 0 {
		return nil
	}
	j.one[0] = n
	return j.touch(j.one[:])
}

// leave notes that entries, which are still there, are about to be removed.
func (j *journal) leave(numbers []uint32) {
	before := j.before() & 1
	j.due = j.due[:0]
	for _, n := range numbers {
		if m, bit := j.marks.At(n>>noteShift), bitOf(n); m.touched[before]&bit != 0 {
			m.touched[before] &^= bit
			m.stored[before] |= bit
			j.due = append(j.due, n)
		}
	}
	if len(j.due) > 0 {
		j.write(j.early, j.due)
		j.due = j.due[:0]
	}
	for _, n := range numbers {
		if m := j.marks.At(n >> noteShift); (m.stored[0]|m.stored[1])&bitOf(n) != 0 {
			j.due = append(j.due, n)
		}
	}
	if len(j.due) > 0 {
		j.remove(j.gone, j.due)
	}
	for _, n := range numbers {
		j.reset(n)
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
		j.reset(n)
		j.marks.At(n >> noteShift).stored[j.now&1] |= bitOf(n)
	}
}

// clean reports whether the store has an entry as it is. While the sealed epoch is not applied, settled is false: what it has written does not count.
func (j *journal) clean(n uint32, settled bool) bool {
	if fault.Weak("state/evict-clean") {
		return true
	}
	m, bit := j.marks.At(n>>noteShift), bitOf(n)
	if (m.touched[0]|m.touched[1])&bit != 0 || (m.stored[0]|m.stored[1])&bit == 0 {
		return false
	}
	return settled || m.stored[j.before()&1]&bit == 0
}

// isTouched reports whether an entry changed in the epoch under way.
func (j *journal) isTouched(n uint32) bool {
	return j.marks.At(n >> noteShift).touched[j.now&1]&bitOf(n) != 0
}

// isSealed reports whether an entry changed in the sealed epoch, was not written yet, and has not changed since.
func (j *journal) isSealed(n uint32) bool {
	return j.marks.At(n >> noteShift).touched[j.before()&1]&bitOf(n) != 0
}

// known reports whether the store has an entry, or will have it as it was at the seal.
func (j *journal) known(n uint32) bool {
	m := j.marks.At(n >> noteShift)
	return (m.stored[0]|m.stored[1]|m.touched[j.before()&1])&bitOf(n) != 0
}

// changed counts the entries that changed in the epoch under way, and those of the sealed one that were not written yet.
func (j *journal) changed() int {
	n := 0
	for i := range uint32(j.marks.Len()) { //nolint:gosec // a number of 32 bits has no more
		m := j.marks.At(i)
		n += bits.OnesCount32(m.touched[0]) + bits.OnesCount32(m.touched[1])
	}
	return n
}

// spill writes about most bytes of what changed in the epoch under way, for a store that applies it at once, and reports whether there is more: the sealed epoch must be drained and
// applied, and nothing may change before all is written. Pieces are of neighbouring key groups, if groupOf says what these are, and end with shards: no two of them
// have a shard in common, unless it is too large for one, or there is no memory to list all that changed at once. Tables of two such reach over each other, and where each did over the next one level 0 of the store would have as many levels as there are pieces.
func (j *journal) spill(into *store.Changes, most int64, groupOf func(n uint32) uint8) (more bool) {
	from := into.Bytes()
	into.Add(j.gone)
	j.gone.Reset()
	begun := j.spilled > 0 // the shard of the next entry, with the piece before
	for j.spilled < len(j.touched) || j.relist() {
		written := into.Bytes() - from
		if written >= most {
			return true
		}
		if j.spilled == 0 && groupOf != nil {
			sortByGroup(j.touched, groupOf)
		}
		shard, to := j.nextSpilled(groupOf)
		if shard != j.shard && j.listed() {
			if begun && written > 0 || written >= most/cutShare {
				return true
			}
			begun = false
		}
		j.spillSome(into, j.touched[j.spilled:to])
		j.spilled, j.shard = to, shard
	}
	j.touched = j.touched[:0]
	if j.relisted > 0 {
		j.touched = nil
	}
	j.recede()
	j.dense, j.spilled, j.relisted = false, 0, 0
	return false
}

// listed reports whether the list has all that is to be spilled yet: else what comes behind it is of all shards again.
func (j *journal) listed() bool { return !j.dense || j.relisted == j.marks.Len() }

// cutShare: a piece that is spilled ends where a shard does, if it has one part in so many of what it may have at most.
const cutShare = 2

// nextSpilled returns the shard of the next entry to spill, and where those end that are written with it: all are of that shard, if groupOf says of which key groups they are.
func (j *journal) nextSpilled(groupOf func(n uint32) uint8) (shard, to int) {
	to = min(j.spilled+drained, len(j.touched))
	if groupOf == nil {
		return j.shard, to
	}
	shard = shardOf(groupOf(j.touched[j.spilled]))
	for shardOf(groupOf(j.touched[to-1])) != shard {
		to--
	}
	return shard, to
}

// shardOf is the shard of the store that has a key group.
func shardOf(group uint8) int { return store.ShardOf(firstHash(group)) }

// leastRelisted is how many entries of a dense epoch are listed at once, at least, to be spilled.
const leastRelisted = 1 << 12

// relist lists entries of a dense epoch, of which all that were on the list are written: all, where memory for the list is left, or some. It takes no more than half of what is left, since others need some meanwhile. It reports whether there are any.
func (j *journal) relist() bool {
	j.touched, j.spilled = j.touched[:0], 0
	if !j.dense {
		return false
	}
	room := max(leastRelisted, cap(j.touched))
	if j.relisted == 0 { // each time there is no more to list
		n := min(int64(j.changed()+noteBits), j.budget.Available()/2/numberBytes)
		if int(n) > room && j.budget.TryReserve(n*numberBytes) {
			j.bytes += n * numberBytes
			room, j.touched = int(n), make([]uint32, 0, n)
		}
	}
	for ; j.relisted < j.marks.Len() && len(j.touched)+noteBits <= room; j.relisted++ {
		m := j.marks.At(uint32(j.relisted)) //nolint:gosec // a number of 32 bits has no more
		j.touched = appendMarked(j.touched, j.relisted, m.touched[j.now&1])
	}
	return len(j.touched) > 0
}

// appendMarked appends the numbers of the entries that have a bit in word, which is that of marks number at.
func appendMarked(to []uint32, at int, word uint32) []uint32 {
	for ; word != 0; word &= word - 1 {
		to = append(to, uint32(at)<<noteShift|uint32(bits.TrailingZeros32(word))) //nolint:gosec // a number of 32 bits has no more
	}
	return to
}

// spillSome writes those of numbers that changed.
func (j *journal) spillSome(into *store.Changes, numbers []uint32) {
	j.used = true
	j.due = j.claim(j.due[:0], numbers, j.now)
	j.write(into, j.due)
}

// claim appends those of numbers that changed in an epoch, from when on the store will have them.
func (j *journal) claim(to, numbers []uint32, epoch uint8) []uint32 {
	for _, n := range numbers {
		if m, bit := j.marks.At(n>>noteShift), bitOf(n); m.touched[epoch&1]&bit != 0 {
			m.touched[epoch&1] &^= bit
			m.stored[epoch&1] |= bit
			to = append(to, n)
		}
	}
	return to
}

// adopt notes an entry that was there before changes were noted: it counts as changed.
func (j *journal) adopt(n uint32) {
	j.used, j.dense = true, true
	j.marks.At(n >> noteShift).touched[j.now&1] |= bitOf(n)
}

// held is how many bytes the lists take, and what waits to be drained.
func (j *journal) held() int64 {
	return int64(cap(j.touched)+cap(j.sealed))*numberBytes + j.piled()
}

// piled is how many bytes wait to be drained, or spilled, that were written before their turn.
func (j *journal) piled() int64 { return j.gone.Held() + j.early.Held() }

// settle reserves what is held.
func (j *journal) settle() error {
	bytes := j.held()
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

// recede gives back what is reserved beyond what is held.
func (j *journal) recede() {
	held := min(j.held(), j.bytes)
	j.budget.Release(j.bytes - held)
	j.bytes = held
}

// seal ends the epoch. The one before must be drained.
func (j *journal) seal() {
	j.used = j.used || j.dense || len(j.touched) > 0
	j.touched, j.sealed, j.next = j.sealed[:0], j.touched, 0
	j.dense, j.wasDense, j.word = false, j.dense, 0
	j.gone, j.early = j.early, j.gone
	j.now = j.before()
}

const (
	// drained is about how many entries are written before it is looked how many bytes they take.
	drained = 256
	// denseShare: entries are gone through in the order of their numbers, which is that of memory, where there is one for so many marks.
	denseShare = 4
)

// drain writes sealed entries, about most bytes of them, and reports whether there are more.
func (j *journal) drain(into *store.Changes, most int64) (more bool) {
	from := into.Bytes()
	into.Add(j.early) // deletions go before what was put in after them
	j.early.Reset()
	j.recede()
	for j.left() {
		if into.Bytes()-from >= most {
			return true
		}
		j.write(into, j.nextDue())
	}
	return false
}

// left reports whether there may be sealed entries that were not written.
func (j *journal) left() bool {
	if j.wasDense {
		return j.word < j.marks.Len()
	}
	return j.next < len(j.sealed)
}

// nextDue returns the next of the sealed entries that have to be written: in the order of their numbers if there are many, and else in that in which they were touched.
func (j *journal) nextDue() []uint32 {
	if j.wasDense {
		return j.nextBits()
	}
	to := min(j.next+drained, len(j.sealed))
	j.due = j.claim(j.due[:0], j.sealed[j.next:to], j.before())
	j.next = to
	return j.due
}

// nextBits is nextDue where there are many.
func (j *journal) nextBits() []uint32 {
	before := j.before() & 1
	j.due = j.due[:0]
	for ; j.word < j.marks.Len() && len(j.due) < drained; j.word++ {
		m := j.marks.At(uint32(j.word)) //nolint:gosec // a number of 32 bits has no more
		j.due = appendMarked(j.due, j.word, m.touched[before])
		m.stored[before] |= m.touched[before]
		m.touched[before] = 0
	}
	return j.due
}

// clear notes that all entries, which are still there, are about to be removed. What came and went within an epoch was never there for the store.
func (j *journal) clear() {
	if j.used {
		for j.left() {
			j.write(j.early, j.nextDue())
		}
		j.gone.Drop(j.home.Space, j.slice, j.home.From, j.home.To)
	}
	j.used = false
	j.unload()
}

// unload forgets all entries, of which nothing is to be written any more.
func (j *journal) unload() {
	j.forget()
	j.budget.Release(j.bytes)
	j.touched, j.sealed, j.bytes = nil, nil, 0
}

// forget gives the memory of all marks back: no entry has changed.
func (j *journal) forget() {
	j.marks.Free()
	j.touched, j.sealed, j.next = j.touched[:0], j.sealed[:0], 0
	j.dense, j.wasDense, j.word = false, false, 0
	j.spilled, j.relisted = 0, 0
}

// handOver appends what is still to be said of the sealed epoch and of the one under way to others.
func (j *journal) handOver(sealed, current *store.Changes) {
	sealed.Add(j.early)
	current.Add(j.gone)
	j.early.Reset()
	j.gone.Reset()
}
