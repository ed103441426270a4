package generate

import (
	"errors"
	"math"

	"wire.example/wire/internal/connect/generate/nexmark"
	"wire.example/wire/sdk/connector"
)

// The kinds of rows.
const (
	kindNexmark  = "nexmark"
	kindSequence = "sequence"
)

// Config are the options of the generate source.
type Config struct {
	Kind            string  `option:"kind" doc:"What to make: Nexmark's stream of persons, auctions and bids, or the numbers from 0." enum:"nexmark,sequence" default:"nexmark"`
	Table           string  `option:"table" doc:"Nexmark: the table whose rows to make, with columns of its own; without it, all three in the combined form." enum:"person,auction,bid"`
	Rows            int64   `option:"rows" doc:"How many rows, or of Nexmark events of all three kinds, make the whole; 0 means without end." default:"0" tuning:"true"`
	Rate            float64 `option:"rate" doc:"How many rows, or events, fall due in a second; 0 means as fast as they are taken." default:"0" tuning:"true"`
	Seed            uint64  `option:"seed" doc:"Nexmark: chooses the data set." default:"1"`
	EventsPerSecond int64   `option:"events_per_second" doc:"Nexmark: events in a second of event time." default:"10000"`
	GroupSize       int64   `option:"group_size" doc:"Nexmark: events come out of order within groups of so many; 1 means in order." default:"1"`
}

// The bounds of rate: slower than once in eleven days is no stream, and the clock tells nanoseconds apart.
const (
	minRate = 1e-6
	maxRate = 1e9
)

// Validate checks what the tags cannot.
func (c *Config) Validate() error {
	if c.Rows < 0 {
		return &connector.OptionError{Name: "rows", Message: "rows must be 0 (without end) or more"}
	}
	if c.Rate != 0 && (math.IsNaN(c.Rate) || c.Rate < minRate || c.Rate > maxRate) {
		return &connector.OptionError{Name: "rate", Message: "rate must be 0 (as fast as rows are taken), or from 0.000001 to 1000000000 rows a second"}
	}
	if c.Kind != kindNexmark {
		if c.Table != "" {
			return &connector.OptionError{Name: "table", Message: "table is an option of kind nexmark; a sequence has one column, n"}
		}
		return nil
	}
	return optionError(c.nexmark().Validate())
}

// Unpaced is c without a rate.
func (c *Config) Unpaced() any {
	u := *c
	u.Rate = 0
	return &u
}

// optionError names the option behind the generator's first complaint.
func optionError(err error) error {
	var field *nexmark.FieldError
	if err == nil || !errors.As(err, &field) {
		return err
	}
	name := field.Field
	if name == "events" {
		name = "rows"
	}
	return &connector.OptionError{Name: name, Message: (&nexmark.FieldError{Field: name, Value: field.Value, Want: field.Want}).Error()}
}

// nexmark returns the generator's own config.
func (c *Config) nexmark() nexmark.Config {
	n := nexmark.DefaultConfig()
	n.Seed, n.EventsPerSecond, n.GroupSize, n.Events = c.Seed, c.EventsPerSecond, c.GroupSize, c.Rows
	return n
}

// kind returns the kind of the rows of Table, which is set.
func (c *Config) kind() nexmark.Kind {
	for _, k := range []nexmark.Kind{nexmark.KindPerson, nexmark.KindAuction} {
		if c.Table == k.String() {
			return k
		}
	}
	return nexmark.KindBid
}

// limit returns the number of positions that there are.
func (c *Config) limit() (int64, error) {
	if c.Kind != kindNexmark {
		if c.Rows > 0 {
			return c.Rows, nil
		}
		return math.MaxInt64, nil
	}
	g, err := nexmark.NewGenerator(c.nexmark())
	if err != nil {
		return 0, err
	}
	return int64(g.Count()), nil //nolint:gosec // Validate bounds it
}
