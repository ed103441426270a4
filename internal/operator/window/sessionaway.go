package window

import (
	"encoding/binary"
	"errors"
	"math"
	"math/bits"
	"slices"

	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/internal/state/store"
)

// Keys of sessions leave memory with all of their sessions. What is due of them the store says: beside the entry of a key it has, in the slice of the period in which the first of its sessions ends, an
// entry with its hash. Those of a period are read, and their keys loaded, when the first of its sessions that are away closes. An entry that is not true any more, since its key has changed, costs a look at the key.

// sessionsAway is what Sessions know of keys that the store alone has.
type sessionsAway struct {
	low int64
	// waking: keys are to be loaded, since it is time to look at them; reading is the period whose keys are, nil if none, and from the hash that comes next.
	waking  bool
	reading *period
	from    uint64
	hashes  []uint64
	// lasting is how many hashes the table had noted when they were noted anew.
	lasting int
}

// period is a piece of time in which sessions end. Its slice in the store is its start, with the number of bits that its length has, which are 0 in its start.
type period struct {
	slice int64
	// first is not behind the end of any first session of a key that is away, none if it is math.MaxInt64.
	first int64
}

// The length of a period, in bits of µs: about so many times shorter than the gap, within these bounds.
const (
	levelBits   = 6
	levelMask   = 1<<levelBits - 1
	periods     = 64
	leastLevel  = levelBits
	mostLevel   = 50
	commonLevel = 20
)

// start is the least end of a session in the period, last the greatest.
func (p *period) start() int64 { return p.slice &^ levelMask }
func (p *period) last() int64  { return p.start() | (1<<(p.slice&levelMask) - 1) }

// sliceOf is the slice of the period of a level that an end is in.
func sliceOf(level uint8, end int64) int64 { return end>>level<<level | int64(level) }

// sessionTimes are the periods as a part of what is stored.
type sessionTimes struct {
	s            *Sessions
	home         keyed.Home
	reader       store.Reader
	gone, sealed *store.Changes // periods that are over; nil: changes are not noted
	list         []*period
	index        map[int64]*period
	// levels are, for each key, the level of the period in which it was stored last, 0 if it was in none; level is that of what is stored next, 0 before the first row.
	levels *keyed.Slab[uint8]
	level  uint8
	// ends are those of all sessions that were in memory since there were none.
	ends ends
}

// sessionsPart is the table of Sessions' keys as a part that may leave memory.
type sessionsPart struct {
	*keyed.Table
	s *Sessions
}

// sessionsTable is that table as one that is loaded.
type sessionsTable struct {
	s *Sessions
}

const (
	// wakeShare: keys that are loaded at once take about this part of what is low, at keyBytes each.
	wakeShare = 5
	keyBytes  = 512
	leastWake = 16
	mostWake  = 8192
	// fewStale times without meaning are too few to be looked for.
	fewStale = 1 << 12
	// fewNoted hashes without meaning are too few to be looked for.
	fewNoted = 1 << 14
)

// Leaves reports whether keys may leave memory: nothing is told of a session but when it closes, and then it is forgotten.
func (s *Sessions) Leaves() bool { return s.table != nil && !s.cfg.changes() }

// Advice says what to do about sessions that do not leave memory.
func (s *Sessions) Advice() string {
	if s.Leaves() {
		return ""
	}
	return "Sessions whose answers change, or that have no keys, stay in memory: where sessions with keys answer once, when they close, they leave it."
}

// Resident reports whether all keys are in memory for good.
func (t *sessionsTable) Resident() bool { return t.s.table.Resident() }

// SetGuard makes a test's guard watch over the keys.
func (t *sessionsTable) SetGuard(g *keyed.Guard) { t.s.table.SetGuard(g) }

