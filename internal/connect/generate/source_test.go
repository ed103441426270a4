package generate

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"wire.example/wire/internal/foundation/clock"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/connector"
	"wire.example/wire/sdk/schema"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A run restarted after any block, and in the middle of it, gives the rows that the straight run gives.
func TestResumeAtAnyBlock(t *testing.T) {
	for _, options := range []map[string]any{
		{"rows": int64(5_000), "group_size": int64(100)},
		{"rows": int64(200_000), "table": "person"},
		{"kind": "sequence", "rows": int64(4_000)},
	} {
		c := configure(t, options)
		d := newTestDecoder(t, c, &batch.Pool{}, nil)
		want := rowsOf(t, d, 0, int(c.Rows))
		r := open(t, c, manual())
		var before []string
		for {
			state, err := r.Snapshot()
			if err != nil {
				t.Fatal(err)
			}
			sameRows(t, append(before[:len(before):len(before)], read(t, open(t, c, manual(), state...), d)...), want)
			var block codec.Block
			status, err := r.Poll(t.Context(), nil, &block)
			if err != nil {
				t.Fatal(err)
			}
			if status == connector.End {
				break
			}
			before = append(before, rowsOf(t, d, block.First, block.Count)...)
		}
		if status, err := r.Poll(t.Context(), nil, &codec.Block{}); status != connector.End || err != nil {
			t.Errorf("after the end: %v, %v", status, err)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestPositionsThatCannotBeRead(t *testing.T) {
	c := configure(t, map[string]any{})
	for _, test := range []struct{ split, position, want string }{
		{"rows", `{`, "unexpected end of JSON input"},
		{"rows", `{"version":2,"next":0}`, "is not one that this release has written"},
		{"rows", `{"version":1,"next":-1}`, "is not one that this release has written"},
		{"other", `{"version":1,"next":0}`, `of split "other" is not one`},
	} {
		env := connector.SourceEnv{Restore: []connector.SplitState{{Split: test.split, Position: json.RawMessage(test.position)}}}
		_, err := SourceType(manual()).Open(t.Context(), env, c)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %q", test.position, err, test.want)
		}
	}
}

func TestAPositionAfterTheEnd(t *testing.T) {
	c := configure(t, map[string]any{"rows": int64(10)})
	r := open(t, c, manual(), connector.SplitState{Split: split, Position: json.RawMessage(`{"version":1,"next":11}`)})
	if status, err := r.Poll(t.Context(), nil, &codec.Block{}); status != connector.End || err != nil {
		t.Errorf("%v, %v", status, err)
	}
}

// Without rows the source goes on, for Nexmark until the calendar ends.
func TestAnEndlessSourceEndsWithTheCalendar(t *testing.T) {
	c := configure(t, map[string]any{})
	if SourceType(manual()).Bounded(c) {
		t.Error("a source without rows is bounded")
	}
	limit, err := c.limit()
	if err != nil {
		t.Fatal(err)
	}
	state := connector.SplitState{Split: split, Position: json.RawMessage(`{"version":1,"next":` + jsonNumber(t, limit-3) + `}`)}
	rows := read(t, open(t, c, manual(), state), newTestDecoder(t, c, &batch.Pool{}, nil))
	if len(rows) != 3 {
		t.Errorf("%d rows, want the last 3", len(rows))
	}
	if limit, err := configure(t, map[string]any{"kind": "sequence"}).limit(); limit != math.MaxInt64 || err != nil {
		t.Errorf("a sequence ends at %d, %v", limit, err)
	}
}

func jsonNumber(t *testing.T, n int64) string {
	t.Helper()
	text, err := json.Marshal(n)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestProgress(t *testing.T) {
	progress := func(r connector.Reader) [2]int64 {
		done, total := r.(connector.Progress).Progress()
		return [2]int64{done, total}
	}
	bounded := open(t, configure(t, map[string]any{"rows": int64(1_500)}), manual(),
		connector.SplitState{Split: split, Position: json.RawMessage(`{"version":1,"next":100}`)})
	if got := progress(bounded); got != [2]int64{100, 1_500} {
		t.Errorf("at the start %v", got)
	}
	if _, err := bounded.Poll(t.Context(), nil, &codec.Block{}); err != nil {
		t.Fatal(err)
	}
	if got := progress(bounded); got != [2]int64{1_124, 1_500} {
		t.Errorf("after a block %v", got)
	}
	if got := progress(open(t, configure(t, map[string]any{}), manual())); got != [2]int64{0, -1} {
		t.Errorf("without an end %v", got)
	}
}

// poll answers how many rows were dealt, -1 for Woken.
func poll(ctx context.Context, t *testing.T, r connector.Reader, wake <-chan struct{}) int {
	t.Helper()
	var block codec.Block
	status, err := r.Poll(ctx, wake, &block)
	if err != nil {
		t.Fatal(err)
	}
	if status == connector.Woken {
		return -1
	}
	return block.Count
}

func TestRateDealsWhatIsDue(t *testing.T) {
	clk := manual()
	r := open(t, configure(t, map[string]any{"kind": "sequence", "rows": int64(5_000), "rate": 10.0}), clk)
	for i, step := range []struct {
		advance time.Duration
		want    int
	}{
		{0, 1},                         // the first at once
		{100 * time.Millisecond, 1},    // one every 100 ms
		{250 * time.Millisecond, 2},    // two were due, half a one is not
		{50 * time.Millisecond, 1},     // now it is
		{time.Minute, 600},             // a pause is made up for
		{10 * time.Minute, batchRows},  // by blocks no larger than others
		{0, batchRows},                 // and at once
		{0, batchRows},                 //
		{0, batchRows},                 //
		{0, 5_000 - 605 - 4*batchRows}, // to the end
	} {
		clk.Advance(step.advance)
		if got := poll(t.Context(), t, r, nil); got != step.want {
			t.Fatalf("step %d: %d rows, want %d", i, got, step.want)
		}
	}
}

// Poll waits on the clock it was given, exactly until the next row is due.
func TestRateWaitsForTheClock(t *testing.T) {
	clk := manual()
	r := open(t, configure(t, map[string]any{"kind": "sequence", "rate": 3.0}), clk)
	if got := poll(t.Context(), t, r, nil); got != 1 {
		t.Fatalf("%d rows at the start", got)
	}
	start := clk.Now()
	for k := 1; k <= 10; k++ {
		done := make(chan int, 1)
		go func() { done <- poll(t.Context(), t, r, nil) }()
		if err := clk.WaitForWaiters(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
		due := start.Add((time.Duration(k)*time.Second + 2) / 3) // a third of a second, rounded up to nanoseconds
		clk.Set(due.Add(-1))
		if n := clk.Waiters(); n != 1 {
			t.Fatalf("row %d came early", k)
		}
		clk.Set(due)
		if got := <-done; got != 1 {
			t.Fatalf("row %d: %d rows", k, got)
		}
	}
}

// At high rates rows that fall due within a tenth of a millisecond go together.
func TestHighRatesDealRowsTogether(t *testing.T) {
	clk := manual()
	r := open(t, configure(t, map[string]any{"kind": "sequence", "rate": 1e6}), clk)
	if got := poll(t.Context(), t, r, nil); got != 1 {
		t.Fatalf("%d rows at the start", got)
	}
	for range 5 {
		done := make(chan int, 1)
		clk.Advance(time.Microsecond) // a row is due, and waits for others
		go func() { done <- poll(t.Context(), t, r, nil) }()
		if err := clk.WaitForWaiters(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
		clk.Advance(minPause - time.Microsecond)
		if got := <-done; got != 100 {
			t.Fatalf("%d rows after %v", got, minPause)
		}
	}
	clk.Advance(2100 * time.Microsecond)
	for range 2 { // full blocks wait for nothing: 2,100 rows are due
		if got := poll(t.Context(), t, r, nil); got != batchRows {
			t.Fatalf("%d rows of 2,100", got)
		}
	}
}

func TestWakeAndContextEndTheWait(t *testing.T) {
	clk := manual()
	r := open(t, configure(t, map[string]any{"kind": "sequence", "rate": 0.001}), clk)
	wake := make(chan struct{}, 1)
	if got := poll(t.Context(), t, r, wake); got != 1 {
		t.Fatalf("%d rows at the start", got)
	}
	wake <- struct{}{}
	if got := poll(t.Context(), t, r, wake); got != -1 {
		t.Errorf("%d rows, want to be woken", got)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := r.Poll(ctx, wake, &codec.Block{}); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if n := clk.Waiters(); n != 0 {
		t.Errorf("%d timers are left", n)
	}
}

func TestOptionMistakes(t *testing.T) {
	for _, test := range []struct {
		options    map[string]any
		name, want string
	}{
		{map[string]any{"kind": "nexmrk"}, "kind", `option "kind" cannot be "nexmrk"; did you mean "nexmark"?`},
		{map[string]any{"table": "bids"}, "table", `option "table" cannot be "bids"; did you mean "bid"?`},
		{map[string]any{"kind": "sequence", "table": "bid"}, "table", "table is an option of kind nexmark; a sequence has one column, n"},
		{map[string]any{"rows": int64(-1)}, "rows", "rows must be 0 (without end) or more"},
		{map[string]any{"rows": int64(math.MaxInt64)}, "rows", "nexmark: rows is 9223372036854775807, must be between 0 and 2519653823990001"},
		{map[string]any{"rate": -1.0}, "rate", "rate must be 0"},
		{map[string]any{"rate": "NaN"}, "rate", "must be a number"},
		{map[string]any{"rate": "Inf"}, "rate", "must be a number"},
		{map[string]any{"rate": "1e-7"}, "rate", "rate must be 0"},
		{map[string]any{"group_size": int64(953)}, "group_size", "nexmark: group_size is 953, must be no multiple of 953"},
		{map[string]any{"events_per_second": int64(0)}, "events_per_second", "nexmark: events_per_second is 0, must be between 1 and 1000000"},
		{map[string]any{"seed": "-1"}, "seed", `option "seed" must be an integer, not "-1"`},
	} {
		mistakes := connector.Apply(&Config{}, test.options)
		if len(mistakes) != 1 || mistakes[0].Name != test.name || !strings.Contains(mistakes[0].Error(), test.want) {
			t.Errorf("%v: %v, want %q for %s", test.options, mistakes, test.want, test.name)
		}
	}
	if mistakes := connector.Apply(&Config{}, map[string]any{"kind": "sequence", "group_size": int64(953)}); len(mistakes) != 0 {
		t.Errorf("a sequence does not care about group_size: %v", mistakes[0])
	}
}

func TestSourceType(t *testing.T) {
	typ := SourceType(clock.NewManual(time.Unix(0, 0)))
	c := configure(t, map[string]any{"rows": int64(1), "table": "person"})
	s, err := typ.Rows.Schema(c)
	if err != nil {
		t.Fatal(err)
	}
	if want := Schema(c); s.String() != want.String() || len(s.Fields) != 8 {
		t.Errorf("schema %s, want %s", s, want)
	}
	if !typ.Bounded(c) || !typ.Replayable {
		t.Error("a source with rows ends, and can be read again")
	}
	d, err := typ.Rows.NewDecoder(c, codec.DecodeSpec{Schema: s, Pool: &batch.Pool{}})
	if err != nil {
		t.Fatal(err)
	}
	if rows := rowsOf(t, d, 0, 1); len(rows) != 1 {
		t.Errorf("%d rows", len(rows))
	}
}

func TestSchemas(t *testing.T) {
	for _, test := range []struct {
		options map[string]any
		want    string
	}{
		{map[string]any{"kind": "sequence"}, "n BIGINT NOT NULL"},
		{map[string]any{"table": "bid"}, "auction BIGINT NOT NULL, bidder BIGINT NOT NULL, price BIGINT NOT NULL, channel TEXT NOT NULL, " +
			"url TEXT NOT NULL, date_time TIMESTAMP NOT NULL, extra TEXT NOT NULL"},
	} {
		if got := Schema(configure(t, test.options)).String(); got != test.want {
			t.Errorf("%v: %s, want %s", test.options, got, test.want)
		}
	}
	combined := Schema(configure(t, nil))
	if len(combined.Fields) != 4 || combined.Fields[2].Type.Kind != schema.Row || len(combined.Fields[2].Type.Fields) != 10 || combined.Fields[2].NotNull {
		t.Errorf("combined schema %s", combined)
	}
}

// The table of options in README.md is what the code says.
func TestReadmeListsTheOptions(t *testing.T) {
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	var want strings.Builder
	want.WriteString("| option | type | default | meaning |\n|---|---|---|---|\n")
	for _, o := range connector.Describe(&Config{}) {
		doc := o.Doc
		if len(o.Enum) > 0 {
			doc += " One of: " + strings.Join(o.Enum, ", ") + "."
		}
		fmt.Fprintf(&want, "| `%s` | %s | %s | %s |\n", o.Name, o.Type, o.Default, doc)
	}
	if !strings.Contains(string(text), want.String()) {
		t.Errorf("README.md lacks this table:\n%s", want.String())
	}
}

// FuzzRestore: a stored position is taken or refused, and one that is taken is where the reader goes on.
func FuzzRestore(f *testing.F) {
	for _, seed := range []string{`{"version":1,"next":7}`, `{"version":1,"next":-7}`, `{"next":1e3}`, `null`, `[]`, `{`} {
		f.Add(split, seed)
	}
	c := &Config{}
	if mistakes := connector.Apply(c, map[string]any{"kind": "sequence"}); len(mistakes) > 0 {
		f.Fatal(mistakes[0])
	}
	f.Fuzz(func(t *testing.T, split, stored string) {
		env := connector.SourceEnv{Restore: []connector.SplitState{{Split: split, Position: json.RawMessage(stored)}}}
		r, err := SourceType(manual()).Open(t.Context(), env, c)
		if err != nil {
			return
		}
		states, err := r.Snapshot()
		if err != nil {
			t.Fatal(err)
		}
		next, err := restore(states)
		if err != nil || next != r.(*reader).next || next < 0 {
			t.Errorf("%s was taken, and stored again as %s: %d, %v", stored, states[0].Position, next, err)
		}
	})
}
