package flow_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"wire.example/wire/internal/connect/blackhole"
	"wire.example/wire/internal/flow"
	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/plan/physical"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/connector"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sqlstate"
)

// chapter is a row of a story: what a source with several splits and event times deals.
type chapter struct {
	split    int
	time     int64 // codec.NoTime: NULL
	filtered bool
	rejected bool
}

// story is a source of chapters, each block of at most block of them, decoded by at most piece a batch.
type story struct {
	rows         []chapter
	block, piece int
	splits       int
	refusable    func() func(error) // makes the Ack of a block that can be refused
	unbounded    bool
}

type storyReader struct {
	s    *story
	next int
}

func (s *story) sourceType() *connector.SourceType {
	return &connector.SourceType{
		Name:      "story",
		NewConfig: func() any { return s },
		Open: func(_ context.Context, env connector.SourceEnv, _ any) (connector.Reader, error) {
			r := &storyReader{s: s}
			if len(env.Restore) > 0 {
				if err := json.Unmarshal(env.Restore[0].Position, &r.next); err != nil {
					return nil, err
				}
			}
			return r, nil
		},
		Bounded: func(any) bool { return !s.unbounded },
		Rows: &connector.RowSource{
			NewDecoder: func(_ any, spec codec.DecodeSpec) (codec.Decoder, error) { return newStoryDecoder(s, spec), nil },
		},
	}
}

func (r *storyReader) Poll(_ context.Context, _ <-chan struct{}, block *codec.Block) (connector.Status, error) {
	if r.next == len(r.s.rows) {
		return connector.End, nil
	}
	first := r.s.rows[r.next]
	block.Name, block.Split, block.First, block.Count = "story", first.split, int64(r.next), 0
	for r.next < len(r.s.rows) && r.s.rows[r.next].split == first.split && block.Count < r.s.block {
		block.Count++
		r.next++
	}
	if block.Buf == nil {
		block.Buf = batch.WrapBuffer(nil)
	}
	if r.s.refusable != nil {
		block.Ack, block.Refusable = r.s.refusable(), true
	}
	return connector.Ready, nil
}

func (r *storyReader) Snapshot() ([]connector.SplitState, error) {
	var states []connector.SplitState
	for i := range max(r.s.splits, 1) {
		states = append(states, connector.SplitState{Split: fmt.Sprintf("split %d", i), Position: json.RawMessage(strconv.Itoa(r.next))})
	}
	return states, nil
}

func (r *storyReader) Close() error { return nil }

type storyDecoder struct {
	s     *story
	out   batch.Batch
	res   codec.Result
	block *codec.Block
	done  int
	times *codec.Times
}

// newStoryDecoder makes rows of their number and their time.
func newStoryDecoder(s *story, spec codec.DecodeSpec) *storyDecoder {
	d := &storyDecoder{s: s, times: codec.NewTimes(&spec)}
	for range 2 {
		d.out.Cols = append(d.out.Cols, batch.NewColumn(spec.Pool, schema.Of(schema.Timestamp)))
	}
	return d
}

func (d *storyDecoder) Begin(block *codec.Block) error {
	d.block, d.done = block, 0
	d.times.Begin()
	return nil
}

func (d *storyDecoder) Decode() (*batch.Batch, *codec.Result, error) {
	d.res = codec.Result{}
	for _, c := range d.out.Cols {
		c.Reset(d.s.piece)
	}
	d.times.Reset(d.s.piece)
	origin := &batch.Origin{Name: "story", Block: batch.WrapBuffer(nil)}
	row := 0
	for ; d.done < d.block.Count && row < d.s.piece; d.done++ {
		n := d.block.First + int64(d.done)
		c := d.s.rows[n]
		d.res.Records++
		if c.rejected {
			d.res.Rejects = append(d.res.Rejects, codec.Reject{Record: d.done, Err: sqlstate.New(sqlstate.InvalidTextRepresentation, "no row")})
			continue
		}
		if d.times != nil {
			d.times.Row(row, c.time)
		}
		if c.filtered {
			d.res.Filtered++
			continue
		}
		d.out.Cols[0].Int64s()[row] = n
		if d.out.Cols[1].Int64s()[row] = c.time; c.time == codec.NoTime {
			d.out.Cols[1].SetNull(row)
		}
		origin.Starts, origin.Ends, origin.Lines = append(origin.Starts, 0), append(origin.Ends, 0), append(origin.Lines, uint32(d.done))
		row++
	}
	for _, c := range d.out.Cols {
		c.Resize(row)
	}
	d.out.Len, d.out.Origin = row, origin
	d.times.Finish(&d.out, row, &d.res)
	d.res.More = d.done < d.block.Count
	return &d.out, &d.res, nil
}

