package debug

import (
	"math"
	"time"

	"wire.example/wire/internal/flow"
	"wire.example/wire/internal/state/store"
	"wire.example/wire/internal/telemetry/metrics"
	"wire.example/wire/sdk/batch"
)

// counter is a family of counters that are read off a part of a report.
type counter[T any] struct {
	name, help string
	value      func(*T) int64
}

//nolint:gochecknoglobals // immutable tables
var (
	sourceCounters = []counter[flow.SourceReport]{
		{"wire_source_records_total", "Records that a source read.", func(s *flow.SourceReport) int64 { return s.Records }},
		{"wire_source_rows_total", "Rows that records became.", func(s *flow.SourceReport) int64 { return s.Rows }},
		{"wire_source_filtered_total", "Records that a filter dropped while they were decoded.", func(s *flow.SourceReport) int64 { return s.Filtered }},
		{"wire_source_rejected_total", "Records that could not become rows.", func(s *flow.SourceReport) int64 { return s.Rejected }},
		{"wire_source_bytes_total", "Bytes that a source read.", func(s *flow.SourceReport) int64 { return s.Bytes }},
		{"wire_source_blocks_total", "Blocks of records that a source dealt.", func(s *flow.SourceReport) int64 { return s.Blocks }},
		{"wire_source_idle_total", "How often a split of a source was declared idle, and not waited for.", func(s *flow.SourceReport) int64 { return s.Idle }},
	}
	stepCounters = []counter[flow.StepReport]{
		{"wire_step_rows_in_total", "Rows that entered a step.", func(s *flow.StepReport) int64 { return s.In }},
		{"wire_step_rows_out_total", "Rows that left a step.", func(s *flow.StepReport) int64 { return s.Emitted }},
		{"wire_step_rows_forwarded_total", "Rows that made output at once.", func(s *flow.StepReport) int64 { return s.Forwarded }},
		{"wire_step_rows_absorbed_total", "Rows that went into a step's state.", func(s *flow.StepReport) int64 { return s.Absorbed }},
		{"wire_step_rows_filtered_total", "Rows that a step dropped by its condition.", func(s *flow.StepReport) int64 { return s.Filtered }},
		{"wire_step_rows_late_total", "Rows that came too late for a step.", func(s *flow.StepReport) int64 { return s.Late }},
		{"wire_step_late_windows_total", "Windows of a step that rows came too late for, once for each row and window.", func(s *flow.StepReport) int64 { return s.LateWindows }},
		{"wire_step_rows_rejected_total", "Rows that a step could not process.", func(s *flow.StepReport) int64 { return s.Rejected }},
	}
	sinkCounters = []counter[flow.SinkReport]{
		{"wire_sink_rows_in_total", "Rows that reached a sink.", func(s *flow.SinkReport) int64 { return s.In }},
		{"wire_sink_rows_written_total", "Rows that a sink wrote.", func(s *flow.SinkReport) int64 { return s.Rows }},
		{"wire_sink_rows_rejected_total", "Rows that a sink could not write.", func(s *flow.SinkReport) int64 { return s.Rejected }},
		{"wire_sink_bytes_total", "Bytes that a sink wrote.", func(s *flow.SinkReport) int64 { return s.Bytes }},
		{"wire_sink_epochs_total", "Epochs that a sink committed.", func(s *flow.SinkReport) int64 { return s.Epochs }},
	}
	checkpointCounters = []counter[flow.CheckpointReport]{
		{"wire_checkpoints_published_total", "Checkpoints that were published.", func(s *flow.CheckpointReport) int64 { return s.Published }},
		{"wire_checkpoints_failed_total", "Attempts at a checkpoint that failed.", func(s *flow.CheckpointReport) int64 { return s.Failed }},
		{"wire_checkpoints_given_up_total", "Checkpoints that took too long and were given up.", func(s *flow.CheckpointReport) int64 { return s.GivenUp }},
	}
	stateCounters = []counter[store.Stats]{
		{"wire_state_keys_asked_total", "Keys that steps asked for while some of their state was not in memory.", func(s *store.Stats) int64 { return s.Asked }},
		{"wire_state_keys_spared_total", "Keys asked for that a filter in memory knew not to be in the store.", func(s *store.Stats) int64 { return s.Spared }},
		{"wire_state_lookups_total", "Keys that were looked up in the store.", func(s *store.Stats) int64 { return s.Lookups }},
		{"wire_state_entries_found_total", "Entries that were found by looking keys up in the store.", func(s *store.Stats) int64 { return s.Found }},
		{"wire_state_filter_hits_total", "Reads of a file of the store that its filter spared.", func(s *store.Stats) int64 { return s.FilterHits }},
		{"wire_state_filter_misses_total", "Reads of a file of the store that its filter did not spare.", func(s *store.Stats) int64 { return s.FilterMisses }},
		{"wire_state_cache_hits_total", "Blocks of the store that were in its cache.", func(s *store.Stats) int64 { return s.CacheHits }},
		{"wire_state_cache_misses_total", "Blocks of the store that were read from a file.", func(s *store.Stats) int64 { return s.CacheMiss }},
	}
	poolCounters = []counter[batch.Stats]{
		{"wire_pool_gets_total", "Pieces of memory lent to batches.", func(s *batch.Stats) int64 { return s.Gets }},
		{"wire_pool_puts_total", "Pieces of memory that batches gave back.", func(s *batch.Stats) int64 { return s.Puts }},
		{"wire_pool_misses_total", "Pieces of memory that had to be allocated.", func(s *batch.Stats) int64 { return s.Misses }},
	}
)

