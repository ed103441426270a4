package streamfuzz

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"wire.example/wire/test/nexmark"
)

// Fuzzer asks both engines.
type Fuzzer struct {
	// Wire runs the program with arguments, and returns its exit code and what it says on standard output and standard error.
	Wire func(ctx context.Context, args ...string) (out, said string, code int)
	// DSN names a PostgreSQL; nothing is left in it.
	DSN string
	// Dir is for scripts, input and output.
	Dir string
	// Emit is the setting emit of all runs; empty: changes.
	Emit string
	// Only are productions of which the queries that are asked have one; others are counted and not asked. Empty: all are asked.
	Only []string
}

// Way is how a query is run: at a parallelism with blocks of so many bytes, and stopped after so many blocks, if not 0, and resumed with three lanes and tasks.
type Way struct{ Parallelism, Block, Stop int }

func (w Way) String() string {
	return fmt.Sprintf("parallelism %d, blocks of %d bytes, stopped after %d", w.Parallelism, w.Block, w.Stop)
}

// ways are those of a query, the plain one first.
func ways(seed uint64, i int) []Way {
	n := int(seed%1000)*7 + i
	return []Way{{1, 0, 0}, {2, 16 + n*37%300, 0}, {4, 16 + n*53%150, 0}, {2, 16 + n*11%60, 1 + n%4}}
}

// Difference is a query that Wire answers otherwise than PostgreSQL.
type Difference struct {
	Seed    uint64
	Number  int // of the query, from 1
	Sources []Source
	Root    *difffuzzNode
	Way     Way
	Sign    string // what kind of difference it is
	Wrong   string // in full
}

// Report counts what became of queries.
type Report struct {
	Cases, NonEmpty, Runs, Failing, Undecided int
	// Changes counts the lines of Wire's output, Back those that take a row back.
	Changes, Back int
	Uses          map[string]int // cases of each production that Wire answered
	Refused       map[string]int // what Wire does not support
	Found         []Difference
}

// Check asks the queries of a universe.
func (f *Fuzzer) Check(ctx context.Context, u *Universe, r *Report) error {
	if r.Uses == nil {
		r.Uses, r.Refused = map[string]int{}, map[string]int{}
	}
	if !slices.ContainsFunc(u.Queries, f.asks) {
		r.Cases += len(u.Queries)
		return nil
	}
	w, err := f.witness(ctx, u.Sources)
	if err != nil {
		return fmt.Errorf("seed %d: %w", u.Seed, err)
	}
	defer w.Close(context.WithoutCancel(ctx)) //nolint:errcheck // nothing was written
	if err := f.lay(u.Sources); err != nil {
		return err
	}
	for i, q := range u.Queries {
		if r.Cases++; !f.asks(q) {
			continue
		}
		want, state, err := f.answer(ctx, w, q.Root)
		if err != nil {
			return fmt.Errorf("seed %d: %w", u.Seed, err)
		}
		if state == queryCanceled {
			r.Undecided++
			continue
		}
		if state != "" {
			r.Failing++
		} else if len(want) > 0 {
			r.NonEmpty++
		}
		f.compare(ctx, u, i, want, state, r)
	}
	return nil
}

// compare runs a query in its ways, up to one whose answer is not PostgreSQL's.
func (f *Fuzzer) compare(ctx context.Context, u *Universe, i int, want []string, state string, r *Report) {
	q := u.Queries[i]
	for _, way := range ways(u.Seed, i) {
		got := f.run(ctx, u.Sources, q.Root, way)
		r.Runs++
		r.Changes, r.Back = r.Changes+got.changes, r.Back+got.back
		if got.refused != "" {
			r.Refused[got.refused]++
			return
		}
		if way.Parallelism == 1 {
			for _, use := range q.Uses {
				r.Uses[use]++
			}
		}
		sign, wrong := differs(want, state, &got)
		if sign == "" && q.Ordered {
			sign, wrong = disorder(got.lines)
		}
		if sign != "" {
			r.Found = append(r.Found, Difference{u.Seed, i + 1, u.Sources, q.Root, way, sign, wrong})
			return
		}
	}
}

// asks reports whether a query is asked.
func (f *Fuzzer) asks(q Query) bool {
	return len(f.Only) == 0 || slices.ContainsFunc(f.Only, func(use string) bool { return slices.Contains(q.Uses, use) })
}

// A query that takes PostgreSQL longer than a while, or has more rows than these, decides nothing.
const (
	queryCanceled = "57014"
	mostRows      = 3000
)

