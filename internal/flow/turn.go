package flow

import "sync"

// turnstile lets ticket holders through in the order of their tickets, starting at 0. A holder waits, or leaves its parcel for whoever goes
// before it.
type turnstile struct {
	mu      sync.Mutex
	cond    *sync.Cond
	next    int64
	waiting map[int64]*parcel // by ticket
	err     error
}

func newTurnstile() *turnstile {
	t := &turnstile{waiting: map[int64]*parcel{}}
	t.cond = sync.NewCond(&t.mu)
	return t
}

// wait blocks until ticket is next, or returns the error of abort.
func (t *turnstile) wait(ticket int64) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	for t.next != ticket && t.err == nil {
		t.cond.Wait()
	}
	return t.err
}

// offer answers true if p's turn is now; else p is left here, and done will hand it out.
func (t *turnstile) offer(p *parcel) (mine bool, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.err != nil {
		return false, t.err
	}
	if t.next == p.ticket {
		return true, nil
	}
	t.waiting[p.ticket] = p
	return false, nil
}

// done ends the turn. It returns the parcel that was left for the next one, which the caller must deliver, or nil.
func (t *turnstile) done() *parcel {
	t.mu.Lock()
	t.next++
	p := t.waiting[t.next]
	delete(t.waiting, t.next)
	t.mu.Unlock()
	if p == nil {
		t.cond.Broadcast()
	}
	return p
}

// abort makes every wait and offer, now and later, return err, and answers what waits with it.
func (t *turnstile) abort(err error) {
	t.mu.Lock()
	if t.err == nil {
		t.err = err
	}
	left := t.waiting
	t.waiting = map[int64]*parcel{}
	t.mu.Unlock()
	t.cond.Broadcast()
	for _, p := range left {
		p.fail(err)
	}
}
