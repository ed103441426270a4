package timejoin

import (
	"encoding/binary"
	"math"
	"slices"
	"sort"

	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
)

// pieceSide is the rows of an input of a slice that are read back.
type pieceSide struct {
	store *store
	slice *slice // nil: there are none
	// whole says that all of its rows are joined; otherwise those are that are stored under some hashes, of which those before next were read.
	whole  bool
	hashes []uint64
	next   int
	place  keyed.Bookmark
	// front is the hash up to which was read, over says that there is no more.
	front uint64
	over  bool

	piece  *slice // the rows that were read
	ids    []uint32
	stored []storedRow // what each of them is stored under
	held   int64
	joined int // so many of them are the piece's
	before int // how many rows the parts before had
}

// storedRow is what a row is stored under.
type storedRow struct{ hash, number uint64 }

// storedRowBytes is what is noted of a row that was read.
const storedRowBytes = 16 + idBytes

func newPieceSide(s *store) pieceSide {
	c := s.cfg
	return pieceSide{store: s, piece: &slice{rows: keyed.NewRows(c.Pool, c.types(s.input), 0, s.name, c.Budget), all: noChain()}}
}

// choose says which rows are joined: those that are stored under some hashes, which are lent until all were joined.
func (s *pieceSide) choose(hashes []uint64) {
	slices.Sort(hashes)
	s.hashes = slices.Compact(hashes)
}

// at goes to the first row with a hash.
func (s *pieceSide) at(hash uint64) {
	s.place.At(hash)
	s.next = sort.Search(len(s.hashes), func(i int) bool { return s.hashes[i] >= hash })
	s.front, s.over, s.before = 0, s.slice == nil, 0
}

// read reads some rows with hashes up to last.
func (s *pieceSide) read(last uint64) error {
	got := &s.store.taken
	got.Reset()
	take := func(hash uint64, key, value []byte) bool {
		return markOf(value)&settled != 0 || got.Take(hash, key, value)
	}
	if s.whole {
		over, err := s.slice.rows.Read(&s.place, last, take)
		if err != nil {
			return err
		}
		s.over, s.front = over, s.place.Hash
		return s.append(got)
	}
	some := s.hashes[s.next:min(s.next+got.Most, len(s.hashes))]
	some = some[:sort.Search(len(some), func(i int) bool { return some[i] > last })]
	if s.next += len(some); len(some) > 0 {
		s.front = some[len(some)-1]
		if err := s.slice.rows.Lookup(some, func(hash uint64, key, value []byte) { take(hash, key, value) }); err != nil {
			return err
		}
	}
	s.over = s.next == len(s.hashes) || s.hashes[s.next] > last
	return s.append(got)
}

// append makes rows that were read part of the piece.
func (s *pieceSide) append(got *keyed.Taken) error {
	n := got.Len()
	if n == 0 {
		return nil
	}
	if err := s.grow(n); err != nil {
		return op.OutOfMemory(s.store.name, err)
	}
	for from := 0; from < n; from += batch.MaxRows {
		to := min(from+batch.MaxRows, n)
		cols, err := s.store.decode(s.slice, got.Keys[from:to], got.Values[from:to])
		if err != nil {
			return err
		}
		for i := range s.store.cols {
			if s.store.cols[i] = nil; s.store.keep[i] {
				s.store.cols[i] = cols[i]
			}
		}
		at := len(s.ids)
		s.ids = s.ids[:at+to-from]
		if err := s.piece.rows.Append(s.store.cols, nil, nil, s.ids[at:]); err != nil {
			return err
		}
		for i, id := range s.ids[at:] {
			mark := markOf(got.Values[from+i]) & taken
			*s.piece.rows.Mark(id) = mark
			s.piece.takes = s.piece.takes || mark != 0
			s.stored = append(s.stored, storedRow{got.Hashes[from+i], numberOf(got.Keys[from+i])})
		}
	}
	return nil
}

// grow makes room for n more rows.
func (s *pieceSide) grow(n int) error {
	need := len(s.ids) + n
	if need <= cap(s.ids) {
		return nil
	}
	room := max(need, cap(s.ids)*3/2, readRows)
	if err := s.store.cfg.Budget.Reserve(int64(room-cap(s.ids)) * storedRowBytes); err != nil {
		return err
	}
	s.held += int64(room-cap(s.ids)) * storedRowBytes
	ids, stored := make([]uint32, len(s.ids), room), make([]storedRow, len(s.stored), room)
	copy(ids, s.ids)
	copy(stored, s.stored)
	s.ids, s.stored = ids, stored
	return nil
}

// clear forgets the rows that were read.
func (s *pieceSide) clear() {
	s.piece.rows.Free()
	s.store.cfg.Budget.Release(s.held)
	s.piece.takes, s.ids, s.stored, s.held, s.joined = false, nil, nil, 0, 0
}

// bytes is the memory of the rows that were read.
func (s *pieceSide) bytes() int64 { return s.piece.rows.Bytes() + s.held }

// takes reports whether some of them take others back.
func (s *pieceSide) takes() bool { return s.piece.takes }

// first is the hash of the first row that was read, the greatest if there is none.
func (s *pieceSide) first() uint64 {
	if len(s.stored) == 0 {
		return math.MaxUint64
	}
	return s.stored[0].hash
}

// until returns how many of the rows that were read have hashes up to last.
func (s *pieceSide) until(last uint64) int {
	return sort.Search(len(s.stored), func(i int) bool { return s.stored[i].hash > last })
}

// remove removes the rows that were joined from the store, where their slice stays.
func (s *pieceSide) remove() error {
	if s.whole || s.slice == nil {
		return nil
	}
	var key [8]byte
	for _, r := range s.stored[:s.joined] {
		binary.BigEndian.PutUint64(key[:], r.number)
		if err := s.slice.rows.DeleteStored(r.hash, key[:]); err != nil {
			return err
		}
	}
	return nil
}
