package jsonfmt

import (
	"errors"
	"fmt"

	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/schema"
)

// addOp makes a member the kind of change, if the options name one. Filters are left to the engine then: one that drops a row may have to change the kind of
// the row beside it.
func (d *decoder) addOp(o *Options) error {
	name := o.OpField
	m := &member{typ: schema.Of(schema.Text), isOp: true, notNull: true}
	if o.Deleted != "" {
		if name = o.Deleted; !d.spec.Upserts {
			return errors.New("deleted_field says which rows take the row with their key away: declare the PRIMARY KEY and changes = 'upsert'")
		}
		m = &member{typ: schema.Of(schema.Bool), isOp: true, isDeleted: true}
	}
	if err := checkOpField(name, d.spec.Schema); err != nil {
		return err
	}
	m.path = name
	d.root.opField, d.root.op = name, m
	d.root.add(m)
	d.kinds = make([]batch.Change, batchRows+1)
	if d.spec.Upserts {
		for _, m := range d.root.byField {
			if m != nil && m.notNull {
				m.notNull = false
				d.mustHave = append(d.mustHave, m)
			}
		}
	}
	return nil
}

// checkOpField refuses a member for the kind of change that is a column, too.
func checkOpField(name string, s *schema.Schema) error {
	for _, field := range s.Fields {
		if field.Name == name {
			return fmt.Errorf("column %q clashes with the member for the kind of change; rename the column, or set op_field to another name", name)
		}
	}
	return nil
}

// readDeleted stores the kind of change of a row that may say that it takes another one away.
func (d *decoder) readDeleted(m *member, i, row int) int {
	word, kind := "false", batch.UpdateAfter
	switch at(d.p, i) {
	case 't':
		word, kind = "true", batch.Delete
	case 'n':
		word = "null"
	case 'f':
	default:
		end := d.skipValue(i, maxDepth-1)
		if end < 0 {
			return -1
		}
		return d.failAt(m.path, codec.ErrSyntax(m.typ, d.data[i:end]), i)
	}
	d.kinds[row] = kind
	return d.literal(i, word)
}

// complete rejects a row that goes by its key and lacks another value, unless it takes the row with that key away. end is what readRow returns.
func (d *decoder) complete(row, end int) int {
	if d.kinds[row] == batch.Delete {
		return end
	}
	for _, m := range d.mustHave {
		if m.isNull(row) {
			return d.fail(m.path, codec.ErrNotNull(m.path))
		}
	}
	return end
}

// isNull reports whether row, which was just read, is NULL.
func (m *member) isNull(row int) bool {
	if m.late {
		return m.nullFrom <= row && row < m.nullTo
	}
	return m.col.IsNull(row)
}
