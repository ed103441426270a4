package csvfmt

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/connector"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sdktest"
)

// columns returns a schema of TEXT columns, but for those given as name:kind.
func columns(names ...string) *schema.Schema {
	s := &schema.Schema{}
	for _, name := range names {
		name, kind, _ := strings.Cut(name, ":")
		typ := schema.Of(schema.Text)
		switch kind {
		case "bigint":
			typ = schema.Of(schema.Int64)
		case "timestamp":
			typ = schema.Of(schema.Timestamp)
		case "numeric":
			typ = schema.NumericOf(6, 2)
		}
		s.Fields = append(s.Fields, schema.Field{Name: name, Type: typ})
	}
	return s
}

// readFile reads text as one file, in blocks of size bytes dealt in turn to lanes decoders, and returns the rows and the rejects.
func readFile(t testing.TB, o Options, s *schema.Schema, text string, size, lanes int) (rows, rejects []string, err error) {
	t.Helper()
	f := newFormat(t, o)
	decoders := make([]codec.Decoder, lanes)
	for i := range decoders {
		if decoders[i], err = f.NewDecoder(codec.DecodeSpec{Schema: s, Pool: &batch.Pool{}}); err != nil {
			return nil, nil, err
		}
	}
	r := connector.NewBlockReader(strings.NewReader(text), f.NewFramer(), 0, size, 1<<20)
	for n := 0; ; n++ {
		block := codec.Block{Name: "f.csv", Buf: batch.WrapBuffer(nil)}
		if r.Next(&block) != nil {
			return rows, rejects, nil //nolint:nilerr // the end of the text
		}
		d := decoders[n%lanes]
		if err := d.Begin(&block); err != nil {
			return rows, rejects, err
		}
		for more := true; more; {
			out, res, err := d.Decode()
			if err != nil {
				return rows, rejects, err
			}
			rows = append(rows, sdktest.Rows(out)...)
			for _, bad := range res.Rejects {
				rejects = append(rejects, fmt.Sprintf("%q: %s: %s", block.Buf.Data[bad.Start:bad.End], bad.Column, bad.Err.Message))
			}
			more = res.More
		}
	}
}

