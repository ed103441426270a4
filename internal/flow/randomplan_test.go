package flow_test

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"wire.example/wire/internal/flow"
	"wire.example/wire/internal/foundation/clock"
	"wire.example/wire/internal/plan/physical"
)

// shape is a pipeline drawn at random: what leads where, without the number of lanes and tasks.
type shape struct {
	limits []int64 // of the sources
	stages []stageShape
}

// stageShape is a stage that passes rows on or counts them, and what leads to each of its inputs: sources from 0 on, then stages.
type stageShape struct {
	counts bool
	inputs [][]int
}

func drawShape(t *rapid.T) shape {
	var s shape
	s.limits = rapid.SliceOfN(rapid.Int64Range(0, 1500), 1, 3).Draw(t, "limits")
	for range rapid.IntRange(1, 4).Draw(t, "stages") {
		var st stageShape
		before := len(s.limits) + len(s.stages)
		st.counts = rapid.Bool().Draw(t, "counts")
		inputs := 1
		if st.counts {
			inputs = rapid.IntRange(1, 2).Draw(t, "inputs")
		}
		for range inputs {
			st.inputs = append(st.inputs, rapid.SliceOfNDistinct(rapid.IntRange(0, before-1), 1, 2, rapid.ID[int]).Draw(t, "from"))
		}
		s.stages = append(s.stages, st)
	}
	return s
}

// plan makes the pipeline with tasks for each stage. Whatever leads nowhere leads to the sink.
func (s shape) plan(sink *collector, lanes int, block int64, tasks []int) *physical.Plan {
	plan := pipe(&counter{}, sink, lanes)
	plan.Sources = nil
	out := physical.Edge{Sink: plan.Sinks[0]}
	var next []*[]physical.Edge // of each source and stage
	for i, limit := range s.limits {
		c := &counter{limit: limit, block: block}
		key := &physical.Step{Name: fmt.Sprintf("key %d", i), New: newModulo(37), Ports: one()}
		source := &physical.Source{Name: fmt.Sprintf("source %d", i), Type: c.sourceType(), Config: c, Next: []physical.Edge{{Step: key}}}
		plan.Sources = append(plan.Sources, source)
		next = append(next, &key.Ports[0])
	}
	for i, st := range s.stages {
		head := &physical.Step{Name: fmt.Sprintf("stage %d", i), New: newPass, Ports: one()}
		if st.counts {
			head.New = newTally(11, nil)
		}
		stage := &physical.Stage{Name: head.Name, Tasks: tasks[i], Inputs: len(st.inputs), Head: head}
		for number, from := range st.inputs {
			for _, f := range from {
				*next[f] = append(*next[f], edge(physical.Hash, stage, number))
			}
		}
		plan.Stages = append(plan.Stages, stage)
		next = append(next, &head.Ports[0])
	}
	for _, edges := range next {
		if len(*edges) == 0 {
			*edges = append(*edges, out)
		}
	}
	return plan
}

// TestRandomPipelinesHaveOneAnswer runs pipelines of any shape straight and with one task a stage; then with lanes, tasks, cuts and queues drawn
// at random, barriers at any time, stopped and resumed at another parallelism: the rows are the same.
func TestRandomPipelinesHaveOneAnswer(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := drawShape(rt)
		tasks := func() []int {
			return rapid.SliceOfN(rapid.IntRange(1, 4), len(s.stages), len(s.stages)).Draw(rt, "tasks")
		}
		straight := &collector{}
		account(t, s.plan(straight, 1, 10_000, slices.Repeat([]int{1}, len(s.stages))), settings())
		sink := &collector{}
		var resume *flow.Manifest
		for leg := range rapid.IntRange(1, 4).Draw(rt, "legs") {
			set := settings()
			manual := clock.NewManual(clock.System().Now())
			set.Resume, set.QueueDepth = resume, rapid.IntRange(1, 3).Draw(rt, "depth")
			set.Clock, set.EpochEvery, set.EpochBounded, set.ManifestPath = manual, 1, true, "/m"
			set.StopAfter = rapid.Int64Range(1, 8).Draw(rt, "stop after")
			lanes, block := rapid.IntRange(1, 3).Draw(rt, "lanes"), rapid.Int64Range(20, 200).Draw(rt, "block")
			ended, ticks := make(chan struct{}), make(chan struct{})
			go func() {
				defer close(ticks)
				for {
					select {
					case <-ended:
						return
					default:
						manual.Advance(1)
						spin(500)
					}
				}
			}()
			outcome, err := run(t, s.plan(sink, lanes, block, tasks()), set, nil)
			close(ended)
			<-ticks
			if err != nil {
				rt.Fatalf("leg %d: %v", leg, err)
			}
			if resume = outcome.Manifest; outcome.Finished {
				break
			}
		}
		if !resume.Finished {
			set := settings()
			set.Resume = resume
			if _, err := run(t, s.plan(sink, 2, 100, tasks()), set, nil); err != nil {
				rt.Fatal(err)
			}
		}
		if !slices.Equal(sorted(sink.published), sorted(straight.published)) {
			rt.Fatalf("%d rows, the straight run has %d, or others", len(sink.published), len(straight.published))
		}
	})
}
