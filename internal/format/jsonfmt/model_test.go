package jsonfmt

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sqlstate"
)

// wild draws JSON as no program writes it: members in any order, missing, null, doubled, spelled otherwise or unknown, blanks anywhere.
type wild struct {
	t   *rapid.T
	out bytes.Buffer
}

func (w *wild) blank() {
	w.out.WriteString(rapid.SampledFrom([]string{"", "", "", " ", "\t", "\r ", "  "}).Draw(w.t, "blank"))
}

func (w *wild) token(s string) {
	w.blank()
	w.out.WriteString(s)
	w.blank()
}

// modelField is a field of wild objects and what it holds: an integer, a text, an object of fields, or an array of integers.
type modelField struct {
	name   string
	kind   schema.Kind
	fields []modelField
}

// modelFields are the fields of a record; two names differ by case only.
func modelFields() []modelField {
	leaf := []modelField{{name: "n", kind: schema.Int64}, {name: "text", kind: schema.Text}, {name: "list", kind: schema.Array}}
	return []modelField{
		{name: "id", kind: schema.Int64},
		{name: "a key of more than sixteen bytes", kind: schema.Text},
		{name: "in", kind: schema.Row, fields: append(leaf, modelField{name: "deep", kind: schema.Row, fields: leaf})},
		{name: "Case", kind: schema.Int64},
		{name: "case", kind: schema.Int64},
		{name: "list", kind: schema.Array},
	}
}

func typeOf(fields []modelField) []schema.Field {
	out := make([]schema.Field, len(fields))
	for i, f := range fields {
		typ := schema.Of(f.kind)
		switch f.kind {
		case schema.Row:
			typ = schema.RowOf(typeOf(f.fields)...)
		case schema.Array:
			typ = schema.ArrayOf(schema.Of(schema.Int64))
		default:
		}
		out[i] = schema.Field{Name: f.name, Type: typ}
	}
	return out
}

// object writes an object and returns what should be read from it, in the order of fields.
func (w *wild) object(fields []modelField) []any {
	values, exact := make([]any, len(fields)), make([]bool, len(fields))
	w.token("{")
	for k := range rapid.IntRange(0, len(fields)+2).Draw(w.t, "members") {
		if k > 0 {
			w.token(",")
		}
		i := rapid.IntRange(-1, len(fields)-1).Draw(w.t, "field")
		if i < 0 {
			w.unknown()
			continue
		}
		name, other := fields[i].name, false
		if fields[i].kind == schema.Int64 && name == "id" && rapid.Bool().Draw(w.t, "upper") {
			name, other = "ID", true
		}
		w.token(quotedName(name))
		w.token(":")
		v := w.value(fields[i])
		if !other || !exact[i] {
			values[i] = v
		}
		exact[i] = exact[i] || !other
	}
	w.token("}")
	return values
}

func (w *wild) unknown() {
	w.token(quotedName(rapid.StringMatching(`x[a-z]{0,20}`).Draw(w.t, "unknown")))
	w.token(":")
	w.token(rapid.SampledFrom([]string{`1`, `-2.5e7`, `"x"`, `"\"}"`, `{"in":{"n":[{}]}}`, `[[],{"id":1}]`, `true`, `null`}).Draw(w.t, "ignored"))
}

func (w *wild) value(f modelField) any {
	if rapid.IntRange(0, 3).Draw(w.t, "null") == 0 {
		w.token("null")
		return nil
	}
	switch f.kind {
	case schema.Int64:
		v := rapid.OneOf(rapid.Int64(), rapid.Int64Range(-200, 99_999_999)).Draw(w.t, "v")
		w.token(fmt.Sprint(v))
		return json.Number(fmt.Sprint(v))
	case schema.Text:
		v := strings.ReplaceAll(rapid.OneOf(rapid.StringMatching(`[a-z ]{0,40}`), rapid.String()).Draw(w.t, "v"), "\x00", "")
		text, _ := json.Marshal(v)
		w.token(string(text))
		return v
	case schema.Row:
		return w.object(f.fields)
	default:
		out := []any{}
		w.token("[")
		for k := range rapid.IntRange(0, 3).Draw(w.t, "elements") {
			if k > 0 {
				w.token(",")
			}
			out = append(out, w.value(modelField{kind: schema.Int64}))
		}
		w.token("]")
		return out
	}
}

