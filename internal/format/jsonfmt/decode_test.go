package jsonfmt

import (
	"strings"
	"testing"

	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sqlstate"
)

// decodeAll reads data with options and spec and returns the rows, encoded again, and the rejects.
func decodeAll(t testing.TB, options Options, spec codec.DecodeSpec, block *codec.Block) (string, []codec.Reject) {
	t.Helper()
	f, err := New(options)
	if err != nil {
		t.Fatal(err)
	}
	spec.Pool = &batch.Pool{}
	d, err := f.NewDecoder(spec)
	if err != nil {
		t.Fatal(err)
	}
	e, err := f.NewEncoder(codec.EncodeSpec{Schema: spec.Schema, Changelog: options.Changelog})
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Begin(block); err != nil {
		t.Fatal(err)
	}
	var text []byte
	var ends []int
	var rejects []codec.Reject
	records, rows, filtered := 0, 0, 0
	for more := true; more; {
		out, res, err := d.Decode()
		if err != nil {
			t.Fatal(err)
		}
		text, ends, _ = e.Encode(text, ends, out)
		rejects = append(rejects, res.Rejects...)
		records += res.Records
		filtered += res.Filtered
		rows += out.Len
		more = res.More
	}
	if records != rows+filtered+len(rejects) || rows != len(ends) {
		t.Errorf("%d records, but %d rows, %d filtered, %d rejected", records, rows, filtered, len(rejects))
	}
	return string(text), rejects
}

func column(typ schema.Type) *schema.Schema { return schema.New(schema.Field{Name: "v", Type: typ}) }

