package flow_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"wire.example/wire/internal/flow"
	"wire.example/wire/internal/foundation/clock"
	"wire.example/wire/internal/foundation/vfs"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/plan/physical"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/connector"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sqlstate"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// counter is a source of the numbers 0 to limit-1 in blocks; it stops at gate, if set, until the gate is closed.
type counter struct {
	limit, block, gate int64
	opened             chan struct{}
	reached            chan struct{}
	failAt             int64
	acks               func(error)
	refusable          bool
	closed             func()
	unbounded          bool
	// deaf makes it hear nothing while it waits at the gate.
	deaf bool
}

type counterReader struct {
	c    *counter
	next int64
}

type counterPosition struct {
	Next int64 `json:"next"`
}

func (c *counter) sourceType() *connector.SourceType {
	numbers := schema.New(schema.Field{Name: "n", Type: schema.Of(schema.Int64)})
	return &connector.SourceType{
		Name:      "counter",
		NewConfig: func() any { return c },
		Open: func(_ context.Context, env connector.SourceEnv, _ any) (connector.Reader, error) {
			r := &counterReader{c: c}
			if len(env.Restore) > 0 {
				var p counterPosition
				if err := json.Unmarshal(env.Restore[0].Position, &p); err != nil {
					return nil, err
				}
				r.next = p.Next
			}
			return r, nil
		},
		Bounded: func(any) bool { return !c.unbounded },
		Rows: &connector.RowSource{
			Schema:     func(any) (*schema.Schema, error) { return numbers, nil },
			NewDecoder: func(_ any, spec codec.DecodeSpec) (codec.Decoder, error) { return newCounterDecoder(spec), nil },
		},
	}
}

func (r *counterReader) Poll(ctx context.Context, wake <-chan struct{}, block *codec.Block) (connector.Status, error) {
	if r.c.failAt > 0 && r.next >= r.c.failAt {
		return connector.End, fmt.Errorf("the cable is out")
	}
	if r.c.gate > 0 && r.next >= r.c.gate {
		if r.c.reached != nil {
			close(r.c.reached)
			r.c.reached = nil
		}
		if r.c.deaf {
			wake = nil
		}
		select {
		case <-r.c.opened:
			r.c.gate = 0
		case <-wake:
			return connector.Woken, nil
		case <-ctx.Done():
			return connector.End, ctx.Err()
		}
	}
	if r.next >= r.c.limit {
		return connector.End, nil
	}
	block.Name, block.First = "numbers", r.next
	block.Count = int(min(r.c.block, r.c.limit-r.next))
	block.Ack, block.Refusable = r.c.acks, r.c.refusable
	r.next += int64(block.Count)
	return connector.Ready, nil
}

func (r *counterReader) Snapshot() ([]connector.SplitState, error) {
	p, err := json.Marshal(counterPosition{r.next})
	return []connector.SplitState{{Split: "all", Position: p}}, err
}

func (r *counterReader) Close() error {
	if r.c.closed != nil {
		r.c.closed()
	}
	return nil
}

// counterDecoder makes rows of at most 100 numbers a batch.
type counterDecoder struct {
	out   batch.Batch
	res   codec.Result
	block *codec.Block
	done  int
	times *codec.Times
}

func newCounterDecoder(spec codec.DecodeSpec) *counterDecoder {
	return &counterDecoder{times: codec.NewTimes(&spec), out: batch.Batch{Cols: []*batch.Column{batch.NewColumn(spec.Pool, schema.Of(schema.Timestamp))}}}
}

func (d *counterDecoder) Begin(block *codec.Block) error {
	d.block, d.done = block, 0
	d.times.Begin()
	return nil
}

func (d *counterDecoder) Decode() (*batch.Batch, *codec.Result, error) {
	n := min(100, d.block.Count-d.done)
	c := d.out.Cols[0]
	c.Reset(n)
	for i := range n {
		c.Int64s()[i] = d.block.First + int64(d.done+i)
	}
	d.out.Len = n
	text := make([]byte, 0, n*8)
	origin := &batch.Origin{Name: d.block.Name, FirstRecord: d.done}
	for i := range n {
		origin.Starts = append(origin.Starts, uint32(len(text)))
		text = strconv.AppendInt(text, c.Int64s()[i], 10)
		origin.Ends = append(origin.Ends, uint32(len(text)))
	}
	origin.Block = batch.WrapBuffer(text)
	d.out.Origin = origin
	d.done += n
	d.res = codec.Result{Records: n, More: d.done < d.block.Count}
	d.times.Batch(&d.out, d.out.Cols, &d.res)
	return &d.out, &d.res, nil
}

