package flow_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"wire.example/wire/internal/flow"
	"wire.example/wire/internal/foundation/clock"
	"wire.example/wire/internal/plan/logical"
	"wire.example/wire/internal/plan/physical"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/connector"
	"wire.example/wire/sdk/sqlstate"
)

// answers keeps what the blocks of a source were answered.
type answers struct {
	mu   sync.Mutex
	all  []error
	good int
}

func (a *answers) ack(err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.all = append(a.all, err)
	if err == nil {
		a.good++
	}
}

// refusals returns the records that refused blocks name.
func (a *answers) refusals(t *testing.T) []int {
	t.Helper()
	var records []int
	for _, err := range a.all {
		var refused *codec.RefusedError
		if errors.As(err, &refused) {
			records = append(records, refused.Record)
		} else if err != nil {
			t.Error(err)
		}
	}
	return records
}

// report runs plan and returns how it went, its account included, which must be balanced if it went well.
func report(t *testing.T, plan *physical.Plan) (flow.Report, error) {
	t.Helper()
	p, err := flow.Build(t.Context(), plan, settings())
	if err != nil {
		t.Fatal(err)
	}
	_, err = p.Run(t.Context(), nil)
	if closeErr := p.Close(); closeErr != nil {
		t.Error(closeErr)
	}
	r := p.Report()
	if err == nil && !r.Balanced() {
		t.Errorf("the account does not add up: %+v", r)
	}
	return r, err
}

// TestABlockThatCanBeRefusedIsTakenWholeOrNotAtAll: blocks of 5 of the numbers below 1000; those with a multiple of 7 hold a bad row.
func TestABlockThatCanBeRefusedIsTakenWholeOrNotAtAll(t *testing.T) {
	var want []string
	var refused []int
	for first := int64(0); first < 1000; first += 5 {
		if bad := (7 - first%7) % 7; bad < 5 {
			refused = append(refused, int(bad))
		} else {
			want = append(want, numbers(first, first+5)...)
		}
	}
	for _, lanes := range []int{1, 4} {
		for _, remote := range []bool{false, true} {
			heard, sink := &answers{}, &collector{remote: remote}
			c := &counter{limit: 1000, block: 5, acks: heard.ack, refusable: true}
			if _, err := report(t, pipe(c, sink, lanes, &physical.Step{Name: "picky", New: newPicky})); err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(sink.published, want) {
				t.Errorf("%d lanes, remote %v: %d rows published, want %d", lanes, remote, len(sink.published), len(want))
			}
			if got := heard.refusals(t); !slices.Equal(slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(refused))) {
				t.Errorf("%d lanes, remote %v: refused %v, want %v", lanes, remote, got, refused)
			}
		}
	}
}

