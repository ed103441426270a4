package keyed_test

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/schema"
)

func kinds(list ...schema.Kind) (types []schema.Type) {
	for _, k := range list {
		types = append(types, schema.Type{Kind: k})
	}
	return types
}

// TestEntriesAreWidened: values become those of the wider type, and all that is no column stays.
func TestEntriesAreWidened(t *testing.T) {
	from := kinds(schema.Int16, schema.Int32, schema.Float32, schema.Text, schema.Int32)
	to := kinds(schema.Int64, schema.Int64, schema.Float64, schema.Text, schema.Int32)
	old := []byte{1, 0xfe, 0xff, 1, 5, 0, 0, 0, 1, 0, 0, 0xc0, 0x3f, 1, 2, 'a', 'b', 0}
	wide := []byte{
		1, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 5, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0xf8, 0x3f, 1, 2, 'a', 'b', 0,
	}
	number := []byte{0, 0, 0, 0, 0, 0, 0, 9}
	for _, rows := range []bool{true, false} {
		w, err := keyed.NewWidener(keyed.Shape{Rows: rows, Columns: from}, keyed.Shape{Rows: rows, Columns: to}, nil)
		if err != nil {
			t.Fatal(err)
		}
		key, value := append(bytes.Clone(old), "label"...), []byte("state")
		wantKey, wantValue := append(bytes.Clone(wide), "label"...), value
		if rows {
			key, value = number, append(append([]byte{7}, old...), "beside"...)
			wantKey, wantValue = number, append(append([]byte{7}, wide...), "beside"...)
		}
		for range 2 {
			gotKey, gotValue, err := w.Entry(0, key, value)
			if err != nil || !bytes.Equal(gotKey, wantKey) || !bytes.Equal(gotValue, wantValue) {
				t.Errorf("rows %v: %x = %x, should be %x = %x (%v)", rows, gotKey, gotValue, wantKey, wantValue, err)
			}
		}
		var corrupt *keyed.CorruptError
		if _, _, err := w.Entry(0, key[:len(key)/2], value[:len(value)/2]); !errors.As(err, &corrupt) {
			t.Errorf("half an entry: %v", err)
		}
	}
}

// TestColumnsAreLeftOut: rows keep their mark, the columns that are picked, in the order of now and perhaps wider, and what stands beside them.
func TestColumnsAreLeftOut(t *testing.T) {
	from, to := kinds(schema.Int32, schema.Text, schema.Bool, schema.Int16), kinds(schema.Int16, schema.Int64)
	old := []byte{7, 1, 5, 0, 0, 0, 1, 3, 'a', 'b', 'c', 0, 1, 2, 3}
	w, err := keyed.NewWidener(keyed.Shape{Rows: true, Columns: from}, keyed.Shape{Rows: true, Columns: to}, []int{3, 0})
	if err != nil {
		t.Fatal(err)
	}
	number := []byte{0, 0, 0, 0, 0, 0, 0, 9}
	want := []byte{7, 1, 2, 3, 1, 5, 0, 0, 0, 0, 0, 0, 0, 'x', 'y'}
	for range 2 {
		if key, value, err := w.Entry(0, number, append(bytes.Clone(old), "xy"...)); err != nil || !bytes.Equal(key, number) || !bytes.Equal(value, want) {
			t.Errorf("%x = %x, should be %x (%v)", key, value, want, err)
		}
	}
	for n := range len(old) {
		var corrupt *keyed.CorruptError
		if _, _, err := w.Entry(0, number, old[:n]); !errors.As(err, &corrupt) {
			t.Errorf("%d of %d bytes: %v", n, len(old), err)
		}
	}
	for name, c := range map[string]struct {
		rows bool
		to   []schema.Type
	}{"keys": {false, to}, "narrower": {true, kinds(schema.Int16, schema.Int16)}} {
		if _, err := keyed.NewWidener(keyed.Shape{Rows: c.rows, Columns: from}, keyed.Shape{Rows: c.rows, Columns: c.to}, []int{3, 0}); err == nil {
			t.Errorf("%s: columns were left out", name)
		}
	}
}

// TestTimesThatThereWereNoneOf: they are the least one, of a row and of a block of some; and they go as any column does.
func TestTimesThatThereWereNoneOf(t *testing.T) {
	from, to := kinds(schema.Int16), kinds(schema.Int16, schema.Int64)
	least := []byte{0, 0, 0, 0, 0, 0, 0, 0x80}
	for name, c := range map[string]struct {
		slice    keyed.SliceOf
		old, now []byte
	}{
		"row":   {"", []byte{7, 1, 2, 3}, slices.Concat([]byte{7, 1, 2, 3, 1}, least)},
		"block": {keyed.SliceRun, []byte{2, 1, 2, 3, 4, 5}, slices.Concat([]byte{2, 1, 2, 3, 4, 5, 1}, least, least)},
	} {
		plain, timed := keyed.Shape{Rows: c.slice == "", Slice: c.slice, Columns: from}, keyed.Shape{Rows: c.slice == "", Slice: c.slice, Columns: to}
		add, err := keyed.NewWidener(plain, timed, []int{0, keyed.NoTime})
		if err != nil {
			t.Fatal(err)
		}
		if _, value, err := add.Entry(1, []byte{9}, c.old); err != nil || !bytes.Equal(value, c.now) {
			t.Errorf("%s: %x, should be %x (%v)", name, value, c.now, err)
		}
		drop, err := keyed.NewWidener(timed, plain, []int{0})
		if err != nil {
			t.Fatal(err)
		}
		if _, value, err := drop.Entry(1, []byte{9}, c.now); err != nil || !bytes.Equal(value, c.old) {
			t.Errorf("%s: without it %x, should be %x (%v)", name, value, c.old, err)
		}
	}
}

func TestWhatIsNotWidened(t *testing.T) {
	for _, c := range []struct{ from, to keyed.Shape }{
		{keyed.Shape{Columns: kinds(schema.Int64)}, keyed.Shape{Columns: kinds(schema.Int32)}},
		{keyed.Shape{Columns: kinds(schema.Int32)}, keyed.Shape{Columns: kinds(schema.Float64)}},
		{keyed.Shape{Columns: kinds(schema.Int32)}, keyed.Shape{Columns: kinds(schema.Int32, schema.Int32)}},
		{keyed.Shape{Columns: kinds(schema.Int32), Rows: true}, keyed.Shape{Columns: kinds(schema.Int32)}},
		{keyed.Shape{Columns: []schema.Type{{Kind: schema.Numeric, Precision: 10, Scale: 2}}}, keyed.Shape{Columns: kinds(schema.Numeric)}},
	} {
		if _, err := keyed.NewWidener(c.from, c.to, nil); err == nil {
			t.Errorf("%v became %v", c.from, c.to)
		}
	}
}