// befores are the watermarks of the rows' splits just before them, by the number of the row: what the story says when it is read row by row.
func (s *story) befores(delay int64) map[int64]int64 {
	most, all := map[int]int64{}, map[int64]int64{}
	for n, c := range s.rows {
		top, ok := most[c.split]
		if !ok {
			top = math.MinInt64
		}
		if !c.filtered && !c.rejected {
			all[int64(n)] = math.MinInt64
			if top >= math.MinInt64+delay {
				all[int64(n)] = top - delay
			}
		}
		if c.time != codec.NoTime && c.time != math.MaxInt64 && !c.rejected {
			most[c.split] = max(top, c.time)
		}
	}
	return all
}

// telling puts Before behind the columns of its input, 0 where there is none.
type telling struct {
	before *batch.Column
	out    batch.Batch
}

func newTelling(b physical.Build) (op.Operator, error) {
	return &telling{before: batch.NewColumn(b.Pool, schema.Of(schema.Int64))}, nil
}

func (m *telling) Apply(in *batch.Batch, out *op.Output) (bool, error) {
	m.out.View(in, in.Sel)
	m.before.Reset(in.Len)
	clear(m.before.Int64s())
	copy(m.before.Int64s(), in.Before)
	m.out.Cols = append(m.out.Cols, m.before)
	out.Counts.In += int64(in.Rows())
	out.Counts.Forwarded += int64(in.Rows())
	out.Emit(0, &m.out)
	return false, nil
}

// tell is a plan in which a source of the story tells a step in its lanes, or one behind a dated exchange.
func tell(s *story, sink *collector, lanes, tasks int, delay int64) *physical.Plan {
	plan := pipe(&counter{}, sink, lanes, &physical.Step{Name: "tell", New: newTelling, OnError: physical.Drop})
	source := plan.Sources[0]
	source.Name, source.Type, source.Config = "story", s.sourceType(), s
	source.EventTime, source.Delay, source.Dated, source.OnError = 1, delay, true, physical.Drop
	if tasks == 0 {
		return plan
	}
	stage := &physical.Stage{Name: "tell", Tasks: tasks, Inputs: 1, Head: source.Next[0].Step}
	plan.Stages = []*physical.Stage{stage}
	exchange := &physical.Exchange{Kind: physical.Hash, Keys: []int{0}, Dated: true, To: physical.Input{Stage: stage}}
	source.Next = []physical.Edge{{Exchange: exchange}}
	return plan
}

func drawStory(t *rapid.T) *story {
	s := &story{splits: rapid.IntRange(1, 3).Draw(t, "splits"), block: rapid.IntRange(1, 12).Draw(t, "block"), piece: rapid.IntRange(1, 12).Draw(t, "batch")}
	for range rapid.IntRange(1, 80).Draw(t, "rows") {
		c := chapter{split: rapid.IntRange(0, s.splits-1).Draw(t, "split"), time: rapid.Int64Range(-20, 1000).Draw(t, "time")}
		switch rapid.IntRange(0, 9).Draw(t, "fate") {
		case 0:
			c.time = codec.NoTime
		case 1:
			c.filtered = true
		case 2:
			c.rejected = true
		case 3:
			c.time = math.MaxInt64 // infinite: as if it had none
		default:
		}
		s.rows = append(s.rows, c)
	}
	return s
}

// toldOf are the watermarks that rows of a sink tell of, by the number of the row.
func toldOf(t interface{ Fatal(...any) }, rows []string) map[int64]int64 {
	all := map[int64]int64{}
	for _, row := range rows {
		var n, before int64
		fields := strings.Split(row, ",")
		var err error
		if n, err = strconv.ParseInt(fields[0], 10, 64); err == nil {
			before, err = strconv.ParseInt(fields[2], 10, 64)
		}
		if err != nil {
			t.Fatal(row, err)
		}
		all[n] = before
	}
	return all
}

// TestRowsKnowWhatTheirSplitHadReached: whatever the number of lanes and tasks and the size of blocks and batches, each row is told what reading row by row
// would tell it; also when the run is stopped in the middle and goes on.
func TestRowsKnowWhatTheirSplitHadReached(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		s := drawStory(r)
		delay := rapid.Int64Range(0, 50).Draw(r, "delay")
		want := s.befores(delay)
		lanes, tasks := rapid.IntRange(1, 4).Draw(r, "lanes"), rapid.IntRange(0, 3).Draw(r, "tasks")
		set := settings()
		if tasks == 0 && rapid.Bool().Draw(r, "no memory") { // then lanes wait instead of keeping copies
			set.Budget = limit.New("pipeline", 1)
		}
		first, rest := &collector{}, &collector{}
		set.StopAfter = int64(rapid.IntRange(0, 10).Draw(r, "stop"))
		outcome, err := run(t, tell(s, first, lanes, tasks, delay), set, nil)
		if err != nil {
			r.Fatal(err)
		}
		rows := first.published
		if !outcome.Finished {
			set.Resume, set.StopAfter = outcome.Manifest, 0
			if _, err := run(t, tell(s, rest, rapid.IntRange(1, 4).Draw(r, "lanes then"), tasks, delay), set, nil); err != nil {
				r.Fatal(err)
			}
			rows = append(rows, rest.published...)
		}
		got := toldOf(r, rows)
		if len(got) != len(want) {
			r.Fatalf("%d rows, want %d", len(got), len(want))
		}
		for n, before := range want {
			if got[n] != before {
				r.Fatalf("row %d was told %d, want %d", n, got[n], before)
			}
		}
	})
}

