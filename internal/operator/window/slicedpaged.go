package window

import (
	"math/bits"
	"slices"

	expr "wire.example/wire/internal/expr/aggregate"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
)

// page is the key groups of which a window is being answered where entries have left memory: from from to before to. Those before from were answered.
type page struct {
	// turning: a window is being answered so. loaded: the entries of the page are in memory; begun: windows are answered from them.
	turning, loaded, begun bool
	from, to               int
	cursor                 keyed.Cursor
	folded                 []uint32
}

const (
	// pageEntries is about how many entries a page has at most, but of one key group at least; fewer where they do not fit into a part of what is left when memory is tight: the pages of all tasks together, each of which may
	// begin one while there is just so much left.
	pageEntries = 8192
	pageShare   = 4
	// entryOverhead is about what an entry and its key take in memory beside what is stored of them.
	entryOverhead = 160
)

// entriesOfPage returns about how many entries a page may have.
func (a *slicesAway) entriesOfPage(tasks int) int {
	if a.read == 0 { // nobody knows how large they are
		return 1
	}
	return int(max(1, min(pageEntries, a.low/pageShare/int64(max(tasks, 1))/(a.bytes/int64(a.read)+entryOverhead))))
}

// needs declares the key groups of the page.
func (p *page) needs(needs *op.Needs) {
	if p.turning && !p.loaded && p.to > p.from {
		needs.Groups(0, op.KeyGroup(p.from), op.KeyGroup(p.to-1)) //nolint:gosec // key groups
	}
}

// has reports whether a key group is being answered.
func (p *page) has(group int) bool { return p.turning && p.from <= group && group < p.to }

// turnsPages reports whether the next window is answered page by page: entries have left memory, or may have to before it was answered.
func (s *Sliced) turnsPages() bool {
	return s.away != nil && (s.away.paged || !s.hasRoom())
}

// hasRoom reports whether windows can be answered as a whole.
func (s *Sliced) hasRoom() bool { return s.away.budget.Available() >= 2*s.away.low }

// beginPages begins to answer a window page by page.
func (s *Sliced) beginPages(end int64) {
	s.away.paged = true
	s.away.page = page{turning: true, folded: s.away.page.folded}
	s.beginSlices(end)
}

// beginSlices makes slices whose first window ends by end ones of which windows were answered, or are: their entries are entered page by page.
func (s *Sliced) beginSlices(end int64) {
	for len(s.open) > 0 && s.open[0].first <= end {
		in := s.open[0]
		s.open = slices.Delete(s.open, 0, 1)
		i, _ := slices.BinarySearchFunc(s.rest, in, (*slice).compareLast)
		s.rest = slices.Insert(s.rest, i, in)
	}
}

// firePages goes on with a window, page by page.
func (s *Sliced) firePages(out *op.Output) (more bool, err error) {
	p := &s.away.page
	for {
		if p.from == p.to {
			if p.to == keyed.Groups {
				break
			}
			s.turnPage()
		}
		if !p.loaded {
			return true, nil // whoever calls loads it
		}
		if !p.begun {
			if err := s.enterPage(); err != nil {
				return false, err
			}
			p.begun, p.cursor = true, keyed.Cursor{Group: p.from}
		}
		for s.nextOfPage() {
			if emitted, err := s.emit.answer(out); emitted || err != nil {
				return emitted, err
			}
		}
		if err := s.leavePage(); err != nil {
			return false, err
		}
		p.from = p.to
	}
	s.leaveSlices()
	p.turning = false
	return false, nil
}

// turnPage begins the next page: so many key groups that it has about as many entries as it may, in memory or not.
func (s *Sliced) turnPage() {
	p := &s.away.page
	unread := slices.ContainsFunc(s.rest, func(of *slice) bool { return of.unread })
	most := s.away.entriesOfPage(s.cfg.Tasks)
	if unread {
		most = 1
	}
	p.loaded, p.begun = true, false
	for entries := 0; p.to < keyed.Groups; p.to++ {
		entries += s.table.LenOf(uint8(p.to)) //nolint:gosec // below 256
		out, away := s.restAway(p.to)
		entries += out
		if entries > most && p.to > p.from {
			break
		}
		p.loaded = p.loaded && !away
	}
}

// restAway returns about how many entries of a key group the store alone has that windows are answered from, and whether it has some. Key groups that have left have as many as each other: those that are the task's, and that are
// left of those.
func (s *Sliced) restAway(group int) (out int, away bool) {
	for _, of := range s.rest {
		if of.away[group>>6]>>(group&63)&1 != 0 {
			out += max(of.out/countGroups(of.away), 1)
			away = true
		}
	}
	return out, away
}

