package edits_test

import (
	"slices"
	"strings"
	"testing"

	"wire.example/wire/internal/plan/evolve"
	"wire.example/wire/internal/plan/logical"
)

// Rows that a join holds go on where somebody behind asks for what their split had reached, as nobody did before, or no longer: it stands behind their columns, and what was the last column is not taken for it.
func TestRowsThatAreHeldAndDatedOrNot(t *testing.T) {
	const (
		// Each source waits for the other one to end, which cannot be: rows of dated are held meanwhile.
		begin = `CREATE SOURCE dated (id INT, customer INT, at TIMESTAMPTZ, big BIGINT, WATERMARK FOR at AS at - INTERVAL '5 seconds') WITH (connector = 'file', path = '/dated.jsonl', format = 'json');
` + more + `CREATE SINK side WITH (connector = 'file', path = '/side.jsonl', format = 'json');
INSERT INTO side SELECT m.id FROM more m LEFT JOIN dated d ON d.id = m.id;
CREATE SINK out WITH (connector = 'file', path = '/out.jsonl', format = 'json');
`
		joined = ` FROM dated o JOIN more m ON o.customer = m.id - 10`
		rows   = `INSERT INTO out SELECT o.at, o.big, m.customer AS k` + joined + `;`
		fewer  = `INSERT INTO out SELECT o.at, m.customer AS k` + joined + `;`
		groups = ` FROM TUMBLE((SELECT o.at, BIG m.customer AS k` + joined + `), at, INTERVAL '1 minute') x GROUP BY window_start, window_end, k;`
	)
	windows := `INSERT INTO out SELECT window_start, k, max(big) AS big, count(*) AS n` + strings.Replace(groups, "BIG", "o.big,", 1)
	counts := `INSERT INTO out SELECT window_start, k, count(*) AS n` + strings.Replace(groups, "BIG", "", 1)
	for name, c := range map[string]struct{ old, now, verdicts string }{
		"windows are new":                {rows, windows, "kept transformed added"},
		"windows are new, a column less": {rows, counts, "kept transformed added"},
		"windows are gone":               {windows, rows, "kept transformed reset"},
		"windows and a column are gone":  {windows, fewer, "kept transformed reset"},
		"nothing of that":                {rows, fewer, "kept transformed"},
		"windows stay":                   {windows, windows, "kept kept kept"},
		"windows stay, a column less":    {windows, counts, "kept transformed transformed"},
	} {
		t.Run(name, stored(func(t *testing.T, w *world) {
			want := newWorld(t, false)
			for _, w := range []*world{w, want} { // 2100, as a time
				w.write("/dated.jsonl", strings.ReplaceAll(orders(4000), `"amount"`, `"big":4102444800000000,"amount"`))
			}
			m, _ := w.must(leg{script: begin + c.old, lanes: 2, blocks: half, emit: logical.EmitFinal})
			m, e := w.must(leg{script: begin + c.now, lanes: 3, blocks: half, from: m, emit: logical.EmitFinal, accepted: evolve.Accepted{Reset: []string{"all"}}})
			if verdicts(e) != c.verdicts {
				t.Errorf("%s", e.Table())
			}
			w.must(leg{script: begin + c.now, lanes: 2, from: m, emit: logical.EmitFinal})
			want.must(leg{script: begin + c.now, lanes: 2, emit: logical.EmitFinal})
			if got, should := w.lines("/out.jsonl"), want.lines("/out.jsonl"); !slices.Equal(got, should) || len(got) < 5 {
				t.Errorf("%d rows, not %d\n%s", len(got), len(should), difference(got, should))
			}
		}))
	}
}
