package cli

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"wire.example/wire/internal/expr/builtin"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/jsonb"
	"wire.example/wire/sdk/schema"
)

// condition is what a column must be, nil meaning NULL.
type condition struct {
	column int
	value  []byte
}

// where reads conditions.
func (s *stateScan) where(conditions []string) error {
	for _, text := range conditions {
		name, value, ok := strings.Cut(text, "=")
		if !ok {
			return fmt.Errorf("%q is no COLUMN=VALUE: %s", text, s.columnsAndExample())
		}
		c := condition{column: slices.IndexFunc(s.columns, func(c stateColumn) bool { return c.asked() && c.Name == name })}
		if c.column < 0 {
			return fmt.Errorf("there is no column %q: %s", name, s.columnsAndExample())
		}
		if slices.ContainsFunc(s.conditions, func(other condition) bool { return other.column == c.column }) {
			return fmt.Errorf("%s: column %q is named twice, and no entry has two values in it", text, name)
		}
		if value != "" {
			var err error
			if c.value, err = canonical(s.columns[c.column].Type, value); err != nil {
				return fmt.Errorf("%s: %w: %s", text, err, s.columnsAndExample())
			}
		}
		s.conditions = append(s.conditions, c)
	}
	return nil
}

// asked reports whether conditions may name a column.
func (c *stateColumn) asked() bool {
	return c.call == 0 && (c.put == nil || c.Type.Kind == schema.Timestamp)
}

// columnsAndExample says what conditions may name, and how.
func (s *stateScan) columnsAndExample() string {
	var columns, example []string
	for _, c := range s.columns {
		if !c.asked() {
			continue
		}
		columns = append(columns, c.Name+" "+c.Type.String())
		if c.put == nil {
			example = append(example, quoted(c.Name+"="+exampleOf(c.Type)))
		}
	}
	what := fmt.Sprintf("%s.%s has %d columns to ask for", s.part.Step, s.part.Name, len(columns))
	switch {
	case len(columns) == 0:
		return fmt.Sprintf("%s.%s has none to ask for; wire state scan prints it", s.part.Step, s.part.Name)
	case len(columns) == 1:
		what = fmt.Sprintf("%s.%s has one column to ask for", s.part.Step, s.part.Name)
	}
	if what += ", " + strings.Join(columns, ", "); len(example) > 0 {
		what += "; for example " + strings.Join(example, " ")
	}
	return what
}

// exampleOf is a value of a type.
func exampleOf(t schema.Type) string {
	switch t.Kind {
	case schema.Bool:
		return "true"
	case schema.Int16, schema.Int32, schema.Int64:
		return "7"
	case schema.Float32, schema.Float64, schema.Numeric:
		return "1.5"
	case schema.Date:
		return "2026-01-31"
	case schema.Time:
		return "10:00:00"
	case schema.Timestamp:
		return "2026-01-31 10:00:00"
	case schema.TimestampTZ:
		return "2026-01-31 10:00:00+00"
	default:
		return "…"
	}
}

// quoted is a word for a shell.
func quoted(word string) string {
	if strings.Contains(word, " ") {
		return "'" + word + "'"
	}
	return word
}

// canonical is a value as it is printed, and compared. Arrays and rows are taken as they are: as they are printed.
func canonical(t schema.Type, value string) ([]byte, error) {
	switch t.Kind {
	case schema.Array:
		return []byte(value), enclosed(t, value, "{", "}")
	case schema.Row:
		return []byte(value), enclosed(t, value, "(", ")")
	case schema.JSONB:
		text, bad := jsonb.Canonical(nil, []byte(value))
		if bad != nil {
			return nil, errors.New(bad.Message)
		}
		return text, nil
	case schema.Null:
		return nil, errors.New("the column has NULL alone, which is COLUMN= without a value")
	}
	col := batch.NewColumn(&batch.Pool{}, t)
	defer col.Release()
	col.Reset(1)
	if bad := codec.SetText(col, 0, []byte(value)); bad != nil {
		return nil, errors.New(bad.Message)
	}
	return builtin.AppendValue(nil, col, 0), nil
}

// enclosed refuses a value that does not stand in the brackets in which those of its type are printed.
func enclosed(t schema.Type, value, open, end string) error {
	if strings.HasPrefix(value, open) && strings.HasSuffix(value, end) {
		return nil
	}
	return fmt.Errorf("a value of type %s is written as wire state scan prints it, from %s to %s", t, open, end)
}

// quotedValues are the conditions, of those that were given, whose values stand in quotes that count as a part of them: as they would in SQL.
func (s *stateScan) quotedValues(given []string) (quoted []string) {
	for i, c := range s.conditions {
		n := len(c.value)
		if s.columns[c.column].Type.Kind == schema.Text && n > 1 && c.value[0] == c.value[n-1] && (c.value[0] == '\'' || c.value[0] == '"') {
			quoted = append(quoted, given[i])
		}
	}
	return quoted
}

// key is the key that the conditions name, nil if they leave one of its columns open, or what they say is no value of it.
func (s *stateScan) key() *batch.Batch {
	if !s.part.Known || s.part.Shape.Rows || len(s.part.Columns) == 0 {
		return nil
	}
	key, pool := &batch.Batch{Len: 1}, &batch.Pool{}
	for _, own := range s.reader.Columns() {
		at := slices.IndexFunc(s.conditions, func(c condition) bool { return s.columns[c.column].col == own })
		col := batch.NewColumn(pool, own.Type())
		key.Cols = append(key.Cols, col)
		col.Reset(1)
		switch {
		case at >= 0 && s.conditions[at].value == nil:
			col.PutNull(0)
		case at < 0 || codec.SetText(col, 0, s.conditions[at].value) != nil:
			return nil
		}
	}
	return key
}

// meets reports whether a row meets all conditions.
func (s *stateScan) meets(row int) bool {
	for _, c := range s.conditions {
		col := s.columns[c.column].col
		if null := col.IsNull(row); null || c.value == nil {
			if null && c.value == nil {
				continue
			}
			return false
		}
		if s.text = builtin.AppendValue(s.text[:0], col, row); !bytes.Equal(s.text, c.value) {
			return false
		}
	}
	return true
}
