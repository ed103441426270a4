package jsonfmt

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/connector"
	"wire.example/wire/sdk/schema"
)

// TestNothingIsAllocated for a block in the steady state, whatever its rows hold.
func TestNothingIsAllocated(t *testing.T) {
	s := schema.New(
		field("i", schema.Int64), field("n", schema.Numeric), field("f", schema.Float64), field("t", schema.Text), field("j", schema.JSONB), field("ts", schema.TimestampTZ),
		field("d", schema.Date), field("u", schema.UUID), field("y", schema.Bytes), schema.Field{Name: "l", Type: schema.ArrayOf(schema.RowOf(field("a", schema.Int64), field("b", schema.Text)))},
		schema.Field{Name: "r", Type: schema.RowOf(field("a", schema.Int64), field("l", schema.Bool))},
	)
	var in strings.Builder
	for i := range 3000 {
		fmt.Fprintf(&in, `{"i":%d,"n":%d.25,"f":1.5e3,"t":"escaped \"%d\" and of some length","j":{"b":%d,"a":[{}],"b":2},"ts":"2015-07-15T00:00:00.123Z","d":"2015-07-15","u":"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11","y":"\\x00ff"`, i, i, i, i)
		if i%2 == 0 {
			fmt.Fprintf(&in, `,"l":[{"a":1},{"b":"x%d"},null],"r":{"a":null,"l":true}`, i)
		}
		fmt.Fprintf(&in, `,"unknown":{"k":[%d,"text"],"key%d":null}}`+"\n", i, i%1000)
	}
	spec := decodeSpec(s)
	spec.Origin = true
	d, err := newDecoder(&format{}, spec)
	if err != nil {
		t.Fatal(err)
	}
	e, err := newEncoder(&format{}, encodeSpec(s))
	if err != nil {
		t.Fatal(err)
	}
	block := paddedBlock([]byte(in.String()))
	var dst []byte
	var ends []int
	rows := 0
	pass := func() {
		_ = d.Begin(block)
		rows, dst, ends = 0, dst[:0], ends[:0]
		for more := true; more; {
			out, res, _ := d.Decode()
			dst, ends, _ = e.Encode(dst, ends, out)
			rows += out.Len
			more = res.More
			if len(res.Rejects) > 0 {
				t.Fatal(res.Rejects[0].Err)
			}
		}
	}
	for range 3 {
		pass()
	}
	if n := testing.AllocsPerRun(5, pass); n > 0 && !batch.Poisoned {
		t.Errorf("%v allocations a block", n)
	}
	if rows != 3000 || len(ends) != 3000 {
		t.Errorf("%d rows", rows)
	}
}

// TestKeysThatAreDataAreNotRemembered: memory does not grow with the input.
func TestKeysThatAreDataAreNotRemembered(t *testing.T) {
	var in, want strings.Builder
	for i := range 3 * maxSlots {
		fmt.Fprintf(&in, `{"new%d":1,"map":{"k%d":{"x":1},"l%d":2},"v":%d,"map2":{"v":3}}`+"\n", i, i, i, i)
		fmt.Fprintf(&want, `{"v":%d}`+"\n", i)
	}
	s := column(schema.Of(schema.Int64))
	d, _ := newDecoder(&format{}, decodeSpec(s))
	e, _ := newEncoder(&format{}, encodeSpec(s))
	_ = d.Begin(paddedBlock([]byte(in.String())))
	var got []byte
	for more := true; more; {
		out, res, _ := d.Decode()
		got, _, _ = e.Encode(got, nil, out)
		more = res.More
	}
	if string(got) != want.String() {
		t.Error("rows are wrong")
	}
	shape := d.root.lookup(padded(`"map":`), 0, 6).shape
	if d.slots > maxSlots || len(d.root.slots) > maxSlots || len(shape.slots) > maxShapeKeys {
		t.Errorf("%d keys are remembered, %d of the map", d.slots, len(shape.slots))
	}
}

// TestPredictionTurns: the usual key changes when the input does, and two kinds of record that alternate do not disturb it.
func TestPredictionTurns(t *testing.T) {
	s := schema.New(field("k", schema.Int64), field("a", schema.Int64), field("b", schema.Int64))
	d, _ := newDecoder(&format{}, decodeSpec(s))
	usual := func(in string) string {
		_ = d.Begin(paddedBlock([]byte(in)))
		out, _, _ := d.Decode()
		if out.Len != strings.Count(in, "\n") {
			t.Fatalf("%d rows", out.Len)
		}
		return d.root.lookup(padded(`"k":`), 0, 4).next.text
	}
	const a, b = `{"k":1,"a":1}` + "\n", `{"k":2,"b":1}` + "\n"
	if got := usual(a + b + b + a + b); got != `"a":` {
		t.Errorf("the usual key is %s", got)
	}
	if got := usual(strings.Repeat(a+b+b, 50)); got != `"a":` {
		t.Errorf("two kinds alternate: the usual key is %s", got)
	}
	if got := usual(strings.Repeat(b, usualAfter+1)); got != `"b":` {
		t.Errorf("after many others the usual key is %s", got)
	}
}