// Load makes keys resident, or the next ones that it is time to look at.
func (t *sessionsTable) Load(hashes []uint64, groups [op.KeyGroups / 64]uint64) error {
	if a := t.s.away; a != nil && a.waking {
		a.waking = false
		if err := t.s.readPeriods(); err != nil {
			return err
		}
		hashes = a.hashes
	}
	return t.s.table.Load(hashes, groups)
}

// Attach lets keys leave memory; see keyed.Evictable.
func (p *sessionsPart) Attach(r store.Reader, low int64) {
	p.Table.Attach(r, low)
	p.s.away = &sessionsAway{low: low}
}

// Evict has keys leave memory; see keyed.Evictable.
func (p *sessionsPart) Evict(want int, settled bool) (evicted int, err error) {
	if p.s.running {
		return 0, nil
	}
	if err := p.s.forgetAwake(); err != nil {
		return 0, op.OutOfMemory(p.s.cfg.Name, err)
	}
	evicted, err = p.Table.Evict(want, settled)
	if evicted > 0 {
		p.s.forgetStale()
	}
	return evicted, err
}

// Depart has all keys leave memory; see keyed.Departing. It is never for good.
func (p *sessionsPart) Depart(bool) error {
	s := p.s
	if s.running {
		return nil
	}
	if err := s.forgetAwake(); err != nil {
		return op.OutOfMemory(s.cfg.Name, err)
	}
	for group := range op.KeyGroups {
		for key := range s.table.Slots(uint8(group)) { //nolint:gosec // below 256
			s.times.note(key)
		}
	}
	return p.Table.Depart(false)
}

// Pass leaves keys in the store; see keyed.Evictable. Keys of which it has no times are put in.
func (p *sessionsPart) Pass(e *keyed.Entries) error {
	for _, value := range e.Values {
		if _, ok := storedSlice(value); !ok {
			return p.Admit(e)
		}
	}
	for _, value := range e.Values {
		slice, _ := storedSlice(value)
		of := p.s.times.know(slice)
		of.first = min(of.first, of.start())
	}
	return p.Table.Pass(e)
}

// leave forgets the sessions of a key that leaves memory, unless it is due, or the store does not know when it is.
func (s *Sessions) leave(key uint32) bool {
	if s.closes(s.firstEnd(key)) || !s.times.note(key) {
		return false
	}
	for id := *s.newest.At(key); id != none; {
		next := s.sessions.At(id).next
		s.give(id)
		id = next
	}
	*s.newest.At(key) = none
	return true
}

// firstEnd is the least end of the sessions of a key.
func (s *Sessions) firstEnd(key uint32) int64 {
	first := int64(math.MaxInt64)
	for id := *s.newest.At(key); id != none; id = s.sessions.At(id).next {
		first = min(first, s.sessions.At(id).end)
	}
	return first
}

// forgetStale forgets times of sessions that are not there any more, once those are many.
func (s *Sessions) forgetStale() {
	if len(s.dues.list) < 2*int(s.used)+fewStale {
		return
	}
	s.dues.keep(func(t due) bool {
		at := s.sessions.At(t.id)
		return at.marks&live != 0 && at.due == t.micros
	})
}

// forgetAwake forgets what the table has noted of keys that are not away any more, once that is much.
func (s *Sessions) forgetAwake() error {
	if s.table.Noted() < 2*max(s.table.Away(), s.away.lasting)+fewNoted {
		return nil
	}
	var failed error
	err := s.table.Note(func(yield func(uint64) bool) {
		for _, p := range s.times.list {
			if failed != nil || p.first == math.MaxInt64 && p != s.away.reading { // no key is away that was to be found by it
				continue
			}
			failed = s.times.read(p, s.times.home.From, func(hash uint64) bool { return yield(hash) })
		}
	})
	s.away.lasting = s.table.Noted()
	return errors.Join(failed, err)
}

// vacate gives the memory of all sessions back: their keys have left.
func (s *Sessions) vacate() {
	s.newest.Free()
	s.times.levels.Free()
	s.sessions.Free()
	s.dues.free()
	for _, c := range s.calls {
		c.state.Close()
		c.reset()
	}
	s.used, s.free, s.batch.spare = 0, none, none
}

