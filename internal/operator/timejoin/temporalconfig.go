package timejoin

// TemporalConfig describes a temporal join: FOR SYSTEM_TIME AS OF. Each left row meets the version of the right row of its key that was valid at its time: the last
// one that is not younger, unless that was deleted. The left input is append-only; the answers are inserts.
type TemporalConfig struct {
	// Config are the keys, whose right columns are all of the primary key, and the rest of the join: Inner or Left. A version for which Residual is
	// not TRUE is no match; no older one is tried.
	Config
	// Processing makes the join one AS OF PROCTIME(): a left row meets the version that is there when it comes, at once. Times and lags mean nothing
	// then. Otherwise a left row waits until the right watermark has gone past its time.
	Processing bool
	// LeftTime and RightTime are the columns of event time: TIMESTAMP or TIMESTAMPTZ. A version is valid from its RightTime on. Left rows that
	// are late were taken out before (package late), and so were late rows of a right input that is append-only or of upserts.
	LeftTime, RightTime int
	// LeftLag and RightLag are how far the time columns may be behind the watermarks of their inputs, in µs from 0 on.
	LeftLag, RightLag int64
	// Upsert says that the right input carries upserts by key: a Delete of which the key alone can be relied on, and whose time, if it is not NULL, is
	// that of the deletion. Without it a Delete has the full image of a version, which then is valid for no left row that has not been joined yet; what
	// is not known is ignored. An input that is append-only may be either: rows of a key are its versions.
	Upsert bool
}

// sortTemporal is what messages call the join.
const sortTemporal = "temporal"

// Lags are how far the time columns may be behind the watermark where they leave the join, as for an interval join. Versions have no watermark any more: NoLag.
func (c *TemporalConfig) Lags() (left, right int64) {
	if c.Processing {
		return c.LeftLag, NoLag
	}
	return max(c.LeftLag, c.RightLag), NoLag
}

// time is the column of event time of an input, -1 if there is none.
func (c *TemporalConfig) time(input int) int {
	switch {
	case c.Processing:
		return -1
	case input == LeftInput:
		return c.LeftTime
	default:
		return c.RightTime
	}
}

// times are the columns that a left row must have.
func (c *TemporalConfig) times(input int) []int {
	if c.Processing {
		return nil
	}
	return []int{c.time(input)}
}

func (c *TemporalConfig) validate() error {
	if err := c.Config.validate(sortTemporal); err != nil {
		return err
	}
	switch {
	case c.Kind != Inner && c.Kind != Left:
		return c.wrong(sortTemporal, "only inner and left joins know versions")
	case len(c.Keys) == 0:
		return c.wrong(sortTemporal, "it needs the primary key of the right input")
	case c.Processing:
		return nil
	}
	for input := range 2 {
		if err := c.validateTime(sortTemporal, input, c.time(input)); err != nil {
			return err
		}
	}
	if c.LeftLag < 0 || c.RightLag < 0 {
		return c.wrong(sortTemporal, "the times are %d and %d µs behind their watermarks", c.LeftLag, c.RightLag)
	}
	return nil
}
