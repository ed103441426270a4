package timejoin

import "slices"

// WindowConfig describes a window join: rows of one window match if their keys are equal. Both inputs carry the end of their window; they may carry changes,
// as long as these come before the window is closed.
type WindowConfig struct {
	// Config are the keys, of which one compares LeftEnd and RightEnd and another, where windows with one end may begin at different times, their
	// beginnings; and the rest of the join.
	Config
	// LeftEnd and RightEnd are the columns of the windows' ends: TIMESTAMP or TIMESTAMPTZ. A row without one matches nothing.
	LeftEnd, RightEnd int
	// Lag is how far behind the watermark the end of a row's window may be, in µs from 0 on: the window is closed, and what came of it joined, when
	// the least watermark of both inputs is at its end + Lag. It is the greater of both inputs': 0 for rows that were aggregated by window, the
	// allowed lateness for rows that were assigned to windows. What nevertheless comes later is counted as late.
	Lag int64
	// Width is how far two windows' ends are apart at least, in µs: the size of TUMBLE, the slide of HOP, the step of CUMULATE. 0 says that they
	// may lie anywhere, as those of sessions.
	Width int64
}

// sortWindow is what messages call the join.
const sortWindow = "window"

// sessionWidth is the width of a slice of ends that lie anywhere, in µs.
const sessionWidth = 10_000_000

// Lags is how far the columns of the windows' ends may be behind the watermark where they leave the join, in µs: no later row has an end < watermark - lag.
// A time within the window may be behind by the size of the window more.
func (c *WindowConfig) Lags() (left, right int64) { return c.Lag, c.Lag }

// end is the column of the windows' ends of an input.
func (c *WindowConfig) end(input int) int {
	if input == LeftInput {
		return c.LeftEnd
	}
	return c.RightEnd
}

// width is that of a slice.
func (c *WindowConfig) width() int64 {
	if c.Width == 0 {
		return sessionWidth
	}
	return c.Width
}

func (c *WindowConfig) validate() error {
	if err := c.Config.validate(sortWindow); err != nil {
		return err
	}
	for input := range 2 {
		if err := c.validateTime(sortWindow, input, c.end(input)); err != nil {
			return err
		}
	}
	switch {
	case !slices.ContainsFunc(c.Keys, func(k Key) bool { return k.Left == c.LeftEnd && k.Right == c.RightEnd }):
		return c.wrong(sortWindow, "no key compares the ends of the windows, columns %d and %d", c.LeftEnd, c.RightEnd)
	case c.Lag < 0:
		return c.wrong(sortWindow, "the windows' ends are %d µs behind the watermark", c.Lag)
	case c.Width < 0:
		return c.wrong(sortWindow, "the windows' ends are %d µs apart", c.Width)
	}
	return nil
}
