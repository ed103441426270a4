package keyed_test

import (
	"encoding/binary"
	"errors"
	"os"
	"testing"

	"github.com/zeebo/xxh3"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
)

// resealed returns data with the checksum that fits, so that what is behind the checksum is tested, too.
func resealed(data []byte) []byte {
	return binary.LittleEndian.AppendUint64(data, xxh3.Hash(data))
}

// seed adds a fixture without its checksum.
func seed(f *testing.F, name string) {
	data, err := os.ReadFile("testdata/" + name)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data[:len(data)-8])
}

// mustBeCorrupt checks that an error is one about damage, with an offset within the data.
func mustBeCorrupt(t *testing.T, err error, size int) {
	t.Helper()
	var corrupt *keyed.CorruptError
	if err == nil {
		return
	}
	if !errors.As(err, &corrupt) || corrupt.Offset < 0 || corrupt.Offset > size {
		t.Fatalf("%T: %v of %d bytes", err, err, size)
	}
}

func FuzzTableRestore(f *testing.F) {
	seed(f, "table-v1.state")
	types := typesOf(everyType())
	f.Fuzz(func(t *testing.T, data []byte) {
		data = resealed(data)
		budget := limit.New("test", 0)
		table := keyed.NewTable(&batch.Pool{}, types, "count", budget)
		err := table.Restore(1, data, func(uint32, []byte) error { return nil })
		mustBeCorrupt(t, err, len(data))
		if err == nil && table.Len() > 0 {
			again, err := table.Snapshot(1, func(dst []byte, _ uint32) []byte { return dst })
			if err != nil || again == nil {
				t.Fatalf("what was restored has no snapshot: %v", err)
			}
		}
		table.Free()
		if budget.Used() != 0 {
			t.Fatalf("%d bytes are still reserved", budget.Used())
		}
	})
}

func FuzzRowsRestore(f *testing.F) {
	seed(f, "rows-v1.state")
	types := typesOf(everyType())
	f.Fuzz(func(t *testing.T, data []byte) {
		data = resealed(data)
		budget := limit.New("test", 0)
		rows := keyed.NewRows(&batch.Pool{}, types, 1, "sort", budget)
		err := rows.Restore(1, data)
		mustBeCorrupt(t, err, len(data))
		if err == nil {
			if again, err := rows.Snapshot(1); err != nil || (again == nil) != (rows.Len() == 0) {
				t.Fatalf("%d rows were restored, a snapshot has %d bytes, %v", rows.Len(), len(again), err)
			}
			gather(rows, &batch.Pool{}, types, rows.AppendGroup(nil, 1))
		}
		rows.Free()
		if budget.Used() != 0 {
			t.Fatalf("%d bytes are still reserved", budget.Used())
		}
	})
}

func FuzzParts(f *testing.F) {
	seed(f, "parts-v1.state")
	f.Fuzz(func(t *testing.T, data []byte) {
		data = resealed(data)
		parts, err := keyed.Parts("join", data, 3, 3)
		mustBeCorrupt(t, err, len(data))
		if err == nil && len(parts) != 3 {
			t.Fatalf("%d parts", len(parts))
		}
	})
}
