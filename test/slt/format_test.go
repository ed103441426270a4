package slt_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"wire.example/wire/test/slt"
)

func TestParse(t *testing.T) {
	const text = `# A comment.

include tables.inc
hash-threshold 8
skipif wire # numeric-digits
query IT rowsort colnames same
SELECT a,
	b FROM t
----
a	b
1	x

onlyif postgresql
statement error 22012
SELECT 1 / 0
statement ok
CREATE TABLE t (a int)

query nosort
SELECT 1
----

query
SELECT 2;

halt
`
	f, err := slt.Parse("x.slt", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	want := []slt.Record{
		{Kind: slt.Verbatim, Line: 1, Text: "# A comment."},
		{Kind: slt.Verbatim, Line: 2},
		{Kind: slt.Include, Line: 3, Text: "tables.inc"},
		{Kind: slt.Threshold, Line: 4, Number: 8},
		{
			Kind: slt.Query, Line: 5, Conditions: []slt.Condition{{Engine: slt.Wire, Reason: "numeric-digits"}}, SQL: "SELECT a,\n\tb FROM t",
			Types: "IT", Sort: slt.SortRows, ColNames: true, Label: "same", Answer: []string{"a\tb", "1\tx"},
		},
		{Kind: slt.Verbatim, Line: 12},
		{
			Kind: slt.Statement, Line: 13, Conditions: []slt.Condition{{Only: true, Engine: slt.PostgreSQL}},
			SQL: "SELECT 1 / 0\nstatement ok\nCREATE TABLE t (a int)", State: "22012",
		},
		{Kind: slt.Verbatim, Line: 18},
		{Kind: slt.Query, Line: 19, SQL: "SELECT 1"},
		{Kind: slt.Verbatim, Line: 22},
		{Kind: slt.Query, Line: 23, SQL: "SELECT 2"},
		{Kind: slt.Verbatim, Line: 25},
		{Kind: slt.Halt, Line: 26},
	}
	if diff := cmp.Diff(want, f.Records); diff != "" {
		t.Errorf("records (- want, + got)\n%s", diff)
	}
}

func TestParseRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"select 1":                              `x.slt:1: unknown record "select"; there are statement, query, skipif, onlyif, include, hash-threshold, halt`,
		"\n\nstatement fine":                    "x.slt:3: want statement ok, or statement error SQLSTATE",
		"statement error":                       "x.slt:1: want statement ok, or statement error SQLSTATE",
		"statement error 2201":                  "x.slt:1: want statement ok, or statement error SQLSTATE",
		"statement ok":                          "x.slt:1: no statement",
		"statement ok\n\nSELECT 1":              "x.slt:1: no statement",
		"query Q\nSELECT 1":                     `x.slt:1: "Q" are not types of columns; the letters are BIRNTXDMSVUJAZ`,
		"query I rowsort a b\nSELECT 1":         `x.slt:1: want query TYPES [nosort|rowsort|valuesort] [colnames] [label]; "b" is too much`,
		"query I\n----\n1":                      "x.slt:2: no statement",
		"skipif duckdb\nquery I\nSELECT 1":      "x.slt:1: want skipif wire or skipif postgresql",
		"onlyif wire\n\nquery I\nSELECT 1":      "x.slt:2: a condition stands directly above its record",
		"statement ok\nSELECT 1\n\nonlyif wire": "x.slt:4: a condition without a record",
		"include":                               "x.slt:1: want include FILE",
		"hash-threshold":                        "x.slt:1: want hash-threshold NUMBER",
		"hash-threshold many":                   "x.slt:1: hash-threshold many is no number of values",
		"halt now":                              "x.slt:1: halt stands alone",
	} {
		if _, err := slt.Parse("x.slt", []byte(text)); err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("query IT rowsort colnames l\nSELECT 1\n----\n1\n\nskipif wire # r\nstatement error 22012\nSELECT 1;\n;\n")
	f.Add("include a\nhash-threshold 3\nhalt\n# c")
	f.Add("query nosort\nSELECT ';'\n\n")
	f.Fuzz(func(t *testing.T, text string) {
		file, err := slt.Parse("x.slt", []byte(text))
		if err != nil {
			return
		}
		written := file.Append(nil)
		again, err := slt.Parse("x.slt", written)
		if err != nil {
			t.Fatalf("%q is written as %q: %v", text, written, err)
		}
		if got := again.Append(nil); string(got) != string(written) {
			t.Errorf("%q is written as %q, and that as %q", text, written, got)
		}
	})
}

func TestLoadPutsIncludedFilesInTheirPlaces(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	write("tables/a.inc", "include b.inc\nstatement ok\na\n")
	write("tables/b.inc", "statement ok\nb\n")
	write("loop.inc", "include loop.inc\n")
	path := write("x.slt", "statement ok\nx\n\ninclude tables/a.inc\nhash-threshold 2\nstatement ok\ny\n\nhalt\nstatement ok\nz\n")
	s, err := slt.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, step := range s.Steps {
		got = append(got, step.SQL)
		if step.Included != (step.Path != path) || (step.Threshold == 2) != (step.SQL == "y") {
			t.Errorf("%s: included %v, threshold %d", step.Where(), step.Included, step.Threshold)
		}
	}
	if strings.Join(got, " ") != "x b a y" {
		t.Errorf("statements %q", got)
	}
	for text, want := range map[string]string{
		"include loop.inc\n":      "loop.inc:1: includes are more than 5 deep",
		"\ninclude nowhere.inc\n": "bad.slt:2: open",
		"halt\r\n":                "bad.slt: lines end in carriage returns",
	} {
		if _, err := slt.Load(write("bad.slt", text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
	found, err := slt.Find(dir, path)
	if want := []string{filepath.Join(dir, "bad.slt"), path}; err != nil || !cmp.Equal(found, want) {
		t.Errorf("found %q, %v; want %q", found, err, want)
	}
}
