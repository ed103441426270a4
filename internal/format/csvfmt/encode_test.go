package csvfmt

import (
	"strings"
	"testing"

	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sdktest"
)

// TestValuesAreInQuotesOnlyWhereTheyMustBe says how text is written; what is written reads back, as the conformance suite shows.
func TestValuesAreInQuotesOnlyWhereTheyMustBe(t *testing.T) {
	for _, tt := range []struct {
		options Options
		values  []string
		want    string
	}{
		{
			Options{},
			[]string{"plain", "", "a,b", `a"b`, "a\nb", "a\rb", " a ", "é", "#a", "NULL", "longer than eight bytes"},
			`plain|""|"a,b"|"a""b"|"a` + "\nb\"|\"a\rb\"" + `| a |é|#a|NULL|longer than eight bytes`,
		},
		{
			Options{Null: "NULL", Comment: "#", Trim: true, Delimiter: ";"},
			[]string{"#a", "a#", "NULL", "a,b", " a", "a\t", "a;b", "x;at the end;"},
			`"#a"|a#|"NULL"|a,b|" a"|"a` + "\t" + `"|"a;b"|"x;at the end;"`,
		},
		{Options{Escape: "backslash"}, []string{`a"b\`, `a\b`, `,\`}, `"a\"b\\"|a\b|",\\"`},
		{Options{Delimiter: `\t`, Quote: "'"}, []string{"a\tb", "it's", `a"b`}, "'a\tb'|'it''s'|a\"b"},
		{Options{}, []string{"\ufeffa"}, "\"\ufeffa\""},
		{Options{}, []string{`\.`, `\.x`}, `"\."|\.x`},
	} {
		e, err := newFormat(t, tt.options).NewEncoder(codec.EncodeSpec{Schema: columns("v")})
		if err != nil {
			t.Fatal(err)
		}
		text, ends, bad := e.Encode(nil, nil, sdktest.TextBatch(tt.values...))
		if len(bad) > 0 || len(ends) != len(tt.values) {
			t.Fatalf("%d of %d rows, errors %v", len(ends), len(tt.values), bad)
		}
		var got []string
		start := 0
		for _, end := range ends {
			got = append(got, string(text[start:end-1]))
			start = end
		}
		if strings.Join(got, "|") != tt.want {
			t.Errorf("%+v: %s, want %s", tt.options, strings.Join(got, "|"), tt.want)
		}
	}
}

// TestEverythingHasAText: arrays, rows and JSON are written as PostgreSQL writes them; a column that nothing filled is NULL.
func TestEverythingHasAText(t *testing.T) {
	pool := &batch.Pool{}
	numbers := batch.NewColumn(pool, schema.ArrayOf(schema.Of(schema.Int64)))
	numbers.Reset(1)
	numbers.Child(0).Resize(2)
	copy(numbers.Child(0).Int64s(), []int64{1, 2})
	numbers.Offsets()[1] = 2
	json := batch.NewColumn(pool, schema.Of(schema.JSONB))
	json.Reset(1)
	json.SetBytes(0, []byte(`{"a": 1}`))
	when := batch.NewColumn(pool, schema.Of(schema.Timestamp))
	when.Reset(1)
	when.Int64s()[0] = 1500000
	s := schema.New(schema.Field{Name: "n", Type: numbers.Type()}, schema.Field{Name: "j,k", Type: json.Type()},
		schema.Field{Name: "t", Type: when.Type()}, schema.Field{Name: "u", Type: schema.Of(schema.Text)})
	e, err := newFormat(t, Options{Header: true, Null: "-"}).NewEncoder(codec.EncodeSpec{Schema: s, Changelog: true})
	if err != nil {
		t.Fatal(err)
	}
	text := e.(codec.Header).AppendHeader(nil)
	text, _, _ = e.Encode(text, nil, &batch.Batch{Cols: []*batch.Column{numbers, json, when, nil}, Len: 1, Kinds: []batch.Change{batch.Delete}})
	if want := "op,n,\"j,k\",t,u\n-D,\"{1,2}\",\"{\"\"a\"\": 1}\",1970-01-01 00:00:01.5,-\n"; string(text) != want {
		t.Errorf("%s want %s", text, want)
	}
	if e, _ = newFormat(t, Options{}).NewEncoder(codec.EncodeSpec{Schema: s}); len(e.(codec.Header).AppendHeader(nil)) > 0 {
		t.Error("a header where files have none")
	}
}

func TestRowsThatCannotBeWritten(t *testing.T) {
	e, err := newFormat(t, Options{Quote: "none"}).NewEncoder(codec.EncodeSpec{Schema: columns("v")})
	if err != nil {
		t.Fatal(err)
	}
	text, ends, bad := e.Encode([]byte("before\n"), nil, sdktest.TextBatch("a", "b,c", `d"`, ""))
	if string(text) != "before\na\nd\"\n" || len(ends) != 2 || len(bad) != 2 || bad[0].Row != 1 || bad[1].Row != 3 {
		t.Errorf("%q, %v, %+v", text, ends, bad)
	}
	if _, err := newFormat(t, Options{}).NewEncoder(codec.EncodeSpec{Schema: columns("op"), Changelog: true}); err == nil || !strings.Contains(err.Error(), "op_field") {
		t.Error(err)
	}
}

func TestInfer(t *testing.T) {
	for _, tt := range []struct {
		options Options
		sample  string
		want    string
	}{
		{
			Options{Header: true},
			"id,price,ok,day,at,name,none,mixed\n1,1.5,true,2015-07-15,2015-07-15T01:02:03Z,x,,1\n2,2,false,2015-07-16,2015-07-15 01:02:03,5 x,,b\n",
			"id BIGINT, price DOUBLE PRECISION, ok BOOLEAN, day DATE, at TIMESTAMP, name TEXT, none TEXT, mixed TEXT",
		},
		{Options{}, "1,0.12345678901234567\n2,1\n", "column1 BIGINT, column2 NUMERIC"},
		{Options{Header: true, Changelog: true, Null: "NA"}, "op,n\n+I,1\n-D,NA\n", "n BIGINT"},
		{Options{Changelog: true}, "+I,1\n-D,2\n", "column2 BIGINT"},
		{Options{}, "12345678901234567890,\"\"\n1,\"\"\n", "column1 NUMERIC, column2 TEXT"},
		{Options{}, "2015-07-15,NaN\n2015-07-15 00:00:00,1\n", "column1 TIMESTAMP, column2 TEXT"},
	} {
		inferrer := newFormat(t, tt.options).(codec.Inferrer)
		s, err := inferrer.Infer([]byte(tt.sample))
		if err != nil {
			t.Fatal(err)
		}
		if s.String() != tt.want {
			t.Errorf("%q: %s, want %s", tt.sample, s, tt.want)
		}
	}
	for _, sample := range []string{"", "a,b\n", "a,\"b\n", "\xff,a\n1,2\n"} {
		if s, err := newFormat(t, Options{Header: true}).(codec.Inferrer).Infer([]byte(sample)); err == nil {
			t.Errorf("%q: %s", sample, s)
		}
	}
}
