package edits_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"wire.example/wire/internal/engine"
	"wire.example/wire/internal/flow"
	"wire.example/wire/internal/foundation/vfs"
	"wire.example/wire/internal/plan/evolve"
	"wire.example/wire/internal/plan/logical"
	"wire.example/wire/internal/state/store"
)

// each runs a test with state in the manifest, in a store in memory, and in a state directory, where its runs are killed.
func each(t *testing.T, test func(t *testing.T, w *world)) {
	t.Helper()
	eachInMemory(t, test)
	t.Run("killed", func(t *testing.T) { test(t, newKilledWorld(t)) })
}

// eachInMemory runs a test with state in the manifest, and in a store in memory.
func eachInMemory(t *testing.T, test func(t *testing.T, w *world)) {
	t.Helper()
	for _, stored := range []bool{false, true} {
		t.Run(fmt.Sprintf("stored=%v", stored), func(t *testing.T) { test(t, newWorld(t, stored)) })
	}
}

func TestASinkIsAddedAndOneIsRemoved(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		raw := `INSERT INTO %s SELECT id FROM orders;`
		old := source + file("out") + file("first") + groups + fmt.Sprintf(raw, "first")
		now := source + file("out") + file("second") + groups + fmt.Sprintf(raw, "second")
		m, _ := w.must(leg{script: old, lanes: 2, blocks: half})
		_, e := w.must(leg{script: now, lanes: 2, from: m})
		if e.Loses() || verdicts(e) != "kept" {
			t.Errorf("it loses state:\n%s", e.Table())
		}
		if got, want := w.lines("/out.jsonl"), straight(t, source+file("out")+groups, "/out.jsonl", 0); !slices.Equal(got, want) {
			t.Errorf("the groups are others\n%s", difference(got, want))
		}
		if got := len(w.lines("/first.jsonl")) + len(w.lines("/second.jsonl")); got != rows {
			t.Errorf("the sink that is gone and the new one have %d rows together, not %d", got, rows)
		}
		second := len(w.lines("/second.jsonl"))
		if second == 0 || second == rows {
			t.Errorf("the new sink has %d rows, not those from the edit on", second)
		}
	})
}

// A run that ended between the publication of its first epoch and the commit leaves to the next one what a removed sink has written, whatever that one writes.
func TestARemovedSinkIsFinishedByTheNextRun(t *testing.T) {
	eachInMemory(t, func(t *testing.T, w *world) {
		raw := `INSERT INTO %s SELECT id FROM orders;`
		old, now := source+file("out")+fmt.Sprintf(raw, "out"), source+file("second")+fmt.Sprintf(raw, "second")
		m, _ := w.must(leg{script: old, lanes: 2, blocks: half})
		state := m.Sinks["out"]
		m, e := w.must(leg{script: now, lanes: 2, blocks: half, from: m})
		if e.Loses() || len(m.Left) != 1 || m.Left[0].Name != "out" {
			t.Fatalf("the checkpoint has %v of sinks that are gone\n%s", m.Left, e.Table())
		}
		read := len(w.lines("/out.jsonl"))
		m.Left[0].State = state
		m, _ = w.must(leg{script: now, lanes: 2, blocks: half, from: m}) // it is done already, and that is no mistake
		if len(m.Left) != 0 {
			t.Errorf("it is still to be finished: %v", m.Left)
		}
		w.must(leg{script: now, lanes: 2, from: m})
		if again := len(w.lines("/out.jsonl")); again != read || read == 0 || read+len(w.lines("/second.jsonl")) != rows {
			t.Errorf("%d rows, then %d, and %d of the new sink", read, again, len(w.lines("/second.jsonl")))
		}
	})
}

// What a sink has not published lies beside its path: no other one takes that.
func TestAnotherSinkOfOnePathIsRefused(t *testing.T) {
	w := newWorld(t, true)
	old := source + file("out") + groups
	m, _ := w.must(leg{script: old, lanes: 2, blocks: half})
	_, e, err := w.run(leg{script: strings.Replace(old, "if_exists", "compression = 'gzip', if_exists", 1), lanes: 2, from: m, accepted: evolve.Accepted{Reset: []string{"all"}}})
	if !errors.Is(err, engine.ErrRefused) || !strings.Contains(err.Error(), "another path") || !e.Loses() {
		t.Fatalf("%v\n%s", err, e.Table())
	}
}

