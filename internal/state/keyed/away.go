package keyed

import (
	"bytes"
	"encoding/binary"
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
	// filters are Bloom filters, each twice as large as the one before; the last one takes what is added.
	filters []*filter
	// renewed are those that take the place of filters at the end of a renewal, which is under way if renewing.
	renewed  []*filter
	renewing bool
	// entered is the key group that a Waking has entered last, lasting how many hashes were noted when it had noted them anew.
	entered uint8
	lasting int
	// buried are hashes of which the store still has entries that were removed: in the epoch under way, and in the sealed one.
	buried [2]map[uint64]struct{}
	// held is what is reserved for these; crowded says that they take so much that the epoch under way should be spilled.
	held    [2]int64
	crowded bool
	// loose says that there are such hashes which were not noted, since nothing was away: until they are gone nothing leaves.
	loose   [2]bool
	lookup  []uint64
	entries Entries
	bytes   []byte
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

func (a *away) has(hash uint64) bool {
	return slices.ContainsFunc(a.filters, func(f *filter) bool { return f.has(hash) })
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
	if a.ranged {
		return nil
	}
	a.renote(hash)
	return a.note(&a.filters, hash)
}

// note adds a hash to filters, unless it is there.
func (a *away) note(filters *[]*filter, hash uint64) error {
	if slices.ContainsFunc(*filters, func(f *filter) bool { return f.has(hash) }) {
		return nil
	}
	last := len(*filters) - 1
	if last < 0 || (*filters)[last].count == (*filters)[last].room {
		lines := linesOf(len(*filters))
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

// linesOf is how many lines the nth filter has.
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
	a.groups, a.any = [Groups]uint64{}, false
	for hash := range hashes {
		if err := a.add(hash); err != nil {
			return t.refused(err)
		}
	}
	return nil
}

// forget forgets all.
func (a *away) forget() {
	a.forgetFilters()
	a.groups, a.any, a.closed, a.unread = [Groups]uint64{}, false, false, false
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
	a.lookup = a.lookup[:0]
	for _, h := range hashes {
		if a.mayHave(h) && !resident(h) && !a.isBuried(h) {
			a.lookup = append(a.lookup, h)
		}
	}
	if len(a.lookup) > 0 {
		slices.Sort(a.lookup)
		a.lookup = slices.Compact(a.lookup)
		err := a.reader.Lookup(home.Space, slice, a.lookup, func(hash uint64, key, value []byte) error { return a.take(slice, hash, key, value, admit) })
		if err == nil {
			err = a.give(admit)
		}
		if err != nil {
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

// loadRange gives admit the entries with hashes from..to that are away.
func (a *away) loadRange(home Home, slice int64, from, to uint64, resident func(hash uint64) bool, admit func(*Entries) error) error {
	err := a.reader.ScanSlice(home.Space, slice, from, to, func(hash uint64, key, value []byte) error {
		if resident(hash) || a.isBuried(hash) {
			return nil
		}
		return a.take(slice, hash, key, value, admit)
	})
	if err != nil {
		return err
	}
	return a.give(admit)
}

// About how much is read before it is put in: at most loadedBytes, and a part of what is low, but not less than leastLoaded.
const (
	loadedBytes = 1 << 20
	leastLoaded = 64 << 10
	loadedShare = 16
)

// atOnce is about how many bytes are read before they are put in.
func (a *away) atOnce() int64 { return min(max(a.low/loadedShare, leastLoaded), loadedBytes) }

// take copies an entry that was read. It gives on what was read before, if that is much: the entries of a hash together.
func (a *away) take(slice int64, hash uint64, key, value []byte, admit func(*Entries) error) error {
	if !bytes.HasSuffix(key, a.label) {
		return nil
	}
	if int64(len(a.bytes)) > a.atOnce() && hash != a.entries.Hashes[a.entries.Len()-1] {
		if err := a.give(admit); err != nil {
			return err
		}
	}
	at := len(a.bytes)
	a.bytes = append(append(a.bytes, key...), value...)
	e := &a.entries
	e.Slices, e.Hashes = append(e.Slices, slice), append(e.Hashes, hash)
	e.Keys, e.Values = append(e.Keys, a.bytes[at:at+len(key):at+len(key)]), append(e.Values, a.bytes[at+len(key):])
	return nil
}

// give gives on what was read.
func (a *away) give(admit func(*Entries) error) error {
	if a.entries.Len() == 0 {
		return nil
	}
	err := admit(&a.entries)
	a.entries.Reset()
	a.bytes = a.bytes[:0]
	return err
}

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

// Crowded reports whether many keys were removed; see Crowded.
func (t *Table) Crowded() bool { return t.away != nil && t.away.crowded }

// Crowded reports whether many rows were removed; see Crowded.
func (r *Rows) Crowded() bool { return r.away != nil && r.away.crowded }

// Late is a part whose changes may be noted from some time on only, when it has entries already: Adopt, behind Keep, has all of them count as changed. The error is SQLSTATE 53200.
type Late interface {
	Evictable
	Adopt() error
}

// Attach lets entries leave memory; see Evictable.
func (t *Table) Attach(r store.Reader, low int64) {
	t.away = &away{reader: r, budget: t.budget, low: low, label: t.label}
}

// MayLeave reports whether keys may leave memory: Values say so.
func (t *Table) MayLeave() bool { return t.values.Leave }

// MayLeave reports whether rows may leave memory: Extras say so.
func (r *Rows) MayLeave() bool { return r.extras.Has != nil || r.extras.Ranged }

// tight reports whether little memory is left.
func (a *away) tight() bool { return a != nil && a.budget.Available() < a.low }

// Room is how many keys can be put in before memory grows; see Evictable.
func (t *Table) Room() int {
	room := len(t.spare) * minBlock
	for number, g := range &t.groups {
		if g != nil {
			room += min(len(g.free)+int(g.end-g.next), t.heads[number].room(g.live))
		}
	}
	return room
}

// Spill writes what changed in the epoch under way; see Evictable. Pieces are of neighbouring key groups, so that they do not overlap in the store.
func (t *Table) Spill(into *store.Changes, most int64) (more bool) {
	k := t.kept
	from := into.Bytes()
	for ; k.adopted < Groups; k.adopted++ {
		if into.Bytes()-from >= most {
			return true
		}
		if g := t.groups[k.adopted]; g != nil {
			t.spillGroup(into, g)
		}
	}
	if k.spilled == 0 {
		sortByGroup(k.touched, t.GroupOf)
	}
	if k.spill(into, most-(into.Bytes()-from)) {
		return true
	}
	t.away.spilled()
	return false
}

// spillGroup writes the keys of a key group that were there before changes were noted.
func (t *Table) spillGroup(into *store.Changes, g *group) {
	k := t.kept
	for at := 0; at < len(g.order); at += drained {
		k.slots = k.slots[:0]
		for _, slot := range g.order[at:min(at+drained, len(g.order))] {
			if !t.isGone(slot) {
				k.slots = append(k.slots, slot)
			}
		}
		k.spillSome(into, k.slots)
	}
}

// sortByGroup sorts numbers by their key groups.
func sortByGroup(numbers []uint32, groupOf func(uint32) uint8) {
	var next, ends [Groups]int
	for _, n := range numbers {
		ends[groupOf(n)]++
	}
	for g, at := 0, 0; g < Groups; g++ {
		next[g], at = at, at+ends[g]
		ends[g] = at
	}
	for g := range next {
		for next[g] < ends[g] {
			n := numbers[next[g]]
			for to := groupOf(n); int(to) != g; to = groupOf(n) {
				numbers[next[to]], n = n, numbers[next[to]]
				next[to]++
			}
			numbers[next[g]] = n
			next[g]++
		}
	}
}

// leastShare is which part of a large table leaves memory at least: to go through a key group costs the same however few leave.
const leastShare = 8

// Leaving returns how many keys leave a table at least where want are asked for, and about how many of each key group: of all alike, the oldest, since those lie together in memory.
func (t *Table) Leaving(want int) (all, each int) {
	if want >= Groups {
		want = max(want, t.len/leastShare)
	}
	return want, 2*want/Groups + 1
}

// Evict has keys leave memory; see Evictable. They leave all key groups alike, since the room that they make is that of their groups' new keys.
func (t *Table) Evict(want int, settled bool) (evicted int, err error) {
	k := t.kept
	if t.away.isLoose() {
		return 0, nil
	}
	want, _ = t.Leaving(want)
	all := max(t.len, 1)
	for range Groups {
		if evicted >= want {
			break
		}
		number := uint8(t.hand) //nolint:gosec // below Groups
		t.hand = (t.hand + 1) % Groups
		g := t.groups[number]
		if g == nil || g.live == 0 {
			continue
		}
		k.slots = k.slots[:0]
		most := min(want*g.live/all, g.live/2)
		for _, slot := range g.order {
			if len(k.slots) > most {
				break
			}
			if !t.isGone(slot) && k.clean(slot, settled) && t.Alone(slot) && (k.values.Free == nil || k.values.Free(slot)) {
				k.slots = append(k.slots, slot)
			}
		}
		if err := t.Expel(k.slots); err != nil {
			return evicted, err
		}
		evicted += len(k.slots)
	}
	return evicted, nil
}

// Pass leaves keys in the store; see Evictable.
func (t *Table) Pass(e *Entries) error {
	if e.Len() == 0 {
		return nil
	}
	bytes := 0
	for i, key := range e.Keys {
		bytes += len(key) + len(e.Values[i])
	}
	t.away.keyBytes = max(t.away.keyBytes, int64(bytes/e.Len()))
	t.kept.used = true // there is something to drop
	for _, hash := range e.Hashes {
		if err := t.away.add(hash); err != nil {
			return t.refused(err)
		}
	}
	return nil
}

// HashOf returns the hash that the key in slot was put in with, or one of the same key group that is equal for equal keys.
func (t *Table) HashOf(slot uint32) uint64 { return t.fullHash(slot) }

// Alone reports whether no other key in memory has the hash of that in slot, nor one that was removed and that the store has still: what is loaded by a hash is all that has it, and so
// such keys stay.
func (t *Table) Alone(slot uint32) bool {
	hash := t.fullHash(slot)
	if t.away != nil && t.away.isBuried(hash) {
		return false
	}
	head, tag := &t.heads[hash>>groupShift], tagOf(hash)
	for other, at := head.find(tag, head.home(tag)); other != NoSlot; other, at = head.find(tag, at) {
		if other != slot && t.fullHash(other) == hash {
			return false
		}
	}
	return true
}

// Expel takes keys of one key group out of memory, which the store has as they are, with all others in memory that have their hashes. What is kept for them must be forgotten before. The error is SQLSTATE 53200.
func (t *Table) Expel(slots []uint32) error {
	if len(slots) == 0 {
		return nil
	}
	if t.gone == nil {
		t.gone = NewSlab[uint8](t.budget)
	}
	if err := t.gone.Grow(int(t.limit)); err != nil {
		return t.refused(err)
	}
	k := t.kept
	g := t.groups[t.GroupOf(slots[0])]
	for _, slot := range slots {
		hash := t.fullHash(slot)
		if err := t.away.add(hash); err != nil {
			return t.refused(err)
		}
		t.heads[hash>>groupShift].remove(entryOf(tagOf(hash), slot))
		*t.gone.At(slot) = 1
		k.reset(slot, 0)
		t.forgetBytes(slot)
		g.live--
		g.dead++
		t.len--
	}
	return t.sweep(g)
}

// AppendHash appends the slots of the keys in memory that have a hash.
func (t *Table) AppendHash(to []uint32, hash uint64) []uint32 {
	head, tag := &t.heads[hash>>groupShift], tagOf(hash)
	for slot, at := head.find(tag, head.home(tag)); slot != NoSlot; slot, at = head.find(tag, at) {
		if t.fullHash(slot) == hash {
			to = append(to, slot)
		}
	}
	return to
}

// HasHash reports whether a key of a hash is in memory.
func (t *Table) HasHash(hash uint64) bool {
	head, tag := &t.heads[hash>>groupShift], tagOf(hash)
	slot, at := head.find(tag, head.home(tag))
	for slot != NoSlot && t.fullHash(slot) != hash {
		slot, at = head.find(tag, at)
	}
	return slot != NoSlot
}

func (t *Table) loadAway(hashes []uint64, groups [Groups / 64]uint64) error {
	if t.away == nil || !t.away.any {
		return nil
	}
	return t.away.load(t.kept.home, t.slice, hashes, groups, t.HasHash, t.Admit)
}

// Attach lets rows leave memory; see Evictable. Extras.Has must say which hashes have rows in memory.
func (r *Rows) Attach(reader store.Reader, low int64) {
	r.away = &away{reader: reader, budget: r.budget, low: low, ranged: r.extras.Ranged}
	r.kept.ranged = r.extras.Ranged
}

// Room is how many rows can be put in before memory grows; see Evictable.
func (r *Rows) Room() int {
	room := 0
	for _, number := range r.reusable {
		room += r.chunks[number].holes.count
	}
	if last := len(r.chunks) - 1; last >= 0 {
		room += chunkRows - r.chunks[last].n
	}
	return room
}

// Spill writes what changed in the epoch under way; see Evictable.
func (r *Rows) Spill(into *store.Changes, most int64) (more bool) {
	if r.kept.spilled == 0 {
		sortByGroup(r.kept.touched, r.GroupOf)
	}
	if r.kept.spill(into, most) {
		return true
	}
	r.away.spilled()
	return false
}

// Pass leaves rows in the store; see Evictable.
func (r *Rows) Pass(e *Entries) error {
	r.kept.used = r.kept.used || e.Len() > 0
	for i, hash := range e.Hashes {
		if len(e.Keys[i]) < wordBytes {
			return &CorruptError{What: r.name, Reason: "a row without a number"}
		}
		r.kept.last = max(r.kept.last, binary.BigEndian.Uint64(e.Keys[i]))
		if err := r.away.add(hash); err != nil {
			return outOfMemory(r.name, err)
		}
	}
	return nil
}

// Clean reports whether the store has a row as it is; see Evictable.
func (r *Rows) Clean(id uint32, settled bool) bool {
	return r.kept.clean(id, settled) && !r.away.isLoose() && !r.away.isBuried(r.HashOf(id))
}

// HashOf returns the hash that a row was appended with, of rows whose changes are noted.
func (r *Rows) HashOf(id uint32) uint64 { return *r.kept.hashes.At(id) }

// Expel takes rows out of memory, which are Clean. All rows of a hash must leave together. The error is SQLSTATE 53200.
func (r *Rows) Expel(ids []uint32) error {
	for _, id := range ids {
		if err := r.away.add(r.HashOf(id)); err != nil {
			return outOfMemory(r.name, err)
		}
		r.kept.reset(id, 0)
	}
	return r.drop(ids)
}

func (r *Rows) loadAway(hashes []uint64, groups [Groups / 64]uint64) error {
	if r.away == nil {
		return nil
	}
	return r.away.load(r.kept.home, r.slice, hashes, groups, r.extras.Has, r.Admit)
}
