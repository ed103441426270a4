package edits_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"wire.example/wire/internal/engine"
	"wire.example/wire/internal/foundation/vfs"
	"wire.example/wire/internal/plan/evolve"
	"wire.example/wire/internal/plan/logical"
)

// windowShapes are windows whose emission is edited.
func windowShapes() map[string]string {
	return map[string]string{
		"HOP":      "HOP(TABLE orders, DESCRIPTOR(at), INTERVAL '20 seconds', INTERVAL '1 minute')",
		"CUMULATE": "CUMULATE(TABLE orders, DESCRIPTOR(at), INTERVAL '20 seconds', INTERVAL '1 minute')",
		"TUMBLE":   "TUMBLE(TABLE orders, DESCRIPTOR(at), INTERVAL '1 minute')",
		"SESSION":  "SESSION(TABLE busy PARTITION BY customer, DESCRIPTOR(at), INTERVAL '12 seconds')",
	}
}

// windows is a script over windows of a shape.
func windows(shape, emission string) string {
	const busy = "CREATE VIEW busy AS SELECT * FROM orders WHERE id % 100 < 60;\n" // sessions end
	return source + busy + file("out") +
		"INSERT INTO out SELECT customer, window_start, window_end, count(*) AS n, sum(amount) AS total FROM TABLE(" + shape + ") GROUP BY customer, window_start, window_end " + emission + ";"
}

// EVERY, ON UPDATE and corrections of late rows keep the same state.
func TestAnotherEmissionOfWindows(t *testing.T) {
	const late = " ALLOWED LATENESS INTERVAL '10 seconds'"
	emissions := []string{"EMIT EVERY INTERVAL '1 hour'" + late, "EMIT CHANGES" + late, late, "EMIT EVERY INTERVAL '2 hours'" + late}
	for name, shape := range windowShapes() {
		for _, was := range emissions {
			for _, is := range emissions {
				if was == is {
					continue
				}
				t.Run(name+" "+was+" to "+is, func(t *testing.T) {
					each(t, func(t *testing.T, w *world) {
						edited(t, w, leg{script: windows(shape, was), emit: logical.EmitChanges}, leg{script: windows(shape, is), lanes: 3, emit: logical.EmitChanges}, "kept")
					})
				})
			}
		}
	}
}

// changing are emissions of windows whose answers change.
func changing() []string {
	return []string{"EMIT CHANGES", "EMIT EVERY INTERVAL '1 hour'", "ALLOWED LATENESS INTERVAL '10 seconds'", "EMIT CHANGES ALLOWED LATENESS INTERVAL '10 seconds'"}
}