// TestRawOutput is the input's own lines, for the rows that count, in one piece or many.
func TestRawOutput(t *testing.T) {
	in := "{\"v\":1}\n {\"v\" : 2 } \n\n{\"v\":3}\r\n{\"v\":4}\n{\"v\":5}\n{\"v\":\"bad\"}\n{\"v\":6}"
	spec := decodeSpec(column(schema.Of(schema.Int64)))
	spec.Origin = true
	d, _ := newDecoder(&format{}, spec)
	f, _ := New(Options{})
	e, _ := f.NewEncoder(codec.EncodeSpec{Schema: spec.Schema, Raw: true})
	_ = d.Begin(paddedBlock([]byte(in)))
	out, _, _ := d.Decode()
	tests := []struct {
		sel  []uint16
		want []string
	}{
		{nil, []string{`{"v":1}`, ` {"v" : 2 } `, `{"v":3}`, `{"v":4}`, `{"v":5}`, `{"v":6}`}},
		{[]uint16{}, nil},
		{[]uint16{1, 2}, []string{` {"v" : 2 } `, `{"v":3}`}},
		{[]uint16{0, 3, 4}, []string{`{"v":1}`, `{"v":4}`, `{"v":5}`}},
	}
	for _, c := range tests {
		out.Sel = c.sel
		dst, ends, bad := e.Encode([]byte("before\n"), nil, out)
		if want := "before\n" + strings.Join(append(c.want, ""), "\n"); string(dst) != want || len(bad) > 0 || len(ends) != len(c.want) {
			t.Errorf("%v: got %q, ends %v, errors %+v", c.sel, dst, ends, bad)
		}
		for i, end := range ends {
			if !strings.HasSuffix(string(dst[:end]), c.want[i]+"\n") {
				t.Errorf("%v: row %d ends at %d", c.sel, i, end)
			}
		}
	}
	if _, ends, bad := e.Encode(nil, nil, &batch.Batch{Len: 2, Cols: out.Cols}); len(ends) != 0 || len(bad) != 2 || bad[1].Row != 1 {
		t.Errorf("rows without record: ends %v, errors %+v", ends, bad)
	}
}

func TestInfer(t *testing.T) {
	crowd := func() string {
		var b strings.Builder
		for i := range maxMembers + 5 {
			fmt.Fprintf(&b, `,"k%d":1`, i)
		}
		return `{"v":{` + b.String()[1:] + `}}`
	}
	tests := []struct{ name, in, want string }{
		{"integers", `{"v":1}` + "\n" + `{"v":-9223372036854775808}`, "v BIGINT"},
		{"fractions", `{"v":1}` + "\n" + `{"v":1.5}`, "v DOUBLE PRECISION"},
		{"exponents", `{"v":1e3}`, "v DOUBLE PRECISION"},
		{"more digits than a double keeps", `{"v":1234567890.123456}`, "v NUMERIC"},
		{"large integers beside fractions", `{"v":12345678901234567}` + "\n" + `{"v":1.5}`, "v NUMERIC"},
		{"integers beyond BIGINT", `{"v":9223372036854775808}`, "v NUMERIC"},
		{"numbers beyond NUMERIC", `{"v":1e300}`, "v DOUBLE PRECISION"},
		{"booleans", `{"v":true}` + "\n" + `{"v":null}`, "v BOOLEAN"},
		{"dates", `{"v":"2024-02-29"}`, "v DATE"},
		{"timestamps", `{"v":"2024-02-29T00:00:00"}` + "\n" + `{"v":"2024-02-29"}`, "v TIMESTAMP"},
		{"timestamps with an offset", `{"v":"2024-02-29 00:00:00Z"}` + "\n" + `{"v":"2024-02-29"}`, "v TIMESTAMPTZ"},
		{"digits are no date", `{"v":"20240229"}`, "v TEXT"},
		{"words that PostgreSQL takes as times", `{"v":"now"}`, "v TEXT"},
		{"wrong dates", `{"v":"2023-02-29"}`, "v TEXT"},
		{"scalars of several kinds", `{"v":1}` + "\n" + `{"v":"x"}`, "v TEXT"},
		{"objects beside scalars", `{"v":1}` + "\n" + `{"v":{}}`, "v JSONB"},
		{"arrays beside objects", `{"v":[]}` + "\n" + `{"v":{"a":1}}`, "v JSONB"},
		{"nulls only", `{"v":null}`, "v TEXT"},
		{"arrays", `{"v":[]}` + "\n" + `{"v":[1,2.5]}`, "v DOUBLE PRECISION[]"},
		{"empty arrays", `{"v":[ ]}`, "v TEXT[]"},
		{"objects", `{"v":{"b":1}}` + "\n" + `{"v":{"a":[{"c":true}],"b":null}}`, "v ROW(b BIGINT, a ROW(c BOOLEAN)[])"},
		{"empty objects", `{"v":{}}`, "v JSONB"},
		{"objects whose keys are data", crowd(), "v JSONB"},
		{"order, spelling, blank lines, mark", "\xef\xbb\xbf\n" + `{"b":1,"A b":2}` + "\r\n\n" + `{"c\u0041":"x","b":3}`, `b BIGINT, "A b" BIGINT, "cA" TEXT`},
		{"deep", strings.Repeat(`{"v":`, 300) + "1" + strings.Repeat("}", 300), ""},
	}
	f, _ := New(Options{})
	for _, c := range tests {
		t.Run(c.name, func(t *testing.T) {
			got, err := f.(codec.Inferrer).Infer([]byte(c.in))
			if err != nil {
				t.Fatal(err)
			}
			if c.want != "" && got.String() != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
			// The schema must read the sample that it was made from.
			if _, rejects := decodeAll(t, Options{}, codec.DecodeSpec{Schema: got}, paddedBlock([]byte(strings.TrimPrefix(c.in, "\xef\xbb\xbf")))); len(rejects) > 0 {
				t.Errorf("rejects %+v", rejects)
			}
		})
	}
	for _, in := range []string{"", "\n", "{}\n", "{\"a\":1}\n{\"a\":}\n", "[1]"} {
		if s, err := f.(codec.Inferrer).Infer([]byte(in)); err == nil {
			t.Errorf("%q gives %s", in, s)
		} else if strings.Contains(in, "}\n{") && !strings.Contains(err.Error(), "line 2 of the sample") {
			t.Errorf("%q gives %v", in, err)
		}
	}
}

