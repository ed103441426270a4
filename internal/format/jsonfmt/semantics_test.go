package jsonfmt

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/schema"
)

// TestSentences has a case for each sentence that the user guide says of JSON input.
func TestSentences(t *testing.T) {
	bigint, text := schema.Of(schema.Int64), schema.Of(schema.Text)
	s := schema.New(
		schema.Field{Name: "a", Type: bigint}, schema.Field{Name: "b", Type: text}, schema.Field{Name: "must", Type: bigint, NotNull: true},
	)
	coerce, strict := Options{Coerce: true}, Options{Strict: true}
	onlyMust := []codec.Need{{}, {}, {Read: true}}
	tests := []struct {
		sentence string
		options  Options
		need     []codec.Need
		in       string
		want     string // or
		code     string // and
		column   string
	}{
		{sentence: "missing is NULL", in: `{"must":1}`, want: `{"a":null,"b":null,"must":1}`},
		{sentence: "null is NULL", in: `{"must":1,"a":null,"b":null}`, want: `{"a":null,"b":null,"must":1}`},
		{sentence: "NOT NULL violated by a missing member", in: `{"a":1}`, code: "23502", column: "must"},
		{sentence: "NOT NULL violated by null", in: `{"must":null}`, code: "23502", column: "must"},
		{sentence: "out of range", in: `{"must":9223372036854775808}`, code: "22003", column: "must"},
		{sentence: "1.5 into an integer", in: `{"must":1.5}`, code: "22P02", column: "must"},
		{sentence: "1.0 is an integer", in: `{"must":1.0}`, want: `{"a":null,"b":null,"must":1}`},
		{sentence: "1e3 is an integer", in: `{"must":1e3}`, want: `{"a":null,"b":null,"must":1000}`},
		{sentence: "quoted numbers are refused", in: `{"must":"1"}`, code: "22P02", column: "must"},
		{sentence: "unless coerce", options: coerce, in: `{"must":"1"}`, want: `{"a":null,"b":null,"must":1}`},
		{sentence: "a number into TEXT keeps its source text", in: `{"must":1,"b":1.50e+1}`, want: `{"a":null,"b":"1.50e+1","must":1}`},
		{sentence: "a boolean into TEXT keeps its source text", in: `{"must":1,"b":false}`, want: `{"a":null,"b":"false","must":1}`},
		{sentence: "an object into TEXT is its raw JSON", in: `{"must":1,"b":{"x" : [1,"\n"]}}`, want: `{"a":null,"b":"{\"x\" : [1,\"\\n\"]}","must":1}`},
		{sentence: "an array into TEXT is its raw JSON", in: `{"must":1,"b":[ ]}`, want: `{"a":null,"b":"[ ]","must":1}`},
		{sentence: "the last of duplicates wins", in: `{"must":1,"b":"long enough for a view","b":"y","must":2}`, want: `{"a":null,"b":"y","must":2}`},
		{sentence: "extra members are ignored", in: `{"x":{"must":7},"must":1,"y":[{"a":2}]}`, want: `{"a":null,"b":null,"must":1}`},
		{sentence: "columns that nothing reads are checked for structure", need: onlyMust, in: `{"must":1,"a":[}`, code: "22P02"},
		{sentence: "only", need: onlyMust, in: `{"must":1,"a":"no number","b":"\ud800"}`, want: `{"a":null,"b":null,"must":1}`},
		{sentence: "unless strict", options: strict, need: onlyMust, in: `{"must":1,"a":"no number"}`, code: "22P02", column: "a"},
		{sentence: "strict does not fill them", options: strict, need: onlyMust, in: `{"must":1,"a":5}`, want: `{"a":null,"b":null,"must":1}`},
		{sentence: "names match exactly", in: `{"A":1,"a":2,"must":3}`, want: `{"a":2,"b":null,"must":3}`},
		{sentence: "else without case if unique", in: `{"A":1,"MUST":3}`, want: `{"a":1,"b":null,"must":3}`},
		{sentence: "a changed type is the row's error", in: `{"must":true}`, code: "22P02", column: "must"},
	}
	for _, c := range tests {
		t.Run(c.sentence, func(t *testing.T) {
			const good = `{"a":7,"b":"text of the row beside","must":8}` + "\n"
			spec := codec.DecodeSpec{Schema: s, Need: c.need}
			before, _ := decodeAll(t, Options{}, spec, paddedBlock([]byte(good)))
			got, rejects := decodeAll(t, c.options, spec, paddedBlock([]byte(good+c.in+"\n"+good)))
			want := before + before
			if c.code == "" {
				want = before + c.want + "\n" + before
			}
			if got != want {
				t.Errorf("got\n%swant\n%s", got, want)
			}
			switch {
			case c.code == "" && len(rejects) == 0:
			case len(rejects) != 1 || string(rejects[0].Err.Code) != c.code || rejects[0].Column != c.column:
				t.Errorf("rejects %+v, want %q in %q", rejects, c.code, c.column)
			}
		})
	}
}

