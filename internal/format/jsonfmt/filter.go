package jsonfmt

import (
	"bytes"
	"cmp"

	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/schema"
)

// testable reports whether the decoder tests c itself.
func (m *member) testable(c codec.Condition) bool {
	k := m.typ.Kind
	if c.IsText {
		return k == schema.Text
	}
	return k.IsInteger() || k.IsDatetime()
}

// meets reports whether the value just stored as row meets every condition.
func (m *member) meets(row int) bool {
	if m.col.IsNull(row) {
		return false
	}
	for i := range m.conds {
		c := &m.conds[i]
		if !c.Op.Holds(m.compare(c, row)) {
			return false
		}
	}
	return true
}

func (m *member) compare(c *codec.Condition, row int) int {
	switch m.typ.Kind {
	case schema.Text:
		return bytes.Compare(m.col.Bytes(row), []byte(c.Text))
	case schema.Int16:
		return cmp.Compare(int64(*slotOf[int16](m.base, row)), c.Int)
	case schema.Int32, schema.Date:
		return cmp.Compare(int64(*slotOf[int32](m.base, row)), c.Int)
	default:
		return cmp.Compare(*slotOf[int64](m.base, row), c.Int)
	}
}

// meets reports whether a row that was read whole meets the conditions of all columns.
func (o *object) meets(row int) bool {
	for _, m := range o.members {
		if len(m.conds) > 0 && !m.meets(row) {
			return false
		}
	}
	return true
}