// TestFiles says which rows are in which files.
func TestFiles(t *testing.T) {
	tests := []struct {
		name    string
		options Options
		schema  *schema.Schema
		file    string
		want    []string
		rejects []string
	}{
		{
			name: "the columns of the header, in any order, others ignored", options: Options{Header: true}, schema: columns("b:bigint", "a"),
			file: "a,more,b\nx,y,1\n", want: []string{`1, "x"`},
		},
		{
			name: "a header matches exactly before it matches ignoring case", options: Options{Header: true}, schema: columns("a", "B"),
			file: "A,a,b\n1,2,3\n", want: []string{`"2", "3"`},
		},
		{
			name: "a header in quotes, with a byte order mark and CRLF", options: Options{Header: true}, schema: columns("a,b", "c\nd"),
			file: "\ufeff\"a,b\",\"c\nd\"\r\n1,2\r\n3,4", want: []string{`"1", "2"`, `"3", "4"`},
		},
		{name: "without a header by order", schema: columns("a", "b:bigint"), file: "\ufeffx,1\ny,2\n", want: []string{`"x", 1`, `"y", 2`}},
		{name: "empty is NULL, empty quotes are not", schema: columns("a", "b"), file: ",\"\"\n\"\",\n", want: []string{`NULL, ""`, `"", NULL`}},
		{name: "a NULL text", options: Options{Null: "NA"}, schema: columns("a", "b"), file: "NA,\"NA\"\n,NAN\n", want: []string{`NULL, "NA"`, `NULL, "NAN"`}},
		{name: "quotes", schema: columns("a", "b"), file: "\"a,\"\"b\"\"\n\",\"\"\"\"\n", want: []string{`"a,\"b\"\n", "\""`}},
		{
			name: "backslashes", options: Options{Escape: "backslash"}, schema: columns("a", "b"), file: `"a\"b\\","\n"` + "\n\"\\\"\",\\\n",
			want: []string{`"a\"b\\", "\\n"`, `"\"", "\\"`},
		},
		{name: "no quotes", options: Options{Quote: "none", Delimiter: `\t`}, schema: columns("a", "b"), file: "\"\t5\" disk\n", want: []string{`"\"", "5\" disk"`}},
		{name: "blanks stay", schema: columns("a", "b:bigint"), file: " a , 1 \n", want: []string{`" a ", 1`}},
		{name: "blanks trimmed", options: Options{Trim: true}, schema: columns("a", "b"), file: " a\t,  \" b \" \n  ,x\n", want: []string{`"a", " b "`, `NULL, "x"`}},
		{
			name: "comments and blank lines", options: Options{Header: true, Comment: "#"}, schema: columns("a", "b"),
			file: "# made by, \"hand\n\na,b\n#1,\"2\n\r\n1,#2\n\"#3\",4\n", want: []string{`"1", "#2"`, `"#3", "4"`},
		},
		{name: "a blank line of one column is NULL", schema: columns("a"), file: "x\n\ny\n", want: []string{`"x"`, "NULL", `"y"`}},
		{
			name: "a changelog with a header", options: Options{Header: true, Changelog: true}, schema: columns("a:bigint"),
			file: "a,op\n1,+I\n2,-D\n3,?\n4,\n", want: []string{"+I 1", "-D 2"},
			rejects: []string{`"3,?": op: column "op" is no kind of change: "?"`, `"4,": op: null value in column "op" violates not-null constraint`},
		},
		{
			name: "a changelog without", options: Options{Changelog: true}, schema: columns("a"), file: "-U,x\n+U,y\n",
			want: []string{`-U "x"`, `+U "y"`},
		},
		{
			name: "numbers, PostgreSQL's way", schema: columns("a:bigint", "b:numeric"), file: "007,1.005\n+5,-1e3\n1.5,0\n12345678901234567890,0\n1,12345\n\"12\",\"1\"\n",
			want: []string{"7, 1.01", "5, -1000.00", "12, 1.00"},
			rejects: []string{
				`"1.5,0": a: invalid input syntax for type bigint: "1.5"`,
				`"12345678901234567890,0": a: value "12345678901234567890" is out of range for type bigint`, `"1,12345": b: numeric field overflow`,
			},
		},
		{
			name: "times", schema: columns("a:timestamp", "b"), file: "1970-01-01 00:00:01,x\n1970-01-01T00:00:01.5+01,x\n\"1970-01-01\",y\nnoon,z\n",
			want: []string{`1000000, "x"`, `-3598500000, "x"`, `0, "y"`}, rejects: []string{`"noon,z": a: invalid input syntax for type timestamp: "noon"`},
		},
		{
			name: "bad records lose no good ones", schema: columns("a:bigint", "b"),
			file: "1,x\n2\n3,y,z\n4,a\"b\n5,\"c\"d\"\n6,\xff\n7,\"k\nl\"\n8,ok\n9,\"open\n10,x\n",
			want: []string{`1, "x"`, `7, "k\nl"`, `8, "ok"`},
			rejects: []string{
				`"2": : missing data for column "b": 1 fields, not 2`, `"3,y,z": : extra data after last expected column: more than 2 fields`,
				`"4,a\"b": b: quote in an unquoted field`, `"5,\"c\"d\"": b: text behind a quoted field`, `"6,\xff": b: invalid byte sequence for encoding "UTF8": 0xff`,
				`"9,\"open\n10,x": b: unterminated CSV quoted field`,
			},
		},
		{name: "a lone carriage return is text", schema: columns("a", "b"), file: "a\rb,c\r\n", want: []string{`"a\rb", "c"`}},
		{name: "an empty file", options: Options{Header: true}, schema: columns("a"), file: ""},
		{name: "a header alone", options: Options{Header: true}, schema: columns("a"), file: "a"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, size := range []int{1 << 20, 1} {
				for lanes := 1; lanes <= 3; lanes++ {
					rows, rejects, err := readFile(t, tt.options, tt.schema, tt.file, size, lanes)
					if err != nil {
						t.Fatal(err)
					}
					if !slices.Equal(rows, tt.want) || !slices.Equal(rejects, tt.rejects) {
						t.Errorf("%d lanes, rows\n%s\nwant\n%s\nrejects\n%s\nwant\n%s", lanes, strings.Join(rows, "\n"), strings.Join(tt.want, "\n"),
							strings.Join(rejects, "\n"), strings.Join(tt.rejects, "\n"))
					}
				}
			}
		})
	}
}

// TestHeadersThatDoNotFit gives the messages of files that cannot be read at all.
func TestHeadersThatDoNotFit(t *testing.T) {
	for file, want := range map[string]string{
		"a,c\n1,2\n":       `f.csv: the header has no column "b"; it has "a", "c"`,
		"a,b,b\n1,2,3\n":   `f.csv: the header has column "b" twice`,
		"a,B,\"B\"\n1,2,3": `f.csv: column "b" matches several of the header, which has "a", "B", "B"; spell it exactly as one of them`,
		"a,x\"y\n1,2\n":    "f.csv: the header: record 1: quote in an unquoted field",
		"\n\n":             "",
	} {
		_, _, err := readFile(t, Options{Header: true}, columns("a", "b"), file, 100, 1)
		if got := fmt.Sprint(err); want != "" && got != want || want == "" && err != nil {
			t.Errorf("%q: %v, want %s", file, err, want)
		}
	}
	if _, _, err := readFile(t, Options{Header: true}, columns("a", "A"), "a\n1\n", 100, 1); err == nil ||
		!strings.Contains(err.Error(), `columns "a" and "A" are both "a" of the header`) {
		t.Error(err)
	}
	d, err := newFormat(t, Options{Header: true}).NewDecoder(codec.DecodeSpec{Schema: columns("a"), Pool: &batch.Pool{}})
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Begin(&codec.Block{Name: "f.csv", Buf: batch.WrapBuffer([]byte("1\n")), Offset: 9}); err == nil || !strings.Contains(err.Error(), "no header") {
		t.Errorf("a block whose reader knows no header: %v", err)
	}
	if err := d.Begin(&codec.Block{}); err == nil {
		t.Error("a block without bytes was taken")
	}
}

