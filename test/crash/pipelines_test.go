package crash_test

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// rows is how many records the inputs have, manyRows and manyKeys those of the pipeline that has little memory, wideRows and wideKeys of the one whose checkpoints
// are written in pieces: each of its blocks has all of its keys; largeRows and largeKeys of the one that is disturbed while state leaves memory.
const (
	rows      = 900
	manyRows  = 150_000
	manyKeys  = 100_000
	wideRows  = 60_000
	wideKeys  = 500
	largeRows = 20_000
	largeKeys = 16_000
)

// pipeline is what is run: from files in `in` to files in `out`.
type pipeline struct {
	name, file, text string
	// folded says that the output is changes, of which only the rows count that they leave.
	folded bool
	// flags are more flags for runs.
	flags []string
}

const orders = `CREATE SOURCE orders (id BIGINT, customer BIGINT, amount NUMERIC(8,2), at TIMESTAMP, WATERMARK FOR at AS at - INTERVAL '10 seconds')
	WITH (connector = 'file', path = 'in/orders.jsonl', format = 'json');
CREATE SINK result WITH (connector = 'file', path = 'out/result.jsonl', format = 'json');
`

// pipelines are one for each kind of state, and one with none but that of its sinks.
func pipelines() []*pipeline {
	return []*pipeline{
		{name: "windows", file: "p.sql", text: orders + `INSERT INTO result SELECT customer, count(*) AS n, sum(amount) AS total, window_start
	FROM TUMBLE(orders, at, INTERVAL '20 seconds') GROUP BY customer, window_start, window_end;` + "\n"},
		{name: "groups", file: "p.sql", folded: true, text: orders + `SET emit = 'changes';
INSERT INTO result SELECT customer, count(*) AS n, sum(amount) AS total, count(DISTINCT id % 10) AS d, min(at) AS first FROM orders GROUP BY customer;` + "\n"},
		{name: "join", file: "p.sql", text: orders + `CREATE SOURCE payments (id BIGINT, paid NUMERIC(8,2)) WITH (connector = 'file', path = 'in/payments', format = 'json');
INSERT INTO result SELECT o.id, o.customer, o.amount, p.paid FROM orders o JOIN payments p ON o.id = p.id;` + "\n"},
		{name: "newest", file: "p.sql", folded: true, text: orders + `SET emit = 'changes';
INSERT INTO result SELECT id, customer, amount, at FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY customer ORDER BY at DESC, id) AS nth FROM orders) t WHERE nth <= 1;` + "\n"},
		{name: "parts", file: "p.yaml", text: `name: p
on_error: dead_letter
dead_letters: {connector: file, path: out/dead.jsonl}
sources: {a: {connector: file, path: in/lines, schema: {id: BIGINT, d: BIGINT}}}
transforms: {t: {from: a, select: {id: id, q: 100 / d}}}
sinks:
  whole: {from: t, connector: file, path: out/whole.jsonl}
  parts: {from: t, connector: file, path: out/parts/p.csv, format: csv, roll_rows: 7}
`},
	}
}

// letters is a pipeline that hands on nothing but dead letters.
func letters() *pipeline {
	return &pipeline{name: "letters", file: "p.yaml", text: `name: p
on_error: dead_letter
dead_letters: {connector: file, path: out/parts/dead.jsonl, roll_rows: 7}
sources: {a: {connector: file, path: in/lines, schema: {id: BIGINT, d: BIGINT}}}
transforms: {t: {from: a, select: {id: id, q: 100 / d}}}
sinks: {none: {from: t, connector: blackhole}}
`}
}

// crowded is a pipeline whose state is three times its memory. It has few checkpoints: of what leaves memory much is in none yet.
func crowded() *pipeline {
	return &pipeline{name: "crowded", file: "p.sql", folded: true, flags: []string{"--memory", "32MiB", "--block-bytes", "65536", "--checkpoint-blocks", "1000"}, text: `SET emit = 'changes';
CREATE SOURCE many (id BIGINT) WITH (connector = 'file', path = 'in/many.jsonl', format = 'json');
CREATE SINK result WITH (connector = 'file', path = 'out/result.jsonl', format = 'json');
INSERT INTO result SELECT length(x) AS l, min(id) AS id, count(*) AS n FROM (SELECT id, repeat(id::text, 80) AS x FROM many) t GROUP BY x HAVING min(id) % 100 = 0;` + "\n"}
}