// witness is a connection with the sources as temporary tables.
func (f *Fuzzer) witness(ctx context.Context, sources []Source) (*pgx.Conn, error) {
	conn, err := pgx.Connect(ctx, f.DSN)
	if err != nil {
		return nil, err
	}
	statements := []string{"SET search_path = pg_temp", "SET timezone = 'UTC'", "SET statement_timeout = 3000"}
	for i := range sources {
		statements = append(statements, sources[i].Witness()...)
	}
	statements = append(statements, WitnessViews(sources, f.Emit == "final")...)
	for _, s := range statements {
		if _, err := conn.PgConn().Exec(ctx, s).ReadAll(); err != nil {
			return nil, errors.Join(fmt.Errorf("%s: %w", s, err), conn.Close(ctx))
		}
	}
	return conn, nil
}

// answer is PostgreSQL's: rows as JSON, sorted, or the SQLSTATE.
func (*Fuzzer) answer(ctx context.Context, w *pgx.Conn, root *difffuzzNode) (rows []string, state string, err error) {
	result := w.PgConn().ExecParams(ctx, "SELECT row_to_json(q)::text FROM ("+root.String()+") q", nil, nil, nil, nil).Read()
	var bad *pgconn.PgError
	switch {
	case errors.As(result.Err, &bad) && bad.Code == queryCanceled || len(result.Rows) > mostRows:
		return nil, queryCanceled, nil
	case errors.As(result.Err, &bad) && strings.HasPrefix(bad.Code, "42"):
		return nil, "", fmt.Errorf("%s: %w", root, result.Err) // the grammar is wrong
	case errors.As(result.Err, &bad):
		return nil, bad.Code, nil
	case result.Err != nil:
		return nil, "", result.Err
	}
	for _, row := range result.Rows {
		rows = append(rows, canonical(string(row[0])))
	}
	slices.Sort(rows)
	return rows, "", nil
}

// path is a file of the run.
func (f *Fuzzer) path(name string) string { return filepath.Join(f.Dir, name) }

