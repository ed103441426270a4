package debezium_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"wire.example/wire/internal/format/debezium"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/connector"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sdktest"
)

// columns are those of most tests.
func columns() *schema.Schema {
	return schema.New(schema.Field{Name: "id", Type: schema.Of(schema.Int64), NotNull: true}, schema.Field{Name: "name", Type: schema.Of(schema.Text), NotNull: true})
}

// read decodes text, of which each line ends in a line feed, in one block.
func read(t testing.TB, spec codec.DecodeSpec, text string) (rows, rejects []string, res codec.Result) {
	t.Helper()
	if spec.Schema == nil {
		spec.Schema = columns()
	}
	spec.Pool = &batch.Pool{}
	d, err := newFormat(t).NewDecoder(spec)
	if err != nil {
		t.Fatal(err)
	}
	buf := spec.Pool.NewBuffer(len(text) + codec.Padding)
	buf.Data = append(buf.Data, text...)
	if err := d.Begin(&codec.Block{Buf: buf, Name: "f"}); err != nil {
		t.Fatal(err)
	}
	for more := true; more; {
		b, got, err := d.Decode()
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, sdktest.Rows(b)...)
		for _, r := range got.Rejects {
			rejects = append(rejects, r.Column+": "+r.Err.Message)
		}
		res.Records, res.Filtered, more = res.Records+got.Records, res.Filtered+got.Filtered, got.More
	}
	if res.Records != len(rows)+len(rejects)+res.Filtered {
		t.Errorf("%d records are %d rows, %d filtered, %d rejected", res.Records, len(rows), res.Filtered, len(rejects))
	}
	if lines := strings.Count(text, "\n"); d.(codec.LineCounter).Lines() != lines {
		t.Errorf("%d lines of %d were passed", d.(codec.LineCounter).Lines(), lines)
	}
	return rows, rejects, res
}

func TestReading(t *testing.T) {
	const long = "a name that is too long for a view"
	for _, test := range []struct {
		name, text    string
		upserts       bool
		rows, rejects []string
		filtered      int
	}{
		{
			name: "all operations", text: `{"before":null,"after":{"id":1,"name":"a"},"source":{"db":"x"},"op":"c","ts_ms":1}
{"before":null,"after":{"id":2,"name":"b"},"op":"r"}
{"op":"u","before":{"id":1,"name":"a"},"after":{"id":1,"name":"` + long + `"}}
{"before":{"id":1,"name":"` + long + `"},"after":null,"op":"d"}
{"before":{"id":2,"name":"b"},"op":"d"}
`,
			rows: []string{`+I 1, "a"`, `+I 2, "b"`, `-U 1, "a"`, `+U 1, "` + long + `"`, `-D 1, "` + long + `"`, `-D 2, "b"`},
		},
		{
			name: "envelopes", text: `{"schema":{"type":"struct","fields":[]},"payload":{"before":null,"after":{"id":1,"name":"a"},"op":"c"}}
{"payload":{"before":{"id":1,"name":"a"},"after":{"id":1,"name":"b"},"op":"u"}}
{"before":{"id":1,"name":"b"},"after":{"id":1,"name":"c"},"op":"u"}
`,
			rows: []string{`+I 1, "a"`, `-U 1, "a"`, `+U 1, "b"`, `-U 1, "b"`, `+U 1, "c"`},
		},
		{name: "insertions alone", text: `{"after":{"id":1,"name":"a"},"op":"c"}` + "\n", rows: []string{`1, "a"`}},
		{
			name: "tombstones", text: "null\n" + `{"after":{"id":1,"name":"a"},"op":"c"}` + "\n null \r\nnil\n",
			rows: []string{`1, "a"`}, rejects: []string{`: invalid input syntax for type json: expected an object, found 'n' at byte 1 of the record`}, filtered: 2,
		},
		{
			name: "what is not there", text: `{"before":null,"after":{"id":1,"name":"a"},"op":"u"}
{"before":null,"after":null,"op":"d"}
{"before":{"id":1},"after":null,"op":"d"}
`,
			rejects: []string{
				`before.name: null value in column "before.name" violates not-null constraint`, `before: a message with op "u" needs before`, `before: a message with op "d" needs before`,
			},
		},
		{
			name: "by key", upserts: true, text: `{"before":null,"after":{"id":1,"name":"a"},"op":"u"}
{"before":{"id":1},"after":null,"op":"d"}
{"before":null,"after":{"id":1},"op":"c"}
{"before":{"id":1,"name":"x"},"after":{"id":1,"name":"b"},"op":"u"}
`,
			rows:    []string{`+I 1, "a"`, `-D 1, NULL`, `-U 1, "x"`, `+U 1, "b"`},
			rejects: []string{`after.name: null value in column "after.name" violates not-null constraint`},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			rows, rejects, res := read(t, codec.DecodeSpec{Upserts: test.upserts}, test.text)
			slices.Sort(rejects)
			slices.Sort(test.rejects)
			if !slices.Equal(rows, test.rows) || !slices.Equal(rejects, test.rejects) || res.Filtered != test.filtered {
				t.Errorf("rows %q\nrejects %q\n%d filtered", rows, rejects, res.Filtered)
			}
		})
	}
}

