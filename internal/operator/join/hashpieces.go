package join

import (
	"math"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/sqlstate"
)

// pages are the held rows that are stored with hashes from first to last, read one page after the other.
type pages struct {
	first, last uint64
	at          keyed.Bookmark
	over        bool // there are no more
	ready       bool // one was read and not looked up yet
	fresh       bool // just now
	before      int  // how many rows those before had
	entries     keyed.Taken
	cols        []*batch.Column
}

func (g *pages) begin(first, last uint64) {
	g.first, g.last, g.over, g.ready, g.before = first, last, false, false, 0
	g.at.At(first)
}

// readPage reads the next page.
func (a *away) readPage() (err error) {
	g, held := &a.pages, a.h.held
	g.entries.Reset()
	if g.over, err = held.rows.Read(&g.at, g.last, g.entries.Take); err != nil || g.entries.Len() == 0 {
		return err
	}
	if g.cols == nil {
		for _, typ := range heldTypes(&a.h.cfg, held.dated) {
			g.cols = append(g.cols, batch.NewColumn(a.h.cfg.Pool, typ))
		}
	}
	if err := held.rows.Decode(g.entries.Keys, g.entries.Values, g.cols); err != nil {
		return err
	}
	held.show(g.cols, g.entries.Len())
	g.ready, g.fresh = true, true
	return nil
}

// piece is build rows that are in memory together: those with hashes from first to last or, if it is partial, a part of them.
type piece struct {
	first, last uint64
	end         uint64 // of the key groups
	partial     bool
	complete    bool // no part follows
	at          keyed.Bookmark
	entries     keyed.Taken
	rows        int
	// most is how many rows there may be, and bytes how much memory they may take; half as much again where they are of one hash. Where others leave less than half of low, they are fewer.
	most       int
	bytes, low int64
	budget     *limit.Budget
	// truths is what is known of the held rows, if the piece is partial.
	truths   []uint8
	reserved int64
}

func (p *piece) begin(first, end uint64) {
	p.first, p.last, p.end, p.partial = first, end, end, false
	p.at.At(first)
}

// full reports whether the piece has halves times half as many rows as it may have.
func (p *piece) full(s *side, halves int64) bool {
	if p.most > 0 {
		return int64(p.rows) >= halves*int64(p.most)/2
	}
	return s.bytes() >= halves*p.bytes/2 || p.rows > 0 && p.budget.Available() < p.low/halves
}

// readPiece reads the next piece. All rows of a hash come together, if they are not too many.
func (a *away) readPiece() error {
	p, s := &a.piece, a.h.build
	last, ending := p.last, p.partial
	p.rows, p.complete = 0, false
	for {
		p.entries.Reset()
		over, err := s.rows.Read(&p.at, last, p.entries.Take)
		if err == nil && p.entries.Len() > 0 {
			p.rows += p.entries.Len()
			err = s.rows.Admit(&p.entries.Entries)
		}
		switch {
		case err != nil:
			return err
		case over:
			p.complete = true
		case ending && p.full(s, 3), p.partial && p.full(s, 2):
			if !p.partial {
				if err := a.part(); err != nil {
					return err
				}
			}
		case !ending && p.full(s, 2):
			last, ending = min(keyed.RangeOf(p.at.Hash), last), true
			continue
		default:
			continue
		}
		p.last = last
		a.pages.begin(p.first, p.last)
		return nil
	}
}

// part begins with a piece whose rows do not fit into memory together.
func (a *away) part() error {
	if a.h.cfg.Kind == Single && a.h.probe.role == verdictRole {
		return sqlstate.Errorf(sqlstate.OutOfMemory, "out of memory in %s: the rows of one key are more than memory has room for", a.h.cfg.title()).
			WithHint("Raise the memory limit, or aggregate the subquery.")
	}
	a.piece.partial, a.h.probe.outer = true, false
	return nil
}

// whole ends it.
func (a *away) whole() {
	p := &a.piece
	p.partial, p.truths = false, p.truths[:0]
	a.h.probe.outer, a.h.probe.known = a.h.cfg.preserves(a.h.cfg.probe()), nil
}

// known returns what is known of the rows of the page at hand.
func (a *away) known() ([]uint8, error) {
	p, g := &a.piece, &a.pages
	n := g.entries.Len()
	if need := g.before + n; need > cap(p.truths) {
		grown := make([]uint8, len(p.truths), max(need, 2*cap(p.truths)))
		if err := a.h.cfg.Budget.Reserve(int64(cap(grown)) - p.reserved); err != nil {
			return nil, op.OutOfMemory(a.h.cfg.title(), err)
		}
		p.reserved = int64(cap(grown))
		copy(grown, p.truths)
		p.truths = grown
	}
	for len(p.truths) < g.before+n {
		p.truths = append(p.truths, isFalse)
	}
	return p.truths[g.before : g.before+n], nil
}

func (p *piece) free(budget *limit.Budget) {
	budget.Release(p.reserved)
	p.truths, p.reserved = nil, 0
}

// lookAmong looks a page up among the rows of the piece.
func (a *away) lookAmong(out *op.Output) error {
	p := a.h.probe
	if !a.piece.partial {
		return a.lookUp(out)
	}
	if p.in == nil {
		known, err := a.known()
		if err != nil {
			return err
		}
		p.known = known
	}
	before := out.Counts
	if err := a.lookUp(out); err != nil {
		return err
	}
	after := out.Counts // what becomes of the rows is counted at the end, but for those that are rejected
	out.Counts = before
	out.Counts.Emitted, out.Counts.Rejected = after.Emitted, after.Rejected
	out.Counts.Held -= after.Rejected - before.Rejected
	return nil
}

// tell says what becomes of the rows of a page, of which everything is known.
func (a *away) tell(out *op.Output) error {
	known, err := a.known()
	if err != nil {
		return err
	}
	a.h.probe.outer = a.h.cfg.preserves(a.h.cfg.probe())
	a.h.probe.tell(&a.h.held.b, known, out)
	return nil
}

// tell says what becomes of held rows of which it is known whether they match, and whose matches came out.
func (p *prober) tell(in *batch.Batch, known []uint8, out *op.Output) {
	p.start(in, true)
	copy(p.truth, known)
	switch p.role {
	case verdictRole:
		p.emitVerdicts(out)
	case markRole:
		p.absorb(out)
	case pairRole:
		p.found.reset()
		for i, truth := range known {
			if truth != failed {
				p.complete(uint16(i), uint16(i), out) //nolint:gosec // a position in a batch
			}
		}
		p.emitPairs(out)
	}
	p.in = nil
}

// unlimited is the room of a part of which nothing can leave, or need.
const unlimited = math.MaxInt
