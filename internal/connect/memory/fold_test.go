package memory_test

import (
	"slices"
	"strings"
	"testing"

	"wire.example/wire/internal/connect/memory"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/sdktest"
)

// changes are numbers with kinds.
func changes(kinds []batch.Change, values ...int64) *batch.Batch {
	b := numbers(values...)
	b.Kinds = kinds
	return b
}

const (
	ins  = batch.Insert
	ub   = batch.UpdateBefore
	ua   = batch.UpdateAfter
	del  = batch.Delete
	many = 3 * batch.MaxRows
)

func TestACollectorFoldsChanges(t *testing.T) {
	c := memory.NewCollector(&batch.Pool{})
	take := func(b *batch.Batch) {
		if err := c.Take(t.Context(), b); err != nil {
			t.Fatal(err)
		}
	}
	take(numbers(1, 2, 2, 3))
	if c.Changes() {
		t.Error("insertions are changes")
	}
	take(changes([]batch.Change{ub, ua, del, ins}, 1, 4, 2, 5))
	for n := range int64(many) {
		take(changes([]batch.Change{ins, del}, n, n))
	}
	if !c.Changes() {
		t.Error("changes were not seen")
	}
	left, err := c.Fold(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, b := range left.Batches() {
		got = append(got, sdktest.Rows(b)...)
	}
	if !slices.Equal(got, []string{"2", "3", "4", "5"}) || left.Rows() != 4 || c.Rows() != 8+2*many {
		t.Errorf("%q", got)
	}
}

func TestWhatIsNotThereCannotBeTakenBack(t *testing.T) {
	c := memory.NewCollector(&batch.Pool{})
	b := changes([]batch.Change{ins, del, ub, ua}, 1, 1, 1, 2)
	b.Cols[0].SetNull(2)
	if err := c.Take(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Fold(t.Context()); err == nil || err.Error() != "change 3 takes a row back that is not there: -U (NULL)" {
		t.Error(err)
	}
}

func TestARowThatFindsNoRoomEndsTheFold(t *testing.T) {
	c := memory.NewCollector(&batch.Pool{})
	if err := c.Take(t.Context(), numbers(1)); err != nil {
		t.Fatal(err)
	}
	c.Reserve = func(int64) error { return errFull }
	if _, err := c.Fold(t.Context()); err == nil || !strings.Contains(err.Error(), "full") {
		t.Error(err)
	}
}
