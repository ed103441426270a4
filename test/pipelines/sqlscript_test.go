package pipelines_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/tools/txtar"
)

// group is a file of testdata/sql: a script, or a grid of cases.
type group struct {
	name, path string
	cases      []*sqlCase
	grid       *grid // nil: one script
}

// readSQLScript reads a script whose pipeline is pipeline.sql.
func readSQLScript(path string) (*group, error) {
	archive, err := txtar.ParseFile(path)
	if err != nil {
		return nil, err
	}
	if strings.TrimSpace(string(archive.Comment)) == "" {
		return nil, errors.New("the script does not say which behaviour it shows")
	}
	c := &sqlCase{
		name: strings.TrimSuffix(filepath.Base(path), ".txtar"), input: map[string]string{}, witness: map[string]string{}, want: map[string][]string{},
		changes: map[string]bool{},
	}
	for _, f := range archive.Files {
		if err := c.add(f.Name, string(f.Data)); err != nil {
			return nil, fmt.Errorf("%s: %w", f.Name, err)
		}
	}
	return &group{name: c.name, path: path, cases: []*sqlCase{c}}, nil
}

func (c *sqlCase) add(name, text string) (err error) {
	switch {
	case name == "pipeline.sql":
		c.script = text
	case strings.HasPrefix(name, "witness"):
		c.witness[answeredBy(name)] = text
	case strings.HasPrefix(name, "want/"):
		rows := lines(text)
		slices.Sort(rows)
		c.want[strings.TrimPrefix(name, "want/")] = rows
	case name == "want.stderr":
		c.stderr = lines(text)
	case name == "want.exit":
		c.exit, err = strconv.Atoi(strings.TrimSpace(text))
	case name == "want.changes":
		err = c.addChanges(text)
	case strings.HasPrefix(name, "until"), strings.HasPrefix(name, "then"):
		err = c.addFollow(name, text)
	case name == "flags":
		c.flags = strings.Fields(text)
	case name == "resume":
		c.once = true
		if !strings.HasPrefix(text, "no: ") {
			err = fmt.Errorf(`write "no: " and the reason`)
		}
	default:
		c.input[name] = text
	}
	return err
}

// addFollow reads until and until.thenN, then/PATH and thenN/PATH. PostgreSQL gets what is added, too.
func (c *sqlCase) addFollow(name, text string) (err error) {
	if c.follow == nil {
		c.follow = &follow{}
	}
	word, path, adds := strings.Cut(name, "/")
	if !adds {
		word, _ = strings.CutPrefix(name, "until")
		word = strings.TrimPrefix(word, ".")
	}
	at := slices.Index([]string{"", "then", "then2"}, word)
	if at < 0 {
		return fmt.Errorf("stages are until, then, then2")
	}
	for len(*c.follow) <= at {
		*c.follow = append(*c.follow, stage{add: map[string]string{}})
	}
	if adds {
		(*c.follow)[at].add[path] = text
		return nil
	}
	(*c.follow)[at].until, err = readUntil(text)
	return err
}

// addChanges reads lines FILE: changes and FILE: rows.
func (c *sqlCase) addChanges(text string) error {
	for _, line := range lines(text) {
		name, what, _ := strings.Cut(line, ": ")
		if what != "changes" && what != "rows" {
			return fmt.Errorf("%q is not FILE: changes or FILE: rows", line)
		}
		c.changes[name] = what == "changes"
	}
	return nil
}

// answeredBy is the file that a witness answers: out.jsonl of witness.sql, NAME.jsonl of witness.NAME.sql.
func answeredBy(witness string) string {
	name := strings.TrimSuffix(strings.TrimPrefix(witness, "witness"), ".sql")
	if name == "" {
		return "out.jsonl"
	}
	return strings.TrimPrefix(name, ".") + ".jsonl"
}

// save writes the answers: into a script, or beside a grid.
func (g *group) save() error {
	if g.grid != nil {
		return g.saveGrid()
	}
	archive, err := txtar.ParseFile(g.path)
	if err != nil {
		return err
	}
	c := g.cases[0]
	for name := range c.witness {
		file := txtar.File{Name: "want/" + name, Data: []byte(strings.Join(append(slices.Clone(c.want[name]), ""), "\n"))}
		at := slices.IndexFunc(archive.Files, func(f txtar.File) bool { return f.Name == file.Name })
		if at < 0 {
			archive.Files = append(archive.Files, file)
		} else {
			archive.Files[at] = file
		}
	}
	return os.WriteFile(g.path, txtar.Format(archive), 0o600)
}
