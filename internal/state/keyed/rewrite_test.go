package keyed_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"os"
	"testing"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/numeric"
	"wire.example/wire/sdk/schema"
)

// narrow and wide are types of keys, the second ones those that hold all values of the first.
func narrow() []schema.Type {
	return []schema.Type{
		schema.Of(schema.Int16), schema.Of(schema.Int32), schema.Of(schema.Float32), schema.NumericOf(10, 2),
		schema.ArrayOf(schema.Of(schema.Int32)), schema.RowOf(schema.Field{Name: "a", Type: schema.Of(schema.Int16)}),
	}
}

func wide() []schema.Type {
	return []schema.Type{
		schema.Of(schema.Int32), schema.Of(schema.Int64), schema.Of(schema.Float64), schema.Of(schema.Numeric),
		schema.ArrayOf(schema.Of(schema.Int64)), schema.RowOf(schema.Field{Name: "a", Type: schema.Of(schema.Int64)}),
	}
}

// numbers returns n rows of columns of the given types, the same numbers whatever the width; every fifth is NULL.
func numbers(types []schema.Type, n int) []*batch.Column {
	var cols []*batch.Column
	for _, t := range types {
		c := batch.NewColumn(&batch.Pool{}, t)
		c.Reset(n)
		for i := range n {
			fill(c, i)
		}
		cols = append(cols, c)
	}
	return cols
}

func fill(c *batch.Column, i int) {
	v := int64(i - 40)
	if i%5 == 4 {
		c.PutNull(i)
		return
	}
	switch c.Kind() {
	case schema.Int16:
		c.Int16s()[i] = int16(v)
	case schema.Int32:
		c.Int32s()[i] = int32(v)
	case schema.Int64:
		c.Int64s()[i] = v
	case schema.Float32:
		c.Float32s()[i] = float32(v) / 4
		if i == 7 {
			c.Float32s()[i] = float32(math.NaN())
		}
	case schema.Float64:
		c.Float64s()[i] = float64(v) / 4
		if i == 7 {
			c.Float64s()[i] = math.NaN()
		}
	case schema.Array:
		at := c.Child(0).Len()
		c.Child(0).Resize(at + 2)
		fill(c.Child(0), at)
		fill(c.Child(0), at+1)
		c.Offsets()[i+1] = int32(at + 2)
	case schema.Row:
		fill(c.Child(0), i)
	default:
		c.SetDecimal(i, numeric.Decimal{Coef: numeric.Int128FromInt64(v), Scale: 2})
	}
}

// stored is the snapshot of a key group of a table of those rows, each with its number.
func stored(t *testing.T, types []schema.Type, n int) []byte {
	t.Helper()
	table := keyed.NewTable(&batch.Pool{}, types, "test", limit.New("test", 0))
	defer table.Free()
	columns := make([]int, len(types))
	for i := range columns {
		columns[i] = i
	}
	in := &batch.Batch{Len: n, Cols: numbers(types, n)}
	hashes := keyed.NewHasher(columns).Hash(in)
	for i := range hashes {
		hashes[i] &^= 0xff << 56
	}
	slots := make([]uint32, n)
	if _, err := table.Upsert(hashes, in.Cols, nil, slots); err != nil {
		t.Fatal(err)
	}
	data, err := table.Snapshot(0, func(dst []byte, slot uint32) []byte { return binary.AppendUvarint(dst, uint64(slot)) })
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestKeysAreWidened(t *testing.T) {
	const n = 100
	for i := range narrow() {
		old, now := narrow()[i:i+1], wide()[i:i+1]
		got, err := keyed.RewriteTable("test", stored(t, old, n), old, now, nil)
		if err != nil {
			t.Fatal(err)
		}
		if want := stored(t, now, n); !bytes.Equal(got, want) {
			t.Errorf("%v as %v: %d bytes, should be %d", old, now, len(got), len(want))
		}
		if same, err := keyed.RewriteTable("test", got, now, now, nil); err != nil || !bytes.Equal(same, got) {
			t.Errorf("%v is another without a change: %v", now, err)
		}
	}
	got, err := keyed.RewriteTable("test", stored(t, narrow()[:1], 3), narrow()[:1], wide()[:1], func(dst, value []byte) ([]byte, error) {
		return append(append(dst, value...), 'x'), nil
	})
	if err != nil || !bytes.Contains(got, []byte{2, 2, 'x'}) {
		t.Errorf("%v: %x", err, got)
	}
	refused := errors.New("refused")
	if _, err := keyed.RewriteTable("test", stored(t, narrow()[:1], 3), narrow()[:1], wide()[:1], func(_, _ []byte) ([]byte, error) { return nil, refused }); !errors.Is(err, refused) {
		t.Error(err)
	}
}

func TestRowsAreWidened(t *testing.T) {
	snapshot := func(types []schema.Type) []byte {
		const n = 60
		rows := keyed.NewRows(&batch.Pool{}, types, 1, "test", limit.New("test", 0))
		ids := make([]uint32, n)
		if err := rows.Append(numbers(types, n), make([]uint64, n), nil, ids); err != nil {
			t.Fatal(err)
		}
		for i := 1; i < n; i++ {
			*rows.Link(ids[i-1], 0) = ids[i]
			*rows.Mark(ids[i]) = byte(i % 3)
		}
		*rows.Link(ids[n-1], 0) = keyed.NoRow
		data, err := rows.Snapshot(0)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	got, err := keyed.RewriteRows("test", snapshot(narrow()), narrow(), wide())
	if err != nil {
		t.Fatal(err)
	}
	if want := snapshot(wide()); !bytes.Equal(got, want) {
		t.Errorf("%d bytes, should be %d", len(got), len(want))
	}
}

// All other types are copied as they are.
func TestEveryTypeIsCopied(t *testing.T) {
	types := typesOf(everyType())
	for name, rewrite := range map[string]func([]byte, []schema.Type) ([]byte, error){
		"table-v1.state": func(data []byte, types []schema.Type) ([]byte, error) {
			return keyed.RewriteTable("test", data, types, types, nil)
		},
		"rows-v1.state": func(data []byte, types []schema.Type) ([]byte, error) {
			return keyed.RewriteRows("test", data, types, types)
		},
	} {
		data, err := os.ReadFile("testdata/" + name)
		if err != nil {
			t.Fatal(err)
		}
		got, err := rewrite(data, types)
		if err != nil || !bytes.Equal(got, data) {
			t.Errorf("%s: %v", name, err)
		}
		for at := range data { // one flipped bit is found
			bad := bytes.Clone(data)
			bad[at] ^= 1
			if _, err := rewrite(bad, types); err == nil {
				t.Fatalf("%s: a flipped bit at %d is not found", name, at)
			}
		}
		if _, err := rewrite(data, types[1:]); err == nil {
			t.Errorf("%s: rows of other types are rewritten", name)
		}
	}
}

func FuzzRewriteTable(f *testing.F) {
	seed(f, "table-v1.state")
	types := typesOf(everyType())
	f.Fuzz(func(t *testing.T, data []byte) {
		data = resealed(data)
		got, err := keyed.RewriteTable("test", data, types, types, nil)
		mustBeCorrupt(t, err, len(data))
		if err == nil && len(got) > len(data) {
			t.Errorf("%d bytes of %d", len(got), len(data))
		}
	})
}