// collector is a sink that keeps what it is given, and publishes it when an epoch is committed.
type collector struct {
	mu        sync.Mutex
	written   []string
	prepared  map[int64]int
	published []string
	finals    int
	failWrite error
	// failCommit is what the final Commit fails of.
	failCommit error
	failAfter  int // rows after which a Write fails; 0: never
	flushes    int
	hold       chan struct{}
	refuse     string // a first value that cannot be encoded
	weight     int64  // bytes that a row counts for; 0: 8
	// target says which rows the target refuses; when says which call reports them.
	target  func(row string) bool
	when    string
	refused []connector.RefusedRow
	remote  bool
	// forget makes it count rows in forgotten instead of keeping them.
	forget    bool
	forgotten int
	unflushed int // rows written since the last Flush
	// onPrepare and onCommit are called without the lock at the beginning of a Prepare and of a Commit.
	onPrepare, onCommit func(ctx context.Context, epoch int64) error
	// refuseAll makes rows that cannot be encoded of all.
	refuseAll bool
}

func (c *collector) sinkType(name string) *connector.SinkType {
	return &connector.SinkType{
		Name: name, Remote: c.remote, NewConfig: func() any { return nil },
		Open: func(_ context.Context, env connector.SinkEnv, _ any) (connector.Sink, error) {
			c.prepared = map[int64]int{}
			if env.Restore != nil {
				if err := json.Unmarshal(env.Restore, &c.written); err != nil {
					return nil, err
				}
			}
			return &collectorSink{c}, nil
		},
	}
}

type collectorSink struct{ *collector }

// textChunk renders each row as its values, joined by commas; a row that begins with refuse cannot be encoded.
type textChunk struct {
	rows   []string
	refuse string
	weight int64
	all    bool // no row can be encoded
}

func (t *textChunk) Encode(b *batch.Batch) []codec.RowError {
	var bad []codec.RowError
	for i := range b.Rows() {
		row := b.Row(i)
		var values []string
		for _, c := range b.Cols {
			values = append(values, render(c, row))
		}
		if t.all || values[0] == t.refuse {
			bad = append(bad, codec.RowError{Row: row, Err: sqlstate.New(sqlstate.UntranslatableCharacter, "cannot be written")})
			continue
		}
		t.rows = append(t.rows, strings.Join(values, ","))
	}
	return bad
}

func render(c *batch.Column, row int) string {
	switch {
	case c.IsNull(row):
		return "null"
	case c.Kind().IsVariable():
		return string(c.Bytes(row))
	default:
		return strconv.FormatInt(c.Int64s()[row], 10)
	}
}

func (t *textChunk) Size() (int, int64) { return len(t.rows), int64(len(t.rows)) * max(t.weight, 8) }

func (t *textChunk) Reset() { t.rows = nil }

func (s *collectorSink) NewChunk() (connector.Chunk, error) {
	return &textChunk{refuse: s.refuse, weight: s.weight, all: s.refuseAll}, nil
}

