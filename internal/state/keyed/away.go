package keyed

import (
	"iter"
	"slices"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/state/store"
)

// away knows which hashes have entries in the store alone: it says so of all that have some, and of few others.
type away struct {
	reader store.Reader
	budget *limit.Budget
	// label ends the keys of the entries that are looked for: others may share their slice.
	label []byte
	// ranged: nothing is looked up by hash.
	ranged bool
	low    int64
	// groups are how many entries were evicted of each key group and not all loaded since; any says that there are some.
	groups [Groups]uint64
	any    bool
	// keyBytes is about how much a key takes in memory, for ranges.
	keyBytes int64
	// closed says that all have left for good: there are no filters.
	closed bool
	// unread says that entries with hashes from frontier on were never looked at; see Postponable.
	unread   bool
	frontier uint64
	// filters are Bloom filters, each twice as large as the one before where there is memory for it; the last one takes what is added.
	filters []*filter
	// renewed are those that take the place of filters at the end of a renewal, which is under way if renewing.
	renewed  []*filter
	renewing bool
	// entered is the key group that a Waking has entered last, lasting how many hashes were noted when it had noted them anew.
	entered uint8
	lasting int
	// count is how many entries are away; walked says that a Waking goes through them, next where a renewal without one is.
	count  int
	walked bool
	next   uint64
	// met: since the first key group was entered hashes were seen that have entries away.
	met bool
	// buried are hashes of which the store still has entries that were removed: in the epoch under way, and in the sealed one.
	buried [2]map[uint64]struct{}
	// held is what is reserved for these; crowded says that they take so much that the epoch under way should be spilled.
	held    [2]int64
	crowded bool
	// loose says that there are such hashes which were not noted, since nothing was away: until they are gone nothing leaves.
	loose  [2]bool
	lookup []uint64
	copied copied
	// within: some entries of the hash cut were given on, and others come behind them.
	within bool
	cut    uint64
}

// filter is a Bloom filter whose bits for a hash lie in one cache line.
type filter struct {
	lines       *Slab[[8]uint64]
	count, room int
}

const (
	// The first filters have few lines, since there may be many tables, and each has four times those of the one before; from manyLines on twice.
	firstLines, manyLines = 1 << 6, 1 << 10
	// lineHashes is how many hashes a line of 512 bits takes: 11 bits each, five of which are set. About 1 in 100 of other hashes is taken for one of them.
	lineHashes = 46
	filterBits = 5
	lineBytes  = 64
	// filterShare: a filter of more than manyLines takes no more than one part in so many of what is left.
	filterShare = 4
)

// line returns the number of the line of a hash, whose top bits are the key group, and the bits in it.
func (f *filter) line(hash uint64) (line *[8]uint64, bits [filterBits]uint16) {
	mixed := fold(hash^mixEnd, mixTail)
	line = f.lines.At(uint32(mixed % uint64(f.lines.Len())))
	mixed = fold(mixed, mixLong)
	for i := range bits {
		bits[i] = uint16(mixed >> (9 * i) & 511)
	}
	return line, bits
}

func (f *filter) has(hash uint64) bool {
	line, bits := f.line(hash)
	for _, b := range bits {
		if line[b>>6]>>(b&63)&1 == 0 {
			return false
		}
	}
	return true
}

func (f *filter) add(hash uint64) {
	line, bits := f.line(hash)
	for _, b := range bits {
		line[b>>6] |= 1 << (b & 63)
	}
	f.count++
}

func (a *away) has(hash uint64) bool { return anyHas(a.filters, hash) }

// anyHas reports whether one of filters has a hash. The last ones are the largest.
func anyHas(filters []*filter, hash uint64) bool {
	for _, f := range slices.Backward(filters) {
		if f.has(hash) {
			return true
		}
	}
	return false
}

// bury notes that an entry is removed which the store has, until that is applied. Until then its hash may come to be one that is looked up there, if only since a filter takes it for one: so
// each is noted, but while nothing is away.
func (a *away) bury(hash uint64) {
	if a.ranged {
		return
	}
	if !a.any {
		a.loose[0] = true
		return
	}
	if a.buried[0] == nil {
		a.buried[0] = map[uint64]struct{}{}
	}
	if a.buried[0][hash] = struct{}{}; len(a.buried[0])%buriedAtOnce != 0 {
		return
	}
	const bytes = buriedAtOnce * buriedBytes
	if !a.budget.TryReserve(bytes) {
		a.crowded = true
		return
	}
	a.held[0] += bytes
	a.crowded = a.crowded || a.low > 0 && a.held[0] > a.low/buriedShare
}

const (
	// buriedBytes is about what a buried hash takes, for which memory is reserved buriedAtOnce at a time. They may take this part of what is low.
	buriedBytes  = 40
	buriedAtOnce = 256
	buriedShare  = 4
)

