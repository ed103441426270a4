package join_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/join"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// TestMessages holds what is said of joins that cannot be, and of rows that may not come, against testdata/messages.txt.
func TestMessages(t *testing.T) {
	number, text := schema.Of(schema.Int64), schema.Of(schema.Text)
	two := []schema.Type{number, text}
	var got strings.Builder
	say := func(what string, err error) {
		fmt.Fprintf(&got, "%s\n    %v\n", what, err)
	}
	makers := map[string]func(*join.Config) (op.Multi, error){
		"hash":     func(c *join.Config) (op.Multi, error) { return join.NewHash(c) },
		"changing": func(c *join.Config) (op.Multi, error) { return join.NewChanging(c) },
		"merge":    func(c *join.Config) (op.Multi, error) { return join.NewMerge(c) },
	}
	for _, test := range []struct {
		what, maker string
		config      join.Config
	}{
		{"build side", "hash", join.Config{Build: 2}},
		{"needed columns", "hash", join.Config{Kind: join.Semi, Need: []bool{true}}},
		{"null-aware", "hash", join.Config{Kind: join.Left, NullAware: true}},
		{"broadcast of a preserved input", "hash", join.Config{Kind: join.Full, Broadcast: true, Build: 1}},
		{"key columns", "hash", join.Config{Keys: []join.Key{{Left: 2}}}},
		{"key types", "hash", join.Config{Keys: []join.Key{{Right: 1}}}},
		{"IN in another kind", "hash", join.Config{Keys: []join.Key{{Match: join.In}}}},
		{"residual's columns", "hash", join.Config{Reads: []int{4}}},
		{"dealt by what is not there", "hash", join.Config{Broadcast: true, Deal: []int{2}}},
		{"changing, but broadcast", "changing", join.Config{Broadcast: true, Build: 1}},
		{"changing, with wrong keys", "changing", join.Config{Keys: []join.Key{{Right: 1}}}},
		{"rows kept for less than no time", "changing", join.Config{Inputs: [2]join.Input{{}, {TTL: -1}}}},
		{"merge without keys", "merge", join.Config{}},
		{"merge with too many directions", "merge", join.Config{Keys: []join.Key{{}}, Order: make([]join.Direction, 2)}},
		{"merge by broadcast", "merge", join.Config{Keys: []join.Key{{}}, Broadcast: true}},
		{"merge by IN", "merge", join.Config{Kind: join.Semi, Keys: []join.Key{{Match: join.In}}}},
		{"merge with wrong keys", "merge", join.Config{Keys: []join.Key{{Right: 1}}}},
	} {
		c := test.config
		c.Name, c.Left, c.Right = "orders", two, two
		_, err := makers[test.maker](&c)
		say(test.what, err)
	}
	for _, maker := range []string{"hash", "changing", "merge"} {
		o, err := makers[maker](&join.Config{
			Name: "orders", Left: two, Right: two, Keys: []join.Key{{}}, Pool: &batch.Pool{}, Budget: limit.New("test", 0),
			Inputs: [2]join.Input{{AppendOnly: true}, {AppendOnly: true}},
		})
		if err != nil {
			t.Fatal(err)
		}
		b := makeBatch(t, two, [][]string{{"1", "a"}}, false)
		out := op.NewOutput(1)
		_, err = o.Apply(b, out)
		say(maker+": one input", err)
		b.Kinds = []batch.Change{batch.Delete}
		_, err = o.ApplyInput(0, b, out)
		say(maker+": a deletion", err)
		b.Kinds = nil
		if _, err := o.OnInputEnd(1, out); err != nil {
			t.Fatal(err)
		}
		_, err = o.ApplyInput(1, b, out)
		say(maker+": rows after the end", err)
	}
	if *writeFixtures {
		if err := os.WriteFile("testdata/messages.txt", []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	golden, err := os.ReadFile("testdata/messages.txt")
	if err != nil || got.String() != string(golden) {
		t.Errorf("testdata/messages.txt has other messages (%v):\n%s", err, got.String())
	}
}

// TestTypesThatHaveOneRepresentation are compared, whatever their length, precision and names.
func TestTypesThatHaveOneRepresentation(t *testing.T) {
	row := func(name string, typ schema.Type) schema.Type {
		return schema.RowOf(schema.Field{Name: name, Type: typ})
	}
	for _, test := range []struct {
		a, b schema.Type
		want bool
	}{
		{schema.NumericOf(10, 2), schema.NumericOf(12, 4), true},
		{schema.VarcharOf(3), schema.Of(schema.Text), true},
		{row("a", schema.NumericOf(10, 2)), row("b", schema.Of(schema.Numeric)), true},
		{row("a", schema.Of(schema.Text)), row("a", schema.Of(schema.Int64)), false},
		{schema.ArrayOf(schema.VarcharOf(3)), schema.ArrayOf(schema.Of(schema.Text)), true},
		{schema.ArrayOf(schema.Of(schema.Int64)), schema.ArrayOf(schema.Of(schema.Text)), false},
		{schema.Of(schema.Int32), schema.Of(schema.Int64), false},
	} {
		_, err := join.NewHash(&join.Config{Left: []schema.Type{test.a}, Right: []schema.Type{test.b}, Keys: []join.Key{{}}, Pool: &batch.Pool{}, Budget: limit.New("test", 0)})
		if (err == nil) != test.want {
			t.Errorf("%s and %s: %v", test.a, test.b, err)
		}
	}
}
