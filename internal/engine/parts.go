package engine

import (
	"context"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"wire.example/wire/internal/flow"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/plan/evolve"
	"wire.example/wire/internal/plan/physical"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/internal/state/store"
	"wire.example/wire/sdk/schema"
)

// Part is what a checkpoint keeps of one table of a step, and what its entries are.
type Part struct {
	Table
	// Number is that of the table, Kind what the step is, Name what the part holds, in a word.
	Number uint8  `json:"number"`
	Kind   string `json:"kind"`
	Name   string `json:"part"`
	// Columns are those of keys, or of rows if Shape.Rows is set.
	Columns []PartColumn `json:"columns"`
	// Shape is how entries are written, if Known is set: the checkpoint says so.
	Shape keyed.Shape `json:"-"`
	Known bool        `json:"known"`
	// Pieces says that the value of an entry may be in several, numbered from 0 by their keys.
	Pieces bool `json:"-"`
	// step is that of the part, and aggregation what its entries are of, nil if they are not what calls know of groups.
	step        *evolve.Step
	aggregation *evolve.Aggregation
}

// PartColumn is a column of a part.
type PartColumn struct {
	Name string      `json:"name"`
	SQL  string      `json:"type"`
	Type schema.Type `json:"-"`
}

// Parts says what parts there are, and what their entries are. With counted it reads all entries and counts them, as Tables does.
func (k *Kept) Parts(ctx context.Context, counted bool) ([]Part, error) {
	tables, err := k.tables(ctx, counted)
	if err != nil || len(tables) == 0 {
		return nil, err
	}
	steps := map[string]*evolve.Step{}
	if len(k.Checkpoint.Plan) > 0 {
		d, err := evolve.Decode(k.Checkpoint.Plan)
		if err != nil {
			return nil, fmt.Errorf("checkpoint %d: %w", k.Checkpoint.Epoch, err)
		}
		for _, s := range d.Steps {
			steps[s.Name] = s
		}
	}
	parts := make([]Part, 0, len(tables))
	for _, t := range tables {
		p, err := k.describe(t, steps[t.Step])
		if err != nil {
			return nil, fmt.Errorf("checkpoint %d: step %q, %s: %w", k.Checkpoint.Epoch, t.Step, t.Table, err)
		}
		if n := len(parts); n > 0 && parts[n-1].Step == p.Step && (parts[n-1].Name == p.Name || strings.HasPrefix(parts[n-1].Name, p.Name+"_")) {
			p.Name = fmt.Sprintf("%s_%d", p.Name, p.Number) // names are of one part each
		}
		parts = append(parts, p)
	}
	return parts, nil
}

// describe says what the entries of a table are. step may be nil.
func (k *Kept) describe(t Table, step *evolve.Step) (Part, error) {
	p := Part{Table: t, Number: t.number, Name: "groups", Columns: []PartColumn{}}
	record := k.Manifest.States[t.Step]
	var a *evolve.Aggregation
	if p.step = step; step != nil {
		p.Kind, a = step.Kind, step.Aggregation()
	}
	if int(t.number) >= op.MaxKept { // no part of its own
		if p.Name = t.Table; t.number == flow.TableRest && a != nil && a.Alone { // but where there is one group alone
			p.Name, p.Known, p.Pieces, p.aggregation = "groups", true, true, a
			if a.Layout == evolve.InSessions {
				p.Name = "sessions"
			}
		}
		return p, nil
	}
	if p.Name = partName(step, int(t.number)); int(t.number) >= len(record.Tables) || !record.Tables[t.number].Known {
		return p, nil
	}
	var err error
	if p.Shape, err = record.Tables[t.number].Shape(); err != nil {
		return p, err
	}
	if p.Shape.Slice == keyed.SliceRun { // blocks of rows: they are not shown one by one
		p.Name, p.Shape = "runs", keyed.Shape{}
		return p, nil
	}
	p.Known = true
	if t.number == 0 && a != nil && !a.Alone {
		p.aggregation = a
	}
	if p.Name == "" {
		switch {
		case p.Shape.Rows:
			p.Name = "rows"
		case p.Kind == aggregateKind:
			p.Name = "seen"
		default:
			p.Name = "keys"
		}
	}
	names := columnNames(step, int(t.number), p.Shape)
	for i, typ := range p.Shape.Columns {
		p.Columns = append(p.Columns, PartColumn{Name: names[i], SQL: typ.String(), Type: typ})
	}
	return p, nil
}

// aggregateKind is the kind of steps whose first table has groups, and the others what calls keep beside them.
const aggregateKind = "aggregate"

