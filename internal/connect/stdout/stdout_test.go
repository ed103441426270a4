package stdout_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"strings"
	"syscall"
	"testing"

	"wire.example/wire/internal/connect/stdout"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/connector"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sdktest"
)

func config(t testing.TB, options map[string]any) any {
	t.Helper()
	c := stdout.SinkType(io.Discard).NewConfig()
	if mistakes := connector.Apply(c, options); len(mistakes) > 0 {
		t.Fatal(mistakes[0])
	}
	return c
}

func TestConformance(t *testing.T) {
	var out bytes.Buffer
	typ := stdout.SinkType(&out)
	sdktest.SinkSuite(t, sdktest.Sink{
		Type: typ, AtLeastOnce: "what was written to the standard output cannot be taken back",
		New: func(t testing.TB) sdktest.Target {
			out.Reset()
			return sdktest.Target{Config: config(t, nil), Visible: func(testing.TB) []string {
				return strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")[:strings.Count(out.String(), "\n")]
			}}
		},
		Skip: map[string]string{
			"NothingIsVisibleBeforeItsCommit": "rows are seen when they are written",
			"CloseWithoutCommit":              "rows are seen when they are written",
		},
	})
}

// output is a sink and what it wrote.
type output struct {
	t    *testing.T
	text bytes.Buffer
	sink connector.Sink
}

func open(t *testing.T, s *schema.Schema, options map[string]any) *output {
	t.Helper()
	o := &output{t: t}
	env := connector.SinkEnv{Schema: s, NewEncoder: func() (codec.Encoder, error) { return words{}, nil }}
	return o.open(env, options)
}

// open opens the sink in env.
func (o *output) open(env connector.SinkEnv, options map[string]any) *output {
	t := o.t
	t.Helper()
	typ := stdout.SinkType(&o.text)
	var err error
	if o.sink, err = typ.Open(t.Context(), env, config(t, options)); err != nil {
		t.Fatal(err)
	}
	return o
}

func (o *output) write(batches ...*batch.Batch) {
	o.t.Helper()
	chunk, err := o.sink.NewChunk()
	if err != nil {
		o.t.Fatal(err)
	}
	rows := 0
	for _, b := range batches {
		if bad := chunk.Encode(b); bad != nil {
			o.t.Fatal(bad)
		}
		rows += b.Rows()
	}
	if got, _ := chunk.Size(); got != rows {
		o.t.Errorf("a chunk of %d rows, want %d", got, rows)
	}
	if err := o.sink.Write(o.t.Context(), chunk); err != nil {
		o.t.Fatal(err)
	}
	chunk.Reset()
	if err := o.sink.Write(o.t.Context(), chunk); err != nil { // nothing
		o.t.Fatal(err)
	}
}

// wants compares what came since it was last called. Lines of want begin behind a bar that shows where a line begins.
func (o *output) wants(want string) {
	o.t.Helper()
	var b strings.Builder
	for line := range strings.Lines(want) {
		if _, text, ok := strings.Cut(line, "\t>"); ok {
			b.WriteString(text)
		}
	}
	if got := o.text.String(); got != b.String() {
		o.t.Errorf("output\n%swant\n%s", got, b.String())
	}
	o.text.Reset()
}

func (o *output) end() {
	o.t.Helper()
	state, err := o.sink.Prepare(o.t.Context(), 1)
	if err != nil {
		o.t.Fatal(err)
	}
	if err := errors.Join(o.sink.Commit(o.t.Context(), 1, state, true), o.sink.Close()); err != nil {
		o.t.Fatal(err)
	}
}

// words writes the first column, a line a row, under a header.
type words struct{}

func (words) AppendHeader(dst []byte) []byte { return append(dst, "word\n"...) }

func (words) Encode(dst []byte, ends []int, b *batch.Batch) ([]byte, []int, []codec.RowError) {
	for i := range b.Rows() {
		dst = append(append(dst, b.Cols[0].Bytes(b.Row(i))...), '\n')
		ends = append(ends, len(dst))
	}
	return dst, ends, nil
}

func textColumn(values ...string) *batch.Column {
	c := batch.NewColumn(&batch.Pool{}, schema.Of(schema.Text))
	c.Reset(len(values))
	for i, v := range values {
		if v == "∅" {
			c.SetNull(i)
		} else {
			c.SetBytes(i, []byte(v))
		}
	}
	return c
}

