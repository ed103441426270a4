package codec_test

import (
	"math"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/numeric"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sdktest"
	"wire.example/wire/sdk/sqlstate"
)

// readable are the types whose text SetText reads.
func readable() []schema.Type {
	var types []schema.Type
	for _, typ := range sdktest.ScalarTypes() {
		if typ.Kind != schema.JSONB {
			types = append(types, typ)
		}
	}
	return types
}

// TestSetTextUndoesAppendText: every value of every type has a text that stands for it and nothing else.
func TestSetTextUndoesAppendText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		typ := rapid.SampledFrom(readable()).Draw(t, "type")
		b := sdktest.Values{NoNulls: true}.DrawBatch(t, &batch.Pool{}, schema.New(schema.Field{Name: "v", Type: typ}), 5)
		again := batch.NewColumn(&batch.Pool{}, typ)
		again.Reset(5)
		for row := range 5 {
			text := codec.AppendText([]byte("before "), b.Cols[0], row)[len("before "):]
			if bad := codec.SetText(again, row, text); bad != nil {
				t.Fatalf("%s %q: %v", typ, text, bad)
			}
		}
		if diff := sdktest.Diff(sdktest.Rows(b), sdktest.Rows(&batch.Batch{Cols: []*batch.Column{again}, Len: 5})); diff != "" {
			t.Fatalf("%s (-written +read):\n%s", typ, diff)
		}
	})
}

// FuzzSetText: no text breaks any type, and what is taken has a text that reads back as the same value.
func FuzzSetText(f *testing.F) {
	for _, seed := range []string{"", "1", "-1.5e3", "NaN", "t", `\xde ad`, "2015-07-15 01:02:03+02", "1 day", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "0x1p-3", "1_0", "\xff", "\x00", "9e999999999"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		pool := &batch.Pool{}
		for _, typ := range sdktest.Types() {
			c := batch.NewColumn(pool, typ)
			c.Reset(2)
			if bad := codec.SetText(c, 0, text); bad != nil {
				if bad.Message == "" || bad.Code == sqlstate.InternalError {
					t.Fatalf("%s of %q: %+v", typ, text, bad)
				}
				continue
			}
			written := codec.AppendText(nil, c, 0)
			if bad := codec.SetText(c, 1, written); bad != nil {
				t.Fatalf("%s of %q is written %q: %v", typ, text, written, bad)
			}
			if rows := sdktest.Rows(&batch.Batch{Cols: []*batch.Column{c}, Len: 2}); rows[0] != rows[1] {
				t.Fatalf("%s of %q is %s, of its text %q %s", typ, text, rows[0], written, rows[1])
			}
		}
	})
}

