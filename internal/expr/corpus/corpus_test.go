package corpus

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/internal/expr/builtin"
	"wire.example/wire/internal/expr/eval"
	"wire.example/wire/internal/expr/parse"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sqlstate"
)

var update = flag.Bool("update", false, "ask PostgreSQL for the answers and write them")

// differencesPage lists every way in which Wire's answers differ from PostgreSQL's, each in a section of its own.
const differencesPage = "../../../docs/differences.md"

// minExpressions keeps the corpus from shrinking unnoticed.
const minExpressions = 3800

// entry is an expression of a file, or a line of comment.
type entry struct {
	line    int
	comment string
	expr    string
	answers []string // PostgreSQL's, one a row
	wire    []string // Wire's where it differs, one a row
	tag     string   // the section that says why
}

// file is a file of the corpus; its name says whether its expressions are over the table.
type file struct {
	path    string
	entries []entry
}

func (f *file) rows() int {
	if strings.HasPrefix(filepath.Base(f.path), "table") {
		return tableRows
	}
	return 1
}

var wireLine = regexp.MustCompile(`^Wire \(([a-z0-9-]+)\): (.*)$`)

func readFile(t *testing.T, path string) *file {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	f := &file{path: path}
	for i, line := range strings.Split(strings.TrimRight(string(data), "\n"), "\n") {
		answer, indented := strings.CutPrefix(line, "\t")
		switch {
		case line == "" || line[0] == '#':
			f.entries = append(f.entries, entry{line: i + 1, comment: line})
		case !indented:
			f.entries = append(f.entries, entry{line: i + 1, expr: line})
		default:
			e := &f.entries[len(f.entries)-1]
			if m := wireLine.FindStringSubmatch(answer); m != nil {
				e.tag = m[1]
				e.wire = append(e.wire, m[2])
			} else {
				e.answers = append(e.answers, answer)
			}
		}
	}
	return f
}

func (f *file) write(t *testing.T) {
	t.Helper()
	var b strings.Builder
	for _, e := range f.entries {
		b.WriteString(e.comment + e.expr + "\n")
		for _, a := range e.answers {
			b.WriteString("\t" + a + "\n")
		}
		for _, w := range e.wire {
			fmt.Fprintf(&b, "\tWire (%s): %s\n", e.tag, w)
		}
	}
	if err := os.WriteFile(f.path, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
}

func corpusFiles(t *testing.T) []*file {
	t.Helper()
	paths, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no corpus: %v", err)
	}
	var files []*file
	for _, p := range paths {
		files = append(files, readFile(t, p))
	}
	return files
}

func TestCorpus(t *testing.T) {
	files := corpusFiles(t)
	if *update {
		ask(t, files)
	}
	tags, count := map[string]bool{}, 0
	for _, f := range files {
		for i := range f.entries {
			if e := &f.entries[i]; e.expr != "" {
				count++
				if check(t, f, e); e.tag != "" {
					tags[e.tag] = true
				}
			}
		}
	}
	if count < minExpressions {
		t.Errorf("the corpus has %d expressions, fewer than %d", count, minExpressions)
	}
	checkTags(t, tags)
}

func check(t *testing.T, f *file, e *entry) {
	t.Helper()
	got := answers(e.expr, f.rows())
	if len(e.answers) != f.rows() {
		t.Errorf("%s:%d: %s\n\thas %d answers, not %d: run with -update", f.path, e.line, e.expr, len(e.answers), f.rows())
		return
	}
	want := e.answers
	if e.tag != "" {
		want = e.wire
		if same(got, e.answers) {
			t.Errorf("%s:%d: %s\n\tno longer differs from PostgreSQL: take the line \"Wire (%s)\" away", f.path, e.line, e.expr, e.tag)
			return
		}
	}
	if !same(got, want) {
		t.Errorf("%s:%d: %s\n\tgot  %s\n\twant %s", f.path, e.line, e.expr, strings.Join(got, "\n\t     "), strings.Join(want, "\n\t     "))
	}
}

// same compares answers; of an error only the SQLSTATE counts, since its words are PostgreSQL's affair.
func same(a, b []string) bool {
	return slices.EqualFunc(a, b, func(x, y string) bool { return code(x) == code(y) })
}

func code(answer string) string {
	if strings.HasPrefix(answer, "ERROR ") && len(answer) > 11 {
		return answer[:11]
	}
	return answer
}

// otherCorpora are those whose differences are sections of the page too.
const otherCorpora = "../aggregate/testdata/*.txt"

// checkTags compares the differences that the corpora show with the sections of the page.
func checkTags(t *testing.T, shown map[string]bool) {
	t.Helper()
	others, err := filepath.Glob(otherCorpora)
	if err != nil || len(others) == 0 {
		t.Fatalf("no %s: %v", otherCorpora, err)
	}
	for _, path := range others {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`(?m)^\tWire \(([a-z0-9-]+)\)`).FindAllStringSubmatch(string(data), -1) {
			shown[m[1]] = true
		}
	}
	page, err := os.ReadFile(differencesPage)
	if err != nil {
		t.Fatal(err)
	}
	listed := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^## ([a-z0-9-]+)$`).FindAllStringSubmatch(string(page), -1) {
		listed[m[1]] = true
		if !shown[m[1]] {
			t.Errorf("%s: no expression of the corpus shows the difference %q", differencesPage, m[1])
		}
	}
	for tag := range shown {
		if !listed[tag] {
			t.Errorf("%s: no section %q, which the corpus names", differencesPage, tag)
		}
	}
}

// answers are Wire's answers to an expression: one a row.
func answers(expr string, rows int) []string {
	all := func(answer string) []string {
		out := make([]string, rows)
		for i := range out {
			out[i] = answer
		}
		return out
	}
	fail := func(err error) string { return fmt.Sprintf("ERROR %s %s", sqlstate.Of(err), err) }
	node, err := parse.Expr(expr)
	if err != nil {
		return all(fail(err))
	}
	in, scope := table(rows)
	bound, err := bind.Bind(node, scope)
	if err != nil {
		return all(fail(err))
	}
	program, err := eval.Compile(&batch.Pool{}, bound)
	if err != nil {
		return all(fail(err))
	}
	defer program.Close()
	var errs builtin.Errors
	out := program.Eval(in, nil, &errs)[0]
	result := make([]string, rows)
	for i := range result {
		result[i] = shown(out, bound.Type, i)
	}
	for i, row := range errs.Rows {
		result[row] = fail(errs.Errs[i])
	}
	return result
}

// shown is type and value of a row, as the corpus writes them.
func shown(col *batch.Column, typ schema.Type, row int) string {
	name := strings.ReplaceAll(typ.PgName(), "character varying", "text")
	if col.IsNull(row) {
		return name + " NULL"
	}
	return name + " " + quoted(string(builtin.AppendValue(nil, col, row)))
}

// quoted puts a value into quotes if it could not be read back from a line.
func quoted(value string) string {
	if value == "" || value == "NULL" || strings.TrimSpace(value) != value || strings.ContainsAny(value, "\n\r\t") || value[0] == '"' {
		return fmt.Sprintf("%q", value)
	}
	return value
}
