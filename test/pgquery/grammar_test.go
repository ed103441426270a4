package pgquery

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"

	pg "github.com/pganalyze/pg_query_go/v6"

	"wire.example/wire/internal/sql/ast"
	"wire.example/wire/internal/sql/parse"
	"wire.example/wire/sdk/sqlstate"
)

const testdata = "../../internal/sql/parse/testdata/"

// statements reads what the parser's own tests know.
func statements(t testing.TB) []string {
	t.Helper()
	raw, err := os.ReadFile(testdata + "postgres/grammar.tsv")
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, line := range strings.Split(string(raw), "\n") {
		if _, statement, found := strings.Cut(line, "\t"); found {
			list = append(list, statement)
		}
	}
	files, err := filepath.Glob(testdata + "*/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, block := range strings.Split(string(raw), "\n\n") {
			if input, _, found := strings.Cut(block, "\n----"); found {
				list = append(list, input)
			}
		}
	}
	return list
}

// count is one line of the account that the tests print.
type count struct{ both, neither, refused, wider, narrower int }

func TestStatements(t *testing.T) {
	var c count
	for _, statement := range statements(t) {
		c.compare(t, statement)
	}
	t.Logf("%+v", c)
}

// TestMutations changes statements at random. WIRE_SEED and WIRE_CASES say which and how many.
func TestMutations(t *testing.T) {
	seed, cases := variable(t, "WIRE_SEED", 1), variable(t, "WIRE_CASES", 30_000)
	m := &mutator{random: rand.New(rand.NewPCG(seed, 0))}
	for _, statement := range statements(t) {
		list := tokens(statement)
		if len(list) == 0 {
			continue
		}
		m.corpus = append(m.corpus, list)
		if _, err := pg.Parse(statement); err == nil {
			m.right = append(m.right, list)
		}
	}
	var c count
	for range cases {
		c.compare(t, m.statement())
		if t.Failed() && os.Getenv("WIRE_ALL") == "" {
			break
		}
	}
	t.Logf("seed %d: %+v", seed, c)
}

func variable(t *testing.T, name string, otherwise uint64) uint64 {
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

// compare gives a statement to both parsers.
func (c *count) compare(t *testing.T, statement string) {
	t.Helper()
	s, err := parse.Statement(statement)
	theirs, pgErr := pg.ParseToJSON(statement)
	if strings.Contains(strings.ToLower(statement), "substring ( ") && strings.Contains(strings.ToLower(statement), " for ") {
		return // PostgreSQL casts the length
	}
	switch {
	case err == nil && pgErr == nil:
		c.both++
		compareMeaning(t, statement, s, theirs)
	case err != nil && pgErr != nil:
		c.neither++
	case err != nil && sqlstate.Of(err) == sqlstate.FeatureNotSupported:
		c.refused++
	case err != nil:
		c.narrower++
		if !narrower(statement, err) {
			t.Errorf("%s\nis fine to PostgreSQL, here %v", statement, err)
		}
	default:
		c.wider++
		if !wider(s, statement, pgErr) {
			t.Errorf("%s\nis to PostgreSQL %v, here %s", statement, pgErr, ast.SQL(s))
		}
	}
}

// compareMeaning asserts that PostgreSQL reads a statement and its canonical text alike.
func compareMeaning(t *testing.T, statement string, s ast.Statement, theirs string) {
	t.Helper()
	sql := ast.SQL(s)
	again, err := pg.ParseToJSON(sql)
	if err != nil {
		t.Errorf("%s\nprints as %s\nwhich is to PostgreSQL %v", statement, sql, err)
		return
	}
	if a, b := plain(t, theirs), plain(t, again); !reflect.DeepEqual(a, b) {
		t.Errorf("%s\nprints as %s\n%s", statement, sql, difference("", a, b))
	}
}

// plain reads a tree and leaves out places and how a thing was spelled.
func plain(t *testing.T, text string) any {
	t.Helper()
	var tree any
	if err := json.Unmarshal([]byte(text), &tree); err != nil {
		t.Fatal(err)
	}
	return strip(tree)
}

func strip(node any) any {
	switch node := node.(type) {
	case map[string]any:
		for key, value := range node {
			switch key {
			case "location", "stmt_location", "stmt_len", "row_format", "funcformat":
				delete(node, key)
			case "arrayBounds": // their numbers mean nothing
				bounds, _ := value.([]any)
				node[key] = len(bounds)
			case "options": // of EXPLAIN and WITH: Wire leaves out what is the default
				delete(node, key)
			case "frameOptions": // without the bit that tells whether BETWEEN was written
				const between = 0x10
				if options, ok := value.(float64); ok {
					node[key] = int(options) &^ between
				}
			case "sortby_dir":
				if value == "SORTBY_ASC" {
					node[key] = "SORTBY_DEFAULT"
				}
			case "RangeFunction":
				node[key] = strip(withInnerColumns(value))
			default:
				node[key] = strip(value)
			}
		}
	case []any:
		if len(node) == 2 && reflect.DeepEqual(node[0], map[string]any{"String": map[string]any{"sval": "pg_catalog"}}) {
			node = node[1:] // timestamp with time zone and timestamptz, trim and btrim
		}
		for i := range node {
			node[i] = strip(node[i])
		}
		return node
	case string:
		switch node {
		case "double": // alone it is a type to Wire
			return "float8"
		case "json":
			return "jsonb"
		}
	}
	return node
}

// withInnerColumns moves the columns of ROWS FROM (f(…)) AS (…) to the function.
func withInnerColumns(function any) any {
	f, _ := function.(map[string]any)
	functions, _ := f["functions"].([]any)
	columns, has := f["coldeflist"]
	if !has || f["is_rowsfrom"] != true || len(functions) != 1 {
		return function
	}
	delete(f, "coldeflist")
	first, _ := functions[0].(map[string]any)
	list, _ := first["List"].(map[string]any)
	items, _ := list["items"].([]any)
	items[1] = map[string]any{"List": map[string]any{"items": columns}}
	return f
}

// difference names the first place where two trees differ.
func difference(path string, a, b any) string {
	if reflect.DeepEqual(a, b) {
		return ""
	}
	ma, okA := a.(map[string]any)
	mb, okB := b.(map[string]any)
	if okA && okB {
		for key := range ma {
			if d := difference(path+"."+key, ma[key], mb[key]); d != "" {
				return d
			}
		}
		for key := range mb {
			if _, has := ma[key]; !has {
				return fmt.Sprintf("%s.%s: nothing and %v", path, key, mb[key])
			}
		}
	}
	la, okA := a.([]any)
	lb, okB := b.([]any)
	if okA && okB && len(la) == len(lb) {
		for i := range la {
			if d := difference(path+"["+strconv.Itoa(i)+"]", la[i], lb[i]); d != "" {
				return d
			}
		}
	}
	return fmt.Sprintf("%s: %v and %v", path, a, b)
}
