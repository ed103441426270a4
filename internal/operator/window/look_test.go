package window_test

import (
	"errors"
	"slices"
	"testing"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/aggregate"
	"wire.example/wire/internal/operator/optest"
	"wire.example/wire/internal/operator/window"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sdktest"
)

// TestWindowsAreLookedAt: whoever reads what is stored of slices, cells and sessions sees what calls have come to, and is told of damage.
func TestWindowsAreLookedAt(t *testing.T) {
	at := schema.Of(schema.TimestampTZ)
	for path, test := range map[string]struct {
		// types are of the rows that the fixture was made of, read reads a value, want are counts and sums of all that is stored.
		types []schema.Type
		read  func(r *window.Reader, value []byte, slot func(start, end int64) (uint32, error)) error
		want  []string
	}{
		"entries-v2-sliced-open": {slicedTypes(), func(r *window.Reader, value []byte, _ func(start, end int64) (uint32, error)) error {
			return r.Slice(0, value)
		}, []string{"1, 3", "1, 3", "1, 7", "1, 7", "3, 7", "3, 7"}},
		"entries-v1-revised": {slicedTypes(), func(r *window.Reader, value []byte, _ func(start, end int64) (uint32, error)) error {
			return r.Cell(0, value)
		}, []string{"1, 3", "1, 7", "3, 7"}},
		"entries-v3-sessions": {windowTypes(), func(r *window.Reader, value []byte, slot func(start, end int64) (uint32, error)) error {
			if err := r.Sessions(value, slot); err != nil || len(value) > 1 {
				return err
			}
			return errors.New("a single byte says that there are none, which is read")
		}, []string{"1, 3", "1, 7", "3, 7"}},
	} {
		t.Run(path, func(t *testing.T) {
			c := aggregate.Config{Name: "windows 1", Types: test.types, Keys: []int{colKey}, Calls: []aggregate.Call{call(t, "count"), call(t, "sum", colNumber), filtered(call(t, "max", colKey))}}
			budget := limit.New("test", limit.Unlimited)
			inner, err := aggregate.NewReader(&batch.Pool{}, budget, c, 4)
			if err != nil {
				t.Fatal(err)
			}
			r := &window.Reader{Reader: inner, Name: c.Name, Times: [2]schema.Type{at, at}, Spare: 3}
			var got []string
			answers := func(slot uint32) (row string) {
				b := batch.Batch{Len: 1}
				for call := range c.Calls[:2] {
					out := batch.NewColumn(&batch.Pool{}, r.Type(call))
					r.Answer(call, []uint32{slot}, out)
					b.Cols = append(b.Cols, out)
				}
				return sdktest.Rows(&b)[0]
			}
			read := func(value []byte) error {
				taken := uint32(0)
				err := test.read(r, value, func(start, end int64) (uint32, error) {
					if taken == 3 { // as whoever shows them would, some at a time
						r.Free(0)
						taken = 0
					}
					taken++
					return taken - 1, nil
				})
				got = got[:0]
				for slot := range max(taken, 1) {
					got = append(got, answers(slot))
					r.Free(slot)
				}
				return err
			}
			var all []string
			for _, value := range optest.EntryValues(t, "testdata/"+path+".txt", "0") {
				optest.Damaged(t, value, read)
				if err := read(value); err != nil {
					t.Fatal(err)
				}
				all = append(all, got...)
			}
			slices.Sort(all)
			if diff := sdktest.Diff(test.want, all); diff != "" {
				t.Error(diff)
			}
			r.Close()
			if n := budget.Used(); n != 0 {
				t.Errorf("%d bytes are left in use", n)
			}
		})
	}
}
