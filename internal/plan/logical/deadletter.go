package logical

import "wire.example/wire/sdk/schema"

// DeadLetterSchema is the schema of dead letters: when, which step, why, from where, and the record's bytes, as text if they are valid
// UTF-8 without NUL, else in base64.
func DeadLetterSchema() *schema.Schema {
	text, num := schema.Of(schema.Text), schema.Of(schema.Int64)
	return schema.New(
		schema.Field{Name: "time", Type: schema.Of(schema.TimestampTZ)},
		schema.Field{Name: "step", Type: text},
		schema.Field{Name: "code", Type: text},
		schema.Field{Name: "reason", Type: text},
		schema.Field{Name: "column", Type: text},
		schema.Field{Name: "source", Type: text},
		schema.Field{Name: "line", Type: num},
		schema.Field{Name: "offset", Type: num},
		schema.Field{Name: "raw", Type: text},
		schema.Field{Name: "raw_base64", Type: text},
	)
}