// TestNobodyIsToldWhoDoesNotAsk: dates end at an exchange that is not dated, and where the source is not.
func TestNobodyIsToldWhoDoesNotAsk(t *testing.T) {
	s := &story{splits: 1, block: 3, piece: 2, rows: []chapter{{time: 5}, {time: 7}, {time: 1}, {time: 9}}}
	for name, change := range map[string]func(*physical.Plan){
		"exchange": func(p *physical.Plan) { p.Sources[0].Next[0].Exchange.Dated = false },
		"source":   func(p *physical.Plan) { p.Sources[0].Dated = false },
	} {
		sink := &collector{}
		plan := tell(s, sink, 2, 2, 0)
		change(plan)
		account(t, plan, settings())
		if want := []string{"0,5,0", "1,7,0", "2,1,0", "3,9,0"}; !slices.Equal(sorted(sink.published), want) {
			t.Errorf("%s: %v", name, sink.published)
		}
	}
}

// TestARefusedBlockLeavesNoTime: what its sender sends again is not late for it.
func TestARefusedBlockLeavesNoTime(t *testing.T) {
	for _, lanes := range []int{1, 3} {
		s := &story{splits: 1, block: 2, piece: 2, refusable: func() func(error) { return func(error) {} }, rows: []chapter{
			{time: 5}, {time: 7}, {time: 100}, {time: 8, rejected: true}, {time: 6}, {time: 9}, {time: 10}, {time: 11},
		}}
		sink := &collector{}
		plan := tell(s, sink, lanes, 0, 1)
		plan.Sources[0].OnError = physical.Fail
		if _, err := run(t, plan, settings(), nil); err != nil {
			t.Fatal(err)
		}
		least := strconv.FormatInt(math.MinInt64, 10)
		if want := []string{"0,5," + least, "1,7,4", "4,6,6", "5,9,6", "6,10,8", "7,11,9"}; !slices.Equal(sink.published, want) {
			t.Errorf("%d lanes: %v", lanes, sink.published)
		}
	}
}

// TestADecoderThatTellsNoTimesIsRefused.
func TestADecoderThatTellsNoTimesIsRefused(t *testing.T) {
	s := &story{splits: 1, block: 2, piece: 2, rows: []chapter{{time: 5}}}
	plan := tell(s, &collector{}, 1, 0, 1)
	typ := s.sourceType()
	typ.Rows.NewDecoder = func(_ any, spec codec.DecodeSpec) (codec.Decoder, error) {
		spec.Times = nil
		return newStoryDecoder(s, spec), nil
	}
	plan.Sources[0].Type = typ
	if _, err := run(t, plan, settings(), nil); err == nil || err.Error() != `internal error: the decoder of source "story" tells no event times` {
		t.Error(err)
	}
}

// BenchmarkDated runs rows of two numbers through a lane: what it costs to tell them what their split had reached.
func BenchmarkDated(b *testing.B) {
	for _, dated := range []bool{false, true} {
		for _, lanes := range []int{1, 2} {
			for _, batches := range []int{1, 4} {
				b.Run(fmt.Sprintf("dated=%v/lanes=%d/batches=%d", dated, lanes, batches), func(b *testing.B) {
					s := &story{splits: 1, block: 2048, piece: 2048 / batches, rows: make([]chapter, b.N)}
					plan := tell(s, &collector{}, lanes, 0, 1)
					plan.Sources[0].Dated = dated
					out := &physical.Sink{Name: "out", Type: blackhole.SinkType(), Config: &blackhole.Config{}}
					plan.Sinks, plan.Sources[0].Next = []*physical.Sink{out}, []physical.Edge{{Sink: out}}
					hole, err := flow.Build(b.Context(), plan, settings())
					if err != nil {
						b.Fatal(err)
					}
					b.ResetTimer()
					if _, err := hole.Run(b.Context(), nil); err != nil {
						b.Fatal(err)
					}
					b.StopTimer()
					if err := hole.Close(); err != nil {
						b.Fatal(err)
					}
				})
			}
		}
	}
}
