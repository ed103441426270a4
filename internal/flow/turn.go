package flow

import "sync"

// turnstile lets ticket holders through in the order of their tickets, starting at 0.
type turnstile struct {
	mu   sync.Mutex
	cond *sync.Cond
	next int64
	err  error
}

func newTurnstile() *turnstile {
	t := &turnstile{}
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

// done lets the next ticket through.
func (t *turnstile) done() {
	t.mu.Lock()
	t.next++
	t.mu.Unlock()
	t.cond.Broadcast()
}

// abort makes every wait, now and later, return err.
func (t *turnstile) abort(err error) {
	t.mu.Lock()
	if t.err == nil {
		t.err = err
	}
	t.mu.Unlock()
	t.cond.Broadcast()
}
