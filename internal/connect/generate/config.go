package generate

import (
	"wire.example/wire/internal/connect/generate/nexmark"
	"wire.example/wire/sdk/connector"
	"wire.example/wire/sdk/schema"
)

// Config are the options of the generate source.
type Config struct {
	Kind            string  `option:"kind" doc:"What to make: Nexmark's combined stream of persons, auctions and bids, or a sequence of numbers." enum:"nexmark,sequence" default:"nexmark"`
	Rows            int64   `option:"rows" doc:"How many rows; 0 means without end." default:"0"`
	Rate            float64 `option:"rate" doc:"At most so many rows a second; 0 means as fast as they are taken." default:"0"`
	Seed            uint64  `option:"seed" doc:"Rows are a function of the seed." default:"1"`
	EventsPerSecond int64   `option:"events_per_second" doc:"Nexmark: events in a second of event time." default:"10000"`
	GroupSize       int64   `option:"group_size" doc:"Nexmark: events are out of order within groups of so many; 1 means in order." default:"1"`
}

// Validate checks what the tags cannot.
func (c *Config) Validate() error {
	if c.Rows < 0 {
		return &connector.OptionError{Name: "rows", Message: "rows must be 0 (without end) or more"}
	}
	if c.Rate < 0 {
		return &connector.OptionError{Name: "rate", Message: "rate must be 0 (unlimited) or more"}
	}
	if c.Kind == "nexmark" {
		if err := c.nexmark().Validate(); err != nil {
			return &connector.OptionError{Message: err.Error()}
		}
	}
	return nil
}

// nexmark returns the generator's own config.
func (c *Config) nexmark() nexmark.Config {
	n := nexmark.DefaultConfig()
	n.Seed, n.EventsPerSecond, n.GroupSize = c.Seed, c.EventsPerSecond, c.GroupSize
	if c.Rows > 0 {
		n.Events = c.Rows
	}
	return n
}

// Schema returns the columns that a config makes.
func Schema(c *Config) *schema.Schema {
	number := schema.Of(schema.Int64)
	if c.Kind == "sequence" {
		return schema.New(schema.Field{Name: "n", Type: number, NotNull: true})
	}
	text, time := schema.Of(schema.Text), schema.Of(schema.Timestamp)
	fields := func(pairs ...any) schema.Type {
		var list []schema.Field
		for i := 0; i < len(pairs); i += 2 {
			list = append(list, schema.Field{Name: pairs[i].(string), Type: pairs[i+1].(schema.Type)})
		}
		return schema.RowOf(list...)
	}
	return schema.New(
		schema.Field{Name: "event_type", Type: schema.Of(schema.Int32), NotNull: true},
		schema.Field{Name: "person", Type: fields("id", number, "name", text, "email_address", text, "credit_card", text,
			"city", text, "state", text, "date_time", time, "extra", text)},
		schema.Field{Name: "auction", Type: fields("id", number, "item_name", text, "description", text, "initial_bid", number,
			"reserve", number, "date_time", time, "expires", time, "seller", number, "category", number, "extra", text)},
		schema.Field{Name: "bid", Type: fields("auction", number, "bidder", number, "price", number, "channel", text, "url", text,
			"date_time", time, "extra", text)},
	)
}
