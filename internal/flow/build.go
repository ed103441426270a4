package flow

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"wire.example/wire/internal/foundation/clock"
	"wire.example/wire/internal/foundation/fault"
	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/foundation/vfs"
	"wire.example/wire/internal/plan/physical"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/connector"
)

// Settings are what a pipeline runs with.
type Settings struct {
	Pool *batch.Pool
	// Budget bounds the memory of the pipeline that grows with its data: state, and rows between stages. nil means one without a limit.
	Budget *limit.Budget
	Clock  clock.Clock
	FS     vfs.FS
	Log    *slog.Logger
	// EpochEvery is the time between epochs of an unbounded pipeline (see EpochBounded); 0 means none but the last.
	EpochEvery time.Duration
	// EpochBounded says that EpochEvery holds for a pipeline whose input ends, too: one that is killed need not begin again.
	EpochBounded bool
	// CheckpointTimeout is how long an epoch may take until all have reported, times apart in which rows wait for sinks or for room, and how long each attempt to store it; 0 means
	// DefaultTimeout. CheckpointFailures is how many such failures in a row end the run; 0 means DefaultFailures.
	CheckpointTimeout  time.Duration
	CheckpointFailures int
	// Keeper keeps the epochs, with the state of operators in a store; nil where nothing is kept, or ManifestPath says where.
	Keeper Keeper
	// Scratch is where state goes that finds no room in memory, in a run without a Keeper; nil: it must find room. It is opened when memory is tight, and may take ScratchMemory bytes of
	// the budget from then on. There are no ManifestPath and no Operators of Resume then.
	Scratch       Scratch
	ScratchMemory int64
	// RestoreFor is how long stored state is put into memory before the run begins: what is left then is read when it is needed, as far as operators can do so. 0 puts in all.
	RestoreFor time.Duration
	// Stalled is told each time how long a checkpoint kept a task from its rows, by the clock; nil: nobody asks. Tasks call it, several at once.
	Stalled func(time.Duration)
	// Listens says that a Keeper which is Asking is looked at for those who ask, a few times a second.
	Listens bool
	// Identity says who the run is to those outside; LastEpoch is the highest number that an epoch had before it, if that is above Resume's.
	Identity  Identity
	LastEpoch int64
	// SinkType finds a connector by its name, for sinks that an edit has removed; nil: they stay as they were left.
	SinkType func(name string) *connector.SinkType
	// Resume is the manifest to go on from, or nil.
	Resume *Manifest
	// ManifestPath is where each epoch's manifest goes, or "".
	ManifestPath string
	// BlockBytes is what a block of a byte source grows to under load; 0 means what the source chooses. Tests make it small, so that a few
	// rows are several blocks.
	BlockBytes int
	// StopAfter stops the run as a stop request would, once a source has dealt so many blocks; 0 means never. No source deals more. With it tests stop
	// at a place that does not depend on time.
	StopAfter int64
	// EpochBlocks is how many blocks a source deals between two epochs; 0 means as many as it can. A source that has dealt them waits for an epoch to begin: tests
	// take a checkpoint every few rows however fast rows are.
	EpochBlocks int64
	// QueueDepth is how many batches wait between a source or task and a task; 0 means a depth that was measured to be good. Tests make it 1.
	QueueDepth int
}

// Identity says who a run of a pipeline is; see connector.SinkEnv. The zero Identity is that of a run which keeps nothing.
type Identity struct {
	Lineage    string
	Generation int64
	Abandoned  []string
	Contested  bool
	Repeats    bool
}

// Outcome is how a run ended without an error.
type Outcome struct {
	// Finished: every source came to its end. Otherwise the run was stopped, and Manifest says where to go on.
	Finished bool
	Manifest *Manifest
}

