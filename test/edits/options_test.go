package edits_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"wire.example/wire/internal/foundation/vfs"
)

// sourceWith is the source with more options.
func sourceWith(options string) string {
	return strings.Replace(source, "format = 'json'", "format = 'json', "+options, 1)
}

// Options that do not say what is read hold from now on, and so do those of time.
func TestOptionsOfASource(t *testing.T) {
	const generated = `CREATE SOURCE orders WITH (connector = 'generate', kind = 'sequence', rows = 40000OPTIONS);
`
	const byKey = `INSERT INTO out SELECT n % 7 AS k, count(*) AS c FROM orders GROUP BY n % 7;`
	for name, c := range map[string]struct{ old, now, query, reason string }{
		"the idle time-out": {sourceWith("idle_timeout = '30 seconds'"), sourceWith("idle_timeout = '1 minute'"), minutes, "idle time-out was 30s, is 1m0s"},
		"an idle time-out":  {source, sourceWith("idle_timeout = '1 minute'"), minutes, "idle time-out was 0s, is 1m0s"},
		"alignment":         {sourceWith("max_drift = '1 minute'"), sourceWith("max_drift = '10 seconds'"), minutes, "bound of alignment was 1m0s, is 10s"},
		"no alignment":      {sourceWith("max_drift = '1 minute'"), source, minutes, "bound of alignment was 1m0s, is 0s"},
		"block_size":        {sourceWith("block_size = '64KB'"), sourceWith("block_size = '4KB'"), groups, "option block_size is another"},
		"poll_every":        {sourceWith("poll_every = '1s'"), sourceWith("poll_every = '20ms'"), groups, "option poll_every is another"},
		"coerce":            {source, sourceWith("coerce = true"), groups, "option json.coerce is another"},
		"rate":              {strings.Replace(generated, "OPTIONS", "", 1), strings.Replace(generated, "OPTIONS", ", rate = 1000000", 1), byKey, "option rate is another"},
	} {
		t.Run(name, func(t *testing.T) {
			each(t, func(t *testing.T, w *world) {
				blocks := int64(half)
				if name == "rate" {
					blocks = 3
				}
				m, _ := w.must(leg{script: c.old + file("out") + c.query, lanes: 2, blocks: blocks})
				if m.Finished {
					t.Fatal("nothing is left to read")
				}
				now := c.now + file("out") + c.query
				_, e := w.must(leg{script: now, lanes: 3, from: m})
				if verdicts(e) != "kept" || !strings.Contains(e.Table(), c.reason) {
					t.Errorf("nothing is said of %q:\n%s", c.reason, e.Table())
				}
				if got, want := w.lines("/out.jsonl"), straight(t, now, "/out.jsonl", 0); !slices.Equal(got, want) {
					t.Errorf("%d rows, should be %d\n%s", len(got), len(want), difference(got, want))
				}
			})
		})
	}
}

// A sink rolls its parts otherwise from now on: the one that was begun, too.
func TestASinkRollsOtherwise(t *testing.T) {
	const was, is = 900, 50
	sink := func(n int) string {
		return fmt.Sprintf("CREATE SINK out WITH (connector = 'file', path = '/parts/out.jsonl', format = 'json', roll_rows = %d);\n", n)
	}
	const query = `INSERT INTO out SELECT o.id, m.note FROM orders o JOIN more m ON o.id = m.id - 10000;`
	each(t, func(t *testing.T, w *world) {
		m, _ := w.must(leg{script: source + more + sink(was) + query, lanes: 2, blocks: half})
		_, e := w.must(leg{script: source + more + sink(is) + query, lanes: 3, from: m})
		if verdicts(e) != "kept" || !strings.Contains(e.Table(), "option roll_rows is another") {
			t.Errorf("%s", e.Table())
		}
		parts, err := vfs.Glob(w.fs, "/parts/out-*.jsonl")
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, path := range parts {
			got = append(got, w.lines(path)...)
		}
		slices.Sort(got)
		want := straight(t, source+more+file("out")+query, "/out.jsonl", 0)
		if !slices.Equal(got, want) {
			t.Errorf("%d rows, should be %d\n%s", len(got), len(want), difference(got, want))
		}
		if len(parts) < rows/2/is {
			t.Errorf("%d parts of %s", len(parts), filepath.Dir(parts[0]))
		}
	})
}

// A sink elsewhere is a new one, which gets the rows from now on: of answers that come at the end all of them. What the old one has got is published.
func TestASinkElsewhere(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		const queries = groups + `INSERT INTO first SELECT id FROM orders;`
		m, _ := w.must(leg{script: source + file("out") + file("first") + queries, lanes: 2, blocks: half})
		_, e := w.must(leg{script: source + at("out", "answers") + at("first", "second") + queries, lanes: 3, from: m})
		if verdicts(e) != "kept" || e.Loses() || !strings.Contains(e.Table(), "option path is another: it begins there with the rows from now on") {
			t.Errorf("%s", e.Table())
		}
		if got, want := w.lines("/answers.jsonl"), straight(t, source+file("out")+groups, "/out.jsonl", 0); !slices.Equal(got, want) {
			t.Errorf("the groups are others\n%s", difference(got, want))
		}
		all := slices.Concat(w.lines("/first.jsonl"), w.lines("/second.jsonl"))
		slices.Sort(all)
		if want := straight(t, source+file("first")+`INSERT INTO first SELECT id FROM orders;`, "/first.jsonl", 0); !slices.Equal(all, want) {
			t.Errorf("the old file and the new one have %d rows together, should be %d\n%s", len(all), len(want), difference(all, want))
		}
	})
}
