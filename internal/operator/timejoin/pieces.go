package timejoin

import (
	"encoding/binary"
	"math"

	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/sqlstate"
)

// pieces joins rows of a slice that lie in the store. They come back in the order of their hashes, those of a key of both inputs together, as many at a time as there is memory for.
//
// Where the rows of one key are too many they come in parts: a part of the outer input meets all parts of the inner one before the next part comes, as in a block nested loop. A row of the outer input
// comes out alone when the last inner part has not matched it, one of the inner input when the last outer part has not. The outer input is the one with more rows, as far as that is known: what was
// found of rows of the inner one must be remembered.
type pieces struct {
	w *Window
	// settle: before the next call everything must be in the store.
	active, settle bool
	phase          piecesPhase
	sides          [2]pieceSide
	// from and to are the hashes of a piece; the last one ends with the greatest.
	from, to uint64
	// partial: the piece is one key's, of which outer and inner have parts.
	partial bool
	outer   int
	known   *keyed.Slab[uint8] // by row of the inner input: its mark
	// mostRows is how many rows a piece has, in tests.
	mostRows int
}

// piecesPhase is what comes next.
type piecesPhase uint8

const (
	piecesSettled piecesPhase = iota // everything is in the store
	piecesReading
	piecesJoining
	piecesOver
)

// prefixMask is the part of a hash that rows of one key may differ in, as they are stored.
const prefixMask = math.MaxUint32

// begin begins with the first piece.
func (g *pieces) begin() {
	g.phase, g.from, g.partial = piecesReading, 0, false
	for input := range g.sides {
		g.sides[input].at(0)
	}
}

// step reads and joins pieces, and answers more until there are none left.
func (g *pieces) step(out *op.Output) (more bool, err error) {
	j := &g.w.close
	if g.phase == piecesReading {
		if err := g.read(); err != nil {
			return false, err
		}
		g.give()
		if err := j.begin(); err != nil {
			return false, err
		}
		g.phase = piecesJoining
	}
	more, err = j.step(out)
	if more || err != nil {
		return more, err
	}
	j.end()
	if err := g.joined(); err != nil {
		return false, err
	}
	return g.phase != piecesOver, nil
}

// give gives the rows of the piece to the join, and says of which the last is known when it is done.
func (g *pieces) give() {
	for input := range g.sides {
		s, c := &g.sides[input], &g.w.close.sides[input]
		s.joined = s.until(g.to)
		c.slice, c.ids, c.lent, c.quiet = s.piece, s.ids[:s.joined], true, g.partial && !g.sides[1-input].over
	}
}

// joined says that the rows of the piece were joined: of slices that stay those go of which the last is known.
func (g *pieces) joined() error {
	g.phase = piecesReading
	for input := range g.sides {
		c := &g.w.close.sides[input]
		if !c.quiet {
			if err := g.sides[input].remove(); err != nil {
				return err
			}
		}
		c.slice, c.quiet = nil, false
	}
	if g.partial {
		more, err := g.nextPart()
		if more || err != nil {
			return err
		}
	}
	for input := range g.sides {
		g.sides[input].clear()
	}
	if g.to == math.MaxUint64 {
		g.phase = piecesOver
		return nil
	}
	g.from = g.to + 1
	for input := range g.sides {
		g.sides[input].at(g.from)
	}
	return nil
}

// read reads the next piece, unless its rows are there.
func (g *pieces) read() error {
	if g.partial {
		return nil
	}
	for {
		s := g.behind()
		if s == nil {
			g.to = math.MaxUint64
			return nil
		}
		if err := s.read(math.MaxUint64); err != nil {
			return err
		}
		if !g.full(2) || g.behind() == nil {
			continue
		}
		first := min(g.sides[LeftInput].first(), g.sides[RightInput].first()) &^ prefixMask
		switch next := g.behind().front &^ prefixMask; {
		case next < first: // rows of that input may come before
		case next > first:
			g.to = next - 1
			return nil
		default:
			return g.readKey(first)
		}
	}
}

// behind is the input of which less was read, nil if both are over.
func (g *pieces) behind() *pieceSide {
	l, r := &g.sides[LeftInput], &g.sides[RightInput]
	switch {
	case l.over && r.over:
		return nil
	case r.over || !l.over && l.front <= r.front:
		return l
	default:
		return r
	}
}

