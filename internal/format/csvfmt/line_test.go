package csvfmt

import (
	"slices"
	"testing"

	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/sdktest"
)

// TestLines says which lines of a block count. That they are those that line feeds end, whatever the block, is part of the conformance tests.
func TestLines(t *testing.T) {
	tests := []struct {
		name, block string
		want        int
	}{
		{"one line a record", "1,a\n2,b\n", 2},
		{"a record without a line end", "1,a\n2,b", 2},
		{"blank lines", "\n1,a\n\r\n\n2,b\n", 5},
		{"comments", "# one\n1,a\n# two", 3},
		{"line ends in quotes, plain and not", "1,\"a\nb\"\n2,\"ä\n\n\"\"\n\"\n", 6},
		{"line ends in a field that nothing reads", "1,a,\"\n\n\"\n", 3},
		{"a rejected record of several lines", "x,\"a\nb\nc\"\n2,b\n", 4},
		{"a record too short", "1\n2,b\n", 2},
		{"quotes that are never closed", "1,\"a\nb\n", 2},
		{"and without a line end", "1,\"a\nb", 2},
		{"nothing", "", 0},
	}
	f := newFormat(t, Options{Comment: "#"})
	d, err := f.NewDecoder(codec.DecodeSpec{Schema: columns("id:bigint", "name"), Pool: &batch.Pool{}})
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range tests {
		if err := d.Begin(&codec.Block{Buf: batch.WrapBuffer([]byte(test.block))}); err != nil {
			t.Fatal(err)
		}
		if _, _, err := d.Decode(); err != nil {
			t.Fatal(err)
		}
		if got := d.(codec.LineCounter).Lines(); got != test.want {
			t.Errorf("%s: %d lines, not %d", test.name, got, test.want)
		}
	}
}

// TestStrictComesBeforeFilters: under strict a wrong value rejects its row even where a condition would drop it.
func TestStrictComesBeforeFilters(t *testing.T) {
	const text = "1,x\n2,7\n3,8\n"
	for strict, want := range map[bool][]string{true: {"2, 7", "3, 8"}, false: {"3, 8"}} {
		spec := codec.DecodeSpec{
			Schema: columns("id:bigint", "n:bigint"), Filter: []codec.Condition{{Column: 0, Op: codec.Greater, Int: 2}}, Pool: &batch.Pool{}, Strict: strict,
		}
		d, err := newFormat(t, Options{}).NewDecoder(spec)
		if err != nil {
			t.Fatal(err)
		}
		if err := d.Begin(&codec.Block{Buf: batch.WrapBuffer([]byte(text))}); err != nil {
			t.Fatal(err)
		}
		out, res, err := d.Decode()
		if err != nil {
			t.Fatal(err)
		}
		rejected := 0
		if strict {
			rejected = 1
		}
		if got := sdktest.Rows(out); !slices.Equal(got, want) || len(res.Rejects) != rejected {
			t.Errorf("strict %v: rows %q, %d rejects", strict, got, len(res.Rejects))
		}
	}
}
