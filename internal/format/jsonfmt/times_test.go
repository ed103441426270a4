package jsonfmt

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/schema"
)

// timesOf decodes lines and returns, for each row, its column n and what time it was before it in seconds since 1970 (- if there was none), and
// the largest time last.
func timesOf(t *testing.T, spec codec.DecodeSpec, lines ...string) string {
	t.Helper()
	spec.Pool = &batch.Pool{}
	d, err := newFormat(t, Options{}).NewDecoder(spec)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Begin(&codec.Block{Buf: batch.WrapBuffer([]byte(strings.Join(lines, "\n") + "\n"))}); err != nil {
		t.Fatal(err)
	}
	b, res, err := d.Decode()
	if err != nil || res.More {
		t.Fatal(res, err)
	}
	second := func(micros int64) string {
		if micros == math.MinInt64 {
			return "-"
		}
		return fmt.Sprint(micros / 1_000_000)
	}
	var text []string
	for row := range b.Rows() {
		text = append(text, fmt.Sprintf("%d:%s", b.Cols[0].Int64s()[row], second(b.Before[row])))
	}
	return strings.Join(append(text, second(res.Top)), " ")
}

// TestTimesOfHardRows: the last of duplicate members counts, an exact name wins, and what a condition drops still has its time.
func TestTimesOfHardRows(t *testing.T) {
	stamp := schema.Of(schema.Timestamp)
	nested := schema.RowOf(schema.Field{Name: "x", Type: schema.Of(schema.Int64)}, schema.Field{Name: "t", Type: stamp})
	s := schema.New(schema.Field{Name: "n", Type: schema.Of(schema.Int64)}, schema.Field{Name: "t", Type: stamp}, schema.Field{Name: "r", Type: nested},
		schema.Field{Name: "must", Type: stamp, NotNull: true})
	at := func(second int) string { return fmt.Sprintf(`"1970-01-01 00:00:%02d"`, second) }
	paths := [][]int{{1}, {2, 1}}
	tests := []struct {
		name  string
		lines []string
		want  string
	}{
		{"missing and null", []string{`{"n":1,"t":` + at(5) + `}`, `{"n":2}`, `{"n":3,"t":null,"r":null}`, `{"n":4,"t":` + at(9) + `}`}, "1:- 2:5 3:5 4:5 9"},
		{"the first that is not NULL", []string{`{"n":1,"r":{"t":` + at(7) + `}}`, `{"n":2,"t":` + at(8) + `,"r":{"t":` + at(50) + `}}`, `{"n":3}`}, "1:- 2:7 3:8 8"},
		{"dropped before its time", []string{`{"n":-1,"t":` + at(3) + `}`, `{"n":2,"t":` + at(1) + `}`}, "2:3 3"},
		{"dropped, nested", []string{`{"n":-1,"other":[1,{"a":2}],"r":{"x":1,"t":` + at(4) + `,"y":{}}}`, `{"n":2}`}, "2:4 4"},
		{"dropped for want of a member", []string{`{"t":` + at(6) + `}`, `{"n":2}`}, "2:6 6"},
		{"dropped, twice", []string{`{"n":-1,"t":` + at(40) + `,"t":` + at(2) + `}`, `{"n":2}`}, "2:2 2"},
		{"twice, the last is NULL", []string{`{"n":1,"t":` + at(40) + `,"t":null}`, `{"n":2}`}, "1:- 2:- -"},
		{"dropped, twice, the last is NULL", []string{`{"n":-1,"t":` + at(40) + `,"t":null}`, `{"n":2}`}, "2:- -"},
		{"an object twice", []string{`{"n":1,"r":{"t":` + at(40) + `},"r":{"x":1}}`, `{"n":2}`}, "1:- 2:- -"},
		{"dropped, an object twice", []string{`{"n":-1,"r":{"t":` + at(40) + `},"r":{"x":1}}`, `{"n":-2,"r":{"t":` + at(3) + `},"r":null}`, `{"n":2}`}, "2:- -"},
		{
			"dropped, a time of another form", []string{
				`{"n":-1,"r":{"t":"1970-01-01T00:00:04","x":9}}`, `{"n":-2,"r":{ "x" : 12345678901234567, "t" : ` + at(5) + ` } }`, `{"n":2}`,
			}, "2:5 5",
		},
		{"dropped, one key in capitals", []string{`{"n":-1,"r":{"t":` + at(4) + `,"T":` + at(40) + `}}`, `{"n":2}`}, "2:4 4"},
		{"dropped, no time", []string{`{"n":-1,"r":{"t":null}}`, `{"n":-2,"r":{}}`, `{"n":-3,"r":null}`, `{"n":2,"r":{"t":` + at(2) + `}}`, `{"n":3}`}, "2:- 3:2 2"},
		{
			"dropped and wrong", []string{
				`{"n":-1,"r":{"t":7}}`, `{"n":-2,"r":{"t":` + at(7) + ` 1}}`, `{"n":-3,"r":{"t":` + at(7) + `,"x":1e}}`, `{"n":-4,"r":[` + at(7) + `]}`,
				`{"n":-5,"r":{"x":123456789012345678901234567890,"y":1234567890.5,"z":true,"t":` + at(8) + `}}`, `{"n":2}`,
			}, "2:8 8",
		},
		{"the condition's member twice", []string{`{"n":-1,"t":` + at(3) + `,"n":1}`, `{"n":2}`}, "1:- 2:3 3"},
		{"an exact name wins", []string{`{"n":1,"t":` + at(3) + `,"T":` + at(30) + `}`, `{"n":2}`}, "1:- 2:3 3"},
		{"an exact name wins in a dropped row", []string{`{"n":-1,"t":` + at(3) + `,"T":` + at(30) + `}`, `{"n":-1,"R":{"T":` + at(4) + `}}`, `{"n":2}`}, "2:4 4"},
		{"infinite", []string{`{"n":1,"t":"infinity"}`, `{"n":2,"t":"-infinity","r":{"t":` + at(4) + `}}`, `{"n":3}`}, "1:- 2:- 3:- -"},
		{"rejected", []string{`{"n":1,"t":` + at(30) + `}x`, `{"n":-1,"t":"soon"}`, `{"n":2}`}, "2:- -"},
	}
	for _, test := range tests {
		for _, need := range [][]codec.Need{nil, {{Read: true}, {}, {}, {}}, {{Read: true}, {}, {Read: true, Members: []codec.Need{{Read: true}, {}}}, {}}} {
			want := test.want
			lines := test.lines
			if need == nil { // then the row's last column is read, too, and must be there
				lines = nil
				for _, line := range test.lines {
					lines = append(lines, strings.Replace(line, `{`, `{"must":`+at(0)+`,`, 1))
				}
			}
			spec := codec.DecodeSpec{Schema: s, Need: need, Times: paths, Filter: []codec.Condition{{Column: 0, Op: codec.Greater, Int: 0}}}
			if got := timesOf(t, spec, lines...); got != want {
				t.Errorf("%s, need %v: %s, want %s", test.name, need, got, want)
			}
		}
	}
	spec := codec.DecodeSpec{Schema: s, Need: []codec.Need{{Read: true}, {}, {}, {}}, Times: [][]int{{3}}}
	if got := timesOf(t, spec, `{"n":1}`, `{"n":2,"must":null}`, `{"n":3,"must":`+at(7)+`}`); got != "1:- 2:- 3:- 7" {
		t.Errorf("a time that is not needed otherwise: %s", got)
	}
}
