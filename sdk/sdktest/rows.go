package sdktest

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/google/go-cmp/cmp"

	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/schema"
)

// TextBatch returns a batch of one TEXT column.
func TextBatch(values ...string) *batch.Batch {
	c := batch.NewColumn(&batch.Pool{}, schema.Of(schema.Text))
	c.Reset(len(values))
	for i, v := range values {
		c.SetBytes(i, []byte(v))
	}
	return &batch.Batch{Cols: []*batch.Column{c}, Len: len(values)}
}

// Rows prints each row of b that counts: its kind of change if the batch has kinds, and every value, so that rows are equal exactly if their
// texts are. NaNs are all alike; a column that is nil prints as "-".
func Rows(b *batch.Batch) []string {
	rows := make([]string, b.Rows())
	var s strings.Builder
	for i := range rows {
		row := b.Row(i)
		s.Reset()
		if b.Kinds != nil {
			s.WriteString(b.Kinds[row].String() + " ")
		}
		for k, c := range b.Cols {
			if k > 0 {
				s.WriteString(", ")
			}
			writeValue(&s, c, row)
		}
		rows[i] = s.String()
	}
	return rows
}

// Diff says how got differs from want, "" if it does not.
func Diff[T any](want, got T) string { return cmp.Diff(want, got) }

func writeValue(s *strings.Builder, c *batch.Column, row int) {
	switch {
	case c == nil:
		s.WriteByte('-')
		return
	case c.Kind() == schema.Null || c.IsNull(row):
		s.WriteString("NULL")
		return
	}
	switch c.Kind() {
	case schema.Array:
		s.WriteByte('[')
		for i := c.Offsets()[row]; i < c.Offsets()[row+1]; i++ {
			if i > c.Offsets()[row] {
				s.WriteString(", ")
			}
			writeValue(s, c.Child(0), int(i))
		}
		s.WriteByte(']')
	case schema.Row:
		s.WriteByte('(')
		for i := range c.Type().Fields {
			if i > 0 {
				s.WriteString(", ")
			}
			writeValue(s, c.Child(i), row)
		}
		s.WriteByte(')')
	default:
		s.WriteString(scalarText(c, row))
	}
}

// scalarText prints the value as it lies in memory: the text forms of sdk/codec are among what is tested.
func scalarText(c *batch.Column, row int) string {
	switch c.Kind() {
	case schema.Text, schema.JSONB:
		return strconv.Quote(string(c.Bytes(row)))
	case schema.Bytes:
		return fmt.Sprintf("x'%x'", c.Bytes(row))
	case schema.Bool:
		return strconv.FormatBool(c.Bits().Get(row))
	case schema.Int16:
		return strconv.Itoa(int(c.Int16s()[row]))
	case schema.Int32, schema.Date:
		return strconv.Itoa(int(c.Int32s()[row]))
	case schema.Float32:
		return floatText(float64(c.Float32s()[row]), 32)
	case schema.Float64:
		return floatText(c.Float64s()[row], 64)
	case schema.Numeric:
		return string(codec.AppendDecimal(nil, c.Decimal(row)))
	case schema.UUID:
		return fmt.Sprintf("%x", c.UUIDs()[row])
	case schema.Interval:
		v := c.Intervals()[row]
		return fmt.Sprintf("%dmon %dd %dus", v.Months, v.Days, v.Micros)
	default:
		return strconv.FormatInt(c.Int64s()[row], 10)
	}
}

func floatText(v float64, size int) string {
	if v == 0 && math.Signbit(v) {
		return "-0"
	}
	return strconv.FormatFloat(v, 'g', -1, size)
}