// wakes reports whether keys must be loaded that it is time to look at.
func (s *Sessions) wakes() bool {
	if s.away == nil {
		return false
	}
	if !s.table.HasAway() { // all that was away has been read
		s.away.reading, s.away.waking = nil, false
		for _, p := range s.times.list {
			p.first = math.MaxInt64
		}
		return false
	}
	s.away.waking = s.away.reading != nil || s.times.due() != nil
	return s.away.waking
}

// atOnce is how many keys are loaded, or told of, at once: most, or fewer where there is little memory.
func (s *Sessions) atOnce(most int64) int {
	if s.away == nil {
		return int(most)
	}
	return int(min(max(s.away.low/wakeShare/keyBytes, leastWake), most))
}

// readPeriods reads the hashes of the next keys that it is time to look at.
func (s *Sessions) readPeriods() error {
	a := s.away
	a.hashes = a.hashes[:0]
	most := s.atOnce(mostWake)
	for {
		if a.reading == nil {
			if a.reading, a.from = s.times.due(), s.times.home.From; a.reading == nil {
				return nil
			}
			a.reading.first = math.MaxInt64 // but for those that leave from now on
		}
		enough := false
		err := s.times.read(a.reading, a.from, func(hash uint64) bool {
			if enough = len(a.hashes) == most; enough {
				a.from = hash
				return false
			}
			a.hashes = append(a.hashes, hash)
			return true
		})
		if err != nil {
			return err
		}
		if enough {
			return nil
		}
		a.reading = nil
	}
}

// due is a period of which a session that is away closes by now, nil if there is none.
func (t *sessionTimes) due() *period {
	for _, p := range t.list {
		if p.first != math.MaxInt64 && t.s.closes(p.first) {
			return p
		}
	}
	return nil
}

// errEnough ends the reading of a period.
var errEnough = errors.New("enough")

// read gives f the hashes of a period from one on, until it answers false.
func (t *sessionTimes) read(p *period, from uint64, f func(hash uint64) bool) error {
	err := t.reader.ScanSlice(t.home.Space, p.slice, from, t.home.To, func(hash uint64, _, _ []byte) error {
		if !f(hash) {
			return errEnough
		}
		return nil
	})
	if errors.Is(err, errEnough) {
		return nil
	}
	return err
}

// know returns the period of a slice.
func (t *sessionTimes) know(slice int64) *period {
	p := t.index[slice]
	if p == nil {
		p = &period{slice: slice, first: math.MaxInt64}
		t.index[slice] = p
		t.list = append(t.list, p)
	}
	return p
}

// note notes that a key leaves memory, unless it was stored in no period.
func (t *sessionTimes) note(key uint32) bool {
	level := *t.levels.At(key)
	if level == 0 {
		return false
	}
	end := t.s.firstEnd(key)
	p := t.know(sliceOf(level, end))
	p.first = min(p.first, end)
	return true
}

// measure sets the level by the first row that has a window.
func (t *sessionTimes) measure(gap int64) {
	if t.level == 0 && gap > 0 {
		t.level = uint8(min(max(bits.Len64(uint64(gap/periods)), leastLevel), mostLevel)) //nolint:gosec // within bounds
	}
}

// levelOf is the level of what is stored next.
func (t *sessionTimes) levelOf() uint8 {
	if t.level == 0 {
		return commonLevel
	}
	return t.level
}

// write writes the time of a key beside its entry.
func (t *sessionTimes) write(into *store.Changes, key uint32, hash uint64) {
	level := t.levelOf()
	slice := sliceOf(level, t.s.firstEnd(key))
	*t.levels.At(key) = level
	t.know(slice)
	into.Put(t.home.Space, slice, hash, nil, nil)
}

