package pebblestore

import (
	"math"

	"wire.example/wire/internal/state/store"
)

// mostClaims is how many claims of a log are noted at most.
const mostClaims = 512

// claims are what a log says something of.
type claims struct {
	// puts are the entries of the log, drops its drops.
	puts, drops []claim
	// many: there are more than are noted.
	many bool
}

// claim is a range of hashes of a slice of a space, or of all slices.
type claim struct {
	space     store.Space
	slice     int64
	allSlices bool
	low, high uint64
}

// dropsOf are the drops of changes.
func dropsOf(changes []*store.Changes) []claim {
	var all claims
	for _, c := range changes {
		for _, d := range c.Drops() {
			all.dropped(d)
		}
	}
	return all.drops
}

// entries notes a run of entries.
func (c *claims) entries(r store.LogRun) {
	if last := len(c.puts) - 1; last >= 0 && c.puts[last].space == r.Space && c.puts[last].slice == r.Slice {
		p := &c.puts[last]
		p.low, p.high = min(p.low, r.Low), max(p.high, r.High)
		return
	}
	c.note(&c.puts, claim{space: r.Space, slice: r.Slice, low: r.Low, high: r.High})
}

// dropped notes a drop.
func (c *claims) dropped(d store.Drop) {
	if d.From <= d.To {
		c.note(&c.drops, claim{space: d.Space, slice: d.Slice, allSlices: d.AllSlices, low: d.From, high: d.To})
	}
}

func (c *claims) note(to *[]claim, one claim) {
	if len(*to) == mostClaims {
		c.many = true
		return
	}
	*to = append(*to, one)
}

// coveredBy reports whether drops leave nothing of it. A log that was not written by this process says nothing, and is never covered.
func (c *claims) coveredBy(drops []claim) bool {
	if c.many || len(c.puts)+len(c.drops) == 0 {
		return false
	}
	for _, all := range [][]claim{c.puts, c.drops} {
		for i := range all {
			if !all[i].coveredBy(drops) {
				return false
			}
		}
	}
	return true
}

// coveredBy reports whether drops together have all that the claim has.
func (c *claim) coveredBy(drops []claim) bool {
	for low := c.low; ; {
		high, found := uint64(0), false
		for i := range drops {
			if d := &drops[i]; d.space == c.space && (d.allSlices || !c.allSlices && d.slice == c.slice) && d.low <= low && low <= d.high {
				high, found = max(high, d.high), true
			}
		}
		switch {
		case !found:
			return false
		case high >= c.high || high == math.MaxUint64:
			return true
		}
		low = high + 1
	}
}
