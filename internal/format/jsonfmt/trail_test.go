package jsonfmt

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/schema"
)

// trailSpec keeps rows whose kind is 1 or 2, and wants the event time of all.
func trailSpec() codec.DecodeSpec {
	inner := schema.RowOf(field("n", schema.Int64), field("t", schema.Timestamp), field("text", schema.Text))
	return codec.DecodeSpec{
		Schema: schema.New(field("kind", schema.Int32), field("a", schema.Int64), schema.Field{Name: "in", Type: inner}, field("t", schema.Timestamp)),
		Need:   []codec.Need{{Read: true}, {Read: true}, {Read: true, Members: []codec.Need{{Read: true}, {Read: true}, {}}}, {}},
		Filter: []codec.Condition{{Column: 0, Op: codec.LessEqual, Int: 2}, {Column: 0, Op: codec.GreaterEqual, Int: 1}},
		Times:  [][]int{{2, 1}, {3}},
		Pool:   &batch.Pool{},
	}
}

func trailDecoder(t interface{ Fatal(args ...any) }) *decoder {
	f, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	d, err := f.NewDecoder(trailSpec())
	if err != nil {
		t.Fatal(err)
	}
	return d.(*decoder)
}

// outcome is all that a decoder says of a line.
func outcome(t interface{ Fatal(args ...any) }, d *decoder, line string) string {
	if err := d.Begin(paddedBlock([]byte(line + "\n"))); err != nil {
		t.Fatal(err)
	}
	out, res, err := d.Decode()
	if err != nil || res.More {
		t.Fatal(res, err)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%d records, %d filtered, top %d", res.Records, res.Filtered, res.Top)
	for _, r := range res.Rejects {
		fmt.Fprintf(&b, ", %d to %d of %d: %s %s", r.Start, r.End, r.Record, r.Column, r.Err)
	}
	for row := range out.Len {
		fmt.Fprintf(&b, ", kind %d, a %s", out.Cols[0].Int32s()[row], numberAt(out.Cols[1], row))
		in := out.Cols[2]
		if fmt.Fprintf(&b, ", in %t", in.IsNull(row)); !in.IsNull(row) {
			fmt.Fprintf(&b, " %s %t", numberAt(in.Child(0), row), in.Child(1).IsNull(row))
		}
	}
	return b.String()
}

// numberAt is a BIGINT as text: what stands where a column is NULL means nothing.
func numberAt(column *batch.Column, row int) string {
	if column.IsNull(row) {
		return "null"
	}
	return strconv.FormatInt(column.Int64s()[row], 10)
}

// sameAlongTrails compares one decoder of all lines with a fresh one for each, which has no trail yet, and has met no key that matches only when case is ignored, after
// which there are none.
func sameAlongTrails(t interface {
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}, lines []string,
) {
	d := trailDecoder(t)
	for k, line := range lines {
		if got, want := outcome(t, d, line), outcome(t, trailDecoder(t), line); got != want {
			t.Fatalf("line %d, %s:\n%s, without a trail:\n%s", k, line, got, want)
		}
		if d.trails.n > 0 && (d.root.careful || d.root.byField[2].object.careful) {
			t.Fatal("there are trails")
		}
	}
}

// TestRowsAlongATrailAreDroppedAsOthers whatever their values are.
func TestRowsAlongATrailAreDroppedAsOthers(t *testing.T) {
	stamp := `"2015-07-15 00:00:01.000000"`
	tests := []struct {
		name, form string
		values     []string
	}{
		{"a number", `{"kind":7,"x":%s,"t":` + stamp + `}`, []string{"1", "12345678", "123456789012345678", "0", "-5", "1.25", "-0.5", "01", "1.", "1e5", "1.5e3", "--1", "", `"a"`, "true", "nul", "1 ", " 1", "1x"}},
		{"a text", `{"kind":7,"x":"%s","t":` + stamp + `}`, []string{"", "a", strings.Repeat("long ", 40), `\"`, `\\`, `\u0041`, `\x`, "ä€", "a\tb", `"`, `","t":null,"y":"`, `","kind":"1`, `","kind":1,"y":"`, "\x00", "\xff"}},
		{"a word", `{"kind":7,"x":%s,"t":` + stamp + `}`, []string{"true", "false", "null", "falsy", "truest", "nul", "1", "TRUE", "{}"}},
		{"the event time", `{"kind":7,"t":%s}`, []string{stamp, `"2015-07-15 00:00:59.999999"`, `"2015-07-15T00:01:02.000001"`, `"2015-07-15 00:00:03"`, "null", `"infinity"`, `"2015-07-15 00:00:60.000000"`, `"2015-02-30 00:00:06.000000"`, "7", stamp + `,"t":null`}},
		{"a nested event time", `{"kind":7,"in":{"text":"a","t":%s,"n":7},"x":{"y":1}}`, []string{stamp, `"2015-07-15 00:00:59.999999"`, "null", `"soon"`, stamp + `,"t":` + stamp}},
		{"a nested event time that comes twice", `{"kind":7,"in":{"t":` + stamp + `}%s}`, []string{"", `,"in":{}`, `,"in":{"n":1}`, `,"in":null`, `,"in":{"t":null}`, `,"in":{"t":` + stamp + `}`}},
		{"what the filter tests", `{"kind":%s,"a":5,"t":` + stamp + `}`, []string{"7", "0", "9", "1", "2", "71", "7.0", "-7", "null", `"7"`, "07", "7 ", "", "true"}},
		{"an end", `{"kind":7,"x":1,"t":` + stamp + `%s`, []string{"}", "}}", "} ", "}\r", "", "]", "},", `,"x":1}`, `,"kind":1}`, `,"KIND":1}`, `,"T":` + stamp + `}`}},
		{"blanks", `{ "kind" : 7 , "x" : { "y" : %s , "z" : { } } , "t" : ` + stamp + ` }`, []string{"1", "2.5", "1 ", "null", "3}"}},
		{"something before", `{"a":%s,"kind":7,"in":{"n":1,"t":` + stamp + `,"text":""}}`, []string{"5", "null", "8", `"x"`, `1,"in":{"t":` + stamp + `}`}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			usual := fmt.Sprintf(test.form, test.values[0])
			d := trailDecoder(t)
			if outcome(t, d, usual); d.trails.n != 1 {
				t.Errorf("no trail along %s", usual)
			}
			for _, value := range test.values {
				odd := fmt.Sprintf(test.form, value)
				sameAlongTrails(t, []string{usual, usual, odd, usual, odd, odd, usual})
				sameAlongTrails(t, []string{odd, odd, usual, odd})
			}
		})
	}
}

