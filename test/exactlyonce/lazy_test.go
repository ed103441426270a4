package exactlyonce_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"wire.example/wire/internal/connect/registry"
	"wire.example/wire/internal/engine"
	"wire.example/wire/internal/flow"
	formats "wire.example/wire/internal/format/registry"
	"wire.example/wire/internal/foundation/clock"
	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/foundation/vfs"
	"wire.example/wire/internal/plan/evolve"
	"wire.example/wire/internal/spec"
	"wire.example/wire/sdk/batch"
)

// counting answers at the end: how many rows a group has, and another answer.
const counting = `name: p
sources: {a: {connector: file, path: /in, schema: {id: BIGINT}}}
transforms:
  g: {from: a, sql: "SELECT id, count(*) AS n, %s AS more FROM a GROUP BY id"}
sinks:
  groups: {from: g, connector: file, path: /out/groups.jsonl}
`

// countOn goes on with the pipeline that counts and answers more, stops after so many blocks, and puts no state into memory before.
func countOn(ctx context.Context, fsys vfs.FS, more string, blocks, memory int64) (err error) {
	machine := clock.System()
	r := registry.New(registry.Environment{FS: fsys, Clock: machine})
	r.Formats = formats.New()
	l, err := spec.Compile("p.yaml", fmt.Sprintf(counting, more), nil, spec.Catalog{Registry: r, Query: query})
	if err != nil {
		return err
	}
	log := slog.New(slog.DiscardHandler)
	state, err := engine.OpenState(ctx, engine.StateOptions{FS: fsys, Dir: "/state", Pipeline: "p", Clock: machine, Log: log})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, state.Close()) }()
	former, err := engine.Former(state.Resume())
	if err != nil {
		return err
	}
	plan, err := engine.PlanFrom(ctx, l, 1, former)
	if err != nil {
		return err
	}
	if _, err := state.Follow(l, plan, evolve.Accepted{}); err != nil {
		return err
	}
	p, err := flow.Build(ctx, plan, flow.Settings{
		Pool: &batch.Pool{}, Budget: limit.New("p", memory), FS: fsys, Log: log, StopAfter: blocks, RestoreFor: time.Nanosecond,
		Keeper: state, Resume: state.Resume(), Identity: state.Identity(), LastEpoch: state.LastEpoch(),
	})
	if err != nil {
		return err
	}
	_, err = p.Run(ctx, nil)
	return errors.Join(err, p.Close())
}

// TestWhatIsUnreadAtTheEndIsAnswered: what restores have left in the store, one after the other, is answered at the end, whether memory has bounds or not.
func TestWhatIsUnreadAtTheEndIsAnswered(t *testing.T) {
	const rows = 100_000
	for name, memory := range map[string]int64{"bounds": 64 << 20, "no bounds": limit.Unlimited} {
		for more, want := range map[string]string{"max(id)": "1", "array_agg(id ORDER BY id)": "[1,1]", "array_agg(DISTINCT id)": "[1]"} {
			for _, blocks := range [][]int64{{7, 0}, {5, 1, 1, 0}} {
				t.Run(fmt.Sprint(name, more, blocks), func(t *testing.T) {
					mem := vfs.NewMem()
					must(t, errors.Join(mem.MkdirAll("/in", 0o755), mem.MkdirAll("/out", 0o755), mem.MkdirAll("/state", 0o755)))
					var text strings.Builder
					for i := range rows {
						fmt.Fprintf(&text, `{"id":%d}`+"\n", i)
					}
					must(t, errors.Join(vfs.WriteFile(mem, "/in/0.jsonl", []byte(text.String())), vfs.WriteFile(mem, "/in/1.jsonl", []byte(`{"id":1}`+"\n"))))
					for _, n := range blocks {
						must(t, countOn(t.Context(), mem, more, n, memory))
					}
					out, err := vfs.ReadFile(mem, "/out/groups.jsonl")
					must(t, err)
					if n := strings.Count(string(out), "\n"); n != rows || !strings.Contains(string(out), fmt.Sprintf(`{"id":1,"n":2,"more":%s}`, want)) {
						t.Errorf("%d groups, want %d", n, rows)
					}
				})
			}
		}
	}
}