// read returns value row of c as json would, and fails if something below a NULL is not NULL.
func read(t interface{ Fatalf(string, ...any) }, c *batch.Column, row int, nullAbove bool) any {
	null := c.IsNull(row)
	if nullAbove && !null {
		t.Fatalf("a value below a NULL is not NULL")
	}
	switch c.Kind() {
	case schema.Int64:
		if !null {
			return json.Number(fmt.Sprint(c.Int64s()[row]))
		}
	case schema.Text:
		if !null {
			return string(c.Bytes(row))
		}
	case schema.Array:
		from, to := c.Offsets()[row], c.Offsets()[row+1]
		if from > to || null && from != to || int(to) > c.Child(0).Len() {
			t.Fatalf("elements %d to %d of %d", from, to, c.Child(0).Len())
		}
		out := []any{}
		for i := from; i < to; i++ {
			out = append(out, read(t, c.Child(0), int(i), false))
		}
		if !null {
			return out
		}
	default:
		out := []any{}
		for i := range c.Type().Fields {
			out = append(out, read(t, c.Child(i), row, null))
		}
		if !null {
			return out
		}
	}
	return nil
}

// TestWildObjects: whatever the order, spelling and blanks, each column has what its member says, and what cannot be read disturbs nothing.
func TestWildObjects(t *testing.T) {
	fields := modelFields()
	s := schema.New(typeOf(fields)...)
	rapid.Check(t, func(t *rapid.T) {
		w := &wild{t: t}
		var want [][]any
		for range rapid.IntRange(1, 12).Draw(t, "records") {
			if rapid.IntRange(0, 5).Draw(t, "broken") == 0 {
				whole := w.out.Len()
				w.object(fields)
				w.out.Truncate(max(whole, w.out.Len()-rapid.IntRange(1, 9).Draw(t, "cut")))
				w.out.WriteString("!\n")
				continue
			}
			want = append(want, w.object(fields))
			w.out.WriteByte('\n')
		}
		d, err := newDecoder(&format{}, decodeSpec(s))
		if err != nil {
			t.Fatal(err)
		}
		for range 2 { // the second time, keys and columns are known
			if err := d.Begin(&codec.Block{Buf: batch.WrapBuffer(w.out.Bytes())}); err != nil {
				t.Fatal(err)
			}
			out, res, _ := d.Decode()
			if out.Len != len(want) {
				t.Fatalf("%d rows of %d: rejects %+v in\n%s", out.Len, len(want), res.Rejects, w.out.Bytes())
			}
			for row := range out.Len {
				got := make([]any, len(out.Cols))
				for i, c := range out.Cols {
					got[i] = read(t, c, row, false)
				}
				if !reflect.DeepEqual(got, want[row]) {
					t.Fatalf("row %d is %v, want %v in\n%s", row, got, want[row], w.out.Bytes())
				}
			}
		}
	})
}

// TestFiltersDropWhatFails: rows and account are those of reading everything and testing afterwards.
func TestFiltersDropWhatFails(t *testing.T) {
	s := schema.New(field("i", schema.Int64), field("s", schema.Int16), field("d", schema.Date), field("t", schema.Text), field("f", schema.Float64))
	values := [][]string{
		{`1`, `2`, `3`, `-9223372036854775808`, `9223372036854775807`}, {`1`, `2`}, {`"1970-01-02"`, `"1970-01-03"`}, {`"a"`, `"b"`, `"a much longer text"`}, {`1`, `2`},
	}
	rapid.Check(t, func(t *rapid.T) {
		var in strings.Builder
		for range rapid.IntRange(1, 8).Draw(t, "rows") {
			in.WriteString("{")
			for k := range rapid.IntRange(0, 6).Draw(t, "members") {
				if k > 0 {
					in.WriteString(",")
				}
				i := rapid.IntRange(0, 4).Draw(t, "field")
				in.WriteString(quotedName(s.Fields[i].Name) + ":" + rapid.SampledFrom(append(values[i], "null")).Draw(t, "v"))
			}
			in.WriteString("}\n")
		}
		var filter []codec.Condition
		for range rapid.IntRange(1, 3).Draw(t, "conditions") {
			c := codec.Condition{Column: rapid.IntRange(0, 3).Draw(t, "column"), Op: codec.CompareOp(rapid.IntRange(0, 5).Draw(t, "op"))}
			if c.IsText = c.Column == 3; c.IsText {
				c.Text = rapid.SampledFrom([]string{"a", "b", "a much longer text", ""}).Draw(t, "text")
			} else {
				c.Int = rapid.SampledFrom([]int64{1, 2, -9223372036854775808, 9223372036854775807}).Draw(t, "int")
			}
			filter = append(filter, c)
		}
		all, _ := newDecoder(&format{}, decodeSpec(s))
		_ = all.Begin(paddedBlock([]byte(in.String())))
		out, _, _ := all.Decode()
		out.Sel = []uint16{}
		for row := range out.Len {
			if meets(filter, out, row) {
				out.Sel = append(out.Sel, uint16(row))
			}
		}
		e, _ := newEncoder(&format{}, encodeSpec(s))
		want, _, _ := e.Encode(nil, nil, out)
		spec := decodeSpec(s)
		spec.Filter = filter
		some, _ := newDecoder(&format{}, spec)
		_ = some.Begin(paddedBlock([]byte(in.String())))
		kept, res, _ := some.Decode()
		got, _, _ := e.Encode(nil, nil, kept)
		if string(got) != string(want) || res.Filtered != out.Len-len(out.Sel) || res.Records != out.Len {
			t.Fatalf("%+v keeps\n%s, want\n%s of\n%s (%+v)", filter, got, want, in.String(), res)
		}
	})
}