func numbers(values ...int64) *batch.Column {
	c := batch.NewColumn(&batch.Pool{}, schema.Of(schema.Int64))
	c.Reset(len(values))
	copy(c.Int64s(), values)
	return c
}

func rows(columns ...*batch.Column) *batch.Batch {
	return &batch.Batch{Cols: columns, Len: columns[0].Len()}
}

func wordSchema() *schema.Schema {
	return schema.New(schema.Field{Name: "word", Type: schema.Of(schema.Text)}, schema.Field{Name: "n", Type: schema.Of(schema.Int64)})
}

func TestRecordsComeAtOnceUnderOneHeader(t *testing.T) {
	o := open(t, wordSchema(), nil)
	o.write(rows(textColumn("one")))
	o.wants(`
		>word
		>one
	`)
	o.write(rows(textColumn("two", "three")))
	o.wants(`
		>two
		>three
	`)
	o.end()
	o.wants("")
	o = open(t, wordSchema(), nil)
	o.end() // no row at all
	o.wants(`
		>word
	`)
}

func TestATableHasPages(t *testing.T) {
	o := open(t, wordSchema(), map[string]any{"format": "table", "header_every": int64(4)})
	o.write(rows(textColumn("a", "bcd", "∅"), numbers(1, -20, 300)))
	o.wants(`
		> word | n
		>------+-----
		> a    |   1
		> bcd  | -20
		> NULL | 300
	`)
	o.write(rows(textColumn("e"), numbers(4))) // fits
	o.wants(`
		> e    |   4
	`)
	o.write(rows(textColumn("longer", "f"), numbers(5, 6))) // does not
	o.wants(`
		>
		> word   | n
		>--------+-----
		> longer |   5
		> f      |   6
	`)
	o.write(rows(textColumn("g", "h", "i"), numbers(7, 8, 9)))
	o.wants(`
		> g      |   7
		> h      |   8
		>
		> word   | n
		>--------+-----
		> i      |   9
	`)
	o.end()
	o.wants("")
}

func TestAnEmptyTableIsAHeader(t *testing.T) {
	o := open(t, wordSchema(), map[string]any{"format": "table"})
	o.end()
	o.wants(`
		> word | n
		>------+---
	`)
}

func TestAChangelogShowsItsKinds(t *testing.T) {
	o := open(t, wordSchema(), map[string]any{"format": "table"})
	o.write(rows(textColumn("a"), numbers(1)))
	o.text.Reset()
	b := rows(textColumn("a", "x", "a"), numbers(1, 0, 2))
	b.Kinds, b.Sel = []batch.Change{batch.UpdateBefore, batch.Insert, batch.UpdateAfter}, []uint16{0, 2}
	o.write(b)
	o.write(rows(textColumn("b"), numbers(3)))
	o.wants(`
		>
		> op | word | n
		>----+------+---
		> -U | a    | 1
		> +U | a    | 2
		>    | b    | 3
	`)
}

func TestRowsThatMayChangeShowTheirKindsFromTheFirst(t *testing.T) {
	o := (&output{t: t}).open(connector.SinkEnv{Schema: wordSchema(), Changelog: true}, map[string]any{"format": "table"})
	o.write(rows(textColumn("a"), numbers(1)))
	b := rows(textColumn("a"), numbers(1))
	b.Kinds = []batch.Change{batch.Delete}
	o.write(b)
	o.wants(`
		> op | word | n
		>----+------+---
		> +I | a    | 1
		> -D | a    | 1
	`)
	typ := stdout.SinkType(nil)
	if typ.Changes(config(t, map[string]any{"format": "table"})) != connector.Changelog || typ.Changes(config(t, nil)) != connector.Inserts {
		t.Error("what the table takes, and what formats do, is mixed up")
	}
}

