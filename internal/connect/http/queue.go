package http

import (
	"bytes"
	"errors"
	"sync"

	"wire.example/wire/sdk/codec"
)

// padding is the spare capacity that a block keeps behind its data, so that decoders may load whole words at its end.
const padding = 64

// request is a body on its way. The handler owns it until it is queued and again once answer was received; in between the source does.
type request struct {
	body     []byte   // the records, each with its line feed if they are JSON
	packed   []byte   // the body as it came, if compressed
	lines    []uint32 // the line of each record in the body, if they are JSON
	records  int      // -1: not known, the format is not JSON
	header   int      // bytes at the body's beginning that are the format's header
	reserved int64    // bytes of the budget
	// alone keeps the request from sharing a block: its records have a header, or it was in a block that was refused.
	alone bool
	gone  bool // nobody waits for the answer any more
	// answer gets one value, nil for taken. Capacity 1.
	answer chan *problem
}

// queue holds the requests that wait to be dealt. All methods are safe for concurrent use.
type queue struct {
	ready chan struct{} // one token: something was added

	mu      sync.Mutex
	waiting []*request
	closed  bool
}

func newQueue() *queue { return &queue{ready: make(chan struct{}, 1)} }

// add appends a request; false if the queue is closed.
func (q *queue) add(r *request) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return false
	}
	q.waiting = append(q.waiting, r)
	q.signal()
	return true
}

// putBack makes requests that were taken wait again, before all others; false if the queue is closed.
func (q *queue) putBack(rs []*request) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return false
	}
	q.waiting = append(rs[:len(rs):len(rs)], q.waiting...)
	q.signal()
	return true
}

func (q *queue) signal() {
	select {
	case q.ready <- struct{}{}:
	default:
	}
}

// take returns the requests of the next block: one, or as many as come to at most size bytes. Those that nobody waits for are returned in gone.
func (q *queue) take(size int) (taken, gone []*request) {
	q.mu.Lock()
	defer q.mu.Unlock()
	n, total := 0, 0
	for _, r := range q.waiting {
		if !r.gone && len(taken) > 0 && (r.alone || taken[0].alone || total+len(r.body) > size) {
			break
		}
		n++
		if r.gone {
			gone = append(gone, r)
			continue
		}
		taken = append(taken, r)
		total += len(r.body)
	}
	rest := copy(q.waiting, q.waiting[n:])
	clear(q.waiting[rest:])
	q.waiting = q.waiting[:rest]
	return taken, gone
}

// abandon notes that nobody waits for r any more.
func (q *queue) abandon(r *request) {
	q.mu.Lock()
	defer q.mu.Unlock()
	r.gone = true
}

// close refuses further requests and returns those that wait.
func (q *queue) close() []*request {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	left := q.waiting
	q.waiting = nil
	return left
}

// fillBlock copies the requests' bodies into block; a header, which only a lone request has, apart from the rest.
func fillBlock(block *codec.Block, taken []*request) {
	first := taken[0]
	block.Header, block.FileHeader = first.records < 0, nil
	if first.header > 0 {
		block.FileHeader = bytes.Clone(first.body[:first.header])
	}
	size := padding
	for _, r := range taken {
		size += len(r.body)
	}
	block.Buf.Grow(size)
	for _, r := range taken {
		block.Buf.Data = append(block.Buf.Data, r.body[r.header:]...)
	}
}

// acknowledge hears what became of a block that holds taken.
func (s *source) acknowledge(taken []*request, err error) {
	var refused *codec.RefusedError
	switch {
	case err == nil:
		for _, r := range taken {
			s.answer(r, nil)
		}
	case errors.As(err, &refused):
		s.refused(taken, refused)
	default:
		for _, r := range taken {
			s.answer(r, undelivered())
		}
	}
}

// refused answers the request whose row failed and deals the others again. If it is not known which one that is, each goes alone.
func (s *source) refused(taken []*request, err *codec.RefusedError) {
	if len(taken) == 1 {
		s.answer(taken[0], s.refusal(taken[0], err, err.Record, err.Offset))
		return
	}
	record, offset, bad := err.Record, err.Offset, -1
	for i, r := range taken {
		if record >= 0 && record < r.records {
			bad = i
			break
		}
		record, offset = record-r.records, offset-len(r.body)
	}
	again := make([]*request, 0, len(taken))
	for i, r := range taken {
		if i == bad {
			s.answer(r, s.refusal(r, err, record, offset))
			continue
		}
		r.alone = r.alone || bad < 0
		again = append(again, r)
	}
	if !s.queue.putBack(again) {
		for _, r := range again {
			s.answer(r, stopping())
		}
	}
}

// refusal says where in r the bad row is.
func (s *source) refusal(r *request, err *codec.RefusedError, record, offset int) *problem {
	line := 0
	switch {
	case record >= 0 && record < len(r.lines):
		line = int(r.lines[record])
	case offset >= 0 && r.header+offset < len(r.body) && len(r.lines) == 0:
		line = lineAt(r.body, r.header+offset)
	}
	return refusedRow(err, max(record, -1), line)
}

// lineAt returns the line of the byte at offset, from 1.
func lineAt(body []byte, offset int) int { return bytes.Count(body[:offset], []byte{'\n'}) + 1 }

// answer gives r's memory back and tells its handler.
func (s *source) answer(r *request, p *problem) {
	s.release(r)
	r.answer <- p
}

func (s *source) release(r *request) {
	s.budget.Release(r.reserved)
	r.reserved = 0
}