// isBuried reports whether the store may have entries of a hash that were removed.
func (a *away) isBuried(hash uint64) bool {
	for _, b := range a.buried {
		if _, ok := b[hash]; ok {
			return true
		}
	}
	return false
}

// seal begins an epoch: the one before the sealed one is applied.
func (a *away) seal() {
	if a != nil {
		a.buried = [2]map[uint64]struct{}{nil, a.buried[0]}
		a.loose = [2]bool{false, a.loose[0]}
		a.budget.Release(a.held[1])
		a.held, a.crowded = [2]int64{0, a.held[0]}, false
	}
}

// spilled notes that everything is applied.
func (a *away) spilled() {
	a.buried, a.loose = [2]map[uint64]struct{}{}, [2]bool{}
	a.budget.Release(a.held[0] + a.held[1])
	a.held, a.crowded = [2]int64{}, false
}

// isLoose reports whether the store has entries that were removed and that nobody has noted: then nothing may leave.
func (a *away) isLoose() bool { return a.loose[0] || a.loose[1] }

// add notes that the entries of a hash are evicted. The error is a refusal of the budget.
func (a *away) add(hash uint64) error {
	if a.isUnread(hash) { // as if it had never been read
		return nil
	}
	return a.addRead(hash)
}

// addRead is add for a hash that is not unread any more.
func (a *away) addRead(hash uint64) error {
	a.groups[hash>>groupShift]++
	a.any = true
	a.count++
	if a.ranged {
		return nil
	}
	a.renoteRead(hash)
	return a.note(&a.filters, hash)
}

// note adds a hash to filters, unless it is there.
func (a *away) note(filters *[]*filter, hash uint64) error {
	if anyHas(*filters, hash) {
		return nil
	}
	last := len(*filters) - 1
	if last < 0 || (*filters)[last].count == (*filters)[last].room {
		lines := a.linesBehind(*filters)
		f := &filter{lines: NewSlab[[8]uint64](a.budget), room: lines * lineHashes}
		if err := f.lines.Grow(lines); err != nil {
			return err
		}
		*filters = append(*filters, f)
		last++
	}
	(*filters)[last].add(hash)
	return nil
}

// linesBehind is how many lines the filter behind others gets: fewer than it should have where they would take more than a part of what is left.
func (a *away) linesBehind(filters []*filter) int {
	there := 0
	for _, f := range filters {
		there += f.lines.Len()
	}
	n := 0
	for there -= linesOf(n); there >= 0; there -= linesOf(n) {
		n++
	}
	lines, left := linesOf(n), a.budget.Available()/filterShare
	for lines > manyLines && int64(lines)*lineBytes > left {
		lines /= 2
	}
	return lines
}

// linesOf is how many lines the nth filter should have.
func linesOf(n int) int {
	lines := firstLines
	for range n {
		if lines *= 2; lines < 2*manyLines {
			lines *= 2
		}
	}
	return lines
}

// noted is how many hashes the filters have.
func (a *away) noted() int {
	sum := 0
	for _, f := range a.filters {
		sum += f.count
	}
	return sum
}

// Noted is how many hashes of keys that have left memory are noted. Those of keys that came back are among them, until Note.
func (t *Table) Noted() int { return t.away.noted() }

// Note has only those hashes noted that are given, each once: at least those of which keys are away, not for good. It takes no more memory than there was, but what others reserve meanwhile;
// the error is that of the budget, and then state is lost.
func (t *Table) Note(hashes iter.Seq[uint64]) error {
	a := t.away
	a.forgetFilters()
	a.groups, a.any, a.count = [Groups]uint64{}, a.unread, 0
	for hash := range hashes {
		if err := a.add(hash); err != nil {
			return t.refused(err)
		}
	}
	a.count = min(a.count, a.noted()) // some were given more than once
	return nil
}

// Away is about how many keys are away, but those that were never read: keys that came back are not among them.
func (t *Table) Away() int { return max(t.away.count, 0) }

// forget forgets all.
func (a *away) forget() {
	a.forgetFilters()
	a.groups, a.any, a.closed, a.unread, a.count = [Groups]uint64{}, false, false, false, 0
	a.spilled()
}

func (a *away) forgetFilters() {
	for _, f := range a.filters {
		f.lines.Free()
	}
	a.filters = nil
	a.giveUpRenewal()
}

