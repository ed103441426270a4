package pipelines_test

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/template"

	"github.com/goccy/go-yaml"
	"golang.org/x/tools/txtar"
)

// grid is a script in which axes are filled in: a case for each combination of their values. Texts are templates, {{.AXIS.MEMBER}} is a member of the value,
// {{.AXIS.name}} its name.
type grid struct {
	About string
	// Axes are in the order in which they make up names.
	Axes yaml.MapSlice
	// Without lists combinations that make no sense, as AXIS=VALUE words that all hold; behind a colon stands why.
	Without []string
	// Data are texts that templates name {{.data.NAME}}.
	Data  map[string]string
	Files map[string]string
	// Pipeline, Witness, Late and Errors are templates: the script, what answers out.jsonl and late.jsonl, and lines of standard error. A case whose
	// Errors are not empty has to fail with exit code 2; one whose Witness is empty answers nothing.
	Pipeline, Witness, Late, Errors string
	// Changes is a template of what want.changes says.
	Changes string
	Once    bool
}

// choice is a value of each axis, with its name as a member.
type choice map[string]map[string]string

func readGrid(path string) (*group, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	g := &grid{}
	if err := yaml.UnmarshalWithOptions(text, g, yaml.Strict(), yaml.UseOrderedMap()); err != nil {
		return nil, err
	}
	if g.About == "" {
		return nil, errors.New("the grid does not say which behaviour it shows")
	}
	out := &group{name: strings.TrimSuffix(filepath.Base(path), ".yaml"), path: path, grid: g}
	choices, names, err := g.choices()
	if err != nil {
		return nil, err
	}
	stored, err := out.answersStored()
	if err != nil {
		return nil, err
	}
	for i, ch := range choices {
		c, err := g.fill(ch)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", names[i], err)
		}
		c.name = out.name + "/" + names[i]
		for name := range c.witness {
			c.want[name] = lines(stored[names[i]+"/"+name])
		}
		out.cases = append(out.cases, c)
	}
	return out, nil
}

func (g *group) answersPath() string { return strings.TrimSuffix(g.path, ".yaml") + ".want" }

// sameAs begins an answer that another case has, too.
const sameAs = "as "

// answersStored are the texts of answers by the case and the file.
func (g *group) answersStored() (map[string]string, error) {
	a, err := txtar.ParseFile(g.answersPath())
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	all := map[string]string{}
	for _, f := range a.Files {
		all[f.Name] = string(f.Data)
		if same, ok := strings.CutPrefix(all[f.Name], sameAs); ok {
			all[f.Name] = all[strings.TrimSpace(same)]
		}
	}
	return all, nil
}

func (g *group) saveGrid() error {
	a := &txtar.Archive{Comment: []byte("PostgreSQL's answers to " + filepath.Base(g.path) + ".\n")}
	first := map[string]string{} // the file that has a text
	for _, c := range g.cases {
		for _, name := range slices.Sorted(maps.Keys(c.witness)) {
			file, text := c.name[len(g.name)+1:]+"/"+name, strings.Join(append(slices.Clone(c.want[name]), ""), "\n")
			if same, ok := first[text]; ok {
				text = sameAs + same + "\n"
			} else {
				first[text] = file
			}
			a.Files = append(a.Files, txtar.File{Name: file, Data: []byte(text)})
		}
	}
	return os.WriteFile(g.answersPath(), txtar.Format(a), 0o600)
}