// loadPage reads the entries of the page that are in the store alone, but for those of slices whose first window is not answered yet.
func (s *Sliced) loadPage() error {
	p := &s.away.page
	if !p.turning || p.loaded {
		return nil
	}
	for i := 0; i < len(s.rest); {
		first, last, mask := i, s.rest[i].last, [op.KeyGroups / 64]uint64{}
		for ; i < len(s.rest) && s.rest[i].last == last; i++ {
			in := s.rest[i]
			for g := p.from; g < p.to; g++ {
				mask[g>>6] |= in.away[g>>6] & (1 << (g & 63))
			}
			s.unmark(in, p)
		}
		from, to := edges(mask)
		if from > to {
			continue
		}
		n, size, err := s.cells.Read(s.away.reader, last, uint8(from), uint8(to), func(hash uint64) bool { //nolint:gosec // key groups
			g := op.GroupOf(hash)
			return mask[g>>6]>>(g&63)&1 != 0
		})
		if err != nil {
			return err
		}
		measure(s.rest[first:i], mask, n)
		s.away.read += n
		s.away.bytes += size
	}
	p.loaded = true
	return nil
}

// unmark notes that no entries of a slice with key groups of a page are in the store alone.
func (s *Sliced) unmark(in *slice, p *page) {
	had := countGroups(in.away)
	for g := p.from; g < p.to; g++ {
		in.away[g>>6] &^= 1 << (g & 63)
	}
	if had > 0 {
		in.out = in.out * countGroups(in.away) / had
	}
}

// edges returns the first and the last key group of a mask, the first behind the last if there is none.
func edges(mask [op.KeyGroups / 64]uint64) (first, last int) {
	first, last = keyed.Groups, -1
	for i, word := range mask {
		if word != 0 {
			first = min(first, i<<6+bits.TrailingZeros64(word))
			last = i<<6 + 63 - bits.LeadingZeros64(word)
		}
	}
	return first, last
}

// resident reports whether an entry that the store has needs not be read for the page: it is in memory, or no window needs it yet. What windows of a key were answered from is in memory
// all or not at all.
func (s *Sliced) resident(key uint32, of *slice, age uint32) bool {
	r := s.runs.At(key)
	switch {
	case of.first > s.end:
		return true
	case of.first <= s.fired:
		return s.emit.has(r)
	}
	for id := r.open; id != none; id = s.entries.At(id).next {
		if s.entries.At(id).slice == of.number && s.ageOf(id) == age {
			return true
		}
	}
	return false
}

// enterPage adds the entries of the page to those that windows are answered from.
func (s *Sliced) enterPage() error {
	p, e := &s.away.page, &s.emit
	e.into, e.from, p.folded = e.into[:0], e.from[:0], p.folded[:0]
	for group := p.from; group < p.to; group++ {
		for key := range s.table.Slots(uint8(group)) { //nolint:gosec // below 256
			if err := s.enterKey(key); err != nil {
				return err
			}
			if len(e.from) >= pageEntries {
				if err := s.foldPage(); err != nil {
					return err
				}
			}
		}
	}
	return s.foldPage()
}

// enterKey enters the entries of a key whose first window is answered, the oldest first.
func (s *Sliced) enterKey(key uint32) error {
	r, p, e := s.runs.At(key), &s.away.page, &s.emit
	place := &r.open
	for *place != none && s.list[s.entries.At(*place).slice].first > s.end {
		place = &s.entries.At(*place).next
	}
	e.chain = e.chain[:0]
	for id := *place; id != none; id = s.entries.At(id).next {
		e.chain = append(e.chain, id)
	}
	*place = none
	switch {
	case len(e.chain) == 0:
		return nil
	case s.alone:
		s.cells.Leave(e.chain)
	case s.shape.Kind == Cumulate:
		s.cells.Freeze(e.chain)
	}
	for _, id := range slices.Backward(e.chain) {
		back, err := s.join(id, r, s.list[s.entries.At(id).slice])
		if err != nil {
			return err
		}
		if back == none {
			continue
		}
		e.into, e.from = append(e.into, back), append(e.from, id)
		if s.alone || s.shape.Kind == Cumulate {
			p.folded = append(p.folded, id)
		}
	}
	return nil
}

// foldPage adds up what was entered, and forgets entries that are no more than a part of a sum.
func (s *Sliced) foldPage() error {
	p, e := &s.away.page, &s.emit
	if err := s.fold(e.into, e.from); err != nil {
		return err
	}
	for _, id := range p.folded {
		s.give(id)
	}
	e.into, e.from, p.folded = e.into[:0], e.from[:0], p.folded[:0]
	return nil
}