// load gives admit the entries of hashes, and all of groups, that are away; resident says of which hashes there are entries in memory: none of those is away.
func (a *away) load(home Home, slice int64, hashes []uint64, groups [Groups / 64]uint64, resident func(hash uint64) bool, admit func(*Entries) error) error {
	if !a.any || a.closed || a.ranged {
		return nil
	}
	spared := a.lookFor(hashes, resident)
	if r, ok := a.reader.(store.Sparing); ok && len(hashes) > 0 {
		r.Spared(int64(len(hashes)), spared)
	}
	if len(a.lookup) > 0 {
		a.within = false
		err := a.reader.Lookup(home.Space, slice, a.lookup, func(hash uint64, key, value []byte) error { return a.take(slice, hash, key, value, admit) })
		if err := a.finish(err, admit); err != nil {
			return err
		}
	}
	for g := range uint64(Groups) {
		from, to := g<<groupShift, g<<groupShift|(1<<groupShift-1)
		if a.groups[g] == 0 && !a.isUnread(to) || groups[g>>6]>>(g&63)&1 == 0 {
			continue
		}
		if err := a.loadRange(home, slice, from, to, resident, admit); err != nil {
			return err
		}
		a.groups[g] = 0
	}
	a.recount()
	return nil
}

// lookFor makes lookup those of hashes, sorted, of which entries may be in the store alone, and returns how many of hashes have none there for sure.
func (a *away) lookFor(hashes []uint64, resident func(hash uint64) bool) (spared int64) {
	a.lookup = a.lookup[:0]
	for _, h := range hashes {
		switch {
		case !a.mayHave(h):
			spared++
		case !resident(h) && !a.isBuried(h):
			a.lookup = append(a.lookup, h)
		}
	}
	slices.Sort(a.lookup)
	a.lookup = slices.Compact(a.lookup)
	return spared
}

// absent is how many different hashes a load of hashes would look for in the store.
func (a *away) absent(hashes []uint64, resident func(hash uint64) bool) int {
	if a == nil || !a.any || a.closed || a.ranged {
		return 0
	}
	a.lookFor(hashes, resident)
	return len(a.lookup)
}

// Absent is how many different ones of hashes a Load would look for in the store. That may be more than have keys there.
func (t *Table) Absent(hashes []uint64) int { return t.away.absent(hashes, t.HasHash) }

// Absent is how many different ones of hashes a Load would look for in the store. That may be more than have rows there.
func (r *Rows) Absent(hashes []uint64) int { return r.away.absent(hashes, r.extras.Has) }

// loadRange gives admit the entries with hashes from..to that are away.
func (a *away) loadRange(home Home, slice int64, from, to uint64, resident func(hash uint64) bool, admit func(*Entries) error) error {
	a.within = false
	err := a.reader.ScanSlice(home.Space, slice, from, to, func(hash uint64, key, value []byte) error {
		if a.isBuried(hash) || !a.isCut(hash) && resident(hash) {
			return nil
		}
		return a.take(slice, hash, key, value, admit)
	})
	return a.finish(err, admit)
}

// isCut reports whether entries of a hash were given on just now, behind which others come.
func (a *away) isCut(hash uint64) bool { return a.within && a.cut == hash }

// Evictable is a part whose entries may leave memory while the store has them as they are. Who drives the operator loads what it needs before each call.
type Evictable interface {
	Kept
	// MayLeave reports whether the operator can do without entries in memory: it says what it needs.
	MayLeave() bool
	// Attach lets entries leave memory: what has left is read by r. Memory is tight while less than low bytes of the budget are left.
	Attach(r store.Reader, low int64)
	// Room is how many entries can be put in before memory grows.
	Room() int
	// Evict has about so many entries leave memory that the store has as they are, and returns how many have. While a sealed epoch is not applied, settled is false.
	Evict(want int, settled bool) (evicted int, err error)
	// Pass is Admit for entries that stay in the store alone: all that have their hashes. The error is a *CorruptError or SQLSTATE 53200.
	Pass(e *Entries) error
	// Spill writes about most bytes of what changed in the epoch under way, and reports whether there is more: it is called until there is not. The store must apply each piece at once.
	// The sealed epoch must be drained and applied.
	Spill(into *store.Changes, most int64) (more bool)
}

// Crowded is an Evictable that knows of so many entries which were removed and which the store has still, that the epoch under way should be spilled.
type Crowded interface {
	Evictable
	Crowded() bool
}

// Piling is an Evictable that tells how many bytes were written of its changes before their turn: of entries that changed again, or left, before they were drained, and of deletions.
type Piling interface {
	Evictable
	Piled() int64
}

// Crowded reports whether many keys were removed; see Crowded.
func (t *Table) Crowded() bool { return t.away != nil && t.away.crowded }

// Crowded reports whether many rows were removed; see Crowded.
func (r *Rows) Crowded() bool { return r.away != nil && r.away.crowded }

// Piled is what waits of keys; see Piling.
func (t *Table) Piled() int64 {
	if t.kept == nil {
		return 0
	}
	return t.kept.piled()
}

// Piled is what waits of rows; see Piling.
func (r *Rows) Piled() int64 {
	if r.kept == nil {
		return 0
	}
	return r.kept.piled()
}

// Late is a part whose changes may be noted from some time on only, when it has entries already: Adopt, behind Keep, has all of them count as changed. The error is SQLSTATE 53200.
type Late interface {
	Evictable
	Adopt() error
}