// TestOutputSentences has a case for each sentence that the user guide says of JSON output.
func TestOutputSentences(t *testing.T) {
	s := schema.New(schema.Field{Name: `Quoted "Name"`, Type: schema.Of(schema.Int32)}, schema.Field{Name: "ts", Type: schema.Of(schema.TimestampTZ)})
	in := `{"Quoted \"Name\"":1,"ts":"2015-07-15T02:00:00+02:00"}` + "\n" + `{}` + "\n"
	got, _ := decodeAll(t, Options{}, codec.DecodeSpec{Schema: s}, paddedBlock([]byte(in)))
	if want := `{"Quoted \"Name\"":1,"ts":"2015-07-15T00:00:00+00:00"}` + "\n" + `{"Quoted \"Name\"":null,"ts":null}` + "\n"; got != want {
		t.Errorf("zone UTC, NULLs written, spelling kept: got %s", got)
	}
	c := batch.NewColumn(&batch.Pool{}, schema.Of(schema.Int64))
	c.Reset(2)
	copy(c.Int64s(), []int64{1, 2})
	rows := &batch.Batch{Cols: []*batch.Column{c}, Len: 2, Kinds: []batch.Change{batch.UpdateBefore, batch.UpdateAfter}}
	f, _ := New(Options{})
	for _, e := range []struct{ field, want string }{
		{"", `{"op":"-U","v":1}` + "\n" + `{"op":"+U","v":2}` + "\n"},
		{"kind of change", `{"kind of change":"-U","v":1}` + "\n" + `{"kind of change":"+U","v":2}` + "\n"},
	} {
		enc, err := f.NewEncoder(codec.EncodeSpec{Schema: column(schema.Of(schema.Int64)), Changelog: true, OpField: e.field})
		if err != nil {
			t.Fatal(err)
		}
		if got, _, _ := enc.Encode(nil, nil, rows); string(got) != e.want {
			t.Errorf("op first, renamed by op_field: got %s", got)
		}
	}
	if _, err := f.NewEncoder(codec.EncodeSpec{Schema: column(schema.Of(schema.Int64)), Changelog: true, OpField: "v"}); err == nil || !strings.Contains(err.Error(), "op_field") {
		t.Errorf("a clash of op_field and a column gives %v", err)
	}
	all := rows
	all.Kinds = nil
	enc, _ := f.NewEncoder(codec.EncodeSpec{Schema: column(schema.Of(schema.Int64)), Changelog: true})
	if got, _, _ := enc.Encode(nil, nil, all); !strings.HasPrefix(string(got), `{"op":"+I"`) {
		t.Errorf("rows without kinds are inserts: got %s", got)
	}
}