// Pipeline is a plan made ready to run, once.
type Pipeline struct {
	plan       *physical.Plan
	settings   Settings
	sources    []*sourceTask
	sinks      map[*physical.Sink]*sinkTask
	sinkOrder  []*sinkTask
	steps      map[*physical.Step]*StepStats
	stepOrder  []*physical.Step
	stages     map[*physical.Stage]*stage
	stageOrder []*stage
	tasks      []*task // of all stages
	budgets    map[string]*limit.Budget
	// limited says that an operator can have enough.
	limited     bool
	leaving     leaving // removed sinks
	satedMu     sync.Mutex
	coordinator *coordinator
	worker      *worker
	// pending is the memory of what tasks have written and the store does not have yet.
	pending *limit.Budget
	spare   *spareChanges
	// spilling has an element for each task that writes pieces of its state for the store.
	spilling chan struct{}
	// tasksAway counts the tasks that have state which is not in memory.
	tasksAway atomic.Int64
	cancel    context.CancelCauseFunc
	// enough is closed when a source has dealt Settings.StopAfter blocks.
	enough     chan struct{}
	enoughOnce sync.Once
	// tick is how often processing time is told, 0 if no step asks for it; began is what it was when the run began, in µs.
	tick     time.Duration
	began    int64
	idleness *idleness
	// states says where the state of steps is kept, by their names, and nextState the number of the next step that gets one; with a Keeper or a Scratch.
	states    map[string]StateRecord
	nextState uint16
	// filling is when tasks began to put in what is stored, on the monotonic clock.
	filling time.Duration
	// reserved says that the memory of Settings.Scratch is.
	reserved atomic.Bool
	promises promises
	// ahead is what the rows of finished blocks take that wait for their turn, in bytes; see isFarAhead.
	ahead atomic.Int64
}

// Build opens the sinks, then the sources, and makes their lanes. ctx bounds only the opening. On an error everything opened is closed.
func Build(ctx context.Context, plan *physical.Plan, settings Settings) (*Pipeline, error) {
	if err := errors.Join(plan.Check(), checkNames(plan)); err != nil {
		return nil, err
	}
	if settings.Resume != nil {
		if err := settings.Resume.Fits(plan); err != nil {
			return nil, err
		}
	}
	p := newPipeline(plan, settings)
	if err := p.open(ctx); err != nil {
		return nil, errors.Join(err, p.Close())
	}
	return p, nil
}

func newPipeline(plan *physical.Plan, settings Settings) *Pipeline {
	if settings.Budget == nil {
		settings.Budget = limit.New("pipeline", limit.Unlimited)
	}
	if settings.Clock == nil {
		settings.Clock = clock.System()
	}
	if settings.Log == nil {
		settings.Log = slog.New(slog.DiscardHandler)
	}
	p := &Pipeline{
		plan: plan, settings: settings, sinks: map[*physical.Sink]*sinkTask{}, steps: map[*physical.Step]*StepStats{},
		stages: map[*physical.Stage]*stage{}, budgets: map[string]*limit.Budget{},
	}
	for _, s := range plan.Stages {
		p.stages[s] = p.newStage(s)
		p.stageOrder = append(p.stageOrder, p.stages[s])
	}
	p.enough = make(chan struct{})
	p.idleness = newIdleness(len(plan.Sources))
	last := settings.LastEpoch
	p.states = map[string]StateRecord{}
	if settings.Resume != nil {
		last, p.nextState = max(last, settings.Resume.Epoch), settings.Resume.NextState
		maps.Copy(p.states, settings.Resume.States)
	}
	p.pending = settings.Budget.Child("changes for the store", limit.Unlimited)
	p.spare = &spareChanges{budget: settings.Budget, booked: p.pending}
	p.spilling = make(chan struct{}, spillsAtOnce)
	p.coordinator = newCoordinator(p, last)
	p.worker = newWorker(p)
	if memory := settings.Budget.Limit(); memory != limit.Unlimited && settings.Pool != nil {
		settings.Pool.Keep(max(memory/pooledShare, pooledLeast))
	}
	return p
}

// What the pool keeps of memory that was given back: one part in pooledShare of the budget, but not less than pooledLeast bytes.
const (
	pooledShare = 16
	pooledLeast = 2 << 20
)