// TestADecoderFollowsTheHeaders: the files of a directory may have their columns in different orders.
func TestADecoderFollowsTheHeaders(t *testing.T) {
	d, err := newFormat(t, Options{Header: true}).NewDecoder(codec.DecodeSpec{Schema: columns("a", "b"), Pool: &batch.Pool{}})
	if err != nil {
		t.Fatal(err)
	}
	var rows []string
	for _, header := range []string{"a,b\n", "b,a\n", "b,c,a\n"} {
		if err := d.Begin(&codec.Block{Buf: batch.WrapBuffer([]byte("1,2\n3,4,5\n")), FileHeader: []byte(header)}); err != nil {
			t.Fatal(err)
		}
		out, _, _ := d.Decode()
		rows = append(rows, sdktest.Rows(out)...)
	}
	if want := []string{`"1", "2"`, `"2", "1"`, `"5", "3"`}; !slices.Equal(rows, want) {
		t.Errorf("%q, want %q", rows, want)
	}
}

func TestOptionsThatCannotBe(t *testing.T) {
	for _, tt := range []struct {
		options map[string]any
		want    string
	}{
		{map[string]any{"delimiter": "ab"}, `delimiter cannot be "ab"; write one ASCII character`},
		{map[string]any{"delimiter": "x"}, `delimiter cannot be "x"`},
		{map[string]any{"delimiter": "-"}, "part of numbers"},
		{map[string]any{"quote": "é"}, `quote cannot be "é"`},
		{map[string]any{"quote": ","}, "quote cannot be the same character as the delimiter"},
		{map[string]any{"comment": `"`}, "comment cannot be the same character"},
		{map[string]any{"escape": "backslash", "quote": `\`}, "escape cannot be the same character"},
		{map[string]any{"escape": "double-ish"}, "escape"},
		{map[string]any{"null_string": "a,b"}, "null_string cannot be"},
		{map[string]any{"null_string": " x", "trim": true}, "trim takes its blanks off"},
		{map[string]any{"delimeter": ";"}, `did you mean "delimiter"?`},
	} {
		mistakes := connector.Apply(&Options{}, tt.options)
		if len(mistakes) != 1 || !strings.Contains(mistakes[0].Message, tt.want) {
			t.Errorf("%v: %v, want %s", tt.options, mistakes, tt.want)
		}
	}
	o := Options{}
	if mistakes := connector.Apply(&o, map[string]any{"delimiter": `\t`}); len(mistakes) > 0 || !o.Header || o.Quote != `"` {
		t.Errorf("%v, %+v", mistakes, o)
	}
	if _, err := New(Options{Quote: ","}); err == nil {
		t.Error("a quote that is the delimiter was taken")
	}
}

func TestTypesThatCSVCannotRead(t *testing.T) {
	f := newFormat(t, Options{})
	for _, typ := range []schema.Type{schema.Of(schema.JSONB), schema.ArrayOf(schema.Of(schema.Text)), schema.RowOf(schema.Field{Name: "a", Type: schema.Of(schema.Text)})} {
		_, err := f.NewDecoder(codec.DecodeSpec{Schema: schema.New(schema.Field{Name: "v", Type: typ}), Pool: &batch.Pool{}})
		if err == nil || !strings.Contains(err.Error(), "declare it TEXT") {
			t.Errorf("%s: %v", typ, err)
		}
	}
	for _, o := range []Options{{Changelog: true, OpField: "a"}} {
		if _, err := newFormat(t, o).NewDecoder(codec.DecodeSpec{Schema: columns("a"), Pool: &batch.Pool{}}); err == nil || !strings.Contains(err.Error(), "op_field") {
			t.Errorf("%v", err)
		}
	}
}

func TestRowsByKeyThatAreTakenAwayNeedTheirKeyAlone(t *testing.T) {
	s := columns("k:bigint", "v")
	s.Fields[0].NotNull, s.Fields[1].NotNull = true, true
	f := newFormat(t, Options{Changelog: true})
	d, err := f.NewDecoder(codec.DecodeSpec{Schema: s, Upserts: true, Pool: &batch.Pool{}})
	if err != nil {
		t.Fatal(err)
	}
	buf := (&batch.Pool{}).NewBuffer(100)
	buf.Data = append(buf.Data, "+U,1,a\n-D,1,\n+I,2,\n+I,3,\"\"\n"...)
	if err := d.Begin(&codec.Block{Buf: buf}); err != nil {
		t.Fatal(err)
	}
	b, res, err := d.Decode()
	if err != nil {
		t.Fatal(err)
	}
	if rows := sdktest.Rows(b); !slices.Equal(rows, []string{`+I 1, "a"`, `-D 1, NULL`, `+I 3, ""`}) || len(res.Rejects) != 1 || res.Rejects[0].Column != "v" {
		t.Errorf("%q, %+v", rows, res.Rejects)
	}
}
