package keyed_test

import (
	"errors"
	"os"
	"strings"
	"testing"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// TestDamageIsNoticed changes each byte of stored state, and cuts it everywhere.
func TestDamageIsNoticed(t *testing.T) {
	types := typesOf(everyType())
	restores := map[string]func([]byte) error{
		"table-v1.state": func(data []byte) error {
			table := keyed.NewTable(&batch.Pool{}, types, "count", limit.New("test", 0))
			return table.Restore(0, data, func(uint32, []byte) error { return nil })
		},
		"rows-v1.state": func(data []byte) error {
			return keyed.NewRows(&batch.Pool{}, types, 1, "sort", limit.New("test", 0)).Restore(0, data)
		},
		"parts-v1.state": func(data []byte) error {
			_, err := keyed.Parts("join", data, 3, 3)
			return err
		},
	}
	for name, restore := range restores {
		data, err := os.ReadFile("testdata/" + name)
		if err != nil {
			t.Fatal(err)
		}
		for i := range data {
			var corrupt *keyed.CorruptError
			if err := restore(data[:i]); !errors.As(err, &corrupt) {
				t.Fatalf("%s cut at %d: %v", name, i, err)
			}
			data[i] ^= 0x40
			if err := restore(data); !errors.As(err, &corrupt) {
				t.Fatalf("%s changed at %d: %v", name, i, err)
			}
			data[i] ^= 0x40
		}
		if err := restore(data); err != nil {
			t.Errorf("%s itself: %v", name, err)
		}
	}
}

func TestErrorsOfRestoreSayWhatIsWrong(t *testing.T) {
	types := []schema.Type{schema.Of(schema.Int64)}
	table := func(types ...schema.Type) *keyed.Table {
		return keyed.NewTable(&batch.Pool{}, types, "count", limit.New("test", 0))
	}
	rows := func(links int) *keyed.Rows {
		return keyed.NewRows(&batch.Pool{}, types, links, "join", limit.New("test", 0))
	}
	nothing := func(dst []byte, _ uint32) []byte { return dst }
	skip := func(uint32, []byte) error { return nil }
	keys := batch.NewColumn(&batch.Pool{}, types[0])
	keys.Reset(1)
	keys.Int64s()[0] = 5
	full := table(types...)
	if _, err := full.Upsert([]uint64{7 << 56}, []*batch.Column{keys}, nil, make([]uint32, 1)); err != nil {
		t.Fatal(err)
	}
	tableState, err := full.Snapshot(7, nothing)
	if err != nil {
		t.Fatal(err)
	}
	kept := rows(2)
	if err := kept.Append([]*batch.Column{keys}, nil, nil, make([]uint32, 1)); err != nil {
		t.Fatal(err)
	}
	rowState, err := kept.Snapshot(0)
	if err != nil {
		t.Fatal(err)
	}
	*kept.Link(0, 1) = 0
	linked, err := kept.Snapshot(0)
	if err != nil {
		t.Fatal(err)
	}
	*kept.Link(0, 1) = keyed.NoRow
	parts := keyed.AppendParts(nil, 4, []byte("x"))
	change := func(data []byte, at int, to byte) []byte {
		data = append([]byte(nil), data[:len(data)-8]...)
		data[at] = to
		return resealed(data)
	}
	own := errors.New("own")
	for want, err := range map[string]error{
		"state of count is damaged at byte 0: 3 bytes are too few":             table(types...).Restore(0, []byte("abc"), skip),
		"state of count is damaged at byte 0: it is of kind 'R', not 'T'":      table(types...).Restore(0, rowState, skip),
		"state of count is damaged at byte 1: version 9 is unknown":            table(types...).Restore(0, change(tableState, 1, 9), skip),
		"byte 2: the keys were hashed by version 9":                            table(types...).Restore(0, change(tableState, 2, 9), skip),
		"byte 3: it has columns of other types":                                table(schema.Of(schema.Text)).Restore(0, tableState, skip),
		"key group 7 has keys already":                                         full.Restore(7, tableState, skip),
		"own":                                                                  table(types...).Restore(0, tableState, func(uint32, []byte) error { return own }),
		"checksum":                                                             table(types...).Restore(0, append([]byte(nil), tableState[:len(tableState)-1]...), skip),
		"byte 2: rows with 2 links, where 1 are kept":                          rows(1).Restore(0, rowState),
		"key group 0 has rows already":                                         kept.Restore(0, rowState),
		"a link to row 5, which is not there":                                  rows(2).Restore(0, change(linked, len(linked)-13, 5)),
		"state of join is damaged at byte 1: version 4 is unknown; this progr": partsError(parts, 5, 1),
		"bytes too many":                                                       partsError(keyed.AppendParts(nil, 4, []byte("x"), []byte("y")), 4, 1),
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

func partsError(data []byte, version byte, count int) error {
	_, err := keyed.Parts("join", data, version, count)
	return err
}

// TestDamagedValues restores tables of one column whose only value is damaged.
func TestDamagedValues(t *testing.T) {
	array := schema.ArrayOf(schema.Of(schema.Int16))
	for _, test := range []struct {
		typ   schema.Type
		value string
		want  string
	}{
		{schema.Of(schema.Int64), "", "1 entries in 0 bytes"},
		{schema.Of(schema.Int64), "\x02", "byte 8: 2 is neither a value nor NULL"},
		{schema.Of(schema.Int64), "\x011234567", "byte 9: 8 bytes wanted, 7 left"},
		{schema.Of(schema.Int32), "\x01123", "4 bytes wanted, 3 left"},
		{schema.Of(schema.Int16), "\x011", "2 bytes wanted, 1 left"},
		{schema.Of(schema.Bool), "\x01\x02\x00", "byte 9: 2 is no BOOLEAN"},
		{schema.Of(schema.Null), "\x01\x00", "a value of no type"},
		{schema.Of(schema.Text), "\x01\x05abc", "5 bytes wanted, 3 left"},
		{schema.Of(schema.Text), "\x01\xff", "a number has no end"},
		{schema.Of(schema.UUID), "\x01123456789012345", "16 bytes wanted, 15 left"},
		{schema.Of(schema.Numeric), "\x01" + strings.Repeat("\x00", 16) + "\x27\x00\x00", "a NUMERIC of scale 39"},
		{schema.Of(schema.Numeric), "\x01" + strings.Repeat("\x00", 16) + "\xfc\xff\x00", "a NUMERIC of scale -4"},
		{schema.Of(schema.Numeric), "\x01" + strings.Repeat("\x7f", 16) + "\x00\x00\x00", "beyond 38 digits"},
		{array, "\x01\x09", "9 entries in 0 bytes"},
		{array, "\x01\x02\x01ab\x01a", "2 bytes wanted, 1 left"},
		{schema.RowOf(schema.Field{Type: schema.Of(schema.Int16)}), "\x01\x03", "3 is neither a value nor NULL"},
		{schema.Of(schema.Int16), "\x01ab\x04abc", "4 bytes wanted, 3 left"},
		{schema.Of(schema.Int16), "\x01ab\x00\x00", "1 bytes too many"},
	} {
		types := []schema.Type{test.typ}
		empty := keyed.NewTable(&batch.Pool{}, types, "count", limit.New("test", 0))
		c := batch.NewColumn(&batch.Pool{}, test.typ)
		c.Reset(1)
		if test.typ.Kind != schema.Null {
			c.SetNull(0)
		}
		if _, err := empty.Upsert([]uint64{0}, []*batch.Column{c}, nil, make([]uint32, 1)); err != nil {
			t.Fatal(err)
		}
		data, err := empty.Snapshot(0, func(dst []byte, _ uint32) []byte { return dst })
		if err != nil {
			t.Fatal(err)
		}
		const head = 2 + 1 + 4 + 1 // what stands before the first key
		data = resealed(append(data[:head:head], test.value...))
		err = keyed.NewTable(&batch.Pool{}, types, "count", limit.New("test", 0)).Restore(0, data, func(uint32, []byte) error { return nil })
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s %q: %v, want %s", test.typ, test.value, err, test.want)
		}
	}
}
