package optest

import (
	"fmt"

	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/numeric"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/temporal"
)

// Make returns a batch of rows with columns of types. A value is nil for NULL, int, float64, bool, string for text and for NUMERIC,
// temporal.Interval, batch.UUID, or []any for an array or a row. It panics at others.
func Make(types []schema.Type, rows ...[]any) *batch.Batch {
	pool := &batch.Pool{}
	b := &batch.Batch{Len: len(rows)}
	for k, typ := range types {
		c := batch.NewColumn(pool, typ)
		c.Reset(len(rows))
		for i, row := range rows {
			set(c, i, row[k])
		}
		b.Cols = append(b.Cols, c)
	}
	return b
}

func set(c *batch.Column, i int, value any) {
	switch v := value.(type) {
	case nil:
		setNull(c, i)
	case int:
		setInt(c, i, v)
	case float64:
		if c.Kind() == schema.Float32 {
			c.Float32s()[i] = float32(v)
		} else {
			c.Float64s()[i] = v
		}
	case bool:
		c.Bits().Put(i, v)
	case string:
		if c.Kind() != schema.Numeric {
			c.SetBytes(i, []byte(v))
			return
		}
		d, err := numeric.ParseString(v)
		if err != nil {
			panic(err)
		}
		c.SetDecimal(i, d)
	case temporal.Interval:
		c.Intervals()[i] = v
	case batch.UUID:
		c.UUIDs()[i] = v
	case []any:
		setParts(c, i, v)
	default:
		panic(fmt.Sprintf("optest: a value of type %T", value))
	}
}

func setNull(c *batch.Column, i int) {
	if c.Kind() == schema.Null {
		return
	}
	c.SetNull(i)
	if c.Kind() == schema.Array {
		c.Offsets()[i+1] = c.Offsets()[i]
	}
}

func setInt(c *batch.Column, i, v int) {
	switch c.Kind().Width() {
	case 2:
		c.Int16s()[i] = int16(v)
	case 4:
		c.Int32s()[i] = int32(v)
	default:
		c.Int64s()[i] = int64(v)
	}
}

func setParts(c *batch.Column, i int, parts []any) {
	if c.Kind() == schema.Row {
		for k, part := range parts {
			set(c.Child(k), i, part)
		}
		return
	}
	elements := c.Child(0)
	at := elements.Len()
	elements.Resize(at + len(parts))
	for k, part := range parts {
		set(elements, at+k, part)
	}
	c.Offsets()[i], c.Offsets()[i+1] = int32(at), int32(at+len(parts))
}