// TestArraysAndRowsPrintAsPostgreSQLs: the wanted texts are a PostgreSQL 15's.
func TestArraysAndRowsPrintAsPostgreSQLs(t *testing.T) {
	pool := &batch.Pool{}
	texts := func(values ...string) *batch.Column {
		c := batch.NewColumn(pool, schema.ArrayOf(schema.Of(schema.Text)))
		c.Reset(1)
		c.Child(0).Resize(len(values))
		for i, v := range values {
			if v == "<null>" {
				c.Child(0).SetNull(i)
			} else {
				c.Child(0).SetBytes(i, []byte(v))
			}
		}
		c.Offsets()[1] = int32(len(values))
		return c
	}
	row := func(values ...string) *batch.Column {
		fields := make([]schema.Field, len(values))
		for i := range fields {
			fields[i] = schema.Field{Name: strconv.Itoa(i), Type: schema.Of(schema.Text)}
		}
		c := batch.NewColumn(pool, schema.RowOf(fields...))
		c.Reset(1)
		for i, v := range values {
			if v == "<null>" {
				c.Child(i).SetNull(0)
			} else {
				c.Child(i).SetBytes(0, []byte(v))
			}
		}
		return c
	}
	nested := batch.NewColumn(pool, schema.RowOf(schema.Field{Name: "a", Type: schema.ArrayOf(schema.Of(schema.Text))}, schema.Field{Name: "b", Type: schema.Of(schema.Text)}))
	nested.Reset(1)
	nested.SetChild(0, texts("a b", "c"))
	nested.SetChild(1, nil) // not read
	rows := batch.NewColumn(pool, schema.ArrayOf(row("1", "x y").Type()))
	rows.Reset(1)
	rows.Child(0).Resize(1)
	rows.Child(0).SetChild(0, row("1").Child(0))
	rows.Child(0).SetChild(1, row("x y").Child(0))
	rows.Offsets()[1] = 1
	arrays := batch.NewColumn(pool, schema.ArrayOf(schema.ArrayOf(schema.Of(schema.Text))))
	arrays.Reset(1)
	arrays.Child(0).Resize(2)
	inner := texts("a", "b c").Child(0)
	arrays.Child(0).SetChild(0, inner)
	copy(arrays.Child(0).Offsets(), []int32{0, 1, 2})
	arrays.Offsets()[1] = 2
	for _, tt := range []struct {
		c    *batch.Column
		want string
	}{
		{texts(), "{}"},
		{texts("a", "", "NULL", "null", "a b", "a,b", "{x}", `a"b`, `a\b`, "é", "<null>"), `{a,"","NULL","null","a b","a,b","{x}","a\"b","a\\b",é,NULL}`},
		{row("1", "<null>", "a b"), `(1,,"a b")`},
		{row("", "a,b", "(x)", `a"b`, `a\b`, "NULL", "<null>"), `("","a,b","(x)","a""b","a\\b",NULL,)`},
		{row("<null>"), "()"},
		{row("a\tb", "\v"), "(\"a\tb\",\"\v\")"},
		{nested, `("{""a b"",c}",)`},
		{rows, `{"(1,\"x y\")"}`},
		{arrays, `{{a},{"b c"}}`},
	} {
		if got := string(codec.AppendText(nil, tt.c, 0)); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.c.Type(), got, tt.want)
		}
	}
	null := batch.NewColumn(pool, schema.Of(schema.Null))
	if got := codec.AppendText([]byte("x"), null, 0); string(got) != "x" {
		t.Errorf("a bare NULL: %q", got)
	}
}

func TestTextMustBeUTF8(t *testing.T) {
	for text, want := range map[string]string{
		"plain": "", "日本語": "", "a\x00b": "0x00", "a\xffb": "0xff", "\xc3": "0xc3", "é\xed\xa0\x80": "0xed", "\x00\xff": "0xff",
	} {
		bad := codec.CheckText([]byte(text))
		switch {
		case want == "" && bad != nil:
			t.Errorf("%q: %v", text, bad)
		case want != "" && (bad == nil || bad.Code != sqlstate.CharacterNotInRepertoire || bad.Message != `invalid byte sequence for encoding "UTF8": `+want):
			t.Errorf("%q: %+v, want %s", text, bad, want)
		}
	}
}

func TestErrorsSayWhatIsWrong(t *testing.T) {
	long := []byte(strings.Repeat("x", 1000))
	if got := codec.Shown(long); len(got) != 256 {
		t.Errorf("%d bytes of a wrong value are shown", len(got))
	}
	for _, tt := range []struct {
		got  *sqlstate.Error
		code sqlstate.Code
		want string
	}{
		{codec.ErrSyntax(schema.ArrayOf(schema.Of(schema.Int64)), []byte("x")), "22P02", `invalid input syntax for type bigint[]: "x"`},
		{codec.ErrRange(schema.Of(schema.Float32), []byte("1e99")), "22003", `"1e99" is out of range for type real`},
		{codec.ErrRange(schema.Of(schema.Int16), []byte("99999")), "22003", `value "99999" is out of range for type smallint`},
		{codec.ErrNotNull("a"), "23502", `null value in column "a" violates not-null constraint`},
		{codec.ErrOversize(&codec.Oversize{Length: 20, Limit: 10}), "54000", "record of 20 bytes exceeds the limit of 10 bytes"},
		{codec.AsSQLState(codec.ErrNotNull("a")), "23502", `null value in column "a" violates not-null constraint`},
		{codec.AsSQLState(strconv.ErrSyntax), "XX000", "invalid syntax"},
	} {
		if tt.got.Code != tt.code || tt.got.Message != tt.want {
			t.Errorf("%s %s, want %s %s", tt.got.Code, tt.got.Message, tt.code, tt.want)
		}
	}
	for _, typ := range []schema.Type{schema.Of(schema.JSONB), schema.ArrayOf(schema.Of(schema.Int64)), schema.RowOf()} {
		c := batch.NewColumn(&batch.Pool{}, typ)
		c.Reset(1)
		if bad := codec.SetText(c, 0, []byte("{}")); bad == nil || bad.Code != sqlstate.FeatureNotSupported {
			t.Errorf("%s: %v", typ, bad)
		}
	}
}

