package timejoin

// The bounds of an interval that is open on a side.
const (
	NoLower = past
	NoUpper = future
)

// NoLag says of a column that it has no watermark: a later row may be as far behind as it likes.
const NoLag int64 = future

// IntervalConfig describes an interval join: rows match if their keys are equal and
//
//	left.time BETWEEN right.time + Lower AND right.time + Upper
//
// Rows without a time match nothing. Rows that are late by the watermark of their own split were taken out before (package late): the lags below then
// include the lateness that was allowed there.
type IntervalConfig struct {
	// Config are the keys, which may be none, and the rest of the join.
	Config
	// LeftTime and RightTime are the columns of event time: TIMESTAMP or TIMESTAMPTZ, with a watermark.
	LeftTime, RightTime int
	// Lower and Upper are in µs, both included, Lower being at most Upper. NoLower and NoUpper leave a side open, one of them at most: the rows
	// of one input are then of use for ever. Of an interval without Upper those are right rows, without Lower left rows.
	Lower, Upper int64
	// LeftLag and RightLag are how far the time columns may be behind the watermarks of their inputs, in µs from 0 on: no later row has
	// time < watermark - lag.
	LeftLag, RightLag int64
	// TTL is how long a row that is of use for ever is kept, in µs of processing time; 0 is for ever. It goes within an eighth of that after.
	TTL int64
}

// sortInterval is what messages call the join.
const sortInterval = "interval"

// Lags are how far the time columns of the left and of the right input may be behind the watermark where they leave the join, the watermark being the least of
// both inputs': no later row has time < watermark - lag. For rows that wait come out when the other input's watermark has passed what they wait for,
//
//	left:  max(LeftLag, RightLag - Lower)
//	right: max(RightLag, LeftLag + Upper)
//
// and never less than 0. An open side has NoLag.
func (c *IntervalConfig) Lags() (left, right int64) {
	left, right = NoLag, NoLag
	if c.Lower != NoLower && c.LeftLag != NoLag && c.RightLag != NoLag {
		left = max(0, c.LeftLag, add(c.RightLag, -c.Lower))
	}
	if c.Upper != NoUpper && c.LeftLag != NoLag && c.RightLag != NoLag {
		right = max(0, c.RightLag, add(c.LeftLag, c.Upper))
	}
	return left, right
}

// time is the column of event time of an input.
func (c *IntervalConfig) time(input int) int {
	if input == LeftInput {
		return c.LeftTime
	}
	return c.RightTime
}

// lag is that of an input.
func (c *IntervalConfig) lag(input int) int64 {
	if input == LeftInput {
		return c.LeftLag
	}
	return c.RightLag
}

// reach returns from where to where the times of rows of the other input lie that a row of an input at a time may match.
func (c *IntervalConfig) reach(input int, micros int64) (from, to int64) {
	lower, upper := c.Lower, c.Upper
	if input == LeftInput {
		lower, upper = negated(c.Upper), negated(c.Lower)
	}
	from, to = past, future
	if lower != NoLower {
		from = add(micros, lower)
	}
	if upper != NoUpper {
		to = add(micros, upper)
	}
	return from, to
}

// bounded reports whether both bounds are so small that sums with times are times.
func (c *IntervalConfig) bounded() bool {
	return c.Lower > past/4 && c.Lower < future/4 && c.Upper > past/4 && c.Upper < future/4
}

// negated is -bound; a bound that is open is open on the other side.
func negated(bound int64) int64 {
	switch bound {
	case NoLower:
		return NoUpper
	case NoUpper:
		return NoLower
	default:
		return -bound
	}
}

// endless reports whether rows of an input are of use for ever.
func (c *IntervalConfig) endless(input int) bool {
	if input == LeftInput {
		return c.Lower == NoLower
	}
	return c.Upper == NoUpper
}

// horizon is the time before which no row of an input can match what is still to come of the other one, whose watermark is given.
func (c *IntervalConfig) horizon(input int, watermark int64) int64 {
	switch {
	case watermark == future:
		return future
	case c.endless(input) || watermark == past || c.lag(1-input) == NoLag:
		return past
	case input == LeftInput:
		return add(add(watermark, -c.RightLag), c.Lower)
	default:
		return add(add(watermark, -c.LeftLag), -c.Upper)
	}
}

const (
	// minWidth is the least width of a slice in µs: of very narrow ones there would be very many.
	minWidth = 250_000
	// ttlSlices is how many slices a TTL has.
	ttlSlices = 8
)

// width is that of a slice of event time of an input, in µs: that of the interval, so that a row is looked up in at most three of them, most often two, and no
// row is kept for more than twice as long as it must be. 0 is one slice for all.
func (c *IntervalConfig) width(input int) int64 {
	switch {
	case c.endless(input) && c.TTL > 0:
		return max(1, c.TTL/ttlSlices)
	case c.endless(input):
		return 0
	case c.Lower == NoLower || c.Upper == NoUpper:
		return c.wide()
	default:
		return max(c.wide(), c.Upper-c.Lower)
	}
}

// wide is a width that is good whatever the interval is: what waits for watermarks then lies in a few slices.
func (c *IntervalConfig) wide() int64 {
	lags := int64(0)
	for _, lag := range []int64{c.LeftLag, c.RightLag} {
		if lag != NoLag {
			lags = add(lags, lag)
		}
	}
	return max(minWidth, lags/8)
}

func (c *IntervalConfig) validate() error {
	if err := c.Config.validate(sortInterval); err != nil {
		return err
	}
	for input := range 2 {
		if err := c.validateTime(sortInterval, input, c.time(input)); err != nil {
			return err
		}
		if c.lag(input) < 0 {
			return c.wrong(sortInterval, "the %s time is %d µs behind its watermark", inputName(input), c.lag(input))
		}
	}
	switch {
	case c.Lower == NoLower && c.Upper == NoUpper:
		return c.wrong(sortInterval, "an interval that is open on both sides bounds nothing; plan an unbounded join")
	case c.Lower == NoUpper || c.Upper == NoLower:
		return c.wrong(sortInterval, "an interval from %d to %d µs", c.Lower, c.Upper)
	case c.TTL < 0:
		return c.wrong(sortInterval, "a time to live of %d µs", c.TTL)
	}
	return nil
}