func (s *collectorSink) Write(ctx context.Context, chunk connector.Chunk) error {
	if s.hold != nil {
		select {
		case <-s.hold:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failWrite != nil {
		return s.failWrite
	}
	if s.forget {
		s.forgotten += len(chunk.(*textChunk).rows)
		return nil
	}
	for _, row := range chunk.(*textChunk).rows {
		if s.target != nil && s.target(row) {
			s.refused = append(s.refused, connector.RefusedRow{Raw: []byte(row), Err: sqlstate.New(sqlstate.ForeignDataError, "no")})
		} else {
			s.written = append(s.written, row)
		}
		s.unflushed++
	}
	if s.failAfter > 0 && len(s.written) > s.failAfter {
		return errors.New("the target is gone")
	}
	return s.report("write")
}

// report returns what the target refused so far, if call is the one that reports it.
func (s *collectorSink) report(call string) error {
	if s.when != call || len(s.refused) == 0 {
		return nil
	}
	rows := s.refused
	s.refused = nil
	return &connector.RowsError{Rows: rows}
}

func (s *collectorSink) Flush(context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.flushes++
	s.unflushed = 0
	return s.report("flush")
}

func (s *collectorSink) Prepare(ctx context.Context, epoch int64) (json.RawMessage, error) {
	if s.onPrepare != nil {
		if err := s.onPrepare(ctx, epoch); err != nil {
			return nil, err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.report("flush"); err != nil {
		return nil, err
	}
	if err := s.report("prepare"); err != nil {
		return nil, err
	}
	s.prepared[epoch] = len(s.written)
	return json.Marshal(s.written)
}

func (s *collectorSink) Commit(ctx context.Context, epoch int64, state json.RawMessage, final bool) error {
	if s.onCommit != nil {
		if err := s.onCommit(ctx, epoch); err != nil {
			return err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if final && s.failCommit != nil {
		return s.failCommit
	}
	if final {
		s.finals++
	}
	return json.Unmarshal(state, &s.published)
}

func (s *collectorSink) Close() error { return nil }

// running is the stateful operator of these tests: it emits each number beside the running sum of its remainder class, kept by key group.
type running struct {
	sums [3]int64
	out  batch.Batch
	pool *batch.Pool
}

func newRunning(b physical.Build) (op.Operator, error) {
	return &running{pool: b.Pool, out: batch.Batch{Cols: []*batch.Column{nil, batch.NewColumn(b.Pool, schema.Of(schema.Int64))}}}, nil
}

func (r *running) Apply(in *batch.Batch, out *op.Output) (bool, error) {
	cols := r.out.Cols
	r.out.View(in, in.Sel)
	r.out.Cols = cols
	r.out.Cols[0] = in.Cols[0]
	sums := cols[1]
	sums.Reset(in.Len)
	for i := range in.Rows() {
		row := in.Row(i)
		n := in.Cols[0].Int64s()[row]
		r.sums[n%3] += n
		sums.Int64s()[row] = r.sums[n%3]
	}
	rows := int64(in.Rows())
	out.Counts.In += rows
	out.Counts.Forwarded += rows
	out.Emit(0, &r.out)
	return false, nil
}

func (r *running) Snapshot(group op.KeyGroup) ([]byte, error) {
	if int(group) >= len(r.sums) {
		return nil, nil
	}
	return strconv.AppendInt([]byte{'1'}, r.sums[group], 10), nil
}

func (r *running) Restore(group op.KeyGroup, data []byte) error {
	if data[0] != '1' {
		return fmt.Errorf("version %c of the state", data[0])
	}
	sum, err := strconv.ParseInt(string(data[1:]), 10, 64)
	r.sums[group] = sum
	return err
}

func (r *running) OnBarrier(int64, *op.Output) (bool, error) { return false, nil }

func (r *running) OnEnd(*op.Output) (bool, error) { return false, nil }

// picky forwards its input but rejects multiples of seven.
type picky struct {
	out  batch.Batch
	kept []uint16
}

func newPicky(physical.Build) (op.Operator, error) { return &picky{}, nil }

func (p *picky) Apply(in *batch.Batch, out *op.Output) (bool, error) {
	p.kept = p.kept[:0]
	for i := range in.Rows() {
		row := in.Row(i)
		if in.Cols[0].Int64s()[row]%7 == 0 {
			out.Reject(row, sqlstate.New(sqlstate.DivisionByZero, "a multiple of seven"))
		} else {
			p.kept = append(p.kept, uint16(row))
		}
	}
	out.Counts.In += int64(in.Rows())
	out.Counts.Forwarded += int64(len(p.kept))
	p.out.View(in, p.kept)
	out.Emit(0, &p.out)
	return false, nil
}

// pipe is a plan of one source, steps in a row, and one sink.
func pipe(c *counter, s *collector, lanes int, steps ...*physical.Step) *physical.Plan {
	sink := &physical.Sink{Name: "out", Type: s.sinkType("collector")}
	next := []physical.Edge{{Sink: sink}}
	for _, step := range slices.Backward(steps) {
		step.Ports = [][]physical.Edge{next}
		next = []physical.Edge{{Step: step}}
	}
	source := &physical.Source{Name: "numbers", Type: c.sourceType(), Config: c, Next: next}
	return &physical.Plan{Name: "test", Sources: []*physical.Source{source}, Sinks: []*physical.Sink{sink}, Parallelism: lanes}
}

// staged is pipe with the steps in a stage of one task behind the source.
func staged(c *counter, s *collector, lanes int, steps ...*physical.Step) *physical.Plan {
	plan := pipe(c, s, lanes, steps...)
	stage := &physical.Stage{Name: steps[0].Name, Tasks: 1, Inputs: 1, Head: steps[0]}
	plan.Stages = []*physical.Stage{stage}
	plan.Sources[0].Next = []physical.Edge{{Exchange: &physical.Exchange{To: physical.Input{Stage: stage}}}}
	return plan
}

func settings() flow.Settings {
	return flow.Settings{Pool: &batch.Pool{}, Clock: clock.System(), FS: vfs.NewMem()}
}

// run builds, runs and closes a plan.
func run(t *testing.T, plan *physical.Plan, s flow.Settings, stop <-chan struct{}) (flow.Outcome, error) {
	t.Helper()
	p, err := flow.Build(t.Context(), plan, s)
	if err != nil {
		t.Fatal(err)
	}
	outcome, err := p.Run(t.Context(), stop)
	if closeErr := p.Close(); closeErr != nil {
		t.Error(closeErr)
	}
	return outcome, err
}

func numbers(from, to int64) []string {
	var list []string
	for n := from; n < to; n++ {
		list = append(list, strconv.FormatInt(n, 10))
	}
	return list
}