// TestRejectsSayWhere: each says which record and bytes, which column, and at which byte.
func TestRejectsSayWhere(t *testing.T) {
	row := schema.RowOf(schema.Field{Name: "in", Type: schema.ArrayOf(schema.Of(schema.Int64))}, schema.Field{Name: "must", Type: schema.Of(schema.Bool), NotNull: true})
	s := schema.New(schema.Field{Name: "a", Type: schema.Of(schema.Int64)}, schema.Field{Name: "r", Type: row}, schema.Field{Name: "t", Type: schema.Of(schema.Text)})
	deep := strings.Repeat(`{"x":`, 600) + "1" + strings.Repeat("}", 600)
	tests := []struct{ in, column, message, hint string }{
		{`{"a":x}`, "", `expected a value, found 'x' at byte 6 of the record`, ""},
		{`{"a":1 "b":2}`, "", `expected "," or "}", found '"' at byte 8 of the record`, ""},
		{`{"a":1`, "", `expected "," or "}", found the end of the line at byte 7`, ""},
		{`{"a":1}}`, "", `expected the end of the line, found '}' at byte 8`, ""},
		{`{a:1}`, "", `expected a member name in quotes, found 'a' at byte 2`, ""},
		{`{"a"=1}`, "", `expected ":", found '=' at byte 5`, ""},
		{`{"t":"abc}`, "", `expected a closing quote, found the end of the line at byte 11`, ""},
		{"{\"t\":\"a\tb\"}", "", `expected a closing quote or the next character, found byte 0x09 at byte 8`, "must be escaped"},
		{`[{"a":1}]`, "", `expected an object, found '[' at byte 1`, "Each line must be one object"},
		{`"text"`, "", `expected an object, found '"' at byte 1`, ""},
		{"\xef\xbb\xbf{}", "", `expected an object, found byte 0xef at byte 1`, "byte order mark"},
		{"\x00", "", `expected an object, found byte 0x00 at byte 1`, ""},
		{`  {"a":"12"}`, "a", `invalid input syntax for type bigint: string "12"`, "coerce: true"},
		{`  {"a":true}`, "a", `invalid input syntax for type bigint: "true"`, "byte 8 of the record"},
		{`{"r":{"in":[1,2,[]],"must":true}}`, "r.in", `invalid input syntax for type bigint: "[]"`, "byte 17 of the record"},
		{`{"r":{"in":[]}}`, "r.must", `null value in column "r.must" violates not-null constraint`, "byte 14 of the record"},
		{`{"a":` + strings.Repeat("9", 400) + `}`, "a", `is out of range for type bigint`, "byte 6 of the record"},
		{"{\"t\":\"a\xc3(\"}", "t", `invalid byte sequence for encoding "UTF8": 0xc3`, "byte 6 of the record"},
		{`{"t":"\u0000"}`, "t", `unsupported Unicode escape sequence`, `\u0000`},
		{`{"t":"\q"}`, "t", `unknown escape sequence "\q"`, "byte 6 of the record"},
		{"{\"\xff\":1}", "", `invalid byte sequence for encoding "UTF8": 0xff`, "byte 2 of the record"},
		{deep, "", "nest more than 512 deep", "of the record"},
		{`{"x":` + strings.Repeat("[", 600) + strings.Repeat("]", 600) + `}`, "", "nest more than 512 deep", "of the record"},
	}
	for _, c := range tests {
		t.Run(c.in[:min(len(c.in), 40)], func(t *testing.T) {
			const good = `{"a":1,"t":"x"}` + "\r\n"
			_, rejects := decodeAll(t, Options{}, codec.DecodeSpec{Schema: s}, paddedBlock([]byte(good+"\n"+c.in+"\r\n"+good)))
			if len(rejects) != 1 {
				t.Fatalf("rejects %+v", rejects)
			}
			r := rejects[0]
			if r.Record != 1 || r.Start != len(good)+1 || r.End != r.Start+len(c.in) {
				t.Errorf("record %d at %d to %d", r.Record, r.Start, r.End)
			}
			if r.Column != c.column || !strings.Contains(r.Err.Message, c.message) || !strings.Contains(r.Err.Hint, c.hint) {
				t.Errorf("column %q, message %q, hint %q", r.Column, r.Err.Message, r.Err.Hint)
			}
			if len(r.Err.Message) > 500 {
				t.Errorf("the message has %d bytes", len(r.Err.Message))
			}
		})
	}
}

