package csvfmt

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"unsafe"

	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/temporal"
)

// field is a place in a record and what becomes of its text. One lane uses it.
type field struct {
	name    string
	typ     schema.Type
	skip    bool // nothing reads it
	isOp    bool // the kind of change of a changelog, no column
	isTime  bool // the event time may be its value
	notNull bool
	isPlain bool // text that needs no look at its ends or its length
	conds   []codec.Condition

	col   *batch.Column
	base  unsafe.Pointer // the column's values
	stamp temporal.TimestampParser
	// stampLen is the length, in bytes, of the timestamp before.
	stampLen int
}

// newFields plans the columns of a decoder, in the order of the schema.
func newFields(f *format, spec codec.DecodeSpec) ([]field, []bool, error) {
	strict := spec.Strict || f.options.Strict
	fields, hidden := make([]field, spec.Schema.Len()), make([]bool, spec.Schema.Len())
	for i, c := range spec.Schema.Fields {
		needed, timed := spec.Needs(i), isTime(&spec, i)
		fields[i] = field{name: c.Name, typ: c.Type, notNull: c.NotNull, skip: !needed && !strict && !timed, isTime: timed}
		hidden[i] = !needed
		fields[i].isPlain = c.Type.Kind == schema.Text && c.Type.Length == 0 && !f.syntax.trim && f.options.Null == ""
		if f.options.Changelog && c.Name == f.options.OpField {
			return nil, nil, fmt.Errorf("column %q clashes with the column for the kind of change; rename one of them (op_field)", c.Name)
		}
		if k := c.Type.Kind; k.IsNested() || k == schema.JSONB {
			return nil, nil, fmt.Errorf("column %q: csv cannot read type %s; declare it TEXT and cast it", c.Name, c.Type)
		}
		if !fields[i].skip {
			fields[i].col = batch.NewColumn(spec.Pool, c.Type)
		}
	}
	for _, c := range spec.Filter {
		if strict || f.options.Changelog {
			break // a wrong value rejects a row whatever a condition says of it; a dropped row may have to change the kind of the row beside it
		}
		if m := &fields[c.Column]; !m.skip && m.testable(c) {
			m.conds = append(m.conds, c)
		}
	}
	return fields, hidden, nil
}

// isTime reports whether the event time may be the value of column.
func isTime(spec *codec.DecodeSpec, column int) bool {
	return slices.ContainsFunc(spec.Times, func(path []int) bool { return path[0] == column })
}

// planRecords decides which field of a record is which column: by the file's header, or by order where files have none.
func (d *decoder) planRecords(block *codec.Block) error {
	if !d.format.options.Header {
		if d.plan == nil {
			d.planInOrder()
		}
		return nil
	}
	if d.plan != nil && bytes.Equal(block.FileHeader, d.header) {
		return nil
	}
	names, err := d.headerNames(block.FileHeader)
	if err == nil {
		err = d.planByName(names)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", block.Name, err)
	}
	d.header = bytes.Clone(block.FileHeader)
	return nil
}

func (d *decoder) planInOrder() {
	if d.format.options.Changelog {
		d.plan = append(d.plan, &d.op)
	}
	for i := range d.fields {
		d.plan = append(d.plan, &d.fields[i])
	}
}

// headerNames returns the names in a header, which may come after comments and blank lines.
func (d *decoder) headerNames(header []byte) ([]string, error) {
	if len(header) == 0 {
		return nil, fmt.Errorf("the file has no header; if it has none on purpose, set header: false")
	}
	records, err := splitRecords(d.format.syntax, header)
	if err != nil {
		return nil, fmt.Errorf("the header: %w", err)
	}
	if len(records) == 0 {
		return nil, fmt.Errorf("the header has no column names")
	}
	names := make([]string, len(records[0]))
	for i, f := range records[0] {
		names[i] = string(f.text)
	}
	return names, nil
}

