package result_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"wire.example/wire/internal/cli/result"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// rows are two columns, k and v, of which the second row has NULLs, and the third two lines.
func rows(kinds ...batch.Change) *batch.Batch {
	pool := &batch.Pool{}
	k, v := batch.NewColumn(pool, schema.Of(schema.Text)), batch.NewColumn(pool, schema.Of(schema.Int64))
	k.Reset(3)
	v.Reset(3)
	k.SetBytes(0, []byte("a"))
	k.SetNull(1)
	k.SetBytes(2, []byte("b,\n\x1b"))
	v.Int64s()[0], v.Int64s()[2] = 1, 30
	v.SetNull(1)
	return &batch.Batch{Cols: []*batch.Column{k, v}, Len: 3, Kinds: kinds}
}

func columns() []result.Column {
	return []result.Column{{Name: "k", Type: schema.Of(schema.Text)}, {Name: "v", Type: schema.Of(schema.Int64)}}
}

func TestForms(t *testing.T) {
	changes := []batch.Change{batch.UpdateBefore, batch.UpdateAfter, batch.Delete}
	for _, test := range []struct {
		name   string
		format result.Format
		course result.Course
		kinds  []batch.Change
		want   string
	}{
		{"csv", result.CSV, result.Course{}, nil, "k,v\na,1\n,\n\"b,\n\x1b\",30\n"},
		{"csv of changes", result.CSV, result.Course{Changes: true}, changes, "op,k,v\n-U,a,1\n+U,,\n-D,\"b,\n\x1b\",30\n"},
		{"csv of insertions", result.CSV, result.Course{Changes: true, OpField: "what"}, nil, "what,k,v\n+I,a,1\n+I,,\n+I,\"b,\n\x1b\",30\n"},
		{"lines", result.JSONLines, result.Course{}, nil, "{\"k\":\"a\",\"v\":1}\n{\"k\":null,\"v\":null}\n{\"k\":\"b,\\n\\u001b\",\"v\":30}\n"},
		{
			"lines of changes", result.JSONLines,
			result.Course{Changes: true},
			changes,
			"{\"op\":\"-U\",\"k\":\"a\",\"v\":1}\n{\"op\":\"+U\",\"k\":null,\"v\":null}\n{\"op\":\"-D\",\"k\":\"b,\\n\\u001b\",\"v\":30}\n",
		},
		{"arrays", result.JSONRows, result.Course{}, nil, "[\"a\",1]\n[null,null]\n[\"b,\\n\\u001b\",30]\n"},
		{"arrays of changes", result.JSONRows, result.Course{Changes: true}, changes, "[\"-U\",\"a\",1]\n[\"+U\",null,null]\n[\"-D\",\"b,\\n\\u001b\",30]\n"},
		{"table", result.Table, result.Course{}, nil, "  k   | v  \n------+----\n a    |  1\n      |   \n b,  +| 30\n \\x1B |   \n(3 rows)\n\n"},
		{
			"table of changes", result.Table,
			result.Course{Changes: true},
			changes,
			" op |  k   | v  \n----+------+----\n -U | a    |  1\n +U |      |   \n -D | b,  +| 30\n    | \\x1B |   \n(3 changes)\n\n",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			var out bytes.Buffer
			w := result.New(&out, test.format, columns(), test.course)
			if err := errors.Join(w.Rows(rows(test.kinds...)), w.End()); err != nil {
				t.Fatal(err)
			}
			if out.String() != test.want {
				t.Errorf("got\n%q, want\n%q", out.String(), test.want)
			}
		})
	}
}

func TestRowsOfAnEndlessAnswerComeAtOnce(t *testing.T) {
	for _, format := range result.Formats() {
		var out bytes.Buffer
		w := result.New(&out, result.Format(format), columns(), result.Course{Endless: true})
		if err := w.Rows(rows()); err != nil || !strings.Contains(out.String(), "30") {
			t.Errorf("%s: %q, %v", format, out.String(), err)
		}
	}
}

func TestAColumnNamedLikeTheKindOfChange(t *testing.T) {
	w := result.New(&bytes.Buffer{}, result.JSONLines, columns(), result.Course{Changes: true, OpField: "v"})
	if err := w.Rows(rows()); err == nil || err.Error() != `column "v" clashes with the kind of change; rename the column, or the kind with --op-field` {
		t.Error(err)
	}
	if w.End() == nil {
		t.Error("the end knows nothing of it")
	}
}

func TestFormats(t *testing.T) {
	if f, err := result.ParseFormat("jsonl"); f != result.JSONLines || err != nil {
		t.Error(f, err)
	}
	if _, err := result.ParseFormat("jsnl"); err == nil || !strings.Contains(err.Error(), `did you mean "jsonl"?`) {
		t.Error(err)
	}
}
