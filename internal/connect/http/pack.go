package http

import (
	"context"
	"slices"
	"sync"

	"wire.example/wire/sdk/connector"
)

// pack is the rows of one request: data holds them one after the other, ends the end of each.
type pack struct {
	data   []byte
	ends   []int
	epoch  int64 // the one being filled when the pack was taken
	number int64 // of the pack within its epoch, from 1
}

func (p *pack) reset() { p.data, p.ends = p.data[:0], p.ends[:0] }

// row returns row i as it was encoded.
func (p *pack) row(i int) []byte {
	start := 0
	if i > 0 {
		start = p.ends[i-1]
	}
	return p.data[start:p.ends[i]]
}

// gatherer holds the rows that wait for a free sender: one pack, which grows up to its limits while requests are under way. One goroutine
// adds and flushes, any number take.
type gatherer struct {
	rows, bytes int           // limits of a pack
	ready       chan struct{} // a token for each sender that should look
	changed     chan struct{} // one token: a pack was taken or is done

	mu      sync.Mutex
	open    *pack
	busy    int // packs under way
	epoch   int64
	number  int64
	refused []connector.RefusedRow
	err     error // ended the sink
}

func newGatherer(rows, bytes, senders int, epoch int64) *gatherer {
	return &gatherer{
		rows: rows, bytes: bytes, ready: make(chan struct{}, senders), changed: make(chan struct{}, 1), open: &pack{}, epoch: epoch,
	}
}

// add takes all rows of chunk, waiting for room. Rows that are part of the record before them, and have no bytes of their own, are one row with it.
func (g *gatherer) add(ctx context.Context, chunk *connector.Rows) error {
	chunk.Ends = slices.Compact(chunk.Ends)
	for from := 0; from < len(chunk.Ends); {
		n, err := g.tryAdd(chunk, from)
		if err != nil {
			return err
		}
		if from += n; n > 0 {
			continue
		}
		select {
		case <-g.changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return g.report()
}

// tryAdd takes the rows of chunk from the given one on, as far as they fit, and returns how many.
func (g *gatherer) tryAdd(chunk *connector.Rows, from int) (n int, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.err != nil {
		return 0, g.err
	}
	p := g.open
	if from == 0 && len(p.ends) == 0 && len(chunk.Ends) <= g.rows && len(chunk.Data) <= g.bytes {
		p.data, chunk.Data = chunk.Data, p.data
		p.ends, chunk.Ends = chunk.Ends, p.ends
		signal(g.ready)
		return len(p.ends), nil
	}
	start := 0
	if from > 0 {
		start = chunk.Ends[from-1]
	}
	for _, end := range chunk.Ends[from:] {
		if len(p.ends) > 0 && (len(p.ends) == g.rows || len(p.data)+end-start > g.bytes) {
			break
		}
		p.data = append(p.data, chunk.Data[start:end]...)
		p.ends = append(p.ends, len(p.data))
		start = end
		n++
	}
	signal(g.ready)
	return n, nil
}

// take exchanges the empty pack spare for the rows that wait; nil if there are none.
func (g *gatherer) take(spare *pack) *pack {
	g.mu.Lock()
	defer g.mu.Unlock()
	p := g.open
	if len(p.ends) == 0 || g.err != nil {
		return nil
	}
	g.open = spare
	g.busy++
	g.number++
	p.epoch, p.number = g.epoch, g.number
	signal(g.changed)
	return p
}

// refuse notes a row that the target refused.
func (g *gatherer) refuse(row connector.RefusedRow) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.refused = append(g.refused, row)
	signal(g.changed)
}

// done notes that a pack that was taken is through, or what ended the sink.
func (g *gatherer) done(err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.busy--
	if g.err == nil {
		g.err = err
	}
	signal(g.changed)
}

// flush waits until every row was taken or refused by the target. It returns as soon as it knows of a refused row; call it again then.
func (g *gatherer) flush(ctx context.Context) error {
	for {
		if err := g.report(); err != nil {
			return err
		}
		if g.idle() {
			return g.report()
		}
		select {
		case <-g.changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (g *gatherer) idle() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.busy == 0 && len(g.open.ends) == 0
}

// report returns what ended the sink, or the rows refused since the last report as a RowsError.
func (g *gatherer) report() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.err != nil {
		return g.err
	}
	if len(g.refused) == 0 {
		return nil
	}
	rows := g.refused
	g.refused = nil
	return &connector.RowsError{Rows: rows}
}

// begin starts an epoch. Nothing waits or is under way.
func (g *gatherer) begin(epoch int64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.epoch, g.number = epoch, 0
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
