package edits_test

import (
	"errors"
	"strings"
	"testing"

	"wire.example/wire/internal/engine"
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

// Windows that are answered once do not become ones that change, nor the other way round: it is said, with what may be done about it.
func TestAnswersOnceAndAnswersThatChange(t *testing.T) {
	for name, shape := range windowShapes() {
		for _, changing := range []string{"EMIT CHANGES", "EMIT EVERY INTERVAL '1 hour'", "ALLOWED LATENESS INTERVAL '10 seconds'"} {
			refuses(t, name+" to "+changing, windows(shape, ""), windows(shape, changing), logical.EmitChanges, logical.EmitChanges, "--allow-reset out.group")
			refuses(t, name+" from "+changing, windows(shape, changing), windows(shape, ""), logical.EmitChanges, logical.EmitChanges, "--allow-reset out.group")
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
	t.Run(name, func(t *testing.T) {
		w := newWorld(t, true)
		m, _ := w.must(leg{script: old, lanes: 2, blocks: half, emit: was})
		_, e, err := w.run(leg{script: now, lanes: 2, from: m, emit: is})
		if !errors.Is(err, engine.ErrRefused) || !strings.Contains(err.Error(), wayOut) || !e.Loses() {
			t.Fatalf("%v, should name %s\n%s", err, wayOut, e.Table())
		}
		m, _ = w.must(leg{script: now, lanes: 2, from: m, emit: is, accepted: evolve.Accepted{Reset: []string{"all"}}})
		if !m.Finished {
			t.Error("it did not come to its end")
		}
	})
}
