package window_test

import (
	"fmt"
	"testing"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/aggregate"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/operator/optest"
	"wire.example/wire/internal/operator/window"
	"wire.example/wire/internal/state/store"
	"wire.example/wire/internal/state/store/storetest"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// TestPagesOfKeysThatCameBack: keys that leave memory and come back with rows, again and again, do not count more often than they are away: the pages of a window are as many as if they had left once.
func TestPagesOfKeysThatCameBack(t *testing.T) {
	once, often := pagesBehind(t, 1), pagesBehind(t, 8)
	if once < 2 || often > once*3/2 {
		t.Errorf("%d pages, and %d where keys came back", once, often)
	}
}

// pagesBehind is about how many pages a window has whose keys have left memory so often.
func pagesBehind(t *testing.T, rounds int) int {
	t.Helper()
	const groups = 5 * batch.MaxRows
	c := window.SlicedConfig{Shape: window.Shape{Kind: window.Hop, Size: 20, Every: 10}, TimeType: schema.Of(schema.TimestampTZ)}
	c.Start, c.End, c.Emission, c.Lateness = colStart, colEnd, window.OnClose, 1000
	c.Name, c.Types, c.Keys = "slices 1", slicedTypes(), []int{colKey}
	c.Calls = []aggregate.Call{call(t, "count")}
	s, err := window.NewRevised(&batch.Pool{}, limit.New("test", 1<<30), c)
	if err != nil {
		t.Fatal(err)
	}
	r := &storetest.Reader{}
	stored, out := optest.StoreThrough(s, 8<<20, func(in store.Reader) store.Reader {
		r.Reader = in
		return r
	}), op.NewOutput(1)
	for range rounds {
		for from := 0; from < groups; from += batch.MaxRows {
			var rows [][]any
			for n := from; n < from+batch.MaxRows; n++ {
				rows = append(rows, []any{10, 20, fmt.Sprintf("%0200d", n), 0, 0, nil})
			}
			applied(t, s, stored, out, optest.Make(slicedTypes(), rows...))
		}
		if err := stored.Evict(0, true); err != nil {
			t.Fatal(err)
		}
	}
	r.Scans = 0
	for more := true; more; {
		if err := stored.Load(0, nil); err != nil {
			t.Fatal(err)
		}
		out.Reset()
		if more, err = s.OnWatermark(10, out); err != nil {
			t.Fatal(err)
		}
	}
	return r.Scans
}