// forgetOver drops the periods that are over.
func (t *sessionTimes) forgetOver() {
	t.list = slices.DeleteFunc(t.list, func(p *period) bool {
		if p.first != math.MaxInt64 || !t.s.closes(p.last()) {
			return false
		}
		t.gone.Drop(t.home.Space, p.slice, t.home.From, t.home.To)
		delete(t.index, p.slice)
		return true
	})
}

// free drops all periods.
func (t *sessionTimes) free() {
	t.levels.Free()
	if len(t.list) > 0 {
		t.gone.DropAll(t.home.Space, t.home.From, t.home.To)
	}
	t.list, t.index = nil, map[int64]*period{}
}

// grow makes room for keys of which changes are noted.
func (t *sessionTimes) grow(keys int) error {
	if t.gone == nil {
		return nil
	}
	return t.levels.Grow(keys)
}

// Keep says where times are stored; see keyed.Kept.
func (t *sessionTimes) Keep(at keyed.Home) {
	t.home, t.gone, t.sealed = at, &store.Changes{}, &store.Changes{}
}

// Seal ends an epoch; see keyed.Kept.
func (t *sessionTimes) Seal() { t.gone, t.sealed = t.sealed, t.gone }

// Drain writes what changed in the sealed epoch beside keys; see keyed.Kept.
func (t *sessionTimes) Drain(into *store.Changes, _ int64) (more bool, err error) {
	into.Add(t.sealed)
	t.sealed.Reset()
	return false, nil
}

// Admit notes periods that the store has; see keyed.Kept.
func (t *sessionTimes) Admit(e *keyed.Entries) error {
	for _, slice := range e.Slices {
		if level := slice & levelMask; level < leastLevel || level > mostLevel {
			return &keyed.CorruptError{What: "sessions of " + t.s.cfg.Name, Reason: "a period has no length"}
		}
		t.know(slice)
	}
	return nil
}

// Shape is that of times: nothing but hashes.
func (t *sessionTimes) Shape() keyed.Shape { return keyed.Shape{Slice: keyed.SliceNumber} }

// MayLeave reports that none is in memory.
func (t *sessionTimes) MayLeave() bool { return true }

// Attach has times read by r; see keyed.Evictable.
func (t *sessionTimes) Attach(r store.Reader, _ int64) { t.reader = r }

// Room is without bound; see keyed.Evictable.
func (t *sessionTimes) Room() int { return math.MaxInt }

// Evict has nothing to do; see keyed.Evictable.
func (t *sessionTimes) Evict(want int, _ bool) (evicted int, err error) { return want, nil }

// Pass is Admit; see keyed.Evictable.
func (t *sessionTimes) Pass(e *keyed.Entries) error { return t.Admit(e) }

// Spill writes what changed in the epoch under way beside keys; see keyed.Evictable.
func (t *sessionTimes) Spill(into *store.Changes, _ int64) (more bool) {
	into.Add(t.gone)
	t.gone.Reset()
	return false
}

// Adopt makes room for keys that are there; see keyed.Late.
func (t *sessionTimes) Adopt() error { return t.grow(t.s.table.Limit()) }

// sliceBytes is what a stored key has of its period: a byte, 0, which no number of sessions is, and the slice.
const sliceBytes = 9

// appendSlice appends the slice of the period of a key to what is stored of it.
func (s *Sessions) appendSlice(dst []byte, key uint32) []byte {
	return binary.BigEndian.AppendUint64(append(dst, 0), uint64(sliceOf(s.times.levelOf(), s.firstEnd(key)))) //nolint:gosec // the bits of it
}

// storedSlice returns the slice of the period of a stored key, if it has one.
func storedSlice(value []byte) (slice int64, ok bool) {
	if len(value) < sliceBytes || value[0] != 0 {
		return 0, false
	}
	return int64(binary.BigEndian.Uint64(value[1:])), true //nolint:gosec // the bits of it
}