// nextOfPage finds the next keys of the page that have rows in the window: false at the end.
func (s *Sliced) nextOfPage() bool {
	p, e := &s.away.page, &s.emit
	e.keys = e.keys[:0]
	for len(e.keys) == 0 {
		n := s.table.ScanGroups(&p.cursor, p.to, e.scanned)
		if n == 0 {
			return false
		}
		for _, key := range e.scanned[:n] {
			if e.has(s.runs.At(key)) {
				e.keys = append(e.keys, key)
			}
		}
	}
	return true
}

// leavePage takes what leaves with the window out of the keys of the page.
func (s *Sliced) leavePage() error {
	p, e := &s.away.page, &s.emit
	for group := p.from; group < p.to; group++ {
		number := uint8(group) //nolint:gosec // below 256
		e.into, e.from = e.into[:0], e.from[:0]
		for key := range s.table.Slots(number) {
			if err := s.leaveKey(key); err != nil {
				return err
			}
			if err := s.tidy(key); err != nil {
				return err
			}
		}
		if err := s.unfoldPage(); err != nil {
			return err
		}
		if s.away.any && s.away.budget.Available() < s.away.low { // what was read need not be written
			if _, err := s.expel(op.KeyGroup(number), s.expelRest, false); err != nil {
				return err
			}
		}
		if err := s.table.Shrink(number); err != nil {
			return err
		}
	}
	return nil
}

// leaves reports whether an entry leaves with the window that is being answered.
func (s *Sliced) leaves(id uint32) bool { return s.list[s.entries.At(id).slice].last <= s.end }

// leaveKey takes what leaves with the window out of a key. What must be subtracted is left to unfoldPage.
func (s *Sliced) leaveKey(key uint32) error {
	r, e := s.runs.At(key), &s.emit
	if s.alone || s.shape.Kind == Cumulate {
		if r.back != none && (s.alone || s.rest[0].last <= s.end) {
			s.give(r.back)
			r.back = none
		}
		return nil
	}
	for place := &r.odd; *place != none; {
		id := *place
		if !s.leaves(id) {
			place = &s.entries.At(id).next
			continue
		}
		*place = s.entries.At(id).next
		s.leaveOne(id)
	}
	for r.count > 0 && s.leaves(r.oldest) {
		id := r.oldest
		if !s.subtracts && r.front == 0 {
			if err := s.turn(r); err != nil {
				return err
			}
		}
		r.oldest = s.entries.At(id).next
		r.count--
		if s.subtracts {
			e.into, e.from = append(e.into, r.back), append(e.from, id)
			continue
		}
		r.front--
		s.leaveOne(id)
	}
	return nil
}

// unfoldPage subtracts what leaves with the window.
func (s *Sliced) unfoldPage() error {
	e := &s.emit
	if len(e.from) == 0 {
		return nil
	}
	for _, c := range s.calls {
		if err := c.state.(expr.Unfolder).Unfold(e.into, e.from); err != nil {
			return err
		}
	}
	for _, id := range e.from {
		key := s.entries.At(id).key
		s.leaveOne(id)
		if r := s.runs.At(key); r.count == 0 && r.back != none {
			s.give(r.back)
			r.back = none
			if err := s.tidy(key); err != nil {
				return err
			}
		}
	}
	return nil
}

// leaveOne forgets an entry that is in no chain, for good.
func (s *Sliced) leaveOne(id uint32) {
	s.away.gone = append(s.away.gone[:0], id)
	s.cells.Leave(s.away.gone)
	s.give(id)
}

// leaveSlices forgets the slices that leave with the window.
func (s *Sliced) leaveSlices() {
	n := 0
	for ; n < len(s.rest) && s.rest[n].last <= s.end; n++ {
		gone := s.rest[n]
		if n == 0 || s.rest[n-1].last != gone.last {
			s.cells.DropSlice(gone.last)
		}
		delete(s.index, [2]int64{gone.first, gone.last})
		s.list[gone.number] = nil
		s.spare = append(s.spare, gone.number)
	}
	s.rest = slices.Delete(s.rest, 0, n)
	s.away.any = slices.ContainsFunc(s.list, func(of *slice) bool { return of != nil && of.away != [op.KeyGroups / 64]uint64{} })
	if s.away.paged = len(s.index) > 0; s.away.paged && !s.away.any && s.hasRoom() {
		s.relist()
	}
}