func meets(filter []codec.Condition, b *batch.Batch, row int) bool {
	for _, c := range filter {
		col := b.Cols[c.Column]
		if col.IsNull(row) {
			return false
		}
		var v int64
		switch col.Kind() {
		case schema.Text:
			if !c.Op.Holds(strings.Compare(string(col.Bytes(row)), c.Text)) {
				return false
			}
			continue
		case schema.Int16:
			v = int64(col.Int16s()[row])
		case schema.Date:
			v = int64(col.Int32s()[row])
		default:
			v = col.Int64s()[row]
		}
		order := 0
		if v < c.Int {
			order = -1
		} else if v > c.Int {
			order = 1
		}
		if !c.Op.Holds(order) {
			return false
		}
	}
	return true
}

// tooStrict reports whether bad is for a value that the standard library takes although it is no text that PostgreSQL stores, or because
// of the limit of depth.
func tooStrict(bad *sqlstate.Error) bool {
	switch bad.Code {
	case sqlstate.CharacterNotInRepertoire, sqlstate.UntranslatableCharacter, sqlstate.StatementTooComplex:
		return true
	default:
		return strings.Contains(bad.Message, "surrogates")
	}
}

// generic is what the standard library makes of text, which it found valid.
func generic(t testing.TB, text []byte) any {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return v
}

// FuzzJSONB: what a JSONB column takes is what the standard library finds valid, and means the same.
func FuzzJSONB(f *testing.F) {
	for _, seed := range []string{
		`{"b":1,"a":[ 1.0e5 , {"z":null} ],"a":2}`, `"\ud83d\ude00\u0041\\\/"`, `[1,]`, `-0.0`, `01`, `1e`, `{"":{"":""}}`, `"a`, `tru`, `[[[[[[`, "\"\x7f\xc3\xa9\"", `{"a":1,"a":{"b":2},"ab":[true,false]}`,
		`{"a":"` + strings.Repeat("x", 100) + `"}`, `"\u12g4"`, `nul`, `{"a" 1}`, `{"a":1 "b":2}`, "\x00", `"\ud800"`, `-`, `--1`, `1.`, `.5`, `[1 2]`,
	} {
		f.Add([]byte(seed))
	}
	s := column(schema.Of(schema.JSONB))
	f.Fuzz(func(t *testing.T, data []byte) {
		data = bytes.ReplaceAll(data, []byte("\n"), []byte(" "))
		line := append(append([]byte(`{"v":`), data...), '}')
		d, _ := newDecoder(&format{}, decodeSpec(s))
		_ = d.Begin(paddedBlock(append(line, '\n')))
		out, res, _ := d.Decode()
		var record struct {
			V json.RawMessage `json:"v"`
		}
		valid := json.Valid(line)
		switch {
		case len(res.Rejects) > 0:
			if valid && !tooStrict(res.Rejects[0].Err) {
				t.Fatalf("%s is valid, but rejected: %v", line, res.Rejects[0].Err)
			}
			return
		case out.Len == 0 || !valid:
			t.Fatalf("%s is not valid, but taken", line)
		case out.Cols[0].IsNull(0):
			return
		}
		if err := json.Unmarshal(line, &record); err != nil || bytes.Count(line, []byte(`"v"`)) > 1 || bytes.Contains(bytes.ToLower(line), []byte(`\u00`)) || bytes.Contains(line, []byte(`"V"`)) {
			return
		}
		canonical := out.Cols[0].Bytes(0)
		if !json.Valid(canonical) || !reflect.DeepEqual(generic(t, canonical), generic(t, record.V)) {
			t.Fatalf("%s became %s", record.V, canonical)
		}
	})
}