// large is a pipeline whose state is twice its memory, with a checkpoint every thousand rows or so: most of them are taken when state has left memory, and what comes back for another row has been in some.
func large() *pipeline {
	return &pipeline{name: "large", file: "p.sql", folded: true, flags: []string{"--memory", "32MiB", "--block-bytes", "4096", "--checkpoint-blocks", "4"}, text: `SET emit = 'changes';
CREATE SOURCE many (id BIGINT) WITH (connector = 'file', path = 'in/many.jsonl', format = 'json');
CREATE SOURCE more (id BIGINT) WITH (connector = 'file', path = 'in/more.jsonl', format = 'json');
CREATE SINK result WITH (connector = 'file', path = 'out/parts/result.jsonl', format = 'json', roll_rows = 300);
INSERT INTO result SELECT length(x) AS l, min(id) AS id, count(*) AS n
	FROM (SELECT id, repeat((1000000 + id)::text, 500) AS x FROM (SELECT id FROM many UNION ALL SELECT id FROM more) u) t GROUP BY x HAVING min(id) % 4 = 0;` + "\n"}
}

// late is a pipeline most of whose rows are late, by what was read at the beginning.
func late() *pipeline {
	return &pipeline{name: "late", file: "p.sql", text: strings.Replace(orders, "orders.jsonl", "late.jsonl", 1) + `CREATE SINK late WITH (connector = 'file', path = 'out/late.jsonl', format = 'json');
INSERT INTO result SELECT customer, count(*) AS n, window_start FROM TUMBLE(orders, at, INTERVAL '20 seconds') GROUP BY customer, window_start, window_end EMIT ON WINDOW CLOSE LATE INTO late;` + "\n"}
}

// wide is a pipeline whose checkpoints are written in several pieces, between which rows go on.
func wide() *pipeline {
	return &pipeline{name: "wide", file: "p.sql", folded: true, flags: []string{"--block-bytes", "8192", "--checkpoint-blocks", "12"}, text: `SET emit = 'changes';
CREATE SOURCE many (id BIGINT) WITH (connector = 'file', path = 'in/many.jsonl', format = 'json');
CREATE SINK result WITH (connector = 'file', path = 'out/result.jsonl', format = 'json');
INSERT INTO result SELECT x, count(*) AS n FROM (SELECT repeat(id::text, 150) AS x FROM many) t GROUP BY x;` + "\n"}
}

// lay writes the pipeline and its input.
func (p *pipeline) lay(t *testing.T, dir string) {
	t.Helper()
	files := input()
	switch p.name {
	case "crowded":
		files["in/many.jsonl"] = many(manyRows, manyKeys)
	case "large":
		all := many(largeRows, largeKeys)
		half := strings.Index(all[len(all)/2:], "\n") + len(all)/2 + 1
		files["in/many.jsonl"], files["in/more.jsonl"] = all[:half], all[half:]
	case "late":
		lines := slices.Collect(strings.Lines(files["in/orders.jsonl"]))
		files["in/late.jsonl"] = strings.Join(append(lines[rows-60:], lines[:rows-60]...), "")
	case "wide":
		files["in/many.jsonl"] = many(wideRows, wideKeys)
	}
	for name, text := range files {
		path := filepath.Join(dir, name)
		must(t, os.MkdirAll(filepath.Dir(path), 0o750))
		must(t, os.WriteFile(path, []byte(text), 0o600))
	}
	must(t, os.MkdirAll(filepath.Join(dir, "out", "parts"), 0o750))
	must(t, os.WriteFile(filepath.Join(dir, p.file), []byte(p.text), 0o600))
}

// many is an input of many keys.
func many(rows, keys int) string {
	var b strings.Builder
	for i := range rows {
		fmt.Fprintf(&b, `{"id":%d}`+"\n", i*7919%keys)
	}
	return b.String()
}

