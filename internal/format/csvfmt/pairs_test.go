package csvfmt

import (
	"slices"
	"testing"
)

// TestUpdatesStayTogether: whatever the size of blocks, an update whose halves follow each other is one; a half that is alone is not.
func TestUpdatesStayTogether(t *testing.T) {
	for _, tt := range []struct {
		name    string
		options Options
		file    string
		want    []string
		rejects int
	}{
		{"by the header", Options{Header: true}, "a,op\nx,+I\nx,-U\ny,+U\ny,-U\nz,+U\n", []string{`+I "x"`, `-U "x"`, `+U "y"`, `-U "y"`, `+U "z"`}, 0},
		{"by the header, in any order", Options{Header: true, OpField: "b"}, "op,B,a\n-U,+I,x\n-U,-U,x\n-U,+U,y\n", []string{`+I "x"`, `-U "x"`, `+U "y"`}, 0},
		{"text that is none, where nobody reads it", Options{Header: true}, "op,a,b\n-U,x,\xff\n+U,y,\xff\n", []string{`-U "x"`, `+U "y"`}, 0},
		{"by order", Options{}, "\ufeff-U,x\n+U,y\n", []string{`-U "x"`, `+U "y"`}, 0},
		{"in quotes, over lines", Options{}, "-U,\"a\nb\"\r\n+U,\"\n\"\r\n\"-U\",\"\n\"\n\"+U\",\"-U\"\n+I,-U\n-D,-U\n", []string{
			`-U "a\nb"`, `+U "\n"`, `-U "\n"`, `+U "-U"`, `+I "-U"`, `-D "-U"`,
		}, 0},
		{"over blank lines", Options{}, "\n\n-U,x\n\n\r\n\n+U,y\n\n", []string{`-U "x"`, `+U "y"`}, 0},
		{"over comments", Options{Comment: "#", Trim: true}, "#-U,\n -U ,x\n#\"+I,x\n\n+U,y\n# the end", []string{`-U "x"`, `+U "y"`}, 0},
		{"with backslashes", Options{Escape: "backslash"}, "\"-\\U\",x\n\"-U\",\"\\\"\n\"\n+U,y\n", []string{`-U "\"\n"`, `+U "y"`}, 1},
		{"without quotes", Options{Quote: "none", Delimiter: "|"}, "-U|\"\n+U|\"\n", []string{`-U "\""`, `+U "\""`}, 0},
		{"halves alone", Options{}, "-U,x\n-U,y\n+U,z\n+U,x\n-U,z\n", []string{`-D "x"`, `-U "y"`, `+U "z"`, `+I "x"`, `-D "z"`}, 0},
		{"a bad record between", Options{}, "-U,x\n?,x\n+U,y\n-U,y\n+U,\"y\"y\n+U,z\n", []string{`-D "x"`, `+I "y"`, `-D "y"`, `+I "z"`}, 2},
		{"no end of line", Options{}, "-U,x\n+U,y", []string{`-U "x"`, `+U "y"`}, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.options.Changelog = true
			for size := 1; size <= len(tt.file)+1; size++ {
				for lanes := 1; lanes <= 2; lanes++ {
					rows, rejects, err := readFile(t, tt.options, columns("a"), tt.file, size, lanes)
					if err != nil || !slices.Equal(rows, tt.want) || len(rejects) != tt.rejects {
						t.Fatalf("blocks of %d: %q, rejects %q, %v\nwant %q", size, rows, rejects, err, tt.want)
					}
				}
			}
		})
	}
}

// TestNothingWaitsWithoutNeed: a row that is no first half of an update is there at once, though it speaks of one.
func TestNothingWaitsWithoutNeed(t *testing.T) {
	for _, record := range []string{"+I,x-U\n", "+U,\"\n-U\"\n", "-D,U\n", "\n", "+I,x\n\n", "+I,-U\n", "\"-U\"x,y\n"} {
		f, ok := newFormat(t, Options{Changelog: true}).NewFramer().(interface {
			CutPairs(data []byte) (n, held int)
		})
		if !ok {
			t.Fatal("a changelog has no framer of pairs")
		}
		if n, held := f.CutPairs([]byte(record)); n != len(record) || held != 0 {
			t.Errorf("%q: %d bytes go, %d wait", record, n, held)
		}
	}
}