// queues is about how many queues lead to tasks: as many from a stage to the next as from a source with a queue for each task to the first.
func (p *Pipeline) queues() int64 {
	var n int64
	for _, s := range p.plan.Stages {
		n += int64(s.Tasks) * int64(s.Tasks)
	}
	return n
}

func (p *Pipeline) open(ctx context.Context) error {
	for _, s := range p.plan.Sources {
		p.noteSteps(s.Next)
	}
	for _, s := range p.plan.Stages {
		p.noteSteps([]physical.Edge{{Step: s.Head}})
	}
	if err := p.openSinks(ctx); err != nil {
		return err
	}
	if err := p.openDeadSlots(); err != nil {
		return err
	}
	if err := p.openTasks(ctx); err != nil {
		return err
	}
	for i, plan := range p.plan.Sources {
		if err := p.openSource(ctx, plan, i); err != nil {
			return err
		}
	}
	if err := p.watchTime(); err != nil {
		return err
	}
	p.tick = p.soonestTick()
	for _, s := range p.stageOrder {
		if err := s.check(p.broadcasts(s.plan)); err != nil {
			return err
		}
	}
	return p.everySinkIsReached()
}

// openTasks makes the chains of all tasks, from the last stage to the first, and gives them their state.
func (p *Pipeline) openTasks(ctx context.Context) error {
	for _, s := range slices.Backward(p.stageOrder) {
		for _, t := range s.tasks {
			if err := t.open(); err != nil {
				return err
			}
			if err := t.makeChunks(); err != nil {
				return err
			}
			p.noteAbsent(t.writer, func(sink *sinkTask) bool {
				return slices.ContainsFunc(t.ends, func(e *taskEnd) bool { return e.sink == sink })
			})
			if m := p.settings.Resume; m != nil {
				if !fault.Weak("stage/ended") {
					s.before = m.Ended[s.plan.Head.Name]
				}
				if err := t.restore(m.Operators); err != nil {
					return err
				}
			}
			t.keep()
			if err := t.watch(ctx); err != nil {
				return err
			}
		}
	}
	if err := p.fillTasks(ctx); err != nil {
		return err
	}
	p.settleLayouts()
	return nil
}

// noteAbsent declares that a writer never writes to the sinks that it does not reach.
func (p *Pipeline) noteAbsent(writer int, reaches func(*sinkTask) bool) {
	for _, t := range p.sinkOrder {
		if t.plan != p.plan.DeadLetters && !reaches(t) {
			t.absent(writer)
		}
	}
}

// writers is the number of sources and tasks: they are numbered in this order at sinks.
func (p *Pipeline) writers() int { return len(p.plan.Sources) + len(p.tasks) }

func (p *Pipeline) queueDepth() int {
	if p.settings.QueueDepth > 0 {
		return p.settings.QueueDepth
	}
	return defaultQueueDepth
}

// budgetOf returns the budget of a step or an exchange, which its instances share. Before the run.
func (p *Pipeline) budgetOf(name string) *limit.Budget {
	b, ok := p.budgets[name]
	if !ok {
		b = p.settings.Budget.Child(name, limit.Unlimited)
		p.budgets[name] = b
	}
	return b
}

// everySinkIsReached refuses a plan with a sink that no source leads to: no barrier would ever come there, and the run would not end.
func (p *Pipeline) everySinkIsReached() error {
	for _, t := range p.sinkOrder {
		if t.plan != p.plan.DeadLetters && !slices.ContainsFunc(t.passed, func(passed int64) bool { return passed != math.MaxInt64 }) {
			return fmt.Errorf("sink %q: no source leads to it", t.plan.Name)
		}
	}
	return nil
}

func (p *Pipeline) openSinks(ctx context.Context) error {
	p.finishFormer(ctx)
	for _, plan := range allSinks(p.plan) {
		if err := p.openSink(ctx, plan); err != nil {
			return err
		}
	}
	return nil
}

func (p *Pipeline) noteSteps(edges []physical.Edge) {
	for _, e := range edges {
		if e.Step == nil || p.steps[e.Step] != nil {
			continue
		}
		p.steps[e.Step] = &StepStats{}
		p.stepOrder = append(p.stepOrder, e.Step)
		for _, port := range e.Step.Ports {
			p.noteSteps(port)
		}
	}
}