// TestNumbersBeyond38Digits: integer digits are out of range, fractional ones are rounded.
func TestNumbersBeyond38Digits(t *testing.T) {
	nines := strings.Repeat("9", 38)
	for text, want := range map[string]string{
		nines: nines, "-" + nines: "-" + nines, nines + "0": "", nines + ".4": nines, nines + ".5": "", "1" + nines: "", "1e38": "", "1e37": "1" + strings.Repeat("0", 37),
		"0." + nines + "4":                    "0." + nines,
		"0." + strings.Repeat("0", 38) + "4":  "0." + strings.Repeat("0", 38),
		"0." + strings.Repeat("0", 37) + "15": "0." + strings.Repeat("0", 37) + "2",
		"1." + strings.Repeat("3", 40):        "1." + strings.Repeat("3", 37),
		"1e-40":                               "0." + strings.Repeat("0", 38),
		"1e-99999999":                         "0." + strings.Repeat("0", 38),
		"1e99999999":                          "",
		"  " + strings.Repeat("1", 39) + "x":  "",
	} {
		d, bad := codec.ParseDecimal([]byte(text))
		got := string(codec.AppendDecimal(nil, d))
		if want == "" && bad == nil || want != "" && (bad != nil || got != want) {
			t.Errorf("%s: %s, %v, want %s", text, got, bad, want)
		}
	}
	ten := numeric.Decimal{Coef: numeric.Int128FromInt64(995), Scale: 2} // 9.95
	for _, tt := range []struct {
		d         numeric.Decimal
		precision int16
		scale     int16
		want      string
	}{
		{ten, 2, 1, "10.0!"},
		{ten, 3, 1, "10.0"},
		{ten, 3, 2, "9.95"},
		{ten, 38, 37, "9.95" + strings.Repeat("0", 35)},
		{ten, 38, 38, "!"},
		{numeric.NaN(), 3, 1, "NaN"},
		{numeric.Inf(1), 3, 1, "!"},
		{numeric.Inf(-1), 0, 0, "-Infinity"},
		{numeric.Decimal{Scale: 5}, 2, 2, "0.00"},
	} {
		got, bad := codec.FitDecimal(tt.d, schema.NumericOf(tt.precision, tt.scale))
		if text := string(codec.AppendDecimal(nil, got)); strings.HasSuffix(tt.want, "!") != (bad != nil) || bad == nil && text != tt.want {
			t.Errorf("%s into NUMERIC(%d,%d): %s, %v, want %s", tt.d, tt.precision, tt.scale, text, bad, tt.want)
		}
	}
}

// TestShortFloatsAreTheNearest compares the fast way with strconv's.
func TestShortFloatsAreTheNearest(t *testing.T) {
	c := batch.NewColumn(&batch.Pool{}, schema.Of(schema.Float64))
	c.Reset(1)
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`-?[0-9]{0,9}(\.[0-9]{0,9})?`).Draw(t, "number")
		want, err := strconv.ParseFloat(text, 64)
		bad := codec.SetText(c, 0, []byte(text))
		if (bad == nil) != (err == nil) || bad == nil && math.Float64bits(c.Float64s()[0]) != math.Float64bits(want) {
			t.Fatalf("%q: %v, %v; want %v, %v", text, c.Float64s()[0], bad, want, err)
		}
	})
}

func TestConditions(t *testing.T) {
	for op, want := range map[codec.CompareOp][3]bool{
		codec.Equal: {false, true, false}, codec.NotEqual: {true, false, true}, codec.Less: {true, false, false},
		codec.LessEqual: {true, true, false}, codec.Greater: {false, false, true}, codec.GreaterEqual: {false, true, true},
	} {
		if got := [3]bool{op.Holds(-1), op.Holds(0), op.Holds(1)}; got != want {
			t.Errorf("comparison %d: %v, want %v", op, got, want)
		}
	}
	if n := (codec.Need{Read: true, Members: []codec.Need{}}); !(codec.Need{Read: true}).All() || n.All() || (codec.Need{}).All() {
		t.Error("All")
	}
}
