package keyed_test

import (
	"encoding/binary"
	"errors"
	"reflect"
	"testing"

	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

func entryShapes() []keyed.Shape {
	columns := []schema.Type{schema.Of(schema.Text), schema.Of(schema.Int64), schema.Of(schema.Numeric), schema.ArrayOf(schema.Of(schema.Int32)), schema.RowOf(schema.Field{Name: "a", Type: schema.Of(schema.Bool)})}
	var shapes []keyed.Shape
	for _, slice := range []keyed.SliceOf{keyed.SliceNothing, keyed.SliceNumber, keyed.SliceTime, keyed.SliceWindow} {
		shapes = append(shapes, keyed.Shape{Columns: columns, Slice: slice}, keyed.Shape{Rows: true, Columns: columns, Slice: slice})
	}
	return append(shapes, keyed.Shape{}, keyed.Shape{Rows: true})
}

func TestEntryReader(t *testing.T) {
	pool := &batch.Pool{}
	columns := []byte{1, 5, 'a', 'l', 'p', 'h', 'a', 1, 7, 0, 0, 0, 0, 0, 0, 0}
	types := []schema.Type{schema.Of(schema.Text), schema.Of(schema.Int64)}

	window := keyed.Shape{Columns: types, Slice: keyed.SliceWindow}
	row := append(append([]byte{2}, columns...), 5)
	tests := []struct {
		name       string
		shape      keyed.Shape
		key, value []byte
		want       keyed.Rest
		bad        bool
	}{
		{name: "key of a window", shape: window, key: binary.BigEndian.AppendUint64(columns, 60), value: []byte{9, 8}, want: keyed.Rest{Value: []byte{9, 8}, Start: 60}},
		{name: "row", shape: keyed.Shape{Rows: true, Columns: types}, key: binary.BigEndian.AppendUint64(nil, 3), value: row, want: keyed.Rest{Key: []byte{}, Value: []byte{5}, Number: 3, Mark: 2}},
		{name: "no label", shape: window, key: columns, bad: true},
		{name: "cut key", shape: window, key: columns[:3], bad: true},
		{name: "no number", shape: keyed.Shape{Rows: true, Columns: types}, key: []byte{1}, value: row, bad: true},
		{name: "no row", shape: keyed.Shape{Rows: true, Columns: types}, key: make([]byte, 8), bad: true},
	}
	for _, test := range tests {
		r := keyed.NewEntryReader(pool, test.shape)
		r.Reset(1)
		rest, err := r.Read(0, test.key, test.value)
		var corrupt *keyed.CorruptError
		if test.bad {
			if !errors.As(err, &corrupt) {
				t.Errorf("%s: %v", test.name, err)
			}
			continue
		}
		if err != nil || !reflect.DeepEqual(rest, test.want) {
			t.Errorf("%s: %+v, %v; want %+v", test.name, rest, err, test.want)
		}
		if cols := r.Columns(); string(cols[0].Bytes(0)) != "alpha" || cols[1].Int64s()[0] != 7 {
			t.Errorf("%s: read %q, %d", test.name, cols[0].Bytes(0), cols[1].Int64s()[0])
		}
	}
}

// FuzzEntryReader: whatever is stored, it is read or refused as damaged, and read whole.
func FuzzEntryReader(f *testing.F) {
	f.Add(uint8(0), []byte{1, 1, 'a', 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, []byte{1})
	f.Add(uint8(1), make([]byte, 8), []byte{0, 0, 0, 0, 0, 0})
	f.Add(uint8(7), make([]byte, 16), []byte{0, 1, 1, 'x', 0, 0, 1, 2, 0, 0, 0, 1})
	f.Fuzz(func(t *testing.T, which uint8, key, value []byte) {
		shapes := entryShapes()
		shape := shapes[int(which)%len(shapes)]
		r := keyed.NewEntryReader(&batch.Pool{}, shape)
		r.Reset(1)
		rest, err := r.Read(0, key, value)
		var corrupt *keyed.CorruptError
		if err != nil && !errors.As(err, &corrupt) {
			t.Fatalf("not a *CorruptError: %v", err)
		}
		if len(rest.Key) > len(key) || len(rest.Value) > len(value) {
			t.Fatalf("%d and %d bytes left of %d and %d", len(rest.Key), len(rest.Value), len(key), len(value))
		}
	})
}