// TestBlocks is about where records begin and end.
func TestBlocks(t *testing.T) {
	s := column(schema.Of(schema.Text))
	long := strings.Repeat("0123456789abcdef", 3*stretch/16)
	row := func(v string) string { return `{"v":"` + v + `"}` + "\n" }
	tests := []struct {
		name, in string
		header   bool
		want     string
		bad      int
	}{
		{name: "empty", in: ""},
		{name: "blank lines only", in: "\n \t\r\n\n"},
		{name: "no final line feed", in: `{"v":"a"}`, want: row("a")},
		{name: "only a carriage return at the end", in: "{\"v\":\"a\"}\r", want: row("a")},
		{name: "blanks at the end", in: "{\"v\":\"a\"}\n  ", want: row("a")},
		{name: "CRLF", in: "{\"v\":\"a\"}\r\n{\"v\":\"b\"}\r\n", want: row("a") + row("b")},
		{name: "byte order mark", in: "\xef\xbb\xbf{\"v\":\"a\"}\n", header: true, want: row("a")},
		{name: "byte order mark before blanks", in: "\xef\xbb\xbf\n{\"v\":\"a\"}\n", header: true, want: row("a")},
		{name: "byte order mark within a file", in: "\xef\xbb\xbf{\"v\":\"a\"}\n{\"v\":\"b\"}\n", want: row("b"), bad: 1},
		{name: "vertical tab is no blank", in: "\v{\"v\":\"a\"}\n", bad: 1},
		{name: "text longer than what is indexed at once", in: row(long) + row("b") + row(long), want: row(long) + row("b") + row(long)},
		{name: "long text with escapes", in: row(long + `\"` + long), want: row(long + `\"` + long)},
		{name: "long text beyond ASCII", in: row(long + "ä" + long), want: row(long + "ä" + long)},
		{name: "long text that does not end", in: `{"v":"` + long + "\n" + row("b"), want: row("b"), bad: 1},
	}
	for _, c := range tests {
		for _, padded := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s padded=%v", c.name, padded), func(t *testing.T) {
				block := paddedBlock([]byte(c.in))
				if !padded {
					block = &codec.Block{Buf: batch.WrapBuffer([]byte(c.in)[:len(c.in):len(c.in)])}
				}
				block.Header = c.header
				got, rejects := decodeAll(t, Options{}, codec.DecodeSpec{Schema: s}, block)
				if got != c.want || len(rejects) != c.bad {
					t.Errorf("got %.200q, rejects %+v", got, rejects)
				}
			})
		}
	}
}

func TestBlocksThatAreNoData(t *testing.T) {
	f, _ := New(Options{})
	d, err := f.NewDecoder(codec.DecodeSpec{Schema: column(schema.Of(schema.Text)), Pool: &batch.Pool{}})
	if err != nil {
		t.Fatal(err)
	}
	if d.Begin(&codec.Block{}) == nil {
		t.Error("a block without bytes was taken")
	}
	block := paddedBlock([]byte(`{"v":"the head of it`))
	block.Oversize = &codec.Oversize{Length: 100, Limit: 50}
	got, rejects := decodeAll(t, Options{}, codec.DecodeSpec{Schema: column(schema.Of(schema.Text))}, block)
	if got != "" || len(rejects) != 1 || rejects[0].Err.Code != "54000" || rejects[0].End != 20 {
		t.Errorf("an over-long record gives %q and %+v", got, rejects)
	}
}

// TestManyRows crosses batches, and keeps the place of each record.
func TestManyRows(t *testing.T) {
	const rows = 3*batchRows + 17
	var in bytes.Buffer
	for i := range rows {
		fmt.Fprintf(&in, " {\"v\":%d} \r\n\n", i)
	}
	f, _ := New(Options{})
	d, _ := f.NewDecoder(codec.DecodeSpec{Schema: column(schema.Of(schema.Int64)), Pool: &batch.Pool{}, Origin: true})
	block := paddedBlock(in.Bytes())
	block.Name, block.Offset = "file.json", 1000
	if err := d.Begin(block); err != nil {
		t.Fatal(err)
	}
	n := 0
	for more := true; more; {
		out, res, _ := d.Decode()
		if out.Origin.Name != "file.json" || out.Origin.Offset != 1000 {
			t.Fatalf("origin %q at %d", out.Origin.Name, out.Origin.Offset)
		}
		for i := range out.Len {
			if v := out.Cols[0].Int64s()[i]; v != int64(n) || out.Origin.RecordNumber(i) != n {
				t.Fatalf("row %d is %d, record %d", n, v, out.Origin.RecordNumber(i))
			}
			if want := fmt.Sprintf(" {\"v\":%d} ", n); string(out.Origin.Record(i)) != want {
				t.Fatalf("record %d is %q", n, out.Origin.Record(i))
			}
			n++
		}
		more = res.More
	}
	if n != rows {
		t.Errorf("%d rows", n)
	}
}