// FuzzColumns: what typed columns take has the value that the standard library reads, and the structure of what nothing reads is checked.
func FuzzColumns(f *testing.F) {
	for _, seed := range []string{
		`{"i":1,"f":2.5,"t":"x","b":true,"l":[1,null]}`, `{"i":123456789012,"f":-1e-7,"t":"\u00e9 and a longer text","l":[]}`, `{"i":1.0}`, `{"t":{"x":[1, 2]}}`, `{"x":{"y":[{}]},"i":9}`,
		`{"f":123456789.123456789}`, `{ "i" : 7 , "t" : 5 }`, `{"i":-0,"f":-0}`, `{"x":"\q"}`, `{"x":"` + "\xff" + `"}`, `{}`, `{"i":1}x`, `{"i":12345678}`,
	} {
		f.Add([]byte(seed))
	}
	s := schema.New(field("i", schema.Int64), field("f", schema.Float64), field("t", schema.Text), field("b", schema.Bool),
		schema.Field{Name: "l", Type: schema.ArrayOf(schema.Of(schema.Int64))})
	f.Fuzz(func(t *testing.T, data []byte) {
		data = bytes.ReplaceAll(data, []byte("\n"), []byte(" "))
		if len(bytes.Trim(data, " \t\r")) == 0 {
			return
		}
		block := paddedBlock(append(bytes.Clone(data), '\n'))
		d, _ := newDecoder(&format{}, decodeSpec(s))
		_ = d.Begin(block)
		out, res, _ := d.Decode()
		members := map[string]json.RawMessage{}
		err := json.Unmarshal(data, &members)
		spec := decodeSpec(s)
		spec.Need = make([]codec.Need, s.Len())
		loose, _ := newDecoder(&format{}, spec)
		_ = loose.Begin(block)
		structure, looseRes, _ := loose.Decode()
		if structure.Len < out.Len || structure.Len == 0 && err == nil && members != nil && !tooStrict(looseRes.Rejects[0].Err) {
			t.Fatalf("%s: rejected when nothing is needed: %+v", data, looseRes.Rejects)
		}
		if len(res.Rejects) > 0 || err != nil {
			return // values may be wrong, and escapes in what is skipped: FuzzJSONB is strict about those
		}
		for name, raw := range members {
			if i, _ := s.Find(name); i >= 0 && s.Fields[i].Name == name && !strings.Contains(string(data), `\u`) && !otherCase(members, name) {
				compareValue(t, out.Cols[i], raw)
			}
		}
	})
}

func otherCase(members map[string]json.RawMessage, name string) bool {
	for other := range members {
		if other != name && strings.EqualFold(other, name) {
			return true
		}
	}
	return false
}

// compareValue checks row 0 of c against the JSON text of its member.
func compareValue(t *testing.T, c *batch.Column, raw []byte) {
	t.Helper()
	if string(raw) == "null" || c.IsNull(0) {
		if string(raw) != "null" || !c.IsNull(0) {
			t.Fatalf("%s is read as NULL: %v", raw, c.IsNull(0))
		}
		return
	}
	switch c.Kind() {
	case schema.Int64:
		var want json.Number
		if err := json.Unmarshal(raw, &want); err != nil {
			t.Fatal(err)
		}
		if v, err := want.Int64(); err == nil && v != c.Int64s()[0] {
			t.Fatalf("%s is read as %d", raw, c.Int64s()[0])
		}
	case schema.Float64:
		var want float64
		if err := json.Unmarshal(raw, &want); err == nil && want != c.Float64s()[0] {
			t.Fatalf("%s is read as %v", raw, c.Float64s()[0])
		}
	case schema.Bool:
		if got := fmt.Sprint(c.Bits().Get(0)); got != string(raw) {
			t.Fatalf("%s is read as %s", raw, got)
		}
	case schema.Text:
		want := string(raw)
		if raw[0] == '"' {
			if err := json.Unmarshal(raw, &want); err != nil {
				t.Fatal(err)
			}
		}
		if got := string(c.Bytes(0)); got != want {
			t.Fatalf("%s is read as %q", raw, got)
		}
	default:
		var want []json.Number
		if err := json.Unmarshal(raw, &want); err != nil || int(c.Offsets()[1]) != len(want) {
			t.Fatalf("%s has %d elements, %v", raw, c.Offsets()[1], err)
		}
	}
}