// lay writes the sources' files.
func (f *Fuzzer) lay(sources []Source) error {
	for i := range sources {
		if err := os.WriteFile(f.path(sources[i].Name+".jsonl"), []byte(sources[i].Lines()), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// answer of Wire.
type answer struct {
	rows    []string
	state   string
	message string
	refused string   // what is not supported, apart from names and numbers
	wrong   string   // what is wrong whatever the answer should be
	lines   []string // the changes
	changes int
	back    int
}

// Script is the pipeline of a query.
func (f *Fuzzer) Script(sources []Source, root *difffuzzNode) string {
	emit := f.Emit
	if emit == "" {
		emit = "changes"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "SET emit = '%s';\n", emit)
	for i := range sources {
		b.WriteString(sources[i].Declare(f.path(sources[i].Name + ".jsonl")))
	}
	b.WriteString(Views(sources, f.path))
	fmt.Fprintf(&b, "CREATE SINK out WITH (connector = 'file', path = '%s', format = 'json', if_exists = 'replace');\nINSERT INTO out %s;\n", f.path("out.jsonl"), root)
	return b.String()
}

// run asks Wire; the sources' files are there.
func (f *Fuzzer) run(ctx context.Context, sources []Source, root *difffuzzNode, w Way) (a answer) {
	script, state, output := f.path("q.sql"), f.path("state"), f.path("out.jsonl")
	for _, old := range []string{state, output} {
		if err := os.RemoveAll(old); err != nil {
			return answer{wrong: err.Error()}
		}
	}
	if err := os.WriteFile(script, []byte(f.Script(sources, root)), 0o600); err != nil {
		return answer{wrong: err.Error()}
	}
	common := []string{"run", "--summary", "json", "--ephemeral"}
	if w.Stop > 0 {
		common = []string{"run", "--summary", "json", "--state-dir", state, "--checkpoint-interval", "1h"}
	}
	args := append(slices.Clone(common), "--parallelism", fmt.Sprint(w.Parallelism))
	if w.Block > 0 {
		common = append(common, "--block-bytes", fmt.Sprint(w.Block))
		args = append(args, "--block-bytes", fmt.Sprint(w.Block))
	}
	if w.Stop > 0 {
		args = append(args, "--stop-after", fmt.Sprint(w.Stop))
	}
	for range 2 {
		out, said, code := f.Wire(ctx, append(args, script)...)
		if code != 0 {
			return failed(said, code)
		}
		if !strings.Contains(out, `"balanced":true`) && !strings.Contains(out, `"balanced": true`) {
			return answer{wrong: "the account does not add up: " + out}
		}
		if !strings.Contains(out, `"stopped"`) {
			return read(output)
		}
		args = append(slices.Clone(common), "--parallelism", "3")
	}
	return answer{wrong: "the resumed run stopped"}
}

// failed is the answer of a run that failed.
func failed(said string, code int) answer {
	state := ""
	if m := regexp.MustCompile(`\b([0-9][0-9A-Z]{4}): `).FindStringSubmatch(said); m != nil {
		state = m[1]
	}
	if code == 2 && (state == "0A000" || strings.Contains(said, "not supported")) {
		return answer{refused: kernel(said)}
	}
	if state == "" {
		state = fmt.Sprintf("exit code %d", code)
	}
	return answer{state: state, message: said}
}

// kernel is what a message says apart from names and numbers.
func kernel(message string) string {
	first, _, _ := strings.Cut(strings.TrimSpace(message), "\n")
	return regexp.MustCompile(`"[^"]*"|\bx?[0-9]+\b|out[.\w]*|\([0-9:]+\)`).ReplaceAllString(first, "?")
}

// read folds the output.
func read(path string) (a answer) {
	text, err := os.ReadFile(path)
	if err != nil {
		return answer{wrong: err.Error()}
	}
	var lines []string
	if len(text) > 0 {
		lines = strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
	}
	for i, l := range lines {
		a.changes++
		if strings.HasPrefix(l, `{"op":"-`) {
			a.back++
		}
		lines[i] = canonical(l)
	}
	a.lines = lines
	if a.rows, err = nexmark.Fold(lines); err != nil {
		a.wrong = err.Error() + "\n" + strings.Join(lines, "\n")
	}
	return a
}

// canonical drops zeros behind the point of numbers: of equal values either may stay.
func canonical(line string) string {
	line = trailing.ReplaceAllString(line, "$1")
	return zeros.ReplaceAllString(line, "$1$2")
}

var (
	zeros    = regexp.MustCompile(`(:-?[0-9]+\.[0-9]*[1-9])0+([,}])`) //nolint:gochecknoglobals // immutable
	trailing = regexp.MustCompile(`(:-?[0-9]+)\.0+\b`)                //nolint:gochecknoglobals // immutable
)

// differs says how Wire's answer differs: in short, and in full.
func differs(want []string, state string, got *answer) (sign, wrong string) {
	switch {
	case got.wrong != "":
		first, _, _ := strings.Cut(got.wrong, ":")
		return "broken: " + regexp.MustCompile(`[0-9]+`).ReplaceAllString(first, "?"), got.wrong
	case state != "" && got.state == "":
		return "", "" // PostgreSQL fails over a row that Wire may not have come upon
	case state == queryCanceled:
		return "", ""
	case state == "" && got.state != "":
		return "state " + got.state + " " + kernel(got.message), got.message
	case state != "":
		return "", ""
	case slices.Equal(want, got.rows):
		return "", ""
	}
	return "rows", diff(want, got.rows)
}

// disorder says where lines are not in the order of their column c1, a time: NULL comes last.
func disorder(lines []string) (sign, wrong string) {
	last := ""
	for _, l := range lines {
		_, at, _ := strings.Cut(l, `"c1":`)
		if at, _, _ = strings.Cut(at, ","); at < last {
			return "order", strings.Join(lines, "\n")
		}
		last = at
	}
	return "", ""
}

func diff(want, got []string) string {
	var b strings.Builder
	for _, side := range []struct {
		sign    string
		of, not []string
	}{{"-", want, got}, {"+", got, want}} {
		left := map[string]int{}
		for _, r := range side.not {
			left[r]++
		}
		for _, r := range side.of {
			if left[r]--; left[r] < 0 {
				b.WriteString(side.sign + " " + r + "\n")
			}
		}
	}
	return b.String()
}

// String is the difference as a script.
func (d *Difference) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "seed %d, query %d, %s: %s\n", d.Seed, d.Number, d.Way, d.Sign)
	f := Fuzzer{}
	b.WriteString(f.Script(d.Sources, d.Root))
	for i := range d.Sources {
		fmt.Fprintf(&b, "-- %s.jsonl --\n%s", d.Sources[i].Name, d.Sources[i].Lines())
	}
	fmt.Fprintf(&b, "-- difference (- PostgreSQL, + Wire) --\n%s\n", d.Wrong)
	return b.String()
}
