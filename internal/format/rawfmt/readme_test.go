package rawfmt

import (
	"os"
	"slices"
	"strings"
	"testing"

	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/codec"
)

// TestThePageIsTrue compares README.md's table with the code, and runs its example.
func TestThePageIsTrue(t *testing.T) {
	page, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	for name, f := range map[string]codec.Format{"lines": NewLines(), "bytes": NewBytes()} {
		field := f.(codec.Fixed).FixedSchema().Fields[0]
		if row := "`" + field.Name + " " + field.Type.Kind.String() + " NOT NULL` |"; !field.NotNull || !tableHas(string(page), "| `"+name+"` |", row) {
			t.Errorf("README.md has no row of %s that ends in %s", name, row)
		}
	}
	_, example, _ := strings.Cut(string(page), "## Example\n\n")
	example, told, _ := strings.Cut(example, "\n\nread as")
	text := strings.ReplaceAll(strings.TrimPrefix(example, "    "), "\n    ", "\n") + "\n"
	values, rejects := decode(t, NewLines(), block(text))
	if !slices.Equal(values, strings.Split(strings.TrimSuffix(text, "\n"), "\n")) || len(rejects) > 0 {
		t.Errorf("%q, %d rejects", values, len(rejects))
	}
	for _, v := range values {
		if !strings.Contains(told, "`"+v+"`") {
			t.Errorf("README.md does not tell of %q", v)
		}
	}
	col := batch.NewColumn(&batch.Pool{}, NewLines().(codec.Fixed).FixedSchema().Fields[0].Type)
	col.Reset(len(values))
	for i, v := range values {
		col.SetBytes(i, []byte(v))
	}
	e, err := NewLines().NewEncoder(codec.EncodeSpec{Schema: NewLines().(codec.Fixed).FixedSchema()})
	if err != nil {
		t.Fatal(err)
	}
	if again, _, bad := e.Encode(nil, nil, &batch.Batch{Len: len(values), Cols: []*batch.Column{col}}); string(again) != text || len(bad) > 0 {
		t.Errorf("written again: %q", again)
	}
}

func tableHas(page, start, end string) bool {
	for line := range strings.Lines(page) {
		if line = strings.TrimSpace(line); strings.HasPrefix(line, start) && strings.HasSuffix(line, end) {
			return true
		}
	}
	return false
}