func (p *Pipeline) unbounded() bool {
	for _, s := range p.plan.Sources {
		if !s.Type.Bounded(s.Config) {
			return true
		}
	}
	return false
}

func (p *Pipeline) openSink(ctx context.Context, plan *physical.Sink) error {
	writers := p.writers()
	if plan == p.plan.DeadLetters {
		writers += len(p.deadSlots())
	}
	t := newSinkTask(plan, writers, p.worker)
	at := len(p.sinkOrder)
	t.prepare = func(epoch int64, state json.RawMessage) error {
		return p.worker.report(at, epoch, sinkPrepared{State: state})
	}
	env := connector.SinkEnv{
		Name: plan.Name, Schema: plan.Encode.Schema, Pool: p.settings.Pool, Unbounded: p.unbounded(), Log: p.settings.Log,
		Changelog: plan.Encode.Changelog,
		Lineage:   p.settings.Identity.Lineage, Generation: p.settings.Identity.Generation, Abandoned: p.settings.Identity.Abandoned, Contested: p.settings.Identity.Contested,
		Repeats:   p.settings.Identity.Repeats,
		MediaType: mediaType(plan.Format),
	}
	if plan.Format != nil {
		env.NewEncoder = func() (codec.Encoder, error) { return plan.Format.NewEncoder(plan.Encode) }
	}
	if p.settings.Resume != nil && (plan != p.plan.DeadLetters || !fault.Weak("sink/dead-letters")) {
		env.Restore = p.settings.Resume.Sinks[plan.Name]
	}
	for _, l := range p.leaving.list() {
		if l.Connector == plan.Type.Name {
			env.Leaving = append(env.Leaving, l.State)
		}
	}
	sink, err := plan.Type.Open(ctx, env, plan.Config)
	if err != nil {
		return fmt.Errorf("sink %q: %w", plan.Name, err)
	}
	t.sink = sink
	p.sinks[plan] = t
	p.sinkOrder = append(p.sinkOrder, t)
	if err := t.open(); err != nil {
		return fmt.Errorf("sink %q: %w", plan.Name, err)
	}
	return nil
}

func (p *Pipeline) openSource(ctx context.Context, plan *physical.Source, index int) error {
	s := newSourceTask(p, plan, index)
	env := connector.SourceEnv{
		Name: plan.Name, BlockBytes: p.settings.BlockBytes, MaxRecordBytes: plan.MaxRecordBytes, Log: p.settings.Log,
		MediaType: mediaType(plan.Format),
	}
	if plan.Format != nil {
		env.Framer = plan.Format.NewFramer
	}
	if p.settings.Resume != nil {
		if !fault.Weak("source/position") {
			env.Restore = p.settings.Resume.Sources[plan.Name]
		}
		if !fault.Weak("source/records") {
			s.records.stored = p.settings.Resume.Records[plan.Name]
		}
	}
	reader, err := plan.Type.Open(ctx, env, plan.Config)
	if err != nil {
		return fmt.Errorf("source %q: %w", plan.Name, err)
	}
	s.reader = reader
	p.sources = append(p.sources, s)
	if p.plan.DeadLetters != nil {
		if s.dead, err = newDeadLetters(p.sinks[p.plan.DeadLetters], p.settings.Pool, p.settings.Clock); err != nil {
			return err
		}
	}
	for range p.plan.Parallelism {
		l, err := newLane(s, p.settings.Pool)
		if err != nil {
			return err
		}
		s.lanes = append(s.lanes, l)
	}
	p.noteAbsent(index, func(sink *sinkTask) bool { return s.lanes[0].ends[sink] != nil })
	for _, after := range plan.After {
		s.gates = append(s.gates, p.stages[after.Stage].gates[after.Number])
	}
	return nil
}

func mediaType(f codec.Format) string {
	if m, ok := f.(codec.MediaTyper); ok {
		return m.MediaType()
	}
	return ""
}
