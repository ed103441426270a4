package keyed_test

import (
	"bytes"
	"encoding/binary"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/numeric"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sdktest"
	"wire.example/wire/sdk/temporal"
)

// fixtures of a released version are never written again; a new version of a layout gets files of its own.
var writeFixtures = flag.Bool("write-fixtures", false, "write fixtures that are missing")

// fixture returns the bytes of a file of testdata, which are what this program writes, too.
func fixture(t *testing.T, name string, written []byte) []byte {
	t.Helper()
	path := filepath.Join("testdata", name)
	stored, err := os.ReadFile(path)
	if os.IsNotExist(err) && *writeFixtures {
		err = os.WriteFile(path, written, 0o644)
		stored = written
	}
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(stored, written) {
		t.Errorf("%s is written differently now; a change of the layout needs a new version", name)
	}
	return stored
}

// everyType returns three rows with a column of each type: values, NULLs, and other values.
func everyType() *batch.Batch {
	b := &batch.Batch{Len: 3}
	for _, typ := range append(sdktest.Types(), schema.Of(schema.Null)) {
		c := batch.NewColumn(&batch.Pool{}, typ)
		c.Reset(3)
		fillSample(c, 0, 1)
		fillSample(c, 2, 2)
		if typ.Kind != schema.Null {
			c.SetNull(1)
		}
		b.Cols = append(b.Cols, c)
	}
	return b
}

// fillSample makes row i of c a value that k varies.
func fillSample(c *batch.Column, i, k int) {
	long := strings.Repeat("long text ", 3*k)
	switch kind := c.Kind(); kind {
	case schema.Null:
	case schema.Bool:
		c.Bits().Put(i, k == 1)
	case schema.Int16:
		c.Int16s()[i] = math.MinInt16 + int16(k)
	case schema.Int32, schema.Date:
		c.Int32s()[i] = -70000 * int32(k)
	case schema.Float32:
		c.Float32s()[i] = []float32{0, float32(math.NaN()), float32(math.Copysign(0, -1))}[k]
	case schema.Float64:
		c.Float64s()[i] = []float64{0, 1.5, math.Inf(-1)}[k]
	case schema.Numeric:
		d, err := numeric.ParseString([]string{"", "-123456789012345678901234567890.500", "NaN"}[k])
		if c.Type().Precision > 0 {
			d, err = numeric.ParseString([]string{"", "123.450", "-7.000"}[k])
		}
		if err != nil {
			panic(err)
		}
		c.SetDecimal(i, d)
	case schema.Interval:
		c.Intervals()[i] = temporal.Interval{Months: 1, Days: -int32(k), Micros: 25 * temporal.Hour}
	case schema.UUID:
		c.UUIDs()[i] = batch.UUID{byte(k), 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}
	case schema.Text, schema.Bytes:
		c.SetBytes(i, []byte([]string{"", "short", long}[k]))
	case schema.JSONB:
		c.SetBytes(i, []byte([]string{"", `{"a": 1.0}`, `["` + long + `"]`}[k]))
	case schema.Array:
		at := c.Child(0).Len()
		c.Child(0).Resize(at + k)
		for e := range k {
			fillSample(c.Child(0), at+e, 2-e)
		}
		c.Offsets()[i], c.Offsets()[i+1] = int32(at), int32(at+k)
	case schema.Row:
		for m := range c.Type().Fields {
			fillSample(c.Child(m), i, k)
		}
	default:
		c.Int64s()[i] = int64(k) << 40
	}
}

