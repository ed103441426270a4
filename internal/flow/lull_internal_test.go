package flow

import (
	"testing"
	"time"
)

// TestLull: rows wait while nothing comes for a while, and no longer than that when something comes again and again.
func TestLull(t *testing.T) {
	const step = 500 * time.Microsecond
	var l lull
	now := time.Duration(7)
	looks := 0
	for ; !l.over(now); now += step {
		looks++
	}
	if looks != int(mostNow/step) {
		t.Errorf("nothing came, and rows went on at look %d, of one each %v", looks, step)
	}
	l = lull{}
	waited := time.Duration(0)
	for ; !l.over(now) && waited < time.Second; waited += step {
		now += step
		l.came(now)
		now += time.Second // something is done with what came
	}
	if waited != mostAll {
		t.Errorf("something came after each %v, and rows went on after %v without anything", step, waited)
	}
}
