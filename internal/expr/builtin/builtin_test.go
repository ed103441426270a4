package builtin_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"wire.example/wire/internal/expr/builtin"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sqlstate"
)

// column is a column of texts; "NULL" is NULL.
func column(tb testing.TB, typ schema.Type, values ...string) *batch.Column {
	tb.Helper()
	c := batch.NewColumn(&batch.Pool{}, typ)
	c.Reset(len(values))
	for i, v := range values {
		if v == "NULL" {
			c.SetNull(i)
			if typ.Kind == schema.Array {
				c.Offsets()[i+1] = c.Offsets()[i]
			}
		} else if bad := builtin.SetValue(c, i, []byte(v)); bad != nil {
			tb.Fatalf("%s: %v", v, bad)
		}
	}
	return c
}

func texts(tb testing.TB, values ...string) *batch.Column {
	return column(tb, schema.Of(schema.Text), values...)
}

// function finds the overload of name that takes these kinds.
func function(tb testing.TB, name string, params ...schema.Kind) *builtin.Function {
	tb.Helper()
	for _, f := range builtin.Standard().Lookup(name) {
		fits := f.Accepts(len(params))
		for i := range params {
			fits = fits && f.Param(i) == params[i]
		}
		if fits {
			return f
		}
	}
	tb.Fatalf("no function %s%v", name, params)
	return nil
}

// call makes a call of f over columns of equal length; a column of one row is a constant.
func call(f *builtin.Function, rows int, sel []uint16, args ...*batch.Column) *builtin.Call {
	c := &builtin.Call{Rows: rows, Sel: sel, Errs: &builtin.Errors{}, Strict: f.Strict}
	var types []schema.Type
	for _, a := range args {
		c.Args = append(c.Args, builtin.Arg{Col: a, Const: a.Len() != rows})
		types = append(types, a.Type())
	}
	result := f.Result
	if f.ResultOf != nil {
		result = f.ResultOf(types)
	}
	c.Out = batch.NewColumn(&batch.Pool{}, result)
	c.Out.Reset(rows)
	return c
}

// shown are the rows of a result, NULL and errors included.
func shown(c *builtin.Call) string {
	var out []string
	for i := range c.Rows {
		if c.Out.IsNull(i) {
			out = append(out, "NULL")
		} else {
			out = append(out, string(builtin.AppendValue(nil, c.Out, i)))
		}
	}
	for i, row := range c.Errs.Rows {
		out[row] = string(c.Errs.Errs[i].Code)
	}
	return strings.Join(out, "|")
}

func TestOnlySelectedRowsAreComputed(t *testing.T) {
	const text, integer = schema.Text, schema.Int32
	repeat := function(t, "repeat", text, integer)
	c := call(repeat, 4, []uint16{1, 3}, texts(t, "a", "b", "c", "NULL"), column(t, schema.Of(integer), "2000000000", "2", "2000000000", "1"))
	c.Out.SetNull(0)
	c.Out.SetNull(2)
	repeat.Eval(c)
	if got := shown(c); got != "NULL|bb|NULL|NULL" || c.Errs.Len() != 0 {
		t.Errorf("%s, %d errors", got, c.Errs.Len())
	}
}

func TestSelectionLeavesArraysInOrder(t *testing.T) {
	split := function(t, "string_to_array", schema.Text, schema.Text)
	c := call(split, 5, []uint16{1, 4}, texts(t, "x,y", "a,b", "z", "w,w", "c"), texts(t, ","))
	split.Eval(c)
	for row, want := range map[int]string{0: "{}", 1: "{a,b}", 2: "{}", 3: "{}", 4: "{c}"} {
		if got := string(builtin.AppendValue(nil, c.Out, row)); got != want {
			t.Errorf("row %d: %s, want %s", row, got, want)
		}
	}
}