// readKey reads what is missing of the rows of a key, whose hashes begin with first, or the first part of them.
func (g *pieces) readKey(first uint64) error {
	g.from, g.to = first, keyed.RangeOf(first)
	for {
		for input := range g.sides {
			g.sides[input].over = g.sides[input].over || g.sides[input].front > g.to
		}
		s := g.behind()
		if s == nil {
			return nil
		}
		if g.full(3) && !g.takes() {
			break
		}
		if err := s.read(g.to); err != nil {
			return err
		}
	}
	g.partial, g.outer = true, RightInput
	if !g.sides[LeftInput].over {
		g.outer = LeftInput
	}
	return nil
}

// takes reports whether rows of the piece take others back: then all rows of a key are needed.
func (g *pieces) takes() bool {
	return g.sides[LeftInput].takes() || g.sides[RightInput].takes()
}

// nextPart reads the next part of the inner input or, when all were there, of the outer one, and answers false when those were all there, too.
func (g *pieces) nextPart() (more bool, err error) {
	outer, inner := &g.sides[g.outer], &g.sides[1-g.outer]
	if err := g.remember(inner); err != nil {
		return false, err
	}
	switch {
	case !inner.over:
		inner.before += len(inner.ids)
	case outer.over:
		g.partial = false
		g.known.Free()
		return false, nil
	default:
		outer.clear()
		if err := g.readPart(outer); err != nil {
			return false, err
		}
		if inner.before == 0 {
			return true, nil
		}
		inner.at(g.from)
	}
	inner.clear()
	if err := g.readPart(inner); err != nil {
		return false, err
	}
	g.recollect(inner)
	return true, nil
}

// readPart reads the next part of an input.
func (g *pieces) readPart(s *pieceSide) error {
	for !s.over && (len(s.ids) == 0 || !g.full(3)) {
		if err := s.read(g.to); err != nil {
			return err
		}
	}
	if s.takes() {
		return sqlstate.Errorf(sqlstate.OutOfMemory, "out of memory in %s: the rows of one key of a window, some of which are taken back, are more than memory has room for", s.store.name).
			WithHint("Raise the memory limit.")
	}
	return nil
}

// remember notes what was found of the rows of the inner input, if that matters.
func (g *pieces) remember(inner *pieceSide) error {
	if g.w.cfg.Kind == Inner || inner.over && inner.before == 0 {
		return nil // it stays in memory
	}
	if err := g.known.Grow(inner.before + len(inner.ids)); err != nil {
		return op.OutOfMemory(inner.store.name, err)
	}
	for i, id := range inner.ids {
		*g.known.At(uint32(inner.before + i)) = *inner.piece.rows.Mark(id) //nolint:gosec // there are fewer rows
	}
	return nil
}

// recollect puts that back.
func (g *pieces) recollect(inner *pieceSide) {
	if g.w.cfg.Kind == Inner {
		return
	}
	for i, id := range inner.ids {
		if at := inner.before + i; at < g.known.Len() {
			*inner.piece.rows.Mark(id) |= *g.known.At(uint32(at)) & matched //nolint:gosec // as above
		}
	}
}

const (
	// pieceShare is which part of what is low the rows of a piece may take, of all tasks together: what finds them takes as much again, and more.
	pieceShare = 2
)

// full reports whether the piece has halves times half as many rows as it may have.
func (g *pieces) full(halves int64) bool {
	l, r := &g.sides[LeftInput], &g.sides[RightInput]
	rows := int64(len(l.ids) + len(r.ids))
	if g.mostRows > 0 {
		return rows >= halves*int64(g.mostRows)/2
	}
	low := l.store.kept.low
	if low == 0 { // memory is not limited
		return false
	}
	most := low / pieceShare / int64(max(g.w.cfg.Tasks, 1))
	return l.bytes()+r.bytes() >= halves*most/2 || rows > 0 && g.w.cfg.Budget.Available() < low/halves
}

// numberOf is the key of a stored row, as a number.
func numberOf(key []byte) uint64 { return binary.BigEndian.Uint64(key) }
