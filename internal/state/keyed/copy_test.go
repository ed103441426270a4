package keyed_test

import (
	"strings"
	"testing"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// TestMembersOfNullRowsAreNotFollowed: what a member of a NULL row says about long text is undefined.
func TestMembersOfNullRowsAreNotFollowed(t *testing.T) {
	pool := &batch.Pool{}
	typ := schema.RowOf(schema.Field{Name: "a", Type: schema.Of(schema.Text)})
	c := batch.NewColumn(pool, typ)
	c.Reset(4)
	for row := range 4 {
		c.Child(0).SetBytes(row, []byte(strings.Repeat("x", 20+row)))
	}
	for _, row := range []int{1, 3} {
		c.SetNull(row)
		c.Child(0).Views()[row] = batch.View{Len: 1 << 30, Buf: 77, Off: 5}
	}
	store := keyed.NewRows(pool, []schema.Type{typ}, 0, "join", limit.New("test", 0))
	ids := make([]uint32, 4)
	if err := store.Append([]*batch.Column{c}, nil, nil, ids); err != nil {
		t.Fatal(err)
	}
	got := strings.Join(gather(store, pool, []schema.Type{typ}, ids), "\n")
	if strings.Count(got, "NULL") != 2 || !strings.Contains(got, strings.Repeat("x", 20)) || !strings.Contains(got, strings.Repeat("x", 22)) {
		t.Error(got)
	}
}