func TestFailedRowsKeepTheOthers(t *testing.T) {
	tests := []struct {
		name string
		args []*batch.Column
		want string
	}{
		{"chr", []*batch.Column{column(t, schema.Of(schema.Int32), "65", "0", "NULL", "-1", "233")}, "A|54000|NULL|22023|é"},
		{"~", []*batch.Column{texts(t, "ab", "ab", "ab", "ab"), texts(t, "a", "(", "x", "\\1")}, "t|2201B|f|0A000"},
		{"decode", []*batch.Column{texts(t, "00", "0x", "NULL", "ff"), texts(t, "hex")}, "\\x00|22023|NULL|\\xff"},
		{"jsonb_array_length", []*batch.Column{column(t, schema.Of(schema.JSONB), "[1]", "{}", "1", "[]")}, "1|22023|22023|0"},
		{"jsonb_set", []*batch.Column{
			column(t, schema.Of(schema.JSONB), `{"a": 1}`, "1", "[1]"),
			column(t, schema.ArrayOf(schema.Of(schema.Text)), "{a}", "{a}", "{x}"), column(t, schema.Of(schema.JSONB), "2"),
		}, `{"a": 2}|22023|22P02`},
		{"format", []*batch.Column{texts(t, "%s!", "%q", "%%"), texts(t, "x")}, "x!|22023|%"},
		{"sqrt", []*batch.Column{column(t, schema.Of(schema.Float64), "4", "-1", "NULL")}, "2|2201F|NULL"},
		{"to_timestamp", []*batch.Column{column(t, schema.Of(schema.Float64), "0", "1e300", "NaN")}, "1970-01-01 00:00:00+00|22008|22008"},
	}
	for _, tt := range tests {
		var kinds []schema.Kind
		for _, a := range tt.args {
			kinds = append(kinds, a.Kind())
		}
		f := matching(t, tt.name, kinds)
		c := call(f, tt.args[0].Len(), nil, tt.args...)
		f.Eval(c)
		if got := shown(c); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}

// matching is function, but that parameters may be of kinds that take several.
func matching(tb testing.TB, name string, kinds []schema.Kind) *builtin.Function {
	tb.Helper()
	for _, f := range builtin.Standard().Lookup(name) {
		fits := f.Accepts(len(kinds))
		for i, k := range kinds {
			p := f.Param(i)
			fits = fits && (p == k || p == builtin.Any || p == builtin.TextArray && k == schema.Array)
		}
		if fits {
			return f
		}
	}
	tb.Fatalf("no function %s%v", name, kinds)
	return nil
}

func TestVolatileFunctionsDifferFromRowToRow(t *testing.T) {
	for _, name := range []string{"random", "gen_random_uuid"} {
		f := function(t, name)
		if f.Volatility != builtin.Volatile {
			t.Errorf("%s is not volatile", name)
		}
		c := call(f, 100, nil)
		f.Eval(c)
		seen := map[string]bool{}
		for _, v := range strings.Split(shown(c), "|") {
			seen[v] = true
		}
		if len(seen) < 99 {
			t.Errorf("%s: %d values in 100 rows", name, len(seen))
		}
		for v := range seen {
			if name == "gen_random_uuid" && (v[14] != '4' || strings.IndexByte("89ab", v[19]) < 0) {
				t.Errorf("%s is no UUID of version 4", v)
			}
		}
	}
}

func TestXXH3IsStable(t *testing.T) {
	f := function(t, "xxh3", schema.Text)
	c := call(f, 2, nil, texts(t, "", "wire"))
	f.Eval(c)
	// The first number is the reference implementation's XXH3_64bits of nothing.
	if got := shown(c); !strings.HasPrefix(got, fmt.Sprint(int64(0x2d06800538d394c2))+"|") {
		t.Error(got)
	}
}

// TestSteadyStateDoesNotAllocate runs functions over batches again and again, as a pipeline does.
func TestSteadyStateDoesNotAllocate(t *testing.T) {
	const rows = 64
	repeated := func(typ schema.Kind, values ...string) *batch.Column {
		var all []string
		for i := range rows {
			all = append(all, values[i%len(values)])
		}
		return column(t, schema.Of(typ), all...)
	}
	long := repeated(schema.Text, "https://example.org/path/to/a/page", "channel_id=42&x=1", "NULL")
	documents := repeated(schema.JSONB, `{"a": {"b": "some longer text"}, "c": [1, 2, 3]}`, `[1, 2, 3]`)
	stamps := repeated(schema.Timestamp, "2024-02-29 12:34:56.789", "1999-12-31 23:59:59")
	text := func(v string) *batch.Column { return texts(t, v) }
	tests := []struct {
		name string
		args []*batch.Column
		max  float64 // a batch
	}{
		{"lower", []*batch.Column{long}, 0},
		{"split_part", []*batch.Column{long, text("/"), column(t, schema.Of(schema.Int32), "4")}, 0},
		{"~", []*batch.Column{long, text("channel_id=[^&]+")}, 0},
		{"~", []*batch.Column{long, text("^https")}, 0},
		{"regexp_like", []*batch.Column{long, text("page$")}, 0},
		{"->", []*batch.Column{documents, text("a")}, 0},
		{"->>", []*batch.Column{documents, text("c")}, 0},
		{"@>", []*batch.Column{documents, column(t, schema.Of(schema.JSONB), `{"c": [2]}`)}, 0},
		{"||", []*batch.Column{documents, column(t, schema.Of(schema.JSONB), `{"z": 0}`)}, 0},
		{"date_trunc", []*batch.Column{text("hour"), stamps}, 0},
		{"extract", []*batch.Column{text("dow"), stamps}, 0},
		{"to_char", []*batch.Column{stamps, text("YYYY-MM-DD HH24:MI")}, 0},
		{"timezone", []*batch.Column{text("America/New_York"), stamps}, 0},
		{"md5", []*batch.Column{long}, 0},
		{"xxh3", []*batch.Column{long}, 0},
	}
	for _, tt := range tests {
		var kinds []schema.Kind
		for _, a := range tt.args {
			kinds = append(kinds, a.Kind())
		}
		f := matching(t, tt.name, kinds)
		c := call(f, rows, nil, tt.args...)
		run := func() {
			c.Out.Reset(rows)
			f.Eval(c)
		}
		run()
		if n := testing.AllocsPerRun(50, run); n > tt.max+4 { // closures of the call itself
			t.Errorf("%s%v: %v allocations for %d rows", tt.name, kinds, n, rows)
		}
		if c.Errs.Len() > 0 {
			t.Errorf("%s: %v", tt.name, c.Errs.Errs[0])
		}
	}
}

func TestErrorsNormalize(t *testing.T) {
	var e builtin.Errors
	first, second := sqlstate.New("22012", "first"), sqlstate.New("22003", "second")
	e.Add(5, first)
	e.Add(2, second)
	e.Add(5, second)
	e.Normalize()
	if e.Len() != 2 || e.Rows[0] != 2 || e.Rows[1] != 5 || e.Errs[1] != first {
		t.Errorf("%v %v", e.Rows, e.Errs)
	}
	if e.Reset(); e.Len() != 0 {
		t.Error("Reset left failures")
	}
}

func TestArrayTextIsReadBack(t *testing.T) {
	for _, text := range []string{"{}", "{a,b}", `{"",NULL,"NULL","a b","q\"\\"}`, `{"{","}",","}`, "{é,😀}"} {
		c := column(t, schema.ArrayOf(schema.Of(schema.Text)), text)
		if got := string(builtin.AppendValue(nil, c, 0)); got != text {
			t.Errorf("%s became %s", text, got)
		}
	}
	nested := column(t, schema.ArrayOf(schema.ArrayOf(schema.Of(schema.Int32))), "{{1,2},{},{3}}")
	if got := string(builtin.AppendValue(nil, nested, 0)); got != "{{1,2},{},{3}}" {
		t.Error(got)
	}
	for _, text := range []string{"", "a", "{", "}", "{a", "{a,}", "{,a}", "{a}b", `{"a}`, `{a"b"}`, "{{a}}", `{\`, "{a}{b}"} {
		c := batch.NewColumn(&batch.Pool{}, schema.ArrayOf(schema.Of(schema.Text)))
		c.Reset(1)
		if bad := builtin.SetArray(c, 0, []byte(text)); bad == nil || bad.Code != sqlstate.InvalidTextRepresentation {
			t.Errorf("%q: %v", text, bad)
		}
	}
}

// FuzzSetArray reads back what it writes.
func FuzzSetArray(f *testing.F) {
	for _, s := range []string{"{}", "{a,b}", `{"",NULL,"NULL","a b","q\"\\"}`, "{a", `{ x , "y" }`, `{\"}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		typ := schema.ArrayOf(schema.Of(schema.Text))
		c := batch.NewColumn(&batch.Pool{}, typ)
		c.Reset(1)
		if builtin.SetArray(c, 0, in) != nil {
			return
		}
		text := builtin.AppendValue(nil, c, 0)
		again := batch.NewColumn(&batch.Pool{}, typ)
		again.Reset(1)
		if bad := builtin.SetArray(again, 0, text); bad != nil {
			t.Fatalf("%q became %q: %v", in, text, bad)
		}
		if got := builtin.AppendValue(nil, again, 0); !bytes.Equal(got, text) {
			t.Fatalf("%q became %q became %q", in, text, got)
		}
	})
}

// FuzzPattern runs the functions of regular expressions over any pattern, flags and text: they answer or fail, and agree with each other.
func FuzzPattern(f *testing.F) {
	for _, p := range []string{`a(b|c)*d`, `^\d{2,3}$`, `[^]a-c[:alpha:]]+?`, `(?n)^x.$`, `***=a.b`, `\m\w+\M`, `(?x) a # c`, `\u00e9\x41`, `a{1,`, `[`, `(?`} {
		f.Add(p, "abcd 42 é\nx", "gi")
	}
	f.Fuzz(func(t *testing.T, pattern, text, flags string) {
		if len(pattern) > 64 || len(text) > 256 || strings.Contains(pattern+text+flags, "\x00") ||
			!utf8.ValidString(pattern) || !utf8.ValidString(text) || !utf8.ValidString(flags) {
			return
		}
		args := []*batch.Column{texts(t, text+"."), texts(t, pattern)}
		match := function(t, "~", schema.Text, schema.Text)
		c := call(match, 1, nil, args...)
		match.Eval(c)
		count := function(t, "regexp_count", schema.Text, schema.Text)
		n := call(count, 1, nil, args...)
		count.Eval(n)
		if c.Errs.Len() != n.Errs.Len() {
			t.Fatalf("%q: ~ and regexp_count disagree on whether it is a pattern", pattern)
		}
		if c.Errs.Len() == 0 && c.Out.Bits().Get(0) != (n.Out.Int32s()[0] > 0) {
			t.Fatalf("%q on %q: ~ is %s, regexp_count %s", pattern, text+".", shown(c), shown(n))
		}
		replace := function(t, "regexp_replace", schema.Text, schema.Text, schema.Text, schema.Text)
		r := call(replace, 1, nil, append(args, texts(t, `\&`), texts(t, "g"+strings.ReplaceAll(flags, "NULL", "")))...)
		replace.Eval(r)
		if r.Errs.Len() == 0 && string(r.Out.Bytes(0)) != text+"." {
			t.Fatalf("%q on %q: replaced by itself it becomes %q", pattern, text+".", r.Out.Bytes(0))
		}
	})
}

// FuzzBytea reads back what encode writes.
func FuzzBytea(f *testing.F) {
	f.Add([]byte{}, "hex")
	f.Add([]byte("a\\\x00\xff"), "escape")
	f.Add(bytes.Repeat([]byte{7}, 100), "base64")
	f.Fuzz(func(t *testing.T, data []byte, format string) {
		in := batch.NewColumn(&batch.Pool{}, schema.Of(schema.Bytes))
		in.Reset(1)
		in.SetBytes(0, data)
		name := batch.NewColumn(&batch.Pool{}, schema.Of(schema.Text))
		name.Reset(1)
		name.SetBytes(0, []byte(format))
		encode, decode := function(t, "encode", schema.Bytes, schema.Text), function(t, "decode", schema.Text, schema.Text)
		e := call(encode, 1, nil, in, name)
		encode.Eval(e)
		if e.Errs.Len() > 0 {
			return
		}
		d := call(decode, 1, nil, e.Out, name)
		decode.Eval(d)
		if d.Errs.Len() > 0 || !bytes.Equal(d.Out.Bytes(0), data) {
			t.Fatalf("%x as %s is %q, read back as %x", data, format, e.Out.Bytes(0), d.Out.Bytes(0))
		}
	})
}
