package keyed

import (
	"slices"

	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

const (
	// sortBytes is what sorting takes for a row while it runs: two words and a number.
	sortBytes = 2*8 + numberBytes
	// compareAtMost is how many rows are sorted by comparing them. More are sorted by words made of their keys.
	compareAtMost = 16
	// insertAtMost is how many words are sorted by insertion.
	insertAtMost = 48
)

// Sort puts the rows of ids in order. Rows that are equal in it keep the order in which ids has them. The error, SQLSTATE 53200, is for the memory
// that sorting takes while it runs: 20 bytes a row.
//
// Those bytes of the prefixes that are not the same in all rows, eight at most, make a word by which rows are sorted byte by byte from the last
// (radix sort). Each run of equal words is then sorted alike by what comes behind: more bytes of the prefix, of a long text, or the next keys.
func (o *Order) Sort(r *Rows, ids []uint32) error {
	n := len(ids)
	if n < 2 || len(o.keys) == 0 {
		return nil
	}
	need := int64(n) * sortBytes
	if err := r.budget.Reserve(need); err != nil {
		return outOfMemory(r.name, err)
	}
	defer r.budget.Release(need)
	s := sorter{rows: r}
	s.sort(o, run{ids: ids, words: make([]uint64, n), spare: make([]uint64, n), moved: make([]uint32, n)})
	return nil
}

// sorter sorts the rows of one store.
type sorter struct {
	rows   *Rows
	packer packer
}

// run are rows to be sorted, and memory for as many.
type run struct {
	ids   []uint32
	words []uint64
	spare []uint64
	moved []uint32
}

func (r run) part(from, to int) run {
	return run{ids: r.ids[from:to], words: r.words[from:to], spare: r.spare[from:to], moved: r.moved[from:to]}
}

// each calls f for each run of equal words that has several rows.
func (r run) each(f func(run)) {
	for from := 0; from < len(r.words); {
		to := from + 1
		for to < len(r.words) && r.words[to] == r.words[from] {
			to++
		}
		if to-from > 1 {
			f(r.part(from, to))
		}
		from = to
	}
}

func (s *sorter) compare(o *Order, ids []uint32) {
	slices.SortStableFunc(ids, func(a, b uint32) int { return o.CompareIDs(s.rows, a, b) })
}

// sort sorts a run by o.
func (s *sorter) sort(o *Order, r run) {
	if len(r.ids) <= compareAtMost {
		s.compare(o, r.ids)
		return
	}
	p := &s.packer
	p.fill(o, s.rows, r)
	complete, short := p.pack(r), p.short
	sortWords(r)
	switch last := o.lastPrefixed(); {
	case !complete:
		r.each(func(r run) { s.sort(o, r) })
	case last == nil: // nothing of the first key fits a prefix
		s.compare(o, r.ids)
	case last.whole || short:
		s.behind(o, r)
	case last.kind == schema.Text:
		r.each(func(r run) { s.texts(o, last, r, last.size-1) })
	case last.kind == schema.Bytes: // the zeros behind their end may be theirs
		r.each(func(r run) { s.texts(o, last, r, 0) })
	default:
		r.each(func(r run) {
			if s.equal(last, r.ids) {
				s.same(o, r)
			} else {
				s.compare(o, r.ids)
			}
		})
	}
}

// equal reports whether all rows are equal in a key.
func (s *sorter) equal(key *orderKey, ids []uint32) bool {
	first, i := s.column(key, ids[0])
	for _, id := range ids[1:] {
		if c, row := s.column(key, id); key.compareRow(first, i, c, row) != 0 {
			return false
		}
	}
	return true
}

// behind sorts each run of rows that are equal in all keys of o's prefix by the keys after those.
func (s *sorter) behind(o *Order, r run) {
	if o.rest != nil {
		r.each(func(r run) { s.sort(o.rest, r) })
	}
}

// texts sorts rows that are equal in the keys before a text and in its first depth bytes, the last key of o's prefix.
func (s *sorter) texts(o *Order, key *orderKey, r run, depth int) {
	if c, row := s.column(key, r.ids[0]); isNull(c, row) { // and so are the others
		s.same(o, r)
		return
	}
	if len(r.ids) <= compareAtMost {
		s.compare(o, r.ids)
		return
	}
	depth += s.common(key, r.ids, depth)
	const step = 7 // bytes a word; the last byte of it says how many
	for i, id := range r.ids {
		c, row := s.column(key, id)
		text := c.Bytes(row)
		text = text[min(depth, len(text)):]
		hi, _ := leading(text)
		r.words[i] = hi&^0xff | uint64(min(len(text), step))
		if key.Desc {
			r.words[i] = ^r.words[i]
		}
	}
	sortWords(r)
	r.each(func(r run) {
		n := r.words[0] & 0xff
		if key.Desc {
			n = ^r.words[0] & 0xff
		}
		if n < step { // at the end of the text
			s.same(o, r)
			return
		}
		s.texts(o, key, r, depth+step)
	})
}

// same sorts rows that are equal in all keys of o's prefix by the keys after those.
func (s *sorter) same(o *Order, r run) {
	if o.rest != nil {
		s.sort(o.rest, r)
	}
}

func (s *sorter) column(key *orderKey, id uint32) (c *batch.Column, row int) {
	return s.rows.chunks[id>>chunkShift].cols[key.Column], int(id & (chunkRows - 1))
}

// common returns how many bytes from depth on are the same in all texts.
func (s *sorter) common(key *orderKey, ids []uint32, depth int) int {
	c, row := s.column(key, ids[0])
	first := c.Bytes(row)
	first = first[min(depth, len(first)):]
	for _, id := range ids[1:] {
		c, row := s.column(key, id)
		text := c.Bytes(row)
		text = text[min(depth, len(text)):]
		n := 0
		for most := min(len(first), len(text)); n < most && first[n] == text[n]; {
			n++
		}
		if first = first[:n]; n == 0 {
			return 0
		}
	}
	return len(first)
}

// sortWords sorts a run by its words. It is stable.
func sortWords(r run) {
	if len(r.words) <= insertAtMost {
		insertWords(r.words, r.ids)
		return
	}
	differ, sorted, last := uint64(0), true, r.words[0]
	for _, w := range r.words[1:] {
		differ |= w ^ last
		sorted = sorted && last <= w
		last = w
	}
	if sorted {
		return
	}
	from, to := r, run{ids: r.moved, words: r.spare}
	for shift := 0; shift < 64; shift += 8 {
		if differ>>shift&0xff != 0 {
			scatter(from, to, shift)
			from, to = to, from
		}
	}
	if &from.words[0] != &r.words[0] {
		copy(r.words, from.words)
		copy(r.ids, from.ids)
	}
}

func insertWords(words []uint64, ids []uint32) {
	for i := 1; i < len(words); i++ {
		w, id := words[i], ids[i]
		j := i
		for ; j > 0 && words[j-1] > w; j-- {
			words[j], ids[j] = words[j-1], ids[j-1]
		}
		words[j], ids[j] = w, id
	}
}

// scatter moves from to to in the order of one byte of the words.
func scatter(from, to run, shift int) {
	var places [256]uint32
	for _, w := range from.words {
		places[uint8(w>>shift)]++
	}
	at := uint32(0)
	for b, n := range &places {
		places[b] = at
		at += n
	}
	ids := from.ids[:len(from.words)]
	for i, w := range from.words {
		p := &places[uint8(w>>shift)]
		to.words[*p], to.ids[*p] = w, ids[i]
		*p++
	}
}