// TestValues says for each type which JSON values it takes and what comes out again, or with which error it refuses.
func TestValues(t *testing.T) {
	bigint, text := schema.Of(schema.Int64), schema.Of(schema.Text)
	row := schema.RowOf(schema.Field{Name: "a", Type: bigint}, schema.Field{Name: "b", Type: text})
	tests := []struct {
		typ  schema.Type
		in   string
		want string        // the value as it is written again
		code sqlstate.Code // or the error
		part string        // of its message
	}{
		{typ: bigint, in: `1`, want: `1`},
		{typ: bigint, in: `-12345678`, want: `-12345678`},
		{typ: bigint, in: `123456789012345`, want: `123456789012345`},
		{typ: bigint, in: `-9223372036854775808`, want: `-9223372036854775808`},
		{typ: bigint, in: `9223372036854775808`, code: "22003", part: "out of range for type bigint"},
		{typ: bigint, in: `1.0`, want: `1`},
		{typ: bigint, in: `1e3`, want: `1000`},
		{typ: bigint, in: `12.5e1`, want: `125`},
		{typ: bigint, in: `1e400`, code: "22003"},
		{typ: bigint, in: `1.5`, code: "22P02", part: `invalid input syntax for type bigint: "1.5"`},
		{typ: bigint, in: `01`, code: "22P02", part: "json"},
		{typ: bigint, in: `-`, code: "22P02", part: "json"},
		{typ: bigint, in: `"5"`, code: "22P02"},
		{typ: bigint, in: `true`, code: "22P02"},
		{typ: bigint, in: `{}`, code: "22P02"},
		{typ: bigint, in: `null`, want: `null`},
		{typ: bigint, in: `nul`, code: "22P02", part: "json"},
		{typ: schema.Of(schema.Int32), in: `2147483647`, want: `2147483647`},
		{typ: schema.Of(schema.Int32), in: `2147483648`, code: "22003", part: "integer"},
		{typ: schema.Of(schema.Int16), in: `-32768`, want: `-32768`},
		{typ: schema.Of(schema.Int16), in: `32768`, code: "22003", part: "smallint"},
		{typ: schema.Of(schema.Float64), in: `0.1`, want: `0.1`},
		{typ: schema.Of(schema.Float64), in: `-0`, want: `-0`},
		{typ: schema.Of(schema.Float64), in: `1e15`, want: `1e+15`},
		{typ: schema.Of(schema.Float64), in: `123456789.123456789012`, want: `123456789.12345679`},
		{typ: schema.Of(schema.Float64), in: `"NaN"`, want: `"NaN"`},
		{typ: schema.Of(schema.Float64), in: `"-Infinity"`, want: `"-Infinity"`},
		{typ: schema.Of(schema.Float64), in: `1e400`, code: "22003"},
		{typ: schema.Of(schema.Float64), in: `1e-400`, code: "22003"},
		{typ: schema.Of(schema.Float32), in: `1e6`, want: `1e+06`},
		{typ: schema.Of(schema.Numeric), in: `1.50`, want: `1.50`},
		{typ: schema.Of(schema.Numeric), in: `-0.000001`, want: `-0.000001`},
		{typ: schema.Of(schema.Numeric), in: `12345678901234567890123456789012345678`, want: `12345678901234567890123456789012345678`},
		{typ: schema.Of(schema.Numeric), in: `123456789012345678901234567890123456789`, code: "22003"},
		{typ: schema.NumericOf(5, 2), in: `1.005`, want: `1.01`},
		{typ: schema.NumericOf(5, 2), in: `1000`, code: "22003", part: "numeric field overflow"},
		{typ: schema.Of(schema.Bool), in: `true`, want: `true`},
		{typ: schema.Of(schema.Bool), in: `1`, code: "22P02"},
		{typ: text, in: `"a"`, want: `"a"`},
		{typ: text, in: `"a\u00e9\ud83d\ude00\n\"\\\/"`, want: `"aé😀\n\"\\/"`},
		{typ: text, in: `"ein längerer Text mit Umläuten"`, want: `"ein längerer Text mit Umläuten"`},
		{typ: text, in: `1.50`, want: `"1.50"`},
		{typ: text, in: `true`, want: `"true"`},
		{typ: text, in: `{"x": [1,2]}`, want: `"{\"x\": [1,2]}"`},
		{typ: text, in: `"\u0000"`, code: "22P05"},
		{typ: text, in: `"\ud800"`, code: "22P02"},
		{typ: text, in: `"\ude00\ud83d"`, code: "22P02"},
		{typ: text, in: `"\x"`, code: "22P02"},
		{typ: text, in: "\"a\xffb\"", code: "22021", part: "0xff"},
		{typ: text, in: "\"a\x00b\"", code: "22P02"},
		{typ: text, in: "\"a\tb\"", code: "22P02"},
		{typ: text, in: `"abc`, code: "22P02"},
		{typ: text, in: `"abc\`, code: "22P02"},
		{typ: schema.VarcharOf(3), in: `"äbc"`, want: `"äbc"`},
		{typ: schema.VarcharOf(3), in: `"abc  "`, want: `"abc"`},
		{typ: schema.VarcharOf(3), in: `"abcd"`, code: "22001", part: "character varying(3)"},
		{typ: schema.Of(schema.Bytes), in: `"\\x00ff"`, want: `"\\x00ff"`},
		{typ: schema.Of(schema.Bytes), in: `"\\x0"`, code: "22023"},
		{typ: schema.Of(schema.Date), in: `"2024-02-29"`, want: `"2024-02-29"`},
		{typ: schema.Of(schema.Date), in: `"2023-02-29"`, code: "22008"},
		{typ: schema.Of(schema.Time), in: `"04:05:06.789"`, want: `"04:05:06.789"`},
		{typ: schema.Of(schema.Timestamp), in: `"2015-07-15 00:00:00.000100"`, want: `"2015-07-15T00:00:00.0001"`},
		{typ: schema.Of(schema.Timestamp), in: `"2015-07-15T02:00:00+02:00"`, want: `"2015-07-15T00:00:00"`},
		{typ: schema.Of(schema.Timestamp), in: `1436918400`, code: "22P02"},
		{typ: schema.Of(schema.TimestampTZ), in: `"2015-07-15T02:00:00+02"`, want: `"2015-07-15T00:00:00+00:00"`},
		{typ: schema.Of(schema.Interval), in: `"1 day 02:00:00"`, want: `"1 day 02:00:00"`},
		{typ: schema.Of(schema.UUID), in: `"A0EEBC99-9c0b-4ef8-bb6d-6bb9bd380a11"`, want: `"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"`},
		{typ: schema.Of(schema.UUID), in: `"a0"`, code: "22P02", part: "uuid"},
		{typ: schema.Of(schema.JSONB), in: `{"bb":1,"a":[ 1.0 , {"z":null} ],"a":2}`, want: `{"a": 2, "bb": 1}`},
		{typ: schema.Of(schema.JSONB), in: `"\u0041"`, want: `"A"`},
		{typ: schema.Of(schema.JSONB), in: `[1,]`, code: "22P02"},
		{typ: schema.ArrayOf(bigint), in: `[1, 2 ,null]`, want: `[1,2,null]`},
		{typ: schema.ArrayOf(bigint), in: `[]`, want: `[]`},
		{typ: schema.ArrayOf(bigint), in: `[1`, code: "22P02"},
		{typ: schema.ArrayOf(schema.ArrayOf(text)), in: `[["a"],[],null]`, want: `[["a"],[],null]`},
		{typ: schema.ArrayOf(row), in: `[{"a":1},{"b":"x"}]`, want: `[{"a":1,"b":null},{"a":null,"b":"x"}]`},
		{typ: row, in: `{"b":"x","zz":[{}],"a":1}`, want: `{"a":1,"b":"x"}`},
		{typ: row, in: `{}`, want: `{"a":null,"b":null}`},
		{typ: row, in: `{"a":1,}`, code: "22P02"},
		{typ: row, in: `5`, code: "22P02"},
	}
	for _, c := range tests {
		t.Run(c.typ.String()+" "+c.in, func(t *testing.T) {
			// The rows around must come through whatever happens to the one between them.
			data := "{\"v\":null}\n{\"v\":" + c.in + "}\n{\"v\":null}\n"
			got, rejects := decodeAll(t, Options{}, codec.DecodeSpec{Schema: column(c.typ)}, paddedBlock([]byte(data)))
			if c.code != "" {
				if len(rejects) != 1 || rejects[0].Err.Code != c.code || !strings.Contains(rejects[0].Err.Message, c.part) || rejects[0].Record != 1 {
					t.Errorf("rejects %+v, want record 1 with %s %s", rejects, c.code, c.part)
				}
				if got != "{\"v\":null}\n{\"v\":null}\n" {
					t.Errorf("neighbours became %s", got)
				}
				return
			}
			if len(rejects) > 0 {
				t.Fatalf("rejected: %v", rejects[0].Err)
			}
			if want := "{\"v\":null}\n{\"v\":" + c.want + "}\n{\"v\":null}\n"; got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		})
	}
}

// TestRecords is about rows as a whole.
func TestRecords(t *testing.T) {
	ab := schema.New(schema.Field{Name: "a", Type: schema.Of(schema.Int64)}, schema.Field{Name: "B", Type: schema.Of(schema.Text), NotNull: true})
	tests := []struct{ name, in, want, bad string }{
		{name: "member order", in: `{"B":"x","a":1}`, want: `{"a":1,"B":"x"}`},
		{name: "blanks", in: " { \"B\" : \"x\" , \"a\" : 1 } \r", want: `{"a":1,"B":"x"}`},
		{name: "case ignored", in: `{"A":1,"b":"x"}`, want: `{"a":1,"B":"x"}`},
		{name: "exact name wins", in: `{"a":1,"A":2,"B":"x"}`, want: `{"a":1,"B":"x"}`},
		{name: "exact name wins, later", in: `{"A":2,"a":1,"B":"x"}`, want: `{"a":1,"B":"x"}`},
		{name: "escaped name", in: `{"\u0061":1,"B":"x"}`, want: `{"a":1,"B":"x"}`},
		{name: "last duplicate", in: `{"a":null,"a":1,"a":2,"B":"x"}`, want: `{"a":2,"B":"x"}`},
		{name: "last duplicate null", in: `{"a":1,"a":null,"B":"x"}`, want: `{"a":null,"B":"x"}`},
		{name: "extra members", in: `{"B":"x","extra":{"deep":[1,"]",{"q":"\"}"}]},"a":1}`, want: `{"a":1,"B":"x"}`},
		{name: "missing not null", in: `{"a":1}`, bad: "23502"},
		{name: "null in not null", in: `{"a":1,"B":null}`, bad: "23502"},
		{name: "empty object", in: `{}`, bad: "23502"},
		{name: "no object", in: `[1]`, bad: "22P02"},
		{name: "two objects", in: `{"B":"x"}{"B":"y"}`, bad: "22P02"},
		{name: "trailing comma", in: `{"B":"x",}`, bad: "22P02"},
		{name: "cut off", in: `{"B":"x"`, bad: "22P02"},
		{name: "wrong extra member", in: `{"B":"x","e":[1}}`, bad: "22P02"},
		{name: "wrong extra number", in: `{"B":"x","e":-}`, bad: "22P02"},
		{name: "too deep", in: `{"B":"x","e":` + strings.Repeat("[", 600) + strings.Repeat("]", 600) + `}`, bad: "54001"},
	}
	for _, c := range tests {
		t.Run(c.name, func(t *testing.T) {
			const good = `{"a":7,"B":"good row before and after"}` + "\n"
			got, rejects := decodeAll(t, Options{}, codec.DecodeSpec{Schema: ab}, paddedBlock([]byte(good+c.in+"\n\n"+good)))
			if c.bad != "" {
				if len(rejects) != 1 || string(rejects[0].Err.Code) != c.bad {
					t.Fatalf("rejects %+v, want %s", rejects, c.bad)
				}
				if rejects[0].Start != len(good) || rejects[0].End != len(good)+len(c.in) {
					t.Errorf("record at %d to %d", rejects[0].Start, rejects[0].End)
				}
				if got != good+good {
					t.Errorf("got %s", got)
				}
				return
			}
			if len(rejects) > 0 {
				t.Fatal(rejects[0].Err)
			}
			if got != good+c.want+"\n"+good {
				t.Errorf("got %s", got)
			}
		})
	}
}

func TestAmbiguousMember(t *testing.T) {
	s := schema.New(schema.Field{Name: "ab", Type: schema.Of(schema.Int64)}, schema.Field{Name: "AB", Type: schema.Of(schema.Int64)})
	got, rejects := decodeAll(t, Options{}, codec.DecodeSpec{Schema: s}, paddedBlock([]byte("{\"ab\":1,\"AB\":2}\n{\"Ab\":1}\n")))
	if got != "{\"ab\":1,\"AB\":2}\n" || len(rejects) != 1 || rejects[0].Err.Code != sqlstate.AmbiguousColumn {
		t.Errorf("got %s, rejects %+v", got, rejects)
	}
}

func TestOptions(t *testing.T) {
	tests := []struct {
		name    string
		options Options
		typ     schema.Type
		in      string
		want    string
	}{
		{"seconds", Options{Epoch: "s"}, schema.Of(schema.Timestamp), `1436918400.5`, `"2015-07-15T00:00:00.5"`},
		{"milliseconds", Options{Epoch: "ms"}, schema.Of(schema.TimestampTZ), `1436918400001`, `"2015-07-15T00:00:00.001+00:00"`},
		{"microseconds", Options{Epoch: "us"}, schema.Of(schema.Timestamp), `-1`, `"1969-12-31T23:59:59.999999"`},
		{"quoted integer", Options{Coerce: true}, schema.Of(schema.Int64), `"5"`, `5`},
		{"quoted boolean", Options{Coerce: true}, schema.Of(schema.Bool), `"yes"`, `true`},
		{"quoted float", Options{Coerce: true}, schema.Of(schema.Float64), `"2.5"`, `2.5`},
		{"quoted numeric", Options{Coerce: true}, schema.Of(schema.Numeric), `"2.50"`, `2.50`},
	}
	for _, c := range tests {
		t.Run(c.name, func(t *testing.T) {
			got, rejects := decodeAll(t, c.options, codec.DecodeSpec{Schema: column(c.typ)}, paddedBlock([]byte(`{"v":`+c.in+"}\n")))
			if len(rejects) > 0 || got != `{"v":`+c.want+"}\n" {
				t.Errorf("got %s, rejects %+v", got, rejects)
			}
		})
	}
	if _, err := New(Options{Epoch: "days"}); err == nil {
		t.Error("an unknown unit was taken")
	}
}

func TestChangelogIsReadBack(t *testing.T) {
	in := "{\"op\":\"+I\",\"v\":1}\n{\"op\":\"-U\",\"v\":1}\n{\"op\":\"+U\",\"v\":2}\n{\"op\":\"-D\",\"v\":2}\n"
	got, rejects := decodeAll(t, Options{Changelog: true}, codec.DecodeSpec{Schema: column(schema.Of(schema.Int64))}, paddedBlock([]byte(in+"{\"op\":\"?\"}\n{}\n")))
	if got != in || len(rejects) != 2 {
		t.Errorf("got %s, rejects %+v", got, rejects)
	}
	f, _ := New(Options{})
	if _, err := f.NewEncoder(codec.EncodeSpec{Schema: schema.New(schema.Field{Name: "op"}), Changelog: true}); err == nil {
		t.Error("a column named op was taken beside the kind of change")
	}
}

func TestManyMembers(t *testing.T) {
	s := &schema.Schema{}
	var in, want strings.Builder
	for i := range 150 {
		name := "c" + strings.Repeat("x", i)
		s.Fields = append(s.Fields, schema.Field{Name: name, Type: schema.Of(schema.Int64)})
		sep := ","
		if i == 0 {
			sep = "{"
		}
		want.WriteString(sep + `"` + name + `":`)
		if i%3 == 0 {
			want.WriteString("null")
			continue
		}
		want.WriteString("5")
		if in.Len() > 0 {
			in.WriteByte(',')
		}
		in.WriteString(`"` + name + `":4,"` + name + `":5`)
	}
	got, rejects := decodeAll(t, Options{}, codec.DecodeSpec{Schema: s}, paddedBlock([]byte("{"+in.String()+"}\n")))
	if len(rejects) > 0 || got != want.String()+"}\n" {
		t.Errorf("got %s, rejects %+v", got, rejects)
	}
}

func decodeSpec(s *schema.Schema) codec.DecodeSpec {
	return codec.DecodeSpec{Schema: s, Pool: &batch.Pool{}}
}

func encodeSpec(s *schema.Schema) codec.EncodeSpec { return codec.EncodeSpec{Schema: s} }