// register names the parts of the pipeline, as the first report has them, in registry.
func (h *handler) register(registry *metrics.Registry) {
	scope := registry.Scope(metrics.Label{Name: "pipeline", Value: h.Plan.Name})
	r := h.latest.Load()
	for i := range r.Sources {
		s := scope.With(metrics.Label{Name: "source", Value: r.Sources[i].Name})
		source := func() *flow.SourceReport { return part(h.latest.Load().Sources, i) }
		registerCounters(s, sourceCounters, source)
		registerSourceGauges(s, source)
	}
	for i := range r.Steps {
		s := scope.With(metrics.Label{Name: "step", Value: r.Steps[i].Name})
		step := func() *flow.StepReport { return part(h.latest.Load().Steps, i) }
		registerCounters(s, stepCounters, step)
		held := metrics.Desc{Name: "wire_step_rows_held", Help: "Rows that a step holds and may still give out as they are."}
		s.GaugeFunc(held, func() float64 { return float64(step().Held) })
	}
	for i := range r.Stages {
		s := scope.With(metrics.Label{Name: "stage", Value: r.Stages[i].Name})
		stage := func() *flow.StageReport { return part(h.latest.Load().Stages, i) }
		queued := metrics.Desc{Name: "wire_stage_queue_batches", Help: "Batches that wait for the tasks of a stage; marks count as batches."}
		s.GaugeFunc(queued, func() float64 { return float64(stage().Queued) })
		room := metrics.Desc{Name: "wire_stage_queue_limit_batches", Help: "Batches that the queues of a stage hold at most."}
		s.GaugeFunc(room, func() float64 { return float64(stage().QueueEntries) })
	}
	for i := range r.Sinks {
		s := scope.With(metrics.Label{Name: "sink", Value: r.Sinks[i].Name})
		sink := func() *flow.SinkReport { return part(h.latest.Load().Sinks, i) }
		registerCounters(s, sinkCounters, sink)
		registerSinkGauges(s, sink)
	}
	h.registerCheckpoints(scope)
	if h.State != nil {
		registerCounters(scope, stateCounters, h.counted.Load)
	}
	if h.Pool != nil {
		stats := func() *batch.Stats { s := h.Pool.Stats(); return &s }
		registerCounters(scope, poolCounters, stats)
		lent := metrics.Desc{Name: "wire_pool_lent_bytes", Help: "Bytes lent to batches and not given back."}
		scope.GaugeFunc(lent, func() float64 { return float64(stats().Bytes) })
	}
	build := metrics.Desc{Name: "wire_build_info", Help: "Always 1; the labels say which program runs."}
	registry.Scope().GaugeFunc(build, func() float64 { return 1 },
		metrics.Label{Name: "version", Value: h.Version}, metrics.Label{Name: "commit", Value: h.Commit})
}

// Stalled returns what a pipeline tells how long checkpoints keep its tasks from their rows.
func Stalled(registry *metrics.Registry, pipeline string) func(time.Duration) {
	stalls := registry.Scope(metrics.Label{Name: "pipeline", Value: pipeline}).Histogram(metrics.Desc{
		Name: "wire_checkpoint_stall_seconds", Help: "How long a checkpoint kept a task from its rows, each time that it did.", Scale: 1e-9,
	})
	return func(d time.Duration) { stalls.ObserveSigned(d.Nanoseconds()) }
}

func (h *handler) registerCheckpoints(scope *metrics.Scope) {
	report := func() *flow.CheckpointReport { return &h.latest.Load().Checkpoints }
	registerCounters(scope, checkpointCounters, report)
	unconfirmed := metrics.Desc{Name: "wire_checkpoints_unconfirmed", Help: "Published checkpoints that not all sinks have committed yet."}
	scope.GaugeFunc(unconfirmed, func() float64 { return float64(report().Unconfirmed) })
	last := metrics.Desc{Name: "wire_checkpoint_epoch", Help: "Epoch of the newest checkpoint that the run has published; 0 before there is one."}
	scope.GaugeFunc(last, func() float64 { return float64(report().Last) })
}

// part returns element i of a report, or an empty one where a report is shorter than the first was.
func part[T any](list []T, i int) *T {
	if i < len(list) {
		return &list[i]
	}
	return new(T)
}

// registerCounters registers a family each of counters over the part that of returns.
func registerCounters[T any](s *metrics.Scope, counters []counter[T], of func() *T) {
	for _, c := range counters {
		s.CounterFunc(metrics.Desc{Name: c.name, Help: c.help}, func() float64 { return float64(c.value(of())) })
	}
}

func registerSourceGauges(s *metrics.Scope, source func() *flow.SourceReport) {
	newest := metrics.Desc{
		Name: "wire_source_event_time_seconds", Help: "Largest event time read, in seconds since 1970; NaN before there is one, or if the source has none.",
	}
	s.GaugeFunc(newest, func() float64 {
		if r := source(); r.HasEventTime {
			return float64(r.MaxEventTime) / 1e6
		}
		return math.NaN()
	})
	progress := metrics.Desc{Name: "wire_source_progress_ratio", Help: "Share of the input that was read, 0 to 1; NaN if its size is not known."}
	s.GaugeFunc(progress, func() float64 {
		if r := source(); r.Total > 0 {
			return float64(r.Done) / float64(r.Total)
		}
		return math.NaN()
	})
}

func registerSinkGauges(s *metrics.Scope, sink func() *flow.SinkReport) {
	queued := metrics.Desc{Name: "wire_sink_queue_chunks", Help: "Chunks of rows that wait for a sink's writer; 0 for a sink without a queue."}
	s.GaugeFunc(queued, func() float64 { return float64(sink().Queued) })
	room := metrics.Desc{Name: "wire_sink_queue_limit_chunks", Help: "Chunks that a sink's queue holds at most."}
	s.GaugeFunc(room, func() float64 { return float64(sink().QueueEntries) })
}
