package cli_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// write makes files of a new directory, which it returns.
func write(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(strings.ReplaceAll(text, "$DIR", dir)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestPlansOverTablesAreThoseOfTheRun: wire plan fills tables in memory, as a run does, and writes nothing else.
func TestPlansOverTablesAreThoseOfTheRun(t *testing.T) {
	var orders strings.Builder
	for i := range 500 {
		fmt.Fprintf(&orders, `{"id":%d,"customer":%d}`+"\n", i, i%50)
	}
	const script = `CREATE TABLE names (id INT, name TEXT);
INSERT INTO names SELECT g, 'n' FROM generate_series(1, 20000) AS g;
CREATE SOURCE orders (id INT, customer INT) WITH (connector = 'file', path = '$DIR/orders.jsonl', format = 'json');
CREATE SINK out WITH (connector = 'file', path = '$DIR/out.jsonl', format = 'json');
INSERT INTO out SELECT o.id, n.name FROM orders o JOIN names n ON o.customer = n.id;
`
	dir := write(t, map[string]string{"orders.jsonl": orders.String(), "p.sql": script, "wrong.sql": strings.Replace(script, "name TEXT", "name TEXT CHECK (name = 'm')", 1)})
	path := filepath.Join(dir, "p.sql")
	wire(t, 0, "run", path, "--block-bytes", "2000", "--stop-after", "2", "--summary", "none")
	if out, _ := wire(t, 0, "plan", path); strings.Contains(out, "reset") || !strings.Contains(out, "1 kept") {
		t.Errorf("the plan of the run itself is another one:\n%s", out)
	}
	if _, errOut := wire(t, 2, "plan", path, filepath.Join(dir, "wrong.sql")); !strings.Contains(errOut, "violates check constraint") {
		t.Errorf("the table was not filled:\n%s", errOut)
	}
	if _, err := os.Stat(filepath.Join(dir, "out.jsonl")); err == nil {
		t.Error("the sink was written")
	}
}

// TestDeadLettersStandInTheOrderOfTheirRecords, whatever refused them.
func TestDeadLettersStandInTheOrderOfTheirRecords(t *testing.T) {
	var rows strings.Builder
	for i := range 3000 {
		switch i % 10 {
		case 3:
			fmt.Fprintf(&rows, `{"id":"no number %d"}`+"\n", i)
		case 5:
			fmt.Fprintf(&rows, `{"id":0}`+"\n")
		default:
			fmt.Fprintf(&rows, `{"id":%d}`+"\n", i+1)
		}
	}
	const pipeline = `name: dead
on_error: dead_letter
dead_letters: {connector: file, path: $DIR/dead.jsonl}
sources:
  rows: {connector: file, path: $DIR/rows.jsonl, format: json, schema: {id: bigint}}
transforms:
  inverse: {from: rows, select: {inverse: 1000 / id}}
sinks:
  out: {from: inverse, connector: file, path: $DIR/out.jsonl}
`
	dir := write(t, map[string]string{"rows.jsonl": rows.String(), "dead.yaml": pipeline})
	wire(t, 0, "run", filepath.Join(dir, "dead.yaml"), "--summary", "none", "--block-bytes", "16384")
	text, err := os.ReadFile(filepath.Join(dir, "dead.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	var lines []int
	for line := range strings.Lines(string(text)) {
		var letter struct{ Line int }
		if err := json.Unmarshal([]byte(line), &letter); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, letter.Line)
	}
	if len(lines) != 600 || !slices.IsSorted(lines) {
		t.Errorf("%d letters, of the lines %v", len(lines), lines)
	}
}

// TestPlanNamesADamagedCheckpoint, rather than to say that there is none.
func TestPlanNamesADamagedCheckpoint(t *testing.T) {
	dir := write(t, map[string]string{"rows.jsonl": `{"id":1}`, "p.sql": `CREATE SOURCE rows (id INT) WITH (connector = 'file', path = '$DIR/rows.jsonl', format = 'json');
CREATE SINK out WITH (connector = 'file', path = '$DIR/out.jsonl', format = 'json');
INSERT INTO out SELECT id FROM rows;
`})
	path := filepath.Join(dir, "p.sql")
	keepState(t, filepath.Join(dir, ".wire", "p"), 1, 2)
	newest := filepath.Join(dir, ".wire", "p", "manifests", "00000000000000000003.json")
	if err := os.WriteFile(newest, []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, errOut := wire(t, 1, "plan", path); !strings.Contains(errOut, newest+": checkpoint is damaged at byte 2") || strings.Contains(errOut, "no checkpoint yet") {
		t.Error(errOut)
	}
}