func TestOnlyWhatCanBeTakenBackIsRefused(t *testing.T) {
	heard := &answers{}
	c := &counter{limit: 21, block: 7, acks: heard.ack, refusable: true}
	_, err := report(t, staged(c, &collector{}, 1, &physical.Step{Name: "sums", New: newRunning}, &physical.Step{Name: "picky", New: newPicky}))
	var row *flow.RowError
	if !errors.As(err, &row) || row.Error() != `step "picky": a multiple of seven (SQLSTATE 22012). Set on_error: drop or dead_letter to go on past such rows` {
		t.Errorf("behind a stage: %v", err)
	}
	for name, c := range map[string]*counter{
		"not refusable": {limit: 10, block: 5, acks: heard.ack}, "no answer": {limit: 10, block: 5, refusable: true},
	} {
		_, err := report(t, pipe(c, &collector{}, 1, &physical.Step{Name: "picky", New: newPicky}))
		var row *flow.RowError
		if !errors.As(err, &row) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestARefusalSaysWhichRecord(t *testing.T) {
	var heard error
	sink := &collector{}
	plan := textPlan("one\ntwo\n!three\n!four\n", physical.Fail, sink, nil)
	open := plan.Sources[0].Type.Open
	plan.Sources[0].Type.Open = refusing(open, func(err error) { heard = err })
	if _, err := report(t, plan); err != nil {
		t.Fatal(err)
	}
	var refused *codec.RefusedError
	if !errors.As(heard, &refused) || refused.Record != 2 || refused.Offset != 8 || refused.Step != "in" || refused.Column != "line" {
		t.Fatalf("%+v", heard)
	}
	if heard.Error() != `column "line": a mistake` || sqlstate.Of(heard) != sqlstate.InvalidTextRepresentation || len(sink.published) != 0 {
		t.Errorf("%v, %q", heard, sink.published)
	}
}

// TestABlockWithoutBoundIsRefused: 300 rows of 1 MB each wait for their block's last row.
func TestABlockWithoutBoundIsRefused(t *testing.T) {
	heard, sink := &answers{}, &collector{weight: 1 << 20}
	c := &counter{limit: 300, block: 300, acks: heard.ack, refusable: true}
	r, err := report(t, pipe(c, sink, 1))
	if err != nil || len(sink.published) != 0 || r.Sinks[0].Rejected != 300 {
		t.Errorf("%v, %d published, %+v", err, len(sink.published), r.Sinks[0])
	}
	if len(heard.all) != 1 || sqlstate.Of(heard.all[0]) != sqlstate.ProgramLimitExceeded {
		t.Errorf("%v", heard.all)
	}
	// The control: the same rows in a block that cannot be refused go through piece by piece.
	sink = &collector{weight: 1 << 20}
	if _, err := report(t, pipe(&counter{limit: 300, block: 300}, sink, 1)); err != nil || len(sink.published) != 300 {
		t.Errorf("%v, %d published", err, len(sink.published))
	}
}

func TestTheAnswerWaitsForDeadLetters(t *testing.T) {
	for _, remote := range []bool{false, true} {
		sink, dead := &collector{}, &collector{remote: remote}
		early := 0
		c := &counter{limit: 70, block: 7, acks: func(err error) {
			dead.mu.Lock()
			defer dead.mu.Unlock()
			if err != nil || dead.flushes == 0 || len(dead.written) == 0 {
				early++
			}
		}}
		plan := pipe(c, sink, 1, &physical.Step{Name: "picky", New: newPicky, OnError: physical.DeadLetter})
		plan.DeadLetters = deadSink(dead)
		if _, err := report(t, plan); err != nil || early > 0 || len(dead.published) != 10 {
			t.Errorf("remote %v: %v; %d answers before their dead letter, %d dead letters", remote, err, early, len(dead.published))
		}
	}
}

func TestReadersAreClosedWhenEveryBlockWasAnswered(t *testing.T) {
	for _, fails := range []int{0, 120} {
		heard := &answers{}
		atClose := -1
		c := &counter{limit: 500, block: 10, acks: heard.ack, closed: func() { atClose = len(heard.all) }}
		r, err := report(t, pipe(c, &collector{remote: true, failAfter: fails}, 2))
		if (err != nil) != (fails > 0) {
			t.Fatal(err)
		}
		if int64(atClose) != r.Sources[0].Blocks {
			t.Errorf("%d of %d blocks were answered when the reader was closed", atClose, r.Sources[0].Blocks)
		}
	}
}

func deadSink(dead *collector) *physical.Sink {
	return &physical.Sink{Name: "dead", Type: dead.sinkType("dead"), Encode: codec.EncodeSpec{Schema: logical.DeadLetterSchema()}}
}

func tens(row string) bool { return strings.HasSuffix(row, "0") }

func TestRowsThatTheTargetRefusesObeyThePolicy(t *testing.T) {
	for _, remote := range []bool{false, true} {
		for _, when := range []string{"write", "flush", "prepare"} {
			name := fmt.Sprintf("remote %v, reported by %s", remote, when)
			build := func(policy physical.OnError) (*physical.Plan, *collector) {
				sink := &collector{remote: remote, target: tens, when: when}
				plan := pipe(&counter{limit: 1000, block: 64, acks: func(error) {}}, sink, 2)
				plan.Sinks[0].OnError = policy
				return plan, sink
			}
			plan, _ := build(physical.Fail)
			_, err := report(t, plan)
			var rows *connector.RowsError
			if !errors.As(err, &rows) || !strings.Contains(err.Error(), "rows were refused; the first: no: 0") {
				t.Errorf("%s, fail: %v", name, err)
			}
			plan, sink := build(physical.Drop)
			if r, err := report(t, plan); err != nil || len(sink.published) != 900 || r.Sinks[0].Rejected != 100 {
				t.Errorf("%s, drop: %v, %d published", name, err, len(sink.published))
			}
			dead := &collector{remote: remote}
			plan, sink = build(physical.DeadLetter)
			plan.DeadLetters = deadSink(dead)
			r, err := report(t, plan)
			if err != nil || len(sink.published) != 900 || len(dead.published) != 100 || r.Sinks[1].Rows != 100 {
				t.Fatalf("%s, dead letters: %v, %d published, %d dead", name, err, len(sink.published), len(dead.published))
			}
			if !strings.HasSuffix(dead.published[1], ",out,HV000,no,null,null,null,null,10,null") {
				t.Errorf("%s: dead letter %q", name, dead.published[1])
			}
		}
	}
}

func TestRefusalsByTheDeadLetterSinkEndTheRun(t *testing.T) {
	sink := &collector{target: tens, when: "write"}
	dead := &collector{target: func(string) bool { return true }, when: "write"}
	plan := pipe(&counter{limit: 100, block: 10}, sink, 1)
	plan.Sinks[0].OnError = physical.DeadLetter
	plan.DeadLetters = deadSink(dead)
	plan.DeadLetters.OnError = physical.DeadLetter
	_, err := report(t, plan)
	var rows *connector.RowsError
	if !errors.As(err, &rows) || !strings.Contains(err.Error(), `sink "dead"`) {
		t.Error(err)
	}
}

// TestDeadLettersBelongToTheEpochOfTheirRows: in every manifest, what the sink took and what its target refused make up exactly what lies
// before the source's position.
func TestDeadLettersBelongToTheEpochOfTheirRows(t *testing.T) {
	for _, lanes := range []int{1, 3} {
		sink, dead := &collector{remote: true, target: tens, when: "prepare"}, &collector{remote: true}
		c := &counter{limit: 5000, block: 10, gate: 3000, opened: make(chan struct{}), reached: make(chan struct{}), unbounded: true}
		plan := pipe(c, sink, lanes)
		plan.Sinks[0].OnError = physical.DeadLetter
		plan.DeadLetters = deadSink(dead)
		seen := &manifests{first: make(chan struct{})}
		s := settings()
		manual := clock.NewManual(clock.System().Now())
		s.Clock, s.EpochEvery, s.ManifestPath = manual, 1, "/m"
		s.FS = seen.watch(t, s.FS, "/m")
		random := rand.New(rand.NewPCG(1, uint64(lanes)))
		go func() {
			for {
				select {
				case <-seen.first:
					close(c.opened)
					return
				default:
					manual.Advance(1)
					spin(random.IntN(1000))
				}
			}
		}()
		if _, err := run(t, plan, s, nil); err != nil {
			t.Fatal(err)
		}
		for _, m := range seen.all {
			var position counterPosition
			var taken, letters []string
			for text, into := range map[*json.RawMessage]any{
				&m.Sources["numbers"][0].Position: &position,
				ptr(m.Sinks["out"]):               &taken,
				ptr(m.Sinks["dead"]):              &letters,
			} {
				if err := json.Unmarshal(*text, into); err != nil {
					t.Fatal(err)
				}
			}
			if int64(len(taken)+len(letters)) != position.Next || int64(len(letters)) != (position.Next+9)/10 {
				t.Errorf("epoch %d: %d rows and %d dead letters before position %d", m.Epoch, len(taken), len(letters), position.Next)
			}
		}
	}
}

func ptr(m json.RawMessage) *json.RawMessage { return &m }

// spin lets other goroutines run for a while.
func spin(n int) {
	for i := range n {
		_ = strconv.Itoa(i)
	}
}