// TestNothingReachesTheTerminalButText: a value cannot move the cursor, nor end its line.
func TestNothingReachesTheTerminalButText(t *testing.T) {
	o := open(t, schema.New(schema.Field{Name: "t\x1b[2J", Type: schema.Of(schema.Text)}), map[string]any{"format": "table", "max_column_width": int64(12), "null_string": "-"})
	o.write(rows(textColumn("a\nb\tc\rd", "\x1b[31mred", "\xff\x00", "\u202egnp.exe", "∅", "exactly12345", "thirteen12345", "日本語", "日本語日本語日", "x\u0301y", "")))
	o.wants(`
		> t\x1b[2J
		>--------------
		> a\nb\tc\rd
		> \x1b[31mred
		> \xff\x00
		> \u202egnp.e…
		> -
		> exactly12345
		> thirteen123…
		> 日本語
		> 日本語日本…
		> x́y
		>
	`)
}

func TestAllTypesInATable(t *testing.T) {
	pool := &batch.Pool{}
	list := batch.NewColumn(pool, schema.ArrayOf(schema.Of(schema.Text)))
	list.Reset(2)
	list.SetChild(0, textColumn("a", "∅", "null", "b c", `"`))
	copy(list.Offsets(), []int32{0, 5, 5})
	row := batch.NewColumn(pool, schema.RowOf(schema.Field{Name: "x", Type: schema.Of(schema.Int64)}, schema.Field{Name: "y", Type: schema.Of(schema.Text)}))
	row.Reset(2)
	row.SetChild(0, numbers(1, 2))
	row.SetChild(1, textColumn("∅", "a,b"))
	flag := batch.NewColumn(pool, schema.Of(schema.Bool))
	flag.Reset(2)
	flag.Bits().Put(0, true)
	flag.Bits().Put(1, false)
	o := open(t, schema.New(schema.Field{Name: "list", Type: list.Type()}, schema.Field{Name: "row", Type: row.Type()}, schema.Field{Name: "flag", Type: flag.Type()}),
		map[string]any{"format": "table"})
	o.write(rows(list, row, flag))
	o.wants(`
		> list                       | row       | flag
		>----------------------------+-----------+------
		> {a,NULL,"null","b c","\""} | (1,)      | t
		> {}                         | (2,"a,b") | f
	`)
}

// TestTheReaderOfAPipeGoesAway: nobody did wrong, and the caller can tell.
func TestTheReaderOfAPipeGoesAway(t *testing.T) {
	in, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := in.Close(); err != nil {
		t.Fatal(err)
	}
	for _, format := range []map[string]any{nil, {"format": "table"}} {
		env := connector.SinkEnv{Schema: wordSchema(), NewEncoder: func() (codec.Encoder, error) { return words{}, nil }}
		s, err := stdout.SinkType(out).Open(t.Context(), env, config(t, format))
		if err != nil {
			t.Fatal(err)
		}
		chunk, err := s.NewChunk()
		if err != nil {
			t.Fatal(err)
		}
		chunk.Encode(rows(textColumn("a"), numbers(1)))
		if err := s.Write(t.Context(), chunk); !errors.Is(err, connector.ErrDownstreamClosed) || !errors.Is(err, syscall.EPIPE) {
			t.Errorf("%v", err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
}

// failing is a writer that fails with err.
type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

func TestAnythingElseIsAnError(t *testing.T) {
	full := failing{syscall.ENOSPC}
	for _, w := range []io.Writer{full, bufio.NewWriter(full)} {
		env := connector.SinkEnv{Schema: wordSchema(), NewEncoder: func() (codec.Encoder, error) { return words{}, nil }}
		s, err := stdout.SinkType(w).Open(t.Context(), env, config(t, nil))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Prepare(t.Context(), 1); !errors.Is(err, syscall.ENOSPC) || errors.Is(err, connector.ErrDownstreamClosed) {
			t.Errorf("%T: %v", w, err)
		}
	}
	env := connector.SinkEnv{Restore: json.RawMessage("nonsense")}
	if _, err := stdout.SinkType(io.Discard).Open(t.Context(), env, config(t, nil)); err == nil {
		t.Error("nonsense was taken as a state")
	}
	if _, err := stdout.SinkType(nil).Open(t.Context(), connector.SinkEnv{}, config(t, nil)); err == nil {
		t.Error("no output was opened")
	}
	for _, options := range []map[string]any{{"max_column_width": int64(1)}, {"header_every": int64(-1)}, {"format": "tabel"}} {
		if mistakes := connector.Apply(stdout.SinkType(io.Discard).NewConfig(), options); len(mistakes) != 1 {
			t.Errorf("%v: %v", options, mistakes)
		}
	}
}