// Two sinks that swap their paths would each go on in the other one's file.
func TestSinksThatSwapTheirPathsAreRefused(t *testing.T) {
	for name, queries := range map[string]string{
		"rows":   `INSERT INTO out SELECT id FROM orders; INSERT INTO other SELECT amount FROM orders;`,
		"groups": groups + `INSERT INTO other SELECT amount, count(*) AS n FROM orders GROUP BY amount;`,
		"kept":   `SET emit = 'final'; INSERT INTO out SELECT DISTINCT id FROM orders; INSERT INTO other SELECT amount, count(*) AS n FROM orders GROUP BY amount;`,
	} {
		for change, sinks := range map[string]string{
			"swapped":              at("out", "other") + at("other", "out"),
			"one moved, one added": at("out", "other") + at("other", "new"),
		} {
			t.Run(name+", "+change, func(t *testing.T) {
				w := newWorld(t, true)
				m, _ := w.must(leg{script: source + file("out") + file("other") + queries, lanes: 2, blocks: half})
				all := evolve.Accepted{Reset: []string{"all"}}
				_, e, err := w.run(leg{script: source + sinks + queries, lanes: 2, from: m, accepted: all})
				if !errors.Is(err, engine.ErrRefused) || !strings.Contains(err.Error(), "a path that no sink had") || !e.Loses() {
					t.Fatalf("%v\n%s", err, e.Table())
				}
				renamed := strings.ReplaceAll(strings.ReplaceAll(source+sinks+queries, "orders", "purchases"), "/purchases", "/orders")
				if _, e, err = w.run(leg{script: renamed, lanes: 2, from: m, accepted: all}); !errors.Is(err, engine.ErrRefused) {
					t.Errorf("with a source of another name: %v\n%s", err, e.Table())
				}
			})
		}
	}
}

// Two sinks that swap their names with their queries go on as they were.
func TestSinksMaySwapTheirNames(t *testing.T) {
	for name, queries := range map[string]string{
		"rows":   `INSERT INTO out SELECT id FROM orders; INSERT INTO other SELECT amount FROM orders;`,
		"groups": groups + `INSERT INTO other SELECT amount, count(*) AS n FROM orders GROUP BY amount;`,
		"kept":   `SET emit = 'final'; INSERT INTO out SELECT DISTINCT id FROM orders; INSERT INTO other SELECT amount, count(*) AS n FROM orders GROUP BY amount;`,
	} {
		t.Run(name, stored(func(t *testing.T, w *world) {
			old := source + file("out") + file("other") + queries
			m, _ := w.must(leg{script: old, lanes: 2, blocks: half})
			now := source + at("other", "out") + at("out", "other") + strings.NewReplacer("INTO out", "INTO other", "INTO other", "INTO out").Replace(queries)
			_, e := w.must(leg{script: now, lanes: 2, from: m})
			for _, path := range []string{"/out.jsonl", "/other.jsonl"} {
				if got, want := w.lines(path), straight(t, old, path, 0); !slices.Equal(got, want) {
					t.Errorf("%s has other rows\n%s\n%s", path, difference(got, want), e.Table())
				}
			}
		}))
	}
}

// at is a sink of a file of another name.
func at(name, path string) string {
	return strings.Replace(file(name), "/"+name+".", "/"+path+".", 1)
}

// noEntries checks that nothing is stored of a step any more.
func (w *world) noEntries(record flow.StateRecord) {
	w.t.Helper()
	if record.Layout == "" {
		w.t.Fatal("nothing was stored of the step that is gone")
	}
	r := w.reader()
	for table := range 256 {
		err := r.Scan(store.Space{Operator: record.Number, Table: uint8(table)}, 0, math.MaxUint64, func(int64, uint64, []byte, []byte) error { //nolint:gosec // below 256
			return errors.New("an entry is left")
		})
		if err != nil {
			w.t.Errorf("table %d: %v", table, err)
		}
	}
	if err := r.Close(); err != nil {
		w.t.Error(err)
	}
}

func TestAnotherQueryBeginsWhereTheSourceIs(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		old := source + file("out") + groups
		now := old + file("also") + `INSERT INTO also SELECT amount, count(*) AS n FROM orders GROUP BY amount;`
		m, _ := w.must(leg{script: old, lanes: 2, blocks: half})
		m, e := w.must(leg{script: now, lanes: 2, blocks: half, from: m})
		if verdicts(e) != "kept added" {
			t.Errorf("%s", e.Table())
		}
		_, e = w.must(leg{script: old, lanes: 2, from: m}) // and it is removed again
		if verdicts(e) != "kept removed" || e.Loses() {
			t.Errorf("%s", e.Table())
		}
		if w.kept != nil || w.random != nil {
			w.noEntries(m.States[e.Steps[1].Name])
		}
		if got, want := w.lines("/out.jsonl"), straight(t, old, "/out.jsonl", 0); !slices.Equal(got, want) {
			t.Errorf("the groups are others\n%s", difference(got, want))
		}
	})
}

