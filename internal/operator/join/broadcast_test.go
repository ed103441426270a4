package join_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/join"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/sdk/schema"
)

// TestBroadcastJoinsAreWhatTheirDefinitionSays: every task has the whole build side, and some of the probe rows each; a barrier may come at any time,
// and another number of tasks go on. Tasks are asked for the state of the key groups of the probe rows that they have, and one of them for the build side.
func TestBroadcastJoinsAreWhatTheirDefinitionSays(t *testing.T) {
	often(t, func(rt *rapid.T) {
		s := drawScenario(rt, t)
		switch s.config.Kind { // kinds of which nothing is said of build rows
		case join.Right:
			s.config.Build = join.LeftInput
		case join.Full:
			s.config.Kind, s.ref.kind = join.Inner, join.Inner
		case join.Inner:
		default:
			s.config.Build = join.RightInput
		}
		s.ref.build, s.config.Broadcast, s.config.Deal = s.config.Build, true, []int{2}
		fresh := func() *join.Hash {
			s.config.Budget = limit.New("test", 0)
			h, err := join.NewHash(&s.config)
			if err != nil {
				rt.Fatalf("%v", err)
			}
			return h
		}
		tasks := make([]*run, rapid.IntRange(1, 3).Draw(rt, "tasks"))
		for i := range tasks {
			tasks[i] = newRun(rt, fresh())
		}
		all := newRun(rt, nil)
		var ended [2]bool
		for _, e := range s.events {
			if e.restart {
				tasks = s.rebroadcast(rt, tasks, all, ended, rapid.IntRange(1, 3).Draw(rt, "tasks"), fresh)
			}
			ended[e.input] = ended[e.input] || e.ends()
			for i, task := range tasks {
				part := e
				if !e.ends() && e.input != s.config.Build {
					part.rows = [][]string{}
					for _, row := range e.rows {
						if taskOf(row, len(tasks)) == i {
							part.rows = append(part.rows, row)
						}
					}
				}
				if err := task.feed(s.ref.types[e.input], part); err != nil {
					rt.Fatalf("%v", err)
				}
			}
		}
		for _, task := range tasks {
			all.rows, all.errs = append(all.rows, task.rows...), append(all.errs, task.errs...)
		}
		want := s.ref.run()
		if got := all.answer(); !slices.Equal(got.rows, want.rows) || !slices.Equal(got.rejects, want.rejects) {
			rt.Fatalf("%s join, build %d, keys %v\n got %q\nwant %q\n got rejects %v\nwant rejects %v", s.ref.kind, s.ref.build, s.ref.keys,
				got.rows, want.rows, got.rejects, want.rejects)
		}
	})
}

// taskOf deals a row by its third column.
func taskOf(row []string, tasks int) int { return int(row[2][0]) % tasks }

// rebroadcast makes n new tasks of the state of others. Of what was said so far all takes note.
func (s *scenario) rebroadcast(t fataler, old []*run, all *run, ended [2]bool, n int, fresh func() *join.Hash) []*run {
	t.Helper()
	shared, err := old[0].op.(op.Shared).SnapshotShared()
	if err != nil {
		t.Fatalf("%v", err)
	}
	tasks := make([]*run, n)
	owners := groupsOf(t, s, n)
	for i := range tasks {
		h := fresh()
		if shared != nil {
			if err := h.RestoreShared(shared); err != nil {
				t.Fatalf("%v", err)
			}
		}
		for _, from := range old {
			for g, data := range from.snapshot() {
				if owners[g] != i {
					continue
				}
				if err := h.Restore(g, data); err != nil {
					t.Fatalf("group %d: %v", g, err)
				}
			}
		}
		tasks[i] = newRun(t, h)
		for input, over := range ended {
			if over {
				if err := tasks[i].feed(nil, event{input: input}); err != nil {
					t.Fatalf("%v", err)
				}
			}
		}
	}
	for _, from := range old {
		all.rows, all.errs = append(all.rows, from.rows...), append(all.errs, from.errs...)
	}
	// What the old tasks hold is now the new ones': the account goes on.
	for _, from := range old {
		tasks[0].counts.Add(from.counts)
		tasks[0].counts.Emitted -= int64(len(from.rows))
	}
	return tasks
}

// groupsOf says which task has which key group, by holding each row that there may be.
func groupsOf(t fataler, s *scenario, tasks int) map[op.KeyGroup]int {
	t.Helper()
	owners := map[op.KeyGroup]int{}
	config := s.config
	config.Kind, config.Keys, config.Residual, config.Reads, config.NullAware, config.Build = join.Inner, nil, nil, nil, false, join.RightInput
	config.Budget = limit.New("test", 0)
	types := s.ref.types[0]
	for _, number := range keyTypes()["int"] {
		h, err := join.NewHash(&config)
		if err != nil {
			t.Fatalf("%v", err)
		}
		r := newRun(t, h)
		row := []string{null, null, number, null}
		if err := r.feed([]schema.Type{types[0], types[1], types[2], types[3]}, event{input: join.LeftInput, rows: [][]string{row}}); err != nil {
			t.Fatalf("%v", err)
		}
		for g := range r.snapshot() {
			owners[g] = taskOf(row, tasks)
		}
	}
	return owners
}