// planByName finds every declared column among names: by its exact name, else ignoring case if that is unique.
func (d *decoder) planByName(names []string) error {
	skipped := &field{skip: true}
	plan := make([]*field, len(names))
	for i := range plan {
		plan[i] = skipped
	}
	wanted := make([]*field, 0, len(d.fields)+1)
	if d.format.options.Changelog {
		wanted = append(wanted, &d.op)
	}
	for i := range d.fields {
		wanted = append(wanted, &d.fields[i])
	}
	for _, f := range wanted {
		i, err := findName(names, f.name)
		if err != nil {
			return err
		}
		if plan[i] != skipped {
			return fmt.Errorf("columns %q and %q are both %q of the header; spell them exactly as in the header", plan[i].name, f.name, names[i])
		}
		plan[i] = f
	}
	d.plan = plan
	return nil
}

func findName(names []string, name string) (int, error) {
	exact, folded, count := -1, -1, 0
	for i, n := range names {
		switch {
		case n == name && exact >= 0:
			return 0, fmt.Errorf("the header has column %q twice", name)
		case n == name:
			exact = i
		case strings.EqualFold(n, name):
			folded = i
			count++
		}
	}
	switch {
	case exact >= 0:
		return exact, nil
	case count == 1:
		return folded, nil
	case count > 1:
		return 0, fmt.Errorf("column %q matches several of the header, which has %s; spell it exactly as one of them", name, listed(names))
	}
	return 0, fmt.Errorf("the header has no column %q; it has %s", name, listed(names))
}

// listed prints names for an error.
func listed(names []string) string {
	const most = 30
	quoted := make([]string, 0, most)
	for i, n := range names {
		if i == most {
			quoted = append(quoted, fmt.Sprintf("and %d more", len(names)-most))
			break
		}
		quoted = append(quoted, fmt.Sprintf("%q", codec.Shown([]byte(n))))
	}
	return strings.Join(quoted, ", ")
}

// reset empties the columns for the next batch. The block's text becomes buffer 0 of those that may have views of it.
func (d *decoder) reset() {
	for i := range d.fields {
		f := &d.fields[i]
		if f.col == nil {
			continue
		}
		f.col.Reset(max(batchRows, len(d.kinds)))
		if f.typ.Kind.IsVariable() {
			f.col.AddBuffer(d.text)
		}
		f.base = values(f.col)
	}
	d.times.Reset(max(batchRows, len(d.kinds)))
	o := &d.origin
	o.Starts, o.Ends, o.Lines = o.Starts[:0], o.Ends[:0], o.Lines[:0]
}

// values returns the address of the value memory for the types that are stored straight into it, else nil.
func values(c *batch.Column) unsafe.Pointer {
	switch c.Kind() {
	case schema.Int32:
		return unsafe.Pointer(unsafe.SliceData(c.Int32s()))
	case schema.Int64, schema.Timestamp, schema.TimestampTZ:
		return unsafe.Pointer(unsafe.SliceData(c.Int64s()))
	case schema.Text:
		return unsafe.Pointer(unsafe.SliceData(c.Views()))
	default:
		return nil
	}
}

// finish cuts the columns to the rows read and fills in the batch.
func (d *decoder) finish(rows int) {
	for i := range d.fields {
		if c := d.fields[i].col; c != nil {
			c.Resize(rows)
		}
	}
	d.out.Len, d.out.Sel, d.out.Origin = rows, nil, nil
	d.times.Finish(&d.out, rows, &d.res)
	if d.kinds != nil {
		d.out.Kinds = d.kinds[:rows]
		batch.PairKinds(d.out.Kinds)
	}
	if d.spec.Origin {
		d.origin.Block, d.origin.Name, d.origin.Offset = d.block.Buf, d.block.Name, d.block.Offset
		d.out.Origin = &d.origin
	}
}

// forget makes row as if it had not been read, so that the next record can take its place.
func (d *decoder) forget(row int) {
	if !d.nulls {
		return
	}
	for i := range d.fields {
		if c := d.fields[i].col; c != nil && c.HasNulls() {
			c.MutableValid().Set(row)
		}
	}
}