// input is the same for all pipelines.
func input() map[string]string {
	random := rand.New(rand.NewPCG(3, 5)) //nolint:gosec // repeatable
	var all, lines [2]strings.Builder
	var o strings.Builder
	for i := range rows {
		second := i/6 + random.IntN(8)
		fmt.Fprintf(&o, `{"id":%d,"customer":%d,"amount":%d.%02d,"at":"2026-01-01T%02d:%02d:%02d"}`+"\n",
			i, random.IntN(40), random.IntN(500), random.IntN(100), second/3600, second/60%60, second%60)
		fmt.Fprintf(&all[i%2], `{"id":%d,"paid":%d.50}`+"\n", random.IntN(rows), random.IntN(90))
		if i%11 == 3 {
			fmt.Fprintf(&lines[i%2], "line %d is no JSON\n", i)
		} else {
			fmt.Fprintf(&lines[i%2], `{"id":%d,"d":%d}`+"\n", i, i%7)
		}
	}
	return map[string]string{
		"in/orders.jsonl": o.String(), "in/payments/0.jsonl": all[0].String(), "in/payments/1.jsonl": all[1].String(),
		"in/lines/0.jsonl": lines[0].String(), "in/lines/1.jsonl": lines[1].String(),
	}
}

var letterTime = regexp.MustCompile(`^\{"time":"[^"]*"`) //nolint:gochecknoglobals // immutable

// files are the files that are published below out, by path.
func files(t *testing.T, dir string) map[string]string {
	t.Helper()
	found := map[string]string{}
	must(t, filepath.WalkDir(filepath.Join(dir, "out"), func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || e.Name()[0] == '.' {
			return err
		}
		text, err := os.ReadFile(path)
		found[strings.TrimPrefix(path, dir+"/")] = string(text)
		return err
	}))
	return found
}

// answer are the rows of what is published: sorted, those of all parts together, dead letters without their time.
func (p *pipeline) answer(t *testing.T, dir string) []string {
	t.Helper()
	var answer []string
	for path, text := range files(t, dir) {
		name := strings.TrimRight(strings.TrimSuffix(filepath.Base(path), filepath.Ext(path)), "-0123456789")
		for line := range strings.Lines(text) {
			if filepath.Ext(path) == ".csv" && line == "id,q\n" {
				continue
			}
			answer = append(answer, name+" "+letterTime.ReplaceAllString(line, `{"time":"-"`))
		}
	}
	if p.folded {
		answer = fold(t, answer)
	}
	slices.Sort(answer)
	return answer
}

// fold applies changes.
func fold(t *testing.T, changes []string) []string {
	t.Helper()
	counts := map[string]int{}
	for _, line := range changes {
		name, text, _ := strings.Cut(line, " ")
		var row map[string]any
		if err := json.Unmarshal([]byte(text), &row); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		kind, _ := row["op"].(string)
		delete(row, "op")
		key, err := json.Marshal(row)
		must(t, err)
		switch kind {
		case "+I", "+U":
			counts[name+" "+string(key)]++
		case "-D", "-U":
			counts[name+" "+string(key)]--
		default:
			t.Fatalf("%q is no change", line)
		}
	}
	var left []string
	for row, n := range counts {
		if n < 0 {
			left = append(left, fmt.Sprintf("%s: taken back %d times more than given", row, -n))
		}
		for range n {
			left = append(left, row)
		}
	}
	return left
}

// differs compares an answer with what it has to be.
func differs(got, want []string) error {
	count := map[string]int{}
	for _, row := range want {
		count[row]++
	}
	for _, row := range got {
		count[row]--
	}
	var wrong []string
	for row, n := range count {
		switch {
		case n > 0:
			wrong = append(wrong, fmt.Sprintf("missing %d times: %s", n, strings.TrimSpace(row)))
		case n < 0:
			wrong = append(wrong, fmt.Sprintf("too often, %d times: %s", -n, strings.TrimSpace(row)))
		}
	}
	if len(wrong) == 0 {
		return nil
	}
	slices.Sort(wrong)
	return fmt.Errorf("%d rows, should be %d; %d differ, such as\n%s", len(got), len(want), len(wrong), strings.Join(wrong[:min(len(wrong), 10)], "\n"))
}

// hidden are the hidden files that are left in out.
func hidden(t *testing.T, dir string) []string {
	t.Helper()
	var left []string
	must(t, filepath.WalkDir(filepath.Join(dir, "out"), func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() && e.Name()[0] == '.' {
			left = append(left, path)
		}
		return err
	}))
	return left
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