func TestManyUpdatesFillABatch(t *testing.T) {
	line := `{"before":{"id":1,"name":"a"},"after":{"id":1,"name":"b"},"op":"u"}` + "\n"
	rows, _, _ := read(t, codec.DecodeSpec{}, strings.Repeat(line, 5000))
	if len(rows) != 10000 {
		t.Errorf("%d rows", len(rows))
	}
	rows, _, _ = read(t, codec.DecodeSpec{Need: []codec.Need{{}, {}}}, line)
	if !slices.Equal(rows, []string{"-U -, -", "+U -, -"}) {
		t.Errorf("without columns: %q", rows)
	}
}

func TestWriting(t *testing.T) {
	rows, _, _ := read(t, codec.DecodeSpec{}, `{"after":{"id":1,"name":"a"},"op":"c"}
{"before":{"id":1,"name":"a"},"after":{"id":1,"name":"b"},"op":"u"}
{"before":{"id":1,"name":"b"},"op":"d"}
`)
	if len(rows) != 4 {
		t.Fatal(rows)
	}
	b := sdktest.TextBatch("a", "b", "c", "d", "e")
	b.Kinds = []batch.Change{batch.Insert, batch.UpdateBefore, batch.UpdateAfter, batch.UpdateBefore, batch.UpdateAfter}
	s := schema.New(schema.Field{Name: "v", Type: schema.Of(schema.Text)})
	for _, test := range []struct {
		name    string
		upserts bool
		sel     []uint16
		want    string
		ends    []int
	}{
		{name: "all", want: `{"before":null,"after":{"v":"a"},"op":"c"}
{"before":{"v":"b"},"after":{"v":"c"},"op":"u"}
{"before":{"v":"d"},"after":{"v":"e"},"op":"u"}
`, ends: []int{43, 91, 91, 139, 139}},
		{name: "halves", sel: []uint16{1, 4}, want: `{"before":{"v":"b"},"after":null,"op":"d"}
{"before":null,"after":{"v":"e"},"op":"c"}
`, ends: []int{43, 86}},
		{name: "by key", upserts: true, sel: []uint16{2}, want: `{"before":null,"after":{"v":"c"},"op":"u"}` + "\n", ends: []int{43}},
	} {
		t.Run(test.name, func(t *testing.T) {
			e, err := newFormat(t).NewEncoder(codec.EncodeSpec{Schema: s, Changelog: true, Upserts: test.upserts})
			if err != nil {
				t.Fatal(err)
			}
			view := *b
			view.Sel = test.sel
			data, ends, bad := e.Encode(nil, nil, &view)
			if string(data) != test.want || !slices.Equal(ends, test.ends) || len(bad) > 0 {
				t.Errorf("%s%v, want\n%s%v", data, ends, test.want, test.ends)
			}
		})
	}
}

// TestThePageShowsTheOptions compares README.md with the code, and reads its example.
func TestThePageShowsTheOptions(t *testing.T) {
	page, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range connector.Describe(&debezium.Options{}) {
		if !strings.Contains(string(page), "| `"+o.Name+"` |") || !strings.Contains(string(page), o.Doc) {
			t.Errorf("the page has nothing of option %s", o.Name)
		}
	}
	_, example, _ := strings.Cut(string(page), "\n\n    ")
	example, _, _ = strings.Cut(example, "\n\n")
	rows, rejects, _ := read(t, codec.DecodeSpec{}, strings.ReplaceAll(example, "\n    ", "\n")+"\n")
	if len(rejects) > 0 || !slices.Equal(rows, []string{`+I 1, "ann"`, `-U 1, "ann"`, `+U 1, "bob"`, `-D 1, "bob"`}) {
		t.Errorf("%q, %q", rows, rejects)
	}
}

