package generate

import (
	"wire.example/wire/internal/connect/generate/nexmark"
	"wire.example/wire/sdk/schema"
)

// Schema returns the columns that a config makes.
func Schema(c *Config) *schema.Schema {
	switch {
	case c.Kind == kindSequence:
		return schema.New(schema.Field{Name: "n", Type: schema.Of(schema.Int64), NotNull: true})
	case c.Table != "":
		fields := members(c.kind())
		for i := range fields {
			fields[i].NotNull = true
		}
		return schema.New(fields...)
	}
	fields := []schema.Field{{Name: "event_type", Type: schema.Of(schema.Int32), NotNull: true}}
	for _, kind := range []nexmark.Kind{nexmark.KindPerson, nexmark.KindAuction, nexmark.KindBid} {
		fields = append(fields, schema.Field{Name: kind.String(), Type: schema.RowOf(members(kind)...)})
	}
	return schema.New(fields...)
}

// members returns the columns of a kind's table, in the order of the Want's members.
func members(kind nexmark.Kind) []schema.Field {
	number, text, time := schema.Of(schema.Int64), schema.Of(schema.Text), schema.Of(schema.Timestamp)
	switch kind {
	case nexmark.KindPerson:
		return []schema.Field{
			{Name: "id", Type: number},
			{Name: "name", Type: text},
			{Name: "email_address", Type: text},
			{Name: "credit_card", Type: text},
			{Name: "city", Type: text},
			{Name: "state", Type: text},
			{Name: "date_time", Type: time},
			{Name: "extra", Type: text},
		}
	case nexmark.KindAuction:
		return []schema.Field{
			{Name: "id", Type: number},
			{Name: "item_name", Type: text},
			{Name: "description", Type: text},
			{Name: "initial_bid", Type: number},
			{Name: "reserve", Type: number},
			{Name: "date_time", Type: time},
			{Name: "expires", Type: time},
			{Name: "seller", Type: number},
			{Name: "category", Type: number},
			{Name: "extra", Type: text},
		}
	default:
		return []schema.Field{
			{Name: "auction", Type: number},
			{Name: "bidder", Type: number},
			{Name: "price", Type: number},
			{Name: "channel", Type: text},
			{Name: "url", Type: text},
			{Name: "date_time", Type: time},
			{Name: "extra", Type: text},
		}
	}
}