// byWindow are the answers of each group and window: what a changelog comes to, and the last of those that came once.
func byWindow(t *testing.T, w *world, sessions bool) []string {
	t.Helper()
	text, err := vfs.ReadFile(w.fs, "/out.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	answers := map[string]string{}
	for line := range strings.Lines(string(text)) {
		o := struct {
			Op, Start, End string
			Customer       int
		}{}
		if err := json.Unmarshal([]byte(strings.ReplaceAll(line, "window_", "")), &o); err != nil {
			t.Fatal(err)
		}
		key := fmt.Sprint(o.Customer, o.Start, o.End)
		if sessions { // that are open end later
			key = fmt.Sprint(o.Customer, o.Start)
		}
		if o.Op != "" {
			_, rest, _ := strings.Cut(line, ",")
			line = "{" + rest
		}
		if line = strings.TrimSpace(line); o.Op == "-U" || o.Op == "-D" {
			if answers[key] != line {
				t.Errorf("%s is taken back and was not there", line)
			}
			delete(answers, key)
			continue
		}
		if o.Op != "" && answers[key] != "" {
			t.Errorf("%s is there twice", line)
		}
		answers[key] = line
	}
	return slices.Sorted(maps.Values(answers))
}

// Windows that are answered once become ones that change, and the other way round.
func TestAnswersOnceAndAnswersThatChange(t *testing.T) {
	shapes := windowShapes()
	shapes["TUMBLE in order"], shapes["HOP of few"] = shapes["TUMBLE"], "HOP(TABLE orders, DESCRIPTOR(at), INTERVAL '25 seconds', INTERVAL '1 minute')"
	for name, shape := range shapes {
		for _, emission := range changing() {
			for _, back := range []bool{false, true} {
				was, is := windows(shape, ""), windows(shape, emission)
				if back {
					was, is = is, was
				}
				t.Run(fmt.Sprint(name, emission, back), stored(func(t *testing.T, w *world) {
					want := newWorld(t, false)
					m, _ := w.must(leg{script: was, lanes: 2, blocks: half, emit: logical.EmitChanges})
					m, e := w.must(leg{script: is, lanes: 3, blocks: half, from: m, emit: logical.EmitChanges})
					if e.Loses() || verdicts(e) != "transformed" {
						t.Fatalf("%s", e.Table())
					}
					_, e = w.must(leg{script: is, lanes: 1, from: m, emit: logical.EmitChanges})
					if verdicts(e) != "kept" {
						t.Fatalf("%s", e.Table())
					}
					want.must(leg{script: windows(shape, ""), lanes: 2, emit: logical.EmitChanges})
					if got, should := byWindow(t, w, name == "SESSION"), byWindow(t, want, name == "SESSION"); !slices.Equal(got, should) {
						t.Errorf("%d answers, should be %d\n%s", len(got), len(should), difference(got, should))
					}
				}))
			}
		}
	}
	minutes := source + file("out") + strings.ReplaceAll(strings.ReplaceAll(minutes, "customer, ", ""), "GROUP BY customer, ", "GROUP BY ")
	refuses(t, "TUMBLE without keys", minutes, strings.Replace(minutes, "window_end;", "window_end EMIT CHANGES;", 1), logical.EmitChanges, logical.EmitChanges, "--allow-reset out.group")
}

// Windows are kept one by one where a call keeps more than sums, or what is done to their rows asks for their bounds: sums of slices do not become such, nor the other way round.
func TestSlicesAndWindowsKeptOneByOne(t *testing.T) {
	for name, shape := range windowShapes() {
		if name == "SESSION" {
			continue
		}
		sums := windows(shape, "")
		for _, call := range []string{"count(DISTINCT amount)", "string_agg(note, ',' ORDER BY id)"} {
			more := strings.Replace(sums, "AS total", "AS total, "+call+" AS more", 1)
			refuses(t, name+" with "+call, sums, more, logical.EmitChanges, logical.EmitChanges, "--allow-reset out.group")
			refuses(t, name+" without "+call, more, sums, logical.EmitChanges, logical.EmitChanges, "--allow-reset out.group")
			changing := strings.Replace(more, "window_end ;", "window_end EMIT CHANGES;", 1)
			refuses(t, name+" with "+call+" and changes", sums, changing, logical.EmitChanges, logical.EmitChanges, "--allow-reset out.group")
		}
	}
}

// Windows that were over before more time was given to late rows stay as they were answered: their rows are late.
func TestMoreTimeForLateRows(t *testing.T) {
	for name, shape := range windowShapes() {
		for _, was := range []string{"", "EMIT CHANGES", "ALLOWED LATENESS INTERVAL '5 seconds'"} {
			t.Run(name+" "+was, stored(func(t *testing.T, w *world) {
				want := newWorld(t, false)
				lines := strings.SplitAfter(orders(rows), "\n")
				const at = 2100
				late := strings.NewReplacer("T00:35:00Z", "T00:10:00Z").Replace(lines[at])
				w.write("/orders.jsonl", strings.Join(lines[:at], "")+late+strings.Join(lines[at+1:], ""))
				want.write("/orders.jsonl", strings.Join(lines[:at], "")+strings.Join(lines[at+1:], ""))
				m, _ := w.must(leg{script: windows(shape, was), lanes: 2, blocks: half, emit: logical.EmitChanges})
				is := windows(shape, "EMIT CHANGES ALLOWED LATENESS INTERVAL '1 hour'")
				m, e := w.must(leg{script: is, lanes: 3, blocks: 1, from: m, emit: logical.EmitChanges})
				if e.Loses() {
					t.Fatalf("%s", e.Table())
				}
				w.must(leg{script: is, lanes: 2, from: m, emit: logical.EmitChanges})
				want.must(leg{script: windows(shape, ""), lanes: 2, emit: logical.EmitChanges})
				if got, should := byWindow(t, w, name == "SESSION"), byWindow(t, want, name == "SESSION"); !slices.Equal(got, should) {
					t.Errorf("%d answers, should be %d\n%s", len(got), len(should), difference(got, should))
				}
			}))
		}
	}
}

// Rows of joins and first rows have no time of their own without a time to live: from none to one, and back, they begin anew.
func TestATimeToLiveOfRows(t *testing.T) {
	for step, query := range map[string]string{
		"out.join":   `INSERT INTO out SELECT o.id, m.n FROM orders o JOIN (SELECT customer, count(*) AS n FROM orders GROUP BY customer) m ON o.amount = m.customer;`,
		"out.t.over": `INSERT INTO out SELECT id, customer FROM (SELECT *, row_number() OVER (PARTITION BY customer ORDER BY amount DESC, id) AS r FROM orders) t WHERE r <= 3;`,
	} {
		without := source + file("out") + query
		with := "SET ttl = '1 day';" + without
		refuses(t, step+" with", without, with, logical.EmitChanges, logical.EmitChanges, "--allow-reset "+step)
		refuses(t, step+" without", with, without, logical.EmitChanges, logical.EmitChanges, "--allow-reset "+step)
		t.Run(step+" another", func(t *testing.T) {
			each(t, func(t *testing.T, w *world) {
				edited(t, w, leg{script: with, emit: logical.EmitChanges}, leg{script: strings.Replace(with, "1 day", "2 days", 1), lanes: 3, emit: logical.EmitChanges}, kept(query))
			})
		})
	}
}

// kept are the verdicts of a query all of whose steps with state are kept.
func kept(query string) string {
	if strings.Contains(query, "JOIN") {
		return "kept kept"
	}
	return "kept"
}

// refuses wants an edit to be refused with a way out, and that way to lead to the end.
func refuses(t *testing.T, name, old, now string, was, is logical.EmitMode, wayOut string) {
	t.Helper()
	t.Run(name, stored(func(t *testing.T, w *world) {
		m, _ := w.must(leg{script: old, lanes: 2, blocks: half, emit: was})
		_, e, err := w.run(leg{script: now, lanes: 2, from: m, emit: is})
		if !errors.Is(err, engine.ErrRefused) || !strings.Contains(err.Error(), wayOut) || !e.Loses() {
			t.Fatalf("%v, should name %s\n%s", err, wayOut, e.Table())
		}
		m, _ = w.must(leg{script: now, lanes: 2, from: m, emit: is, accepted: evolve.Accepted{Reset: []string{"all"}}})
		if !m.Finished {
			t.Error("it did not come to its end")
		}
	}))
}

// What a window had got that no more rows come for is told of, too: the edit falls between the last of its rows and its end, which comes later.
func TestAnotherEmissionWhereNoMoreRowsCome(t *testing.T) {
	const late, cut = "ALLOWED LATENESS INTERVAL '10 seconds'", 16
	for name, shape := range windowShapes() {
		for _, emission := range []string{"EMIT EVERY INTERVAL '2 hours' " + late, "EMIT CHANGES " + late} {
			t.Run(name+" "+emission, func(t *testing.T) {
				eachInMemory(t, func(t *testing.T, w *world) {
					m, _ := w.must(leg{script: windows(shape, late), lanes: 2, blocks: cut, emit: logical.EmitChanges})
					if n := m.Records["orders"]["/orders.jsonl"]; n%60 >= 5 { // of so many seconds is the delay of the watermark
						t.Fatalf("%d rows were read: the window before has closed", n)
					}
					want := newWorld(t, false)
					w.must(leg{script: windows(shape, emission), lanes: 3, from: m, emit: logical.EmitChanges})
					want.must(leg{script: windows(shape, emission), lanes: 2, emit: logical.EmitChanges})
					if got, should := replay(t, w, "/out.jsonl"), replay(t, want, "/out.jsonl"); !slices.Equal(got, should) {
						t.Errorf("other rows\n%s", difference(got, should))
					}
				})
			})
		}
	}
}
