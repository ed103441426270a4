package batch_test

import (
	"testing"

	"wire.example/wire/sdk/batch"
)

// lendAndReturn has a pool lend n slices of so many words at once, and takes them back. It returns how many it had to make.
func lendAndReturn(p *batch.Pool, n, words int) (misses int64) {
	before := p.Stats().Misses
	lent := make([][]uint64, n)
	for i := range lent {
		lent[i] = p.Get(words)
	}
	for _, s := range lent {
		p.Put(s)
	}
	return p.Stats().Misses - before
}

// What is free beyond what a pool is to keep is left to the collector, and what nobody needs any more goes before what is needed.
func TestPoolKeepsSoMuchAndNoMore(t *testing.T) {
	const (
		small, large = 64, 1 << 14 // words
		smallBytes   = 8 * small
		keep         = 1 << 20
	)
	var p batch.Pool
	p.Keep(keep)
	lendAndReturn(&p, 2*keep/smallBytes, small)
	if again := lendAndReturn(&p, 2*keep/smallBytes, small); again < keep/smallBytes || again > 2*keep/smallBytes-100 {
		t.Errorf("%d of %d slices were made again", again, 2*keep/smallBytes)
	}
	for range 10 {
		lendAndReturn(&p, 6, large)
	}
	if again := lendAndReturn(&p, 6, large); again != 0 {
		t.Errorf("%d slices that are needed were made again", again)
	}
	if again := lendAndReturn(&p, keep/smallBytes, small); again == 0 {
		t.Error("slices that nobody has needed were kept beside those that are")
	}
}

// With a bound that is set later what is free then goes.
func TestPoolGivesUpWhatItHadMore(t *testing.T) {
	var p batch.Pool
	lendAndReturn(&p, 100, 1<<12)
	p.Keep(1)
	if again := lendAndReturn(&p, 100, 1<<12); again < 90 {
		t.Errorf("only %d slices were made again", again)
	}
}