// choices are the combinations and their names.
func (g *grid) choices() (all []choice, names []string, err error) {
	all, names = []choice{{"data": g.Data}}, []string{""}
	for _, axis := range g.Axes {
		values, ok := axis.Value.(yaml.MapSlice)
		if !ok {
			return nil, nil, fmt.Errorf("axis %v has no named values", axis.Key)
		}
		var next []choice
		var nextNames []string
		for i, before := range all {
			for _, v := range values {
				ch := choice{}
				for k, m := range before {
					ch[k] = m
				}
				members, name := map[string]string{"name": fmt.Sprint(v.Key)}, fmt.Sprint(v.Key)
				switch value := v.Value.(type) {
				case nil:
					members["text"] = ""
				case yaml.MapSlice:
					for _, m := range value {
						members[fmt.Sprint(m.Key)] = fmt.Sprint(m.Value)
					}
				default:
					members["text"] = fmt.Sprint(value)
				}
				ch[fmt.Sprint(axis.Key)] = members
				next, nextNames = append(next, ch), append(nextNames, strings.TrimPrefix(names[i]+"-"+name, "-"))
			}
		}
		all, names = next, nextNames
	}
	for i := len(all) - 1; i >= 0; i-- {
		if g.without(all[i]) {
			all, names = slices.Delete(all, i, i+1), slices.Delete(names, i, i+1)
		}
	}
	return all, names, nil
}

// without reports whether a combination is left out.
func (g *grid) without(ch choice) bool {
	for _, rule := range g.Without {
		words, _, _ := strings.Cut(rule, ":")
		all := true
		for _, w := range strings.Fields(words) {
			axis, values, _ := strings.Cut(w, "=")
			all = all && slices.Contains(strings.Split(values, "|"), ch[axis]["name"])
		}
		if all {
			return true
		}
	}
	return false
}

// fill makes the case of a combination.
func (g *grid) fill(ch choice) (*sqlCase, error) {
	c := &sqlCase{input: map[string]string{}, witness: map[string]string{}, want: map[string][]string{}, changes: map[string]bool{}, once: g.Once}
	var err error
	text := func(source string) string {
		filled, e := expand(source, ch)
		err = errors.Join(err, e)
		return filled
	}
	for name, source := range g.Files {
		c.input[name] = text(source)
	}
	c.script, c.stderr = text(g.Pipeline), lines(text(g.Errors))
	if len(c.stderr) > 0 {
		c.exit = 2
		return c, err
	}
	for name, source := range map[string]string{"out.jsonl": g.Witness, "late.jsonl": g.Late} {
		if filled := strings.TrimSpace(text(source)); filled != "" {
			c.witness[name] = filled
		}
	}
	err = errors.Join(err, c.addChanges(text(g.Changes)))
	return c, err
}

// expand fills a template, and what the values themselves name.
func expand(source string, ch choice) (string, error) {
	for range 3 {
		t, err := template.New("").Option("missingkey=error").Funcs(template.FuncMap{"as": asKind}).Parse(source)
		if err != nil {
			return "", err
		}
		var b bytes.Buffer
		if err := t.Execute(&b, ch); err != nil {
			return "", err
		}
		source = b.String()
		if !strings.Contains(source, "{{") {
			break
		}
	}
	var out []string
	for line := range strings.SplitSeq(source, "\n") {
		if strings.TrimSpace(line) != "" {
			out = append(out, line)
		}
	}
	return strings.Join(append(out, ""), "\n"), nil
}

// asKind writes rows of changes, lines such as `-U {"id":1}`, as a source of another kind reads them: op (a member says the kind), upsert (the last row of a key counts: no
// -U), debezium (before and after), or append (whatever was added stays).
func asKind(kind, text string) (string, error) {
	var b strings.Builder
	before := "null"
	for _, line := range lines(text) {
		op, row, ok := strings.Cut(strings.TrimSpace(line), " ")
		if !ok || !strings.HasPrefix(row, "{") {
			return "", fmt.Errorf("%q is not OP {…}", line)
		}
		added := op == "+I" || op == "+U"
		switch {
		case kind == "append" && added:
			b.WriteString(row + "\n")
		case kind == "op", kind == "upsert" && op != "-U":
			fmt.Fprintf(&b, `{"op":%q,%s`+"\n", op, row[1:])
		case kind == "debezium" && op == "-U":
			before = row
		case kind == "debezium" && added:
			fmt.Fprintf(&b, `{"before":%s,"after":%s,"op":%q}`+"\n", before, row, map[bool]string{true: "c", false: "u"}[before == "null"])
			before = "null"
		case kind == "debezium":
			fmt.Fprintf(&b, `{"before":%s,"after":null,"op":"d"}`+"\n", row)
		}
	}
	return b.String(), nil
}
