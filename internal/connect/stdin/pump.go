package stdin

import (
	"context"
	"io"
	"sync"
	"time"
)

// pieceBytes is how much is read at once.
const pieceBytes = 64 << 10

// piece is what one read gave.
type piece struct {
	data []byte
	err  error
}

// pump reads ahead by one piece, in a goroutine of its own. All methods are for one other goroutine.
type pump struct {
	in    io.Reader
	full  chan piece
	free  chan []byte
	stop  chan struct{}
	ended chan struct{}
	once  sync.Once

	now  piece  // what Read hands out
	rest []byte // of now
}

func newPump(in io.Reader) *pump {
	p := &pump{in: in, full: make(chan piece), free: make(chan []byte, 2), stop: make(chan struct{}), ended: make(chan struct{})}
	p.free <- make([]byte, pieceBytes)
	p.free <- make([]byte, pieceBytes)
	go p.run()
	return p
}

func (p *pump) run() {
	defer close(p.ended)
	for {
		var buf []byte
		select {
		case buf = <-p.free:
		case <-p.stop:
			return
		}
		n, err := p.in.Read(buf)
		select {
		case p.full <- piece{data: buf[:n], err: err}:
		case <-p.stop:
			return
		}
		if err != nil {
			return
		}
	}
}

// Read gives what is there; nothing, without an error, if that is nothing.
func (p *pump) Read(dst []byte) (int, error) {
	if len(p.rest) == 0 {
		if p.now.err != nil {
			return 0, p.now.err
		}
		select {
		case next := <-p.full:
			p.take(next)
		default:
			return 0, nil
		}
	}
	n := copy(dst, p.rest)
	p.rest = p.rest[n:]
	if n == 0 {
		return 0, p.now.err
	}
	return n, nil
}

// take makes next the piece that Read hands out, and gives the memory of the one before back.
func (p *pump) take(next piece) {
	if p.now.data != nil {
		p.free <- p.now.data[:cap(p.now.data)]
	}
	p.now, p.rest = next, next.data
}

// wait blocks until there is something to read; woken says that wake could be received from before.
func (p *pump) wait(ctx context.Context, wake <-chan struct{}) (woken bool, err error) {
	select {
	case next := <-p.full:
		p.take(next)
		return false, nil
	case <-wake:
		return true, nil
	case <-ctx.Done():
		return false, ctx.Err()
	}
}

// close stops the goroutine, at once if its read can be interrupted.
func (p *pump) close() {
	p.once.Do(func() { close(p.stop) })
	d, ok := p.in.(interface{ SetReadDeadline(time.Time) error })
	if ok && d.SetReadDeadline(time.Unix(1, 0)) == nil {
		<-p.ended
	}
}