// partName says what a table of a step holds; "" where its shape says all there is to say. docs/format/entries.md has the tables of operators.
func partName(step *evolve.Step, table int) string {
	names := map[string][]string{
		"groups":            {"groups"},
		"windows":           {"groups"},
		"slices of windows": {"slices"},
		"sessions":          {"sessions", "times"},
		"changing join":     {"right", "left"},
		"interval join":     {"left", "right"},
		"window join":       {"left", "right"},
		"temporal join":     {"versions", "waiting"},
		"hash join":         {"waiting", "build", "build_keys", "build_groups"},
		"broadcast join":    {"waiting"},
	}
	if step == nil {
		return ""
	}
	form, _, _ := strings.Cut(step.Form, ",") // behind it stands which side is built
	if form == physical.RevisedForm || form == physical.CorrectedForm {
		form = physical.SlicesForm
	}
	if form == "groups" && step.Keys == 0 || table >= len(names[form]) { // one group alone is in no table
		return ""
	}
	return names[form][table]
}

// columnNames are names for the columns of a part: those of the input that they come from if it is clear which these are.
func columnNames(step *evolve.Step, table int, shape keyed.Shape) []string {
	names := make([]string, len(shape.Columns))
	word := "key"
	if shape.Rows {
		word = "column"
	}
	for i := range names {
		names[i] = word + strconv.Itoa(i+1)
	}
	texts := comesFrom(step, table, shape)
	taken := map[string]bool{}
	for i := range min(len(names), len(texts)) {
		if name := plainName(texts[i]); name != "" && !taken[name] {
			names[i], taken[name] = name, true
		}
	}
	return names
}

// comesFrom are the texts of the columns of the input whose columns, or first columns, a part has; nil if it cannot be told which that is.
func comesFrom(step *evolve.Step, table int, shape keyed.Shape) []string {
	if step == nil || step.Kind == aggregateKind && (shape.Rows || table > 0) || step.Form == "groups" && step.Keys == 0 { // values that calls have seen, or their rows
		return nil
	}
	var found []string
	side, several := sideOf(step, table), false
	for i, in := range step.Inputs {
		if len(in.Branches) != 1 || len(in.Branches[0].Columns) != len(in.Types) {
			continue
		}
		width := len(in.Types)
		if !shape.Rows {
			width = step.Keys
		}
		// An aggregate of windows has the window's ends among its keys, and not in the table.
		if exact := shape.Rows && len(shape.Columns) == width || !shape.Rows && len(shape.Columns) <= width; !exact || !sameTypes(in.Types, shape.Columns) {
			continue
		}
		texts := in.Branches[0].Columns
		if i == side {
			return texts
		}
		several = several || found != nil && !slices.EqualFunc(found, texts, func(a, b string) bool { return plainName(a) == plainName(b) })
		found = texts
	}
	if several || side >= 0 { // it might be either; or it is of one that has other columns
		return nil
	}
	return found
}

// sideOf is which input the rows of a part are of, -1 if its name does not say it.
func sideOf(step *evolve.Step, table int) int {
	if len(step.Inputs) != 2 {
		return -1
	}
	_, build, built := strings.Cut(step.Form, ", build ")
	switch name := partName(step, table); {
	case name == "left", name == "waiting" && step.Form == "temporal join":
		return 0
	case name == "right", name == "versions":
		return 1
	case built && (name == "build" || name == "waiting"):
		if (build == "left") == (name == "build") {
			return 0
		}
		return 1
	default:
		return -1
	}
}

func sameTypes(types []evolve.Type, columns []schema.Type) bool {
	for i, c := range columns {
		if types[i].String() != c.String() {
			return false
		}
	}
	return true
}

// plainName is the name of a column of a source, "" if the text is that of something that was computed.
func plainName(text string) string {
	plain := regexp.MustCompile(`^\{(?:source|step) "[^"]*"\}\.("?)(\w+)"?$`)
	if m := plain.FindStringSubmatch(text); m != nil {
		return m[2]
	}
	return ""
}

// Scan gives the entries of a part, of one key group or, if group is negative, of all, until f returns an error, which it returns. Bytes are lent.
func (k *Kept) Scan(ctx context.Context, p *Part, group int, f func(slice int64, hash uint64, key, value []byte) error) error {
	from, to := uint64(0), uint64(math.MaxUint64)
	if group >= 0 {
		from = uint64(group) << groupShift //nolint:gosec // below 256
		to = from | 1<<groupShift - 1
	}
	r := k.store.Reader()
	space := store.Space{Operator: k.Manifest.States[p.Step].Number, Table: p.Number}
	err := r.Scan(space, from, to, func(slice int64, hash uint64, key, value []byte) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		return f(slice, hash, key, value)
	})
	if bad := r.Close(); err == nil {
		err = bad
	}
	return err
}

// groupShift leads from a hash to its key group.
const groupShift = 56
