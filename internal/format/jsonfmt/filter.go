package jsonfmt

import (
	"bytes"
	"math"

	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/schema"
)

// test is what a member's value must meet for its row to be kept: for numbers, dates and times a range and exceptions, for TEXT a list.
type test struct {
	low, high int64
	not       []int64
	texts     []textTest
}

type textTest struct {
	op   codec.CompareOp
	text []byte
}

// addCondition makes m test c, if it is of a kind that the decoder tests itself.
func (m *member) addCondition(c codec.Condition) {
	k := m.typ.Kind
	switch {
	case c.IsText && k == schema.Text:
		m.test.texts = append(m.test.texts, textTest{op: c.Op, text: []byte(c.Text)})
	case c.IsText || !k.IsInteger() && !k.IsDatetime():
		return
	default:
		if !m.filtered {
			m.test.low, m.test.high = math.MinInt64, math.MaxInt64
		}
		m.test.narrow(c.Op, c.Int)
	}
	m.filtered = true
}

// narrow takes "op v" into the range.
func (t *test) narrow(op codec.CompareOp, v int64) {
	switch op {
	case codec.Equal:
		t.low, t.high = max(t.low, v), min(t.high, v)
	case codec.NotEqual:
		t.not = append(t.not, v)
	case codec.Less:
		t.high = min(t.high, v-1)
		if v == math.MinInt64 {
			t.low, t.high = 1, 0
		}
	case codec.LessEqual:
		t.high = min(t.high, v)
	case codec.Greater:
		t.low = max(t.low, v+1)
		if v == math.MaxInt64 {
			t.low, t.high = 1, 0
		}
	default:
		t.low = max(t.low, v)
	}
}

// meets reports whether the value just stored as row passes m's test.
func (m *member) meets(row int) bool {
	if m.col.IsNull(row) {
		return false
	}
	var v int64
	switch m.typ.Kind {
	case schema.Text:
		return m.test.meetsText(m.col.Bytes(row))
	case schema.Int16:
		v = int64(*slotOf[int16](m.base, row))
	case schema.Int32, schema.Date:
		v = int64(*slotOf[int32](m.base, row))
	default:
		v = *slotOf[int64](m.base, row)
	}
	for _, not := range m.test.not {
		if v == not {
			return false
		}
	}
	return m.test.low <= v && v <= m.test.high
}

func (t *test) meetsText(text []byte) bool {
	for i := range t.texts {
		if !t.texts[i].op.Holds(bytes.Compare(text, t.texts[i].text)) {
			return false
		}
	}
	return true
}

// meets reports whether a row that was read whole passes the tests of all members.
func (o *object) meets(row int) bool {
	for _, m := range o.members {
		if m.filtered && !m.meets(row) {
			return false
		}
	}
	return true
}
