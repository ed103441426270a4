package fault

import (
	"math"
	"math/rand/v2"
	"time"
)

// Backoff says how long to pause before a retry: a random time up to a bound that grows with every attempt ("full jitter", M. Brooker,
// "Exponential Backoff And Jitter", AWS Architecture Blog, 2015), so that many clients of a target that comes back do not return together.
// It holds no state besides Rand and knows no clock: the caller counts attempts and sleeps.
type Backoff struct {
	// Base is the bound before the first retry. Not positive: no pause at all.
	Base time.Duration
	// Max caps the bound. Not positive: no cap but the largest Duration.
	Max time.Duration
	// Factor multiplies the bound at each attempt. Below 1: 2.
	Factor float64
	// Rand draws the pause; it belongs to one goroutine. Nil: the pause is the bound itself, without jitter.
	Rand *rand.Rand
}

// Next returns the pause after the given number of failed retries: 0 before the first. It lies between 0 and Bound(attempt), inclusive.
func (b Backoff) Next(attempt int) time.Duration {
	bound := b.Bound(attempt)
	if b.Rand == nil || bound == 0 {
		return bound
	}
	return time.Duration(b.Rand.Uint64N(uint64(bound) + 1))
}

// Bound returns the longest pause that Next can give for attempt: the smaller of Max and Base × Factor^attempt.
func (b Backoff) Bound(attempt int) time.Duration {
	if b.Base <= 0 {
		return 0
	}
	limit := b.Max
	if limit <= 0 {
		limit = math.MaxInt64
	}
	factor := b.Factor
	if !(factor >= 1) { // also when it is NaN
		factor = 2
	}
	bound := float64(b.Base) * math.Pow(factor, float64(max(attempt, 0)))
	if bound >= float64(limit) {
		return limit
	}
	return time.Duration(bound)
}