// TestTrailsThatDoNotPayAreGivenUp: most rows stray.
func TestTrailsThatDoNotPayAreGivenUp(t *testing.T) {
	d := trailDecoder(t)
	usual, odd := `{"kind":7,"x":1,"y":2}`, `{"kind":7,"x":1,"z":2}`
	outcome(t, d, usual)
	if d.trails.n != 1 {
		t.Fatal("no trail")
	}
	d.trails.wait = 1000 // no other one is blazed meanwhile
	for range 100 {
		outcome(t, d, odd)
	}
	if d.trails.n != 0 {
		t.Error("the trail is still there")
	}
}

// TestSeveralTrails: rows of several kinds are dropped.
func TestSeveralTrails(t *testing.T) {
	d := trailDecoder(t)
	for range 200 {
		for _, name := range []string{"b", "c", "d", "e", "f"} {
			if got := outcome(t, d, `{"kind":7,"`+name+`":1}`); !strings.Contains(got, "1 filtered") {
				t.Fatal(got)
			}
		}
	}
	if d.trails.n != len(d.trails.known) {
		t.Errorf("%d trails", d.trails.n)
	}
}

// TestTrailsOfAnyRows draws rows that are nearly alike.
func TestTrailsOfAnyRows(t *testing.T) {
	values := []string{
		"1", "22", "123456789", "0", "-7", "1.5", "1e3", "true", "false", "null", `"text"`, `""`, `"\"q\""`, `"ä"`, `"2015-07-15 00:00:01.000000"`, `"2015-07-15T10:00:01.500000"`,
		`{}`, `{"n":1}`, `{"t":"2015-07-15 00:00:04.000000"}`, `{"T":"2015-07-15 00:00:06.000000","n":3}`, `{"N":null,"t":null}`, `{"n":"","t":"2015-07-15 00:00:07.000000"}`, `{"n":2,"t":"2015-07-15 00:00:05.000000","text":"x"}`, `[1,2]`, `[]`, "tru", `"open`, "",
	}
	rapid.Check(t, func(t *rapid.T) {
		keys := rapid.SliceOfN(rapid.SampledFrom([]string{"a", "in", "t", "x", "a key of more than sixteen bytes", "kind", "T", "IN", "A", "KIND"}), 1, 5).Draw(t, "keys")
		usual := make([]string, len(keys))
		for k := range keys {
			usual[k] = rapid.SampledFrom(values).Draw(t, "value")
		}
		var lines []string
		for range rapid.IntRange(2, 12).Draw(t, "lines") {
			kind := rapid.SampledFrom([]string{"7", "7", "7", "8", "1", "77", "null"}).Draw(t, "kind")
			line := `{"kind":` + kind
			for k, key := range keys {
				value := usual[k]
				if rapid.IntRange(0, 5).Draw(t, "odd") == 0 {
					value = rapid.SampledFrom(values).Draw(t, "value")
				}
				line += `,"` + key + `":` + value
			}
			lines = append(lines, line+"}")
		}
		sameAlongTrails(t, lines)
	})
}

// FuzzTrail changes a row of which there is a trail.
func FuzzTrail(f *testing.F) {
	usual := `{"kind":7,"x":12,"in":{"text":"a text of some length","t":"2015-07-15 00:00:01.000000","n":7},"a":1.5,"w":true}`
	for k := range len(usual) {
		f.Add(k, 1, "")
		f.Add(k, 1, `"`)
		f.Add(k, 0, "1")
	}
	f.Fuzz(func(t *testing.T, from, size int, put string) {
		if from < 0 || size < 0 || from > len(usual) || size > len(usual)-from || strings.Contains(put, "\n") {
			return
		}
		odd := usual[:from] + put + usual[from+size:]
		sameAlongTrails(t, []string{usual, usual, odd, odd, usual})
	})
}