func TestTableFixture(t *testing.T) {
	source := everyType()
	hashes := make([]uint64, 3)
	budget := limit.New("test", 0)
	table := keyed.NewTable(&batch.Pool{}, typesOf(source), "count", budget)
	if _, err := table.Upsert(hashes, source.Cols, nil, make([]uint32, 3)); err != nil {
		t.Fatal(err)
	}
	data, err := table.Snapshot(0, func(dst []byte, slot uint32) []byte { return binary.BigEndian.AppendUint32(dst, 100+slot) })
	if err != nil {
		t.Fatal(err)
	}
	data = fixture(t, "table-v1.state", data)
	restored := keyed.NewTable(&batch.Pool{}, typesOf(source), "count", budget)
	var values, slots []uint32
	err = restored.Restore(0, data, func(slot uint32, value []byte) error {
		slots, values = append(slots, slot), append(values, binary.BigEndian.Uint32(value))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	out := newColumns(&batch.Pool{}, typesOf(source))
	restored.GatherKeys(slots, out)
	if diff := sdktest.Diff(sdktest.Rows(source), sdktest.Rows(&batch.Batch{Cols: out, Len: 3})); diff != "" {
		t.Error(diff)
	}
	if !slices.Equal(values, []uint32{100, 101, 102}) {
		t.Errorf("values %v", values)
	}
}

func TestRowsFixture(t *testing.T) {
	source := everyType()
	budget := limit.New("test", 0)
	rows := keyed.NewRows(&batch.Pool{}, typesOf(source), 1, "sort", budget)
	ids := make([]uint32, 3)
	if err := rows.Append(source.Cols, nil, nil, ids); err != nil {
		t.Fatal(err)
	}
	*rows.Link(ids[0], 0), *rows.Mark(ids[1]) = ids[2], 7
	data, err := rows.Snapshot(0)
	if err != nil {
		t.Fatal(err)
	}
	data = fixture(t, "rows-v1.state", data)
	restored := keyed.NewRows(&batch.Pool{}, typesOf(source), 1, "sort", budget)
	if err := restored.Restore(0, data); err != nil {
		t.Fatal(err)
	}
	ids = restored.AppendGroup(nil, 0)
	if diff := sdktest.Diff(sdktest.Rows(source), gather(restored, &batch.Pool{}, typesOf(source), ids)); diff != "" {
		t.Error(diff)
	}
	if *restored.Link(ids[0], 0) != ids[2] || *restored.Link(ids[1], 0) != keyed.NoRow || *restored.Mark(ids[1]) != 7 {
		t.Errorf("links %d and %d, mark %d", *restored.Link(ids[0], 0), *restored.Link(ids[1], 0), *restored.Mark(ids[1]))
	}
}

func TestPartsFixture(t *testing.T) {
	data := fixture(t, "parts-v1.state", keyed.AppendParts(nil, 3, []byte("first"), nil, []byte("third part")))
	parts, err := keyed.Parts("join", data, 3, 3)
	if err != nil || string(parts[0]) != "first" || parts[1] != nil || string(parts[2]) != "third part" {
		t.Errorf("%q, %v", parts, err)
	}
	if got := keyed.AppendParts(nil, 3, nil, []byte{}); got != nil {
		t.Errorf("parts of nothing are %x", got)
	}
}

// TestHashFixture holds the hash of keys: stored state lies in the key groups that it gave.
func TestHashFixture(t *testing.T) {
	var s strings.Builder
	source := everyType()
	for i, c := range source.Cols {
		b := &batch.Batch{Cols: []*batch.Column{c}, Len: 3}
		for row, h := range keyed.NewHasher([]int{0}).Hash(b) {
			fmt.Fprintf(&s, "%016x %s %s\n", h, c.Type(), sdktest.Rows(b)[row])
		}
		if i > 0 {
			pair := keyed.NewHasher([]int{0, 1}).Hash(&batch.Batch{Cols: source.Cols[i-1 : i+1], Len: 3})
			fmt.Fprintf(&s, "%016x both\n", pair[0])
		}
	}
	for n := range 80 {
		h := keyed.NewHasher([]int{0}).Hash(sdktest.TextBatch(strings.Repeat("0123456789abcdef", 5)[:n]))
		fmt.Fprintf(&s, "%016x %d bytes\n", h[0], n)
	}
	fixture(t, "keyhash-v1.txt", []byte(s.String()))
}
