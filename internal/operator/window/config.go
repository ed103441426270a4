package window

import (
	"fmt"
	"slices"

	"wire.example/wire/internal/operator/aggregate"
	"wire.example/wire/sdk/schema"
)

// Emission says when the rows of a window come out.
type Emission uint8

// The emissions.
const (
	// OnClose: once, when event time has passed the end of the window; with lateness, corrections behind that.
	OnClose Emission = iota
	// OnUpdate: whenever the operator is flushed, what has changed since.
	OnUpdate
	// Periodically: at each interval of processing time what has changed since, and when the window closes.
	Periodically
)

// Config says what an Aggregate does: it groups by Keys and the window. Its output has the keys, then the start and the end of the window, then, with Sets,
// the bits of the set as an aggregate.Operator has them, then a column for each call. With OnClose and no Lateness it is append-only, else a changelog.
type Config struct {
	// Config is what is asked of each window. Keys, and the places of Sets, are without the columns of the window. Partition is as there: nil means Keys if
	// there are some and no Sets; nil with Sets that the input is not exchanged. Without Keys it is exchanged by Start and End, or not at all. Those may be
	// part of Partition with Sets, too. Merge: the input is that of a Combiner. Changes must not be set. Upsert only counts where changes come out.
	aggregate.Config
	// Start and End are the columns of the window. Rows in which one is NULL are in no window.
	Start, End int
	// Lag is how far End may be behind the watermark, in µs: the End of a later row is after the watermark less Lag. A window closes when the watermark
	// has reached its end plus Lag. See AssignConfig.Lags. math.MaxInt64: no watermark says anything of it, and it closes when the input ends.
	Lag int64
	// Lateness is how long after that its rows still count, in µs of event time: each flush then corrects what was emitted.
	Lateness int64
	Emission Emission
	// Interval is that of Periodically, in µs.
	Interval int64
	// ProcessingTime says that windows close by processing time, at their end. Lag and Lateness are 0.
	ProcessingTime bool
	// Since are, for each call, the latest start of a window for which it is NULL, in µs: it was added while such windows had rows already. Nil means that
	// none was.
	Since []int64
	// Gone is up to which end windows had been forgotten by an operator that this one goes on from, which waited less long for late rows: rows that come for those are late. Nil: none.
	Gone *int64
}

// gone reports whether a window that ends at end had been forgotten before.
func (c *Config) gone(end int64) bool { return c.Gone != nil && end <= *c.Gone }

// hides reports whether a call is NULL for windows that begin at start.
func (c *Config) hides(call int, start int64) bool { return len(c.Since) > 0 && start <= c.Since[call] }

// validate says what is wrong with the configuration; slices says that Start and End may be those of slices.
func (c *Config) validate(slices bool) error {
	fits := func(column int) bool {
		k := c.Types[column].Kind
		return k == schema.Timestamp || k == schema.TimestampTZ || slices && k == schema.Int64
	}
	switch {
	case !fits(c.Start) || !fits(c.End):
		return fmt.Errorf("%s: a window from %v to %v", c.Name, c.Types[c.Start], c.Types[c.End])
	case c.Lag < 0 || c.Lateness < 0 || c.Emission == Periodically && c.Interval <= 0:
		return fmt.Errorf("%s: a lag of %d, a lateness of %d, an interval of %d µs", c.Name, c.Lag, c.Lateness, c.Interval)
	}
	return nil
}

// changes reports whether the output is a changelog.
func (c *Config) changes() bool { return c.Emission != OnClose || c.Lateness > 0 }

// keyed reports whether the window is among the keys of the parts: their input is not exchanged by Keys alone.
func (c *Config) keyed() bool { return len(c.Keys) == 0 || c.Sets != nil }

// part is the configuration of a window's part.
func (c *Config) part() aggregate.Config {
	p := c.Config
	p.Changes, p.TTL = c.changes(), 0 // groups go with their window
	p.Waits = c.Emission == Periodically
	if !c.keyed() {
		return p
	}
	k := len(c.Keys)
	p.Keys = slices.Concat(c.Keys, []int{c.Start, c.End})
	if c.Sets != nil {
		p.Sets = make([][]int, len(c.Sets))
		for i, set := range c.Sets {
			p.Sets[i] = slices.Concat(set, []int{k, k + 1})
		}
	}
	return p
}

// Output are the types of the columns that an Aggregate emits.
func (c *Config) Output() []schema.Type {
	types := c.Config.Output()
	k := len(c.Keys)
	return slices.Concat(types[:k], []schema.Type{c.Types[c.Start], c.Types[c.End]}, types[k:])
}

// PartialOutput are the types of the columns that a Combiner emits: the keys, the start and the end of the window, with Sets the number of the set, and then
// the partial answers.
func (c *Config) PartialOutput() []schema.Type {
	types := c.Config.PartialOutput()
	k := len(c.Keys)
	return slices.Concat(types[:k], []schema.Type{c.Types[c.Start], c.Types[c.End]}, types[k:])
}
