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

// keyTypes are types of keys with few values, some of which can be written in several ways.
func keyTypes() map[string][]string {
	return map[string][]string{
		"int":      {null, "1", "2", "3"},
		"text":     {null, "a", "a text that is longer than a view", "a text that is longer than a vied"},
		"numeric":  {null, "1", "1.0", "1.00", "2.50", "2.5"},
		"double":   {null, "0", "-0", "NaN", "1.5"},
		"interval": {null, "30 days", "1 mon", "24:00:00", "1 day"},
	}
}

func typeOf(name string) schema.Type {
	return map[string]schema.Type{
		"int": schema.Of(schema.Int64), "text": schema.Of(schema.Text), "numeric": schema.Of(schema.Numeric), "double": schema.Of(schema.Float64),
		"interval": schema.Of(schema.Interval),
	}[name]
}

// scenario is a join, its input, and how that comes.
type scenario struct {
	config  join.Config
	ref     reference
	events  []event
	restart bool
	kept    bool // state is stored entry by entry
}

// drawScenario draws a join. The first two columns are keys, the third is a number for the residual, the fourth a text.
func drawScenario(t *rapid.T, tb testing.TB) *scenario {
	kind := rapid.SampledFrom([]join.Kind{join.Inner, join.Left, join.Right, join.Full, join.Semi, join.Anti, join.Mark, join.Single}).Draw(t, "kind")
	nullAware := kind == join.Anti && rapid.Bool().Draw(t, "null-aware")
	names := []string{
		rapid.SampledFrom([]string{"int", "text", "numeric", "double", "interval"}).Draw(t, "type 0"),
		rapid.SampledFrom([]string{"int", "text"}).Draw(t, "type 1"), "int", "text",
	}
	types := make([]schema.Type, len(names))
	for i, name := range names {
		types[i] = typeOf(name)
	}
	matches := []join.Match{join.Equal, join.NotDistinct}
	if nullAware || kind == join.Mark || kind == join.Semi {
		matches = append(matches, join.In, join.In)
	}
	var keys []join.Key
	for i := range rapid.IntRange(0, 2).Draw(t, "keys") {
		keys = append(keys, join.Key{Left: i, Right: i, Match: rapid.SampledFrom(matches).Draw(t, "match")})
	}
	s := &scenario{ref: reference{kind: kind, keys: keys, types: [2][]schema.Type{types, types}, nullAware: nullAware}}
	s.ref.build = rapid.IntRange(0, 1).Draw(t, "build")
	s.config = join.Config{
		Name: "j", Kind: kind, Build: s.ref.build, Left: types, Right: types, Keys: keys, NullAware: nullAware, Pool: &batch.Pool{},
	}
	if res := rapid.SampledFrom(residuals()).Draw(t, "residual"); res.expr != "" {
		s.ref.residual = res.eval
		s.config.Residual, s.config.Reads = program(tb, types, types, res.expr)
	}
	values := keyTypes()
	row := rapid.Custom(func(t *rapid.T) []string {
		return []string{
			rapid.SampledFrom(values[names[0]]).Draw(t, "c0"), rapid.SampledFrom(values[names[1]]).Draw(t, "c1"),
			rapid.SampledFrom(values["int"]).Draw(t, "c2"), rapid.SampledFrom(values["text"]).Draw(t, "c3"),
		}
	})
	s.ref.left = rapid.SliceOfN(row, 0, 25).Draw(t, "left")
	s.ref.right = rapid.SliceOfN(row, 0, 25).Draw(t, "right")
	s.restart = rapid.Bool().Draw(t, "restart")
	s.events = drawEvents(t, s.ref.left, s.ref.right)
	return s
}

// drawEvents cuts the inputs into batches and mixes them.
func drawEvents(t *rapid.T, left, right [][]string) []event {
	rest := [2][][]string{left, right}
	over := [2]bool{}
	var events []event
	for !over[0] || !over[1] {
		input := rapid.IntRange(0, 1).Draw(t, "input")
		if over[input] {
			input = 1 - input
		}
		e := event{input: input, spread: rapid.Bool().Draw(t, "spread"), restart: rapid.IntRange(0, 3).Draw(t, "restart") == 0}
		if n := len(rest[input]); n > 0 {
			take := rapid.IntRange(1, n).Draw(t, "take")
			e.rows, rest[input] = rest[input][:take], rest[input][take:]
		} else {
			over[input] = true
		}
		events = append(events, e)
	}
	return events
}

// play carries out the scenario's events. With restarts, the operator is replaced by one made of its state whenever an event says so.
func (s *scenario) play(t fataler, restarts bool, fresh func() op.Multi) *run {
	t.Helper()
	r := newRun(t, fresh())
	if s.kept {
		r.stored = optest.Store(r.op.(op.Durable))
	}
	for _, e := range s.events {
		if restarts && e.restart {
			r.restart(fresh())
		}
		r.seal()
		if err := r.feed(s.ref.types[e.input], e); err != nil {
			t.Fatalf("%v", err)
		}
	}
	return r
}

// often checks a property that has many sides and takes little time.
func often(t *testing.T, property func(*rapid.T)) {
	t.Helper()
	for range 12 {
		rapid.Check(t, property)
	}
}

// TestHashJoinsAreWhatTheirDefinitionSays, for every kind, either build side, all sorts of keys and conditions, whatever way the input is cut and
// mixed. An operator that is made of another one's state in the middle goes on as that would have.
func TestHashJoinsAreWhatTheirDefinitionSays(t *testing.T) {
	often(t, func(rt *rapid.T) {
		s := drawScenario(rt, t)
		var budget *limit.Budget
		fresh := func() op.Multi {
			budget = limit.New("test", 0)
			s.config.Budget = budget
			h, err := join.NewHash(&s.config)
			if err != nil {
				rt.Fatalf("%v", err)
			}
			return h
		}
		got := s.play(rt, false, fresh)
		want := s.ref.run()
		if !slices.Equal(got.answer().rows, want.rows) || !slices.Equal(got.answer().rejects, want.rejects) {
			rt.Fatalf("%s join, build %d, keys %v\n got %q\nwant %q\n got rejects %v\nwant rejects %v", s.ref.kind, s.ref.build, s.ref.keys,
				got.answer().rows, want.rows, got.answer().rejects, want.rejects)
		}
		if in := int64(len(s.ref.left) + len(s.ref.right)); got.counts.In != in || got.counts.Held != 0 || got.counts.Rejected != int64(len(want.rejects)) {
			rt.Fatalf("account %+v of %d rows", got.counts, in)
		}
		if used := budget.Used(); used != 0 {
			rt.Fatalf("%d bytes are still reserved", used)
		}
		again := s.play(rt, true, fresh)
		if !slices.Equal(again.rows, got.rows) || again.counts != got.counts {
			rt.Fatalf("%s join, build %d, keys %v: with restarts\n%q\nwithout\n%q", s.ref.kind, s.ref.build, s.ref.keys, again.rows, got.rows)
		}
		if used := budget.Used(); used != 0 {
			rt.Fatalf("%d bytes are still reserved after restarts", used)
		}
		s.kept = true
		again = s.play(rt, true, fresh)
		if !slices.Equal(again.answer().rows, got.answer().rows) || again.counts != got.counts {
			rt.Fatalf("%s join, build %d, keys %v: with restarts, stored entry by entry\n%q\nwithout\n%q", s.ref.kind, s.ref.build, s.ref.keys, again.rows, got.rows)
		}
		if used := budget.Used(); used != 0 {
			rt.Fatalf("%d bytes are still reserved after restarts with entries", used)
		}
	})
}