// TestNeed: what is not needed is not there, on every level.
func TestNeed(t *testing.T) {
	in := `{"x":{"a":1,"b":"two","c":{"d":3,"e":4}},"y":5}` + "\n" + `{"y":6,"x":{"c":null}}` + "\n" + `{"x":null,"y":7}` + "\n"
	inner := schema.RowOf(schema.Field{Name: "d", Type: schema.Of(schema.Int64)}, schema.Field{Name: "e", Type: schema.Of(schema.Int64), NotNull: true})
	x := schema.RowOf(schema.Field{Name: "a", Type: schema.Of(schema.Int64)}, schema.Field{Name: "b", Type: schema.Of(schema.Int64)}, schema.Field{Name: "c", Type: inner})
	s := schema.New(schema.Field{Name: "x", Type: x}, schema.Field{Name: "y", Type: schema.Of(schema.Int64)})
	need := []codec.Need{{Read: true, Members: []codec.Need{{}, {}, {Read: true, Members: []codec.Need{{Read: true}, {}}}}}, {}}
	got, rejects := decodeAll(t, Options{}, codec.DecodeSpec{Schema: s, Need: need}, paddedBlock([]byte(in)))
	want := `{"x":{"a":null,"b":null,"c":{"d":3,"e":null}},"y":null}` + "\n" + `{"x":{"a":null,"b":null,"c":null},"y":null}` + "\n" + `{"x":null,"y":null}` + "\n"
	if got != want || len(rejects) > 0 {
		t.Errorf("got %s, rejects %+v", got, rejects)
	}
	if _, rejects = decodeAll(t, Options{}, codec.DecodeSpec{Schema: s, Need: need, Strict: true}, paddedBlock([]byte(in))); len(rejects) != 1 || rejects[0].Column != "x.b" {
		t.Errorf("strict: rejects %+v", rejects)
	}
}

// TestPairsStayTogether: the two halves of an update are in one batch, wherever the batch would end.
func TestPairsStayTogether(t *testing.T) {
	for _, lead := range []int{0, 1} {
		var in bytes.Buffer
		for range lead {
			in.WriteString(`{"op":"+I","v":0}` + "\n")
		}
		for range batchRows {
			in.WriteString(`{"op":"-U","v":1}` + "\n" + `{"op":"+U","v":2}` + "\n")
		}
		f, _ := New(Options{Changelog: true})
		d, err := f.NewDecoder(codec.DecodeSpec{
			Schema: column(schema.Of(schema.Int64)), Pool: &batch.Pool{}, Filter: []codec.Condition{{Column: 0, Op: codec.Equal, Int: 2}},
		})
		if err != nil {
			t.Fatal(err)
		}
		_ = d.Begin(paddedBlock(in.Bytes()))
		rows := 0
		for more := true; more; {
			out, res, _ := d.Decode()
			if len(res.Rejects) > 0 || out.Len == 0 || out.Kinds[0] == batch.UpdateAfter || out.Kinds[out.Len-1] == batch.UpdateBefore {
				t.Fatalf("a pair was torn: %d rows, rejects %+v", out.Len, res.Rejects)
			}
			rows += out.Len
			more = res.More
		}
		if rows != lead+2*batchRows {
			t.Errorf("%d rows: a filter tears pairs, too", rows)
		}
	}
	if _, err := (&format{options: Options{Changelog: true, OpField: "v"}}).NewDecoder(codec.DecodeSpec{Schema: column(schema.Of(schema.Int64)), Pool: &batch.Pool{}}); err == nil {
		t.Error("a column was taken for the kind of change")
	}
	_, rejects := decodeAll(t, Options{Changelog: true}, codec.DecodeSpec{Schema: column(schema.Of(schema.Int64))},
		paddedBlock([]byte(`{"v":1}`+"\n"+`{"op":null}`+"\n"+`{"op":1}`+"\n"+`{"op":true}`+"\n"+`{"op":{}}`+"\n"+`{"op":"\u002bI"}`+"\n")))
	if len(rejects) != 5 || rejects[0].Column != "op" || !strings.Contains(rejects[0].Err.Message, `"op", the kind of change, is missing`) {
		t.Errorf("rejects %+v", rejects)
	}
}

// TestStrictComesBeforeFilters: under strict a wrong value rejects its row even where a condition would drop it.
func TestStrictComesBeforeFilters(t *testing.T) {
	s := schema.New(schema.Field{Name: "a", Type: schema.Of(schema.Int64)}, schema.Field{Name: "b", Type: schema.Of(schema.Int64)})
	const in = `{"a":1,"b":"x"}` + "\n" + `{"a":3,"b":8}` + "\n"
	spec := codec.DecodeSpec{Schema: s, Filter: []codec.Condition{{Column: 0, Op: codec.Greater, Int: 2}}}
	for strict, rejected := range map[bool]int{true: 1, false: 0} {
		got, rejects := decodeAll(t, Options{Strict: strict}, spec, paddedBlock([]byte(in)))
		if got != `{"a":3,"b":8}`+"\n" || len(rejects) != rejected {
			t.Errorf("strict %v: %s, %d rejects", strict, got, len(rejects))
		}
	}
}
