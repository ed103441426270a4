package csvfmt

import (
	"bytes"
	"cmp"

	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/schema"
)

// testable reports whether the decoder tests c itself.
func (f *field) testable(c codec.Condition) bool {
	k := f.typ.Kind
	if c.IsText {
		return k == schema.Text
	}
	return k.IsInteger() || k.IsDatetime()
}

// meets reports whether the value just stored as row meets every condition.
func (f *field) meets(row int) bool {
	if f.col.IsNull(row) {
		return false
	}
	for i := range f.conds {
		c := &f.conds[i]
		if !c.Op.Holds(f.compare(c, row)) {
			return false
		}
	}
	return true
}

func (f *field) compare(c *codec.Condition, row int) int {
	switch f.typ.Kind {
	case schema.Text:
		return bytes.Compare(f.col.Bytes(row), []byte(c.Text))
	case schema.Int16:
		return cmp.Compare(int64(f.col.Int16s()[row]), c.Int)
	case schema.Int32, schema.Date:
		return cmp.Compare(int64(f.col.Int32s()[row]), c.Int)
	default:
		return cmp.Compare(f.col.Int64s()[row], c.Int)
	}
}
