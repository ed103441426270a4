package join_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/join"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/operator/optest"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

func newSymmetric(c *join.Config) (op.Operator, error) { return join.NewSymmetric(c) }

// TestSymmetricJoinsAreWhatTheirDefinitionSays, without conditions that fail: which of two rows is rejected depends on which came last.
func TestSymmetricJoinsAreWhatTheirDefinitionSays(t *testing.T) {
	often(t, func(rt *rapid.T) {
		s := drawScenario(rt, t)
		var budget *limit.Budget
		if s.config.Kind != join.Inner {
			s.config.Kind, s.config.NullAware, s.ref.kind = join.Inner, false, join.Inner
			for i := range s.config.Keys {
				if s.config.Keys[i].Match == join.In {
					s.config.Keys[i].Match = join.Equal
				}
			}
		}
		fresh := func() op.Multi {
			budget = limit.New("test", 0)
			s.config.Budget = budget
			o, err := join.NewSymmetric(&s.config)
			if err != nil {
				rt.Fatalf("%v", err)
			}
			return o
		}
		got, want := s.play(rt, false, fresh), s.ref.run()
		if len(want.rejects) == 0 && !slices.Equal(got.answer().rows, want.rows) {
			rt.Fatalf("keys %v\n got %q\nwant %q", s.ref.keys, got.answer().rows, want.rows)
		}
		if in := int64(len(s.ref.left) + len(s.ref.right)); got.counts.In != in || (got.counts.Rejected > 0) != (len(want.rejects) > 0) {
			rt.Fatalf("account %+v of %d rows", got.counts, in)
		}
		if used := budget.Used(); used != 0 {
			rt.Fatalf("%d bytes are still reserved", used)
		}
		again := s.play(rt, true, fresh)
		if !slices.Equal(again.rows, got.rows) || again.counts != got.counts {
			rt.Fatalf("keys %v: with restarts\n%q\nwithout\n%q", s.ref.keys, again.rows, got.rows)
		}
	})
}

// TestSymmetricDriven drives it in every way.
func TestSymmetricDriven(t *testing.T) {
	types := []schema.Type{schema.Of(schema.Text), schema.Of(schema.Int64)}
	for _, match := range []join.Match{join.Equal, join.NotDistinct} {
		c := join.Config{Name: "j", Left: types, Right: types, Keys: []join.Key{{Match: match}}}
		optest.Check(t, driven(c, newSymmetric), drawPair(types), wantJoin(join.Inner, match == join.NotDistinct, types))
	}
	optest.Check(t, driven(join.Config{Name: "j", Left: types, Right: types}, newSymmetric), drawPair(types), nil)
}

// TestSymmetricLooksEachRowUpBeforeItIsStored: a pair comes out with its second row, over several calls if there are many.
func TestSymmetricLooksEachRowUpBeforeItIsStored(t *testing.T) {
	number := schema.Of(schema.Int64)
	types := []schema.Type{number, number, number, number}
	s, err := join.NewSymmetric(&join.Config{Left: types, Right: types, Keys: []join.Key{{}}, Pool: &batch.Pool{}, Budget: limit.New("test", 0)})
	if err != nil {
		t.Fatal(err)
	}
	r := newRun(t, s)
	feedAll(t, r, types, join.LeftInput, manyRows(10_000, func(int) string { return "1" }))
	if len(r.rows) != 0 {
		t.Fatal("rows came out alone")
	}
	feedAll(t, r, types, join.RightInput, manyRows(2, func(int) string { return "1" }))
	if len(r.rows) != 20_000 {
		t.Fatalf("%d rows", len(r.rows))
	}
	feedAll(t, r, types, join.LeftInput, manyRows(1, func(int) string { return "1" }))
	if want := (op.Counts{In: 10_003, Forwarded: 3, Absorbed: 10_000, Emitted: 20_002}); r.counts != want {
		t.Errorf("account %+v, want %+v", r.counts, want)
	}
	if err := r.feed(types, event{input: join.RightInput}); err != nil {
		t.Fatal(err)
	}
	feedAll(t, r, types, join.LeftInput, manyRows(1, func(int) string { return "2" }))
	if r.counts.Filtered != 1 {
		t.Errorf("account %+v: a row that nothing will meet is not stored", r.counts)
	}
	for _, bad := range []join.Config{{Kind: join.Left}, {Kind: join.Inner, Broadcast: true}, {Build: 2}} {
		if _, err := join.NewSymmetric(&bad); err == nil {
			t.Errorf("%+v was taken", bad)
		}
	}
}