func TestASourceIsAddedToAUnion(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		one := `INSERT INTO out SELECT amount, count(*) AS n FROM orders GROUP BY amount;`
		both := `INSERT INTO out SELECT amount, count(*) AS n FROM (SELECT amount FROM orders UNION ALL SELECT amount FROM more) u GROUP BY amount;`
		m, _ := w.must(leg{script: source + file("out") + one, lanes: 2, blocks: half})
		now := source + more + file("out") + both
		_, e := w.must(leg{script: now, lanes: 2, from: m})
		if verdicts(e) != "kept" || e.Loses() {
			t.Errorf("%s", e.Table())
		}
		if got, want := w.lines("/out.jsonl"), straight(t, now, "/out.jsonl", 0); !slices.Equal(got, want) {
			t.Errorf("the groups are others\n%s", difference(got, want))
		}
	})
}

// last are the lines of a file, of those that replace each other the last, without their op.
func (w *world) last(path string) []string {
	w.t.Helper()
	text, err := vfs.ReadFile(w.fs, path)
	if err != nil {
		w.t.Fatal(err)
	}
	rows := map[[2]any]string{}
	for line := range strings.Lines(string(text)) {
		o := map[string]any{}
		if err := json.Unmarshal([]byte(line), &o); err != nil {
			w.t.Fatal(err)
		}
		line = strings.TrimSpace(line)
		if _, rest, ok := strings.Cut(line, `"op":"`); ok {
			_, rest, _ = strings.Cut(rest, ",")
			line = "{" + rest
		}
		if op := o["op"]; op != "-U" && op != "-D" {
			rows[[2]any{o["customer"], o["window_start"]}] = line
		}
	}
	return slices.Sorted(maps.Values(rows))
}

// A new aggregate counts from the edit on: what it says is what the rows behind it come to.
func TestAnAggregateIsAdded(t *testing.T) {
	for _, emit := range []logical.EmitMode{logical.EmitFinal, logical.EmitChanges} {
		each(t, func(t *testing.T, w *world) {
			old := source + file("out") + file("raw") + groups + `INSERT INTO raw SELECT id, customer FROM orders;`
			now := strings.Replace(old, "AS total", "AS total, count(*) FILTER (WHERE amount >= 0) AS late, count(DISTINCT note) AS notes, array_agg(id ORDER BY id DESC) AS ids", 1)
			m, _ := w.must(leg{script: old, lanes: 2, blocks: half, emit: emit})
			if _, e, err := w.run(leg{script: now, lanes: 2, from: m, emit: emit}); err == nil || !strings.Contains(err.Error(), "--accept-partial") {
				t.Fatalf("%v\n%s", err, e.Table())
			}
			before := map[float64]int{}
			for _, o := range first(t, m, w) {
				before[o["customer"].(float64)]++
			}
			_, e := w.must(leg{script: now, lanes: 2, from: m, emit: emit, accepted: evolve.Accepted{Partial: true}})
			if verdicts(e) != "transformed" {
				t.Errorf("%s", e.Table())
			}
			// The rows of before have no columns for it, so that those that take them back are others: the last of each customer counts.
			seen := 0
			for _, line := range w.last("/out.jsonl") {
				o := map[string]any{}
				if err := json.Unmarshal([]byte(line), &o); err != nil {
					t.Fatal(err)
				}
				n, late := int(o["n"].(float64)), int(o["late"].(float64))
				if seen++; n-late != before[o["customer"].(float64)] || len(o["ids"].([]any)) != late || o["notes"].(float64) != 11 {
					t.Errorf("%d rows before the edit: %v", before[o["customer"].(float64)], o)
				}
			}
			if seen != 7 {
				t.Errorf("%d groups", seen)
			}
		})
	}
}