// FuzzReading feeds the decoder anything; what it reads must be counted, and be read again as it was after it is written.
func FuzzReading(f *testing.F) {
	f.Add(`{"before":null,"after":{"id":1,"name":"a"},"op":"c"}`, false)
	f.Add(`{"payload":{"before":{"id":1},"after":{"id":1,"name":"b"},"op":"u"}}`+"\nnull\n", true)
	f.Add(`{"before":{"id":1,"name":"b"},"after":null,"op":"d","op":"x"}`, false)
	f.Fuzz(func(t *testing.T, text string, upserts bool) {
		if !strings.HasSuffix(text, "\n") {
			text += "\n"
		}
		spec := codec.DecodeSpec{Schema: columns(), Upserts: upserts, Pool: &batch.Pool{}}
		d, err := newFormat(t).NewDecoder(spec)
		if err != nil {
			t.Fatal(err)
		}
		buf := spec.Pool.NewBuffer(len(text) + codec.Padding)
		buf.Data = append(buf.Data, text...)
		if err := d.Begin(&codec.Block{Buf: buf}); err != nil {
			t.Fatal(err)
		}
		for more := true; more; {
			b, res, err := d.Decode()
			if err != nil {
				t.Fatal(err)
			}
			more = res.More
			if res.Records != b.Rows()+res.Filtered+len(res.Rejects) {
				t.Fatalf("%d records are %d rows, %d filtered, %d rejected", res.Records, b.Rows(), res.Filtered, len(res.Rejects))
			}
			e, err := newFormat(t).NewEncoder(codec.EncodeSpec{Schema: columns(), Changelog: true})
			if err != nil {
				t.Fatal(err)
			}
			data, ends, bad := e.Encode(nil, nil, b)
			if len(bad) > 0 || len(ends) != b.Rows() {
				t.Fatalf("%d ends of %d rows, errors %v", len(ends), b.Rows(), bad)
			}
			if again, rejects, _ := read(t, codec.DecodeSpec{Upserts: upserts}, string(data)); !slices.Equal(plain(again), plain(sdktest.Rows(b))) || len(rejects) > 0 {
				t.Fatalf("%q was read, and read again as %q, %q", sdktest.Rows(b), again, rejects)
			}
		}
	})
}

// plain are rows without the sign of insertions, which a batch of nothing else does not have.
func plain(rows []string) []string {
	out := make([]string, len(rows))
	for i, row := range rows {
		out[i] = strings.TrimPrefix(row, "+I ")
	}
	return out
}

func BenchmarkReading(b *testing.B) {
	line := `{"before":{"id":1234,"name":"somebody or other"},"after":{"id":1234,"name":"somebody else"},"op":"u"}` + "\n"
	const lines = 2000
	pool := &batch.Pool{}
	buf := pool.NewBuffer(lines*len(line) + codec.Padding)
	buf.Data = append(buf.Data, strings.Repeat(line, lines)...)
	d, err := newFormat(b).NewDecoder(codec.DecodeSpec{Schema: columns(), Pool: pool})
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(buf.Data)))
	for b.Loop() {
		if err := d.Begin(&codec.Block{Buf: buf}); err != nil {
			b.Fatal(err)
		}
		for more := true; more; {
			_, res, err := d.Decode()
			if err != nil {
				b.Fatal(err)
			}
			more = res.More
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/lines, "ns/message")
}

func BenchmarkWriting(b *testing.B) {
	const rows = 2000
	batches := sdktest.TextBatch(slices.Repeat([]string{"somebody or other"}, rows)...)
	for i := range rows {
		batches.Kinds = append(batches.Kinds, batch.UpdateBefore+batch.Change(i%2))
	}
	e, err := newFormat(b).NewEncoder(codec.EncodeSpec{Schema: schema.New(schema.Field{Name: "v", Type: schema.Of(schema.Text)}), Changelog: true})
	if err != nil {
		b.Fatal(err)
	}
	var data []byte
	var ends []int
	for b.Loop() {
		data, ends, _ = e.Encode(data[:0], ends[:0], batches)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/rows*2, "ns/message")
}