// TestReadmeListsTheOptions compares the page's table with what the code describes.
func TestReadmeListsTheOptions(t *testing.T) {
	page, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range connector.Describe(&Options{}) {
		def := o.Default
		if def == "" {
			def = "–"
		}
		if len(o.Enum) > 0 {
			o.Type = strings.Join(o.Enum, ", ")
		}
		if row := "| `" + o.Name + "` | " + o.Type + " | " + def + " | " + o.Doc + " |"; !strings.Contains(string(page), row) {
			t.Errorf("README.md lacks the row\n%s", row)
		}
	}
	if n := strings.Count(string(page), "\n| `"); n < len(connector.Describe(&Options{})) {
		t.Errorf("%d rows of tables", n)
	}
}

// TestReadmeExample runs the page's example.
func TestReadmeExample(t *testing.T) {
	page, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for line := range strings.Lines(string(page)) {
		if record, ok := strings.CutPrefix(line, "    {"); ok {
			lines = append(lines, "{"+record)
		}
	}
	if len(lines) != 4 {
		t.Fatalf("the example has %d lines", len(lines))
	}
	s := schema.New(field("id", schema.Int64), field("at", schema.TimestampTZ), schema.Field{Name: "tags", Type: schema.ArrayOf(schema.Of(schema.Text))})
	got, rejects := decodeAll(t, Options{}, codec.DecodeSpec{Schema: s}, paddedBlock([]byte(lines[0]+lines[1])))
	if got != lines[2]+lines[3] || len(rejects) > 0 {
		t.Errorf("got %s, rejects %+v", got, rejects)
	}
}

// TestTextBehindWhatIsIndexed: a row may pass over more than is indexed at once before its next text, where the index of an earlier block
// must not be taken for its own.
func TestTextBehindWhatIsIndexed(t *testing.T) {
	s := schema.New(field("t", schema.Text), field("z", schema.Text))
	d, _ := newDecoder(&format{}, decodeSpec(s))
	_ = d.Begin(paddedBlock([]byte(strings.Repeat(`{"t":12345678901234567890}`+"\n", 4000)))) // few stops
	for more := true; more; {
		_, res, _ := d.Decode()
		more = res.More
	}
	for _, numbers := range []int{100, 1000, 2040, 2048, 5000, 20000} {
		long := strings.Repeat("1, 2,", numbers) + "3"
		in := fmt.Sprintf(`{"n":[%s],"t":"text of row one","n":[%s],"z":"x","m":{"a":"b"}}`+"\n", long, long)
		_ = d.Begin(paddedBlock([]byte(in + in)))
		out, res, _ := d.Decode()
		if out.Len != 2 || len(res.Rejects) > 0 {
			t.Fatalf("%d numbers: %d rows, rejects %+v", numbers, out.Len, res.Rejects)
		}
		for row := range 2 {
			if a, b := string(out.Cols[0].Bytes(row)), string(out.Cols[1].Bytes(row)); a != "text of row one" || b != "x" {
				t.Errorf("%d numbers: row %d is %q, %q", numbers, row, a, b)
			}
		}
	}
}
