package join_test

import (
	"testing"

	"wire.example/wire/internal/operator/join"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/operator/optest"
	"wire.example/wire/sdk/schema"
)

// TestEntriesFixtures: entries that a released version stored are read, and written as they were.
func TestEntriesFixtures(t *testing.T) {
	types := []schema.Type{schema.Of(schema.Int64), schema.Of(schema.Text)}
	long := "a text that is not inline"
	left := optest.Make(types, []any{1, "a"}, []any{1, long}, []any{2, "a"}, []any{2, "b"}, []any{nil, "a"}, []any{nil, nil}, []any{4, "d"})
	right := optest.Make(types, []any{1, long}, []any{2, "a"}, []any{3, "b"}, []any{nil, "a"}, []any{2, "a"})
	hash := func(c *join.Config) (op.Operator, error) { return join.NewHash(c) }
	changing := func(c *join.Config) (op.Operator, error) { return join.NewChanging(c) }
	for name, test := range map[string]struct {
		create func(*join.Config) (op.Operator, error)
		config join.Config
	}{
		"hash":              {hash, join.Config{Kind: join.Full, Keys: []join.Key{{}}}},
		"hash-keys":         {hash, join.Config{Kind: join.Anti, Keys: []join.Key{{}}}},
		"hash-aware":        {hash, join.Config{Kind: join.Mark, Keys: []join.Key{{Match: join.In}}}},
		"changing":          {changing, join.Config{Kind: join.Full, Keys: []join.Key{{}}}},
		"changing-numbers":  {changing, join.Config{Kind: join.Anti, Keys: []join.Key{{}}}},
		"changing-aware":    {changing, join.Config{Kind: join.Mark, Keys: []join.Key{{Match: join.In}, {Left: 1, Right: 1}}}},
		"changing-with-ttl": {changing, join.Config{Kind: join.Left, Keys: []join.Key{{}}, Inputs: [2]join.Input{{TTL: 1}, {TTL: 1}}}},
	} {
		t.Run(name, func(t *testing.T) {
			c := test.config
			c.Name, c.Left, c.Right = "j", types, types
			optest.EntriesFixture(t, driven(c, test.create), "testdata/entries-v1-"+name+".txt", *writeFixtures, left, right)
		})
	}
}