// A new aggregate of windows is NULL in those that are open, and exact in those that begin after them.
func TestAnAggregateOfWindowsIsAdded(t *testing.T) {
	for name, query := range map[string]string{
		"tumbling": minutes, "hopping": hops, "without keys": strings.ReplaceAll(strings.ReplaceAll(minutes, "customer, ", ""), "GROUP BY customer, ", "GROUP BY "),
		"sessions": `INSERT INTO out SELECT customer, window_start, count(*) AS n, sum(amount) AS total FROM TABLE(SESSION(TABLE orders PARTITION BY customer, DESCRIPTOR(at), INTERVAL '3 seconds')) GROUP BY customer, window_start, window_end;`,
		"changing": strings.Replace(minutes, ";", " EMIT CHANGES;", 1),
	} {
		t.Run(name, func(t *testing.T) {
			each(t, func(t *testing.T, w *world) {
				old := source + file("out") + query
				now := source + file("out") + strings.ReplaceAll(query, "AS total", "AS total, max(id) AS high, count(note) AS again")
				m, _ := w.must(leg{script: old, lanes: 2, blocks: half})
				m, e := w.must(leg{script: now, lanes: 2, blocks: half, from: m})
				if verdicts(e) != "transformed" || e.Loses() {
					t.Errorf("%s", e.Table())
				}
				_, e = w.must(leg{script: now, lanes: 4, from: m}) // what is NULL stays so behind another stop
				if verdicts(e) != "kept" {
					t.Errorf("%s", e.Table())
				}
				wanted := newWorld(t, false)
				wanted.must(leg{script: now, lanes: 2})
				lines, want := w.lines("/out.jsonl"), wanted.lines("/out.jsonl")
				if name == "changing" {
					lines, want = w.last("/out.jsonl"), wanted.last("/out.jsonl")
				}
				absent, exact, closed := 0, 0, 0
				for _, line := range lines {
					switch {
					case slices.Contains(want, line):
						exact++
					case strings.Contains(line, `"high":null,"again":null`):
						absent++
					case !strings.Contains(line, `"high"`):
						closed++
					default:
						t.Errorf("neither exact nor NULL: %s", line)
					}
				}
				if len(lines) != len(want) || absent == 0 || exact == 0 || closed == 0 && name != "sessions" {
					t.Errorf("%d of %d rows, %d exact, %d NULL, %d closed before", len(lines), len(want), exact, absent, closed)
				}
			})
		})
	}
}

// Answers that would have been given at the end are given as they change: those so far at once.
func TestAnswersAreGivenAsTheyChange(t *testing.T) {
	for name, query := range map[string]string{"groups": groups, "one group": `INSERT INTO out SELECT count(*) AS n FROM orders;`} {
		t.Run(name, func(t *testing.T) {
			each(t, func(t *testing.T, w *world) {
				script := source + file("out") + query
				edited(t, w, leg{script: script, emit: logical.EmitFinal}, leg{script: script, lanes: 2, emit: logical.EmitChanges}, "transformed")
			})
		})
	}
}

// edited stops a leg in the middle, goes on from it with another one, which has a verdict, and wants what that one gives alone.
func edited(t *testing.T, w *world, was, is leg, verdict string) {
	t.Helper()
	alone := is
	was.lanes, was.blocks, alone.lanes = 2, half, 2
	m, _ := w.must(was)
	is.from = m
	if _, e := w.must(is); verdicts(e) != verdict || e.Loses() {
		t.Errorf("%s", e.Table())
	}
	want := newWorld(t, false)
	want.must(alone)
	if got, should := replay(t, w, "/out.jsonl"), replay(t, want, "/out.jsonl"); !slices.Equal(got, should) {
		t.Errorf("other rows\n%s", difference(got, should))
	}
}

// Neither the parallelism nor statistics change what a plan does that goes on: from four tasks on, values of DISTINCT are looked up by tasks of their own in a plan that begins.
func TestDecisionsStand(t *testing.T) {
	script := source + file("out") + `INSERT INTO out SELECT customer, count(DISTINCT amount) AS d, count(*) AS n FROM orders GROUP BY customer;`
	want := straight(t, script, "/out.jsonl", 0)
	for _, lanes := range [][2]int{{1, 8}, {8, 1}, {2, 3}} {
		each(t, func(t *testing.T, w *world) {
			m, _ := w.must(leg{script: script, lanes: lanes[0], blocks: half})
			_, e := w.must(leg{script: script, lanes: lanes[1], from: m})
			if e.Loses() || strings.Contains(verdicts(e), "added") {
				t.Errorf("from %d to %d tasks:\n%s", lanes[0], lanes[1], e.Table())
			}
			if got := w.lines("/out.jsonl"); len(got) != len(want) {
				t.Errorf("%d groups, not %d", len(got), len(want))
			}
		})
	}
}

// first are the rows that were read before a checkpoint.
func first(t *testing.T, m *flow.Manifest, w *world) []map[string]any {
	t.Helper()
	n := m.Records["orders"]["/orders.jsonl"]
	if n == 0 {
		t.Fatalf("nothing was read: %v", m.Records)
	}
	text, err := vfs.ReadFile(w.fs, "/orders.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	var out []map[string]any
	for _, line := range strings.SplitN(string(text), "\n", int(n)+1)[:n] {
		o := map[string]any{}
		if err := json.Unmarshal([]byte(line), &o); err != nil {
			t.Fatal(err)
		}
		out = append(out, o)
	}
	return out
}
