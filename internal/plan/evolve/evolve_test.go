package evolve

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"wire.example/wire/sdk/schema"
)

// orders is a description of groups over a source, with one sink.
func orders() *Description {
	integer := TypeOf(schema.Of(schema.Int32))
	return &Description{
		PlannedFor: 2,
		Sources: []*Source{{
			Name: "orders", Connector: "file", Format: "json", Meaning: map[string]string{"path": "a"}, Tuning: map[string]string{"block_size": "b"},
			Columns: []Column{{"customer", integer}, {"amount", integer}}, Changes: "append-only",
		}},
		Steps: []*Step{{
			Name: "out.group", Kind: "aggregate", Form: "groups", Keys: 1, Sinks: []string{"out"},
			Inputs: []Input{{
				Branches: []Branch{{Base: sourceRef("orders"), Columns: []string{sourceRef("orders") + ".customer", sourceRef("orders") + ".amount"}}},
				Types:    []Type{integer, integer},
			}},
			Calls: []Call{{Name: "n", Function: "count(*)", Filter: -1}, {Name: "total", Function: "sum(bigint)", Args: []int{1}, Filter: -1}},
		}},
		Sinks: []*Sink{{Name: "out", Connector: "file", Meaning: map[string]string{"path": "o"}, Changes: "append-only", Columns: []Column{{"n", integer}}}},
	}
}

func TestComparedInWords(t *testing.T) {
	tests := []struct {
		name string
		edit func(d *Description)
		want string // in the table
		lost bool
	}{
		{"nothing", func(*Description) {}, "kept  aggregate  out.group\n", false},
		{"a tuning", func(d *Description) { d.Sources[0].Tuning["block_size"] = "c" }, "option block_size is another", false},
		{"a delay", func(d *Description) { d.Sources[0].Delay = 5_000_000 }, "watermark delay was 0s, is 5s", false},
		{"event time", func(d *Description) { d.Sources[0].Time = "at" }, "event time was none, is at", false},
		{"a column", func(d *Description) { d.Sources[0].Columns = append(d.Sources[0].Columns, Column{Name: "x"}) }, "column x is new", false},
		{"a path", func(d *Description) { d.Sources[0].Meaning["path"] = "z" }, "reset    source     orders     option path is another", true},
		{"a path, of its rows", func(d *Description) {
			d.Sources[0].Meaning["path"] = "z"
		}, "reset    aggregate  out.group  one of its name over other rows takes its place in sink out", true},
		{"a format", func(d *Description) { d.Sources[0].Format = "csv" }, "the format was json, is csv", true},
		{"a connector", func(d *Description) { d.Sources[0].Connector = "http" }, "the connector was file, is http", true},
		{"a sink elsewhere", func(d *Description) { d.Sinks[0].Meaning["path"] = "p" }, "option path is another: it begins there with the rows from now on", false},
		{"a sink's changes", func(d *Description) { d.Sinks[0].Changes = "changelog" }, "rows were append-only, are changelog", false},
		{"a sink's format", func(d *Description) { d.Sinks[0].Format = "csv" }, "format was , is csv; a file that was begun keeps the first line that it has", false},
		{"columns of a sink of CSV", func(d *Description) {
			d.Sinks[0].Format, d.Sinks[0].Columns = "csv", append(d.Sinks[0].Columns, Column{"m", d.Sinks[0].Columns[0].Type})
		}, "column m is new; a file that was begun keeps the first line that it has", false},
		{"a sink's columns", func(d *Description) { d.Sinks[0].Columns[0].Name = "m" }, "column m is new; column n is gone", false},
		{"the form", func(d *Description) { d.Steps[0].Form = "windows" }, "its state is kept as windows, and was kept as groups", true},
		{"windows", func(d *Description) { d.Steps[0].Window = "TUMBLE size 60000000 µs" }, "its windows were none, are TUMBLE size 1m0s", true},
		{"a part", func(d *Description) { d.Steps[0].Parts = []Part{{"grouping sets", "[[0]]"}} }, "its grouping sets was none, is [[0]]", true},
		{"retraction", func(d *Description) { d.Steps[0].Retracts = true }, "rows are taken back now, and were not", true},
		{"expiry", func(d *Description) { d.Steps[0].Expires = true }, "transformed  aggregate  out.group  what is not touched is forgotten now", false},
		{"changes", func(d *Description) { d.Steps[0].Changes = true }, "answers are handed on as they change: those so far at once", false},
		{"a setting", func(d *Description) { d.Steps[0].Settings = []Part{{"time to live", "1 µs"}} }, "time to live was none, is 1µs", false},
		{"rows made otherwise", func(d *Description) { d.Steps[0].Inputs[0].Branches[0].Base += " for each x" }, "its rows were orders, are orders for each x", true},
		{"a filter", func(d *Description) { d.Steps[0].Inputs[0].Branches[0].Where = []string{"(amount > 1)"} }, "the filter before it was none, is (amount > 1)", true},
		{"a narrower key", func(d *Description) { d.Steps[0].Inputs[0].Types[0] = TypeOf(schema.Of(schema.Int16)) }, "key 1 was INTEGER, is SMALLINT", true},
		{"a narrower argument", func(d *Description) { d.Steps[0].Inputs[0].Types[1] = TypeOf(schema.Of(schema.Text)) }, "total: its argument was INTEGER, is TEXT", true},
		{"another column", func(d *Description) { d.Steps[0].Inputs[0].Branches[0].Columns[0] = sourceRef("orders") + ".other" }, "it groups by orders.other, and grouped by orders.customer", true},
		{"the order of calls", func(d *Description) { c := d.Steps[0].Calls; c[0], c[1] = c[1], c[0] }, "its aggregates are in another order", false},
		{"a filter of a call", func(d *Description) { d.Steps[0].Calls[1].Filter = 1 }, "sum(orders.amount) FILTER orders.amount is new: it counts from now on; sum(orders.amount) is dropped", true},
		{"an order of a call", func(d *Description) { d.Steps[0].Calls[1].Order = []Sort{{1, true, true}} }, "sum(orders.amount ORDER BY orders.amount DESC NULLS FIRST) is new", true},
		{"DISTINCT", func(d *Description) { d.Steps[0].Calls[1].Distinct = true }, "sum(DISTINCT orders.amount) is new", true},
		{"calls of split DISTINCT", func(d *Description) {
			d.Steps[0].Calls = d.Steps[0].Calls[:1]
			d.Steps[0].Parts = []Part{{"DISTINCT apart", "yes"}}
		}, "looked up by tasks of their own, for other calls", true},
		{"no step", func(d *Description) { d.Steps = nil }, "reset  aggregate  out.group  nothing computes it for sink out any more", true},
		{"nothing left", func(d *Description) { d.Steps, d.Sinks, d.Sources = nil, nil, nil }, "removed  aggregate  out.group  what it fed is gone, too", false},
	}
	for _, c := range tests {
		t.Run(c.name, func(t *testing.T) {
			now := orders()
			c.edit(now)
			e := Compare(orders(), now)
			if !strings.Contains(squeeze(e.Table()), squeeze(c.want)) || e.Loses() != c.lost {
				t.Errorf("loses %v, should be %v; nothing is said of %q:\n%s", e.Loses(), c.lost, c.want, e.Table())
			}
			if (e.Refuse(Accepted{}) != nil) != c.lost {
				t.Errorf("refused: %v", e.Refuse(Accepted{}))
			}
			all := Accepted{Reset: []string{"all"}}
			if e.Accept(all); e.Refuse(all) != nil {
				t.Errorf("what is accepted is refused: %v", e.Refuse(all))
			}
		})
	}
}

func squeeze(text string) string { return strings.Join(strings.Fields(text), " ") }

// TestNothingIsPromisedOfStateThatIsReset: what is said of a call that is new holds where the others go on.
func TestNothingIsPromisedOfStateThatIsReset(t *testing.T) {
	const inWindows, inGroups = "NULL in windows that are open", "it counts from now on"
	edit := func(window string, other func(s *Step)) (*Evolution, string) {
		was, now := orders(), orders()
		was.Steps[0].Window, now.Steps[0].Window = window, window
		s := now.Steps[0]
		s.Calls = append(s.Calls, Call{Name: "d", Function: "count(any)", Args: []int{0}, Distinct: true, Filter: -1})
		other(s)
		e := Compare(was, now)
		return e, e.Table()
	}
	goesOn := func(*Step) {}
	for window, promise := range map[string]string{"TUMBLE size 60000000 µs": inWindows, "": inGroups} {
		e, table := edit(window, goesOn)
		if !strings.Contains(table, "count(DISTINCT orders.customer) is new: "+promise) {
			t.Errorf("a new call, state that goes on:\n%s", table)
		}
		e.Accept(Accepted{Reset: []string{"all"}})
		if table = e.Table(); window == "" && (e.Steps[0].Verdict != Reset || !strings.Contains(table, "is new\n")) {
			t.Errorf("a new call, state that is let go:\n%s", table)
		}
		if _, table = edit(window, func(s *Step) { s.Form = "windows" }); !strings.Contains(table, "is new; its state is kept as windows, and was kept as groups\n") {
			t.Errorf("a new call, state of another form:\n%s", table)
		}
		_, table = edit(window, func(s *Step) { s.Parts = []Part{{"grouping sets", "[[0]]"}} })
		if !strings.Contains(table, "is new; its grouping sets was none, is [[0]]\n") {
			t.Errorf("a new call, another part:\n%s", table)
		}
	}
}

// What begins anew takes what is behind it along.
func TestResetsGoOn(t *testing.T) {
	two := func() *Description {
		d := orders()
		d.Steps = append(d.Steps, &Step{
			Name: "out.sort", Kind: "first rows", Form: "first rows", After: []string{"out.group"}, Sinks: []string{"out"},
			Inputs: []Input{{Branches: []Branch{{Base: stepRef("out.group"), Columns: []string{callRef("out.group", 1)}}}, Types: []Type{TypeOf(schema.Of(schema.Int64))}}},
		})
		return d
	}
	renamed := two()
	renamed.Steps[0].Name, renamed.Steps[1].After[0] = "g", "g"
	renamed.Steps[0].Calls = renamed.Steps[0].Calls[1:]
	renamed.Steps[1].Inputs[0].Branches[0] = Branch{Base: stepRef("g"), Columns: []string{callRef("g", 0)}}
	if e := Compare(two(), renamed); e.Loses() || e.Steps[1].Verdict != Kept || e.Steps[0].Verdict != Transformed {
		t.Errorf("a renamed step before it is another:\n%s", e.Table())
	}
	narrow := two()
	narrow.Steps[0].Inputs[0].Types[0] = TypeOf(schema.Of(schema.Int16))
	e := Compare(two(), narrow)
	if e.Steps[1].Verdict != Reset || !strings.Contains(e.Table(), "its input out.group begins anew") {
		t.Errorf("it goes on behind a step that begins anew:\n%s", e.Table())
	}
	if err := e.Refuse(Accepted{Reset: []string{"out.group"}}); err == nil || !strings.Contains(err.Error(), "step out.sort") {
		t.Errorf("refused: %v", err)
	}
	mixed := two()
	mixed.Steps[0].Inputs[0].Branches[0].Where = []string{"x"}
	e = Compare(two(), mixed)
	if e.Refuse(Accepted{Mixed: true}) != nil {
		t.Errorf("refused: %v", e.Refuse(Accepted{Mixed: true}))
	}
	lets := Accepted{Reset: []string{"out.group"}}
	if e.Accept(lets); e.Refuse(lets) == nil || e.Steps[1].Verdict != Reset {
		t.Errorf("it goes on behind a step whose state was let go:\n%s", e.Table())
	}
	if err := e.Refuse(Accepted{Reset: []string{"nobody"}}); err == nil || !strings.Contains(err.Error(), "no step or source of that name") {
		t.Errorf("refused: %v", err)
	}
}

func TestReport(t *testing.T) {
	now := orders()
	now.Steps[0].Calls = now.Steps[0].Calls[:1]
	e := Compare(orders(), now)
	if e.Summary() != "steps with state: 1 transformed" || e.Unchanged() {
		t.Error(e.Summary())
	}
	if got := e.Steps[0].String(); got != "out.group: transformed (sum(orders.amount) is dropped)" {
		t.Error(got)
	}
	text, err := e.JSON()
	if err != nil {
		t.Fatal(err)
	}
	var back struct {
		Loses bool `json:"loses_state"`
		Steps []struct{ Verdict string }
	}
	if err := json.Unmarshal(text, &back); err != nil || back.Loses || back.Steps[0].Verdict != "transformed" {
		t.Errorf("%v: %s", err, text)
	}
	empty := Compare(&Description{}, &Description{})
	if empty.Summary() != "no step has state" || !empty.Unchanged() {
		t.Error(empty.Summary())
	}
}

func TestTypesThatFollow(t *testing.T) {
	integer, big, row := schema.Of(schema.Int32), schema.Of(schema.Int64), func(t schema.Type) schema.Type { return schema.RowOf(schema.Field{Name: "a", Type: t}) }
	tests := []struct {
		old, now schema.Type
		want     fit
	}{
		{integer, integer, same},
		{integer, big, wider},
		{big, integer, narrower},
		{schema.Of(schema.Int16), big, wider},
		{schema.Of(schema.Float32), schema.Of(schema.Float64), wider},
		{integer, schema.Of(schema.Numeric), narrower},
		{schema.VarcharOf(3), schema.VarcharOf(5), same},
		{schema.VarcharOf(3), schema.Of(schema.Text), same},
		{schema.Of(schema.Text), schema.VarcharOf(5), narrower},
		{schema.NumericOf(10, 2), schema.NumericOf(10, 2), same},
		{schema.NumericOf(10, 2), schema.NumericOf(12, 2), wider},
		{schema.NumericOf(10, 2), schema.NumericOf(12, 3), narrower},
		{schema.NumericOf(10, 2), schema.Of(schema.Numeric), wider},
		{schema.ArrayOf(integer), schema.ArrayOf(big), wider},
		{row(integer), row(big), wider},
		{row(integer), schema.RowOf(schema.Field{Name: "b", Type: integer}), narrower},
		{row(integer), schema.RowOf(), narrower},
	}
	for _, c := range tests {
		old, now := TypeOf(c.old), TypeOf(c.now)
		if got := now.follows(old); got != c.want {
			t.Errorf("%s after %s: %d, should be %d", now, old, got, c.want)
		}
		if back, err := now.Schema(); err != nil || !back.Equal(c.now) {
			t.Errorf("%s: %v, %v", now, back, err)
		}
	}
	if (Type{Kind: 200}).String() != "?" {
		t.Error("a kind that there is not has a name")
	}
}

func TestDamagedDescriptions(t *testing.T) {
	good, err := orders().Encode()
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]string{
		"no JSON":        "{",
		"no version":     `{"version":0}`,
		"a later one":    `{"version":9}`,
		"a checksum":     strings.Replace(string(good), `"name":"orders"`, `"name":"others"`, 1),
		"not its member": strings.Replace(string(good), `"is":{"name":"out"`, `"is":{"name":1`, 1),
	}
	for name, text := range tests {
		_, err := Decode([]byte(text))
		if err == nil || name != "a later one" && !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, edit := range map[string]func(*Step){
		"types":     func(s *Step) { s.Inputs[0].Types = s.Inputs[0].Types[:1] },
		"a type":    func(s *Step) { s.Inputs[0].Types[0].Kind = 99 },
		"used":      func(s *Step) { s.Inputs[0].Used = []bool{true} },
		"inputs":    func(s *Step) { s.Inputs = append(s.Inputs, s.Inputs[0]) },
		"keys":      func(s *Step) { s.Keys = 3 },
		"arguments": func(s *Step) { s.Calls[1].Args[0] = 7 },
		"order":     func(s *Step) { s.Calls[1].Order = []Sort{{Column: -1}} },
		"constants": func(s *Step) { s.Calls[1].Direct = 2 },
	} {
		d := orders()
		edit(d.Steps[0])
		text, err := d.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Decode(text); !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: %v", name, err)
		}
	}
	d := orders()
	d.Sources[0].Columns[0].Type.Kind = 99
	text, err := d.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Decode(text); !errors.Is(err, ErrDamaged) {
		t.Errorf("a column: %v", err)
	}
}

func TestLongTextsAreShortened(t *testing.T) {
	r := newReferences()
	long := strings.Repeat("x", longest) + stepRef("a") + callRef("b", 3) + stepRef("a")
	got := r.shorten(long)
	if len(got) > 100 || !strings.Contains(got, stepRef("a")+","+callRef("b", 3)) {
		t.Error(got)
	}
	other := r.shorten(strings.Repeat("x", longest) + stepRef("z") + callRef("b", 3) + stepRef("z"))
	if r.rewrite(other, func(ref reference) string {
		if ref.name == "z" {
			return stepRef("a")
		}
		return callRef(ref.name, ref.call)
	}) != got {
		t.Errorf("%s is not %s under other names", other, got)
	}
	many := strings.Repeat("y", longest)
	for i := range 1000 {
		many += callRef("b", i)
	}
	if got := r.shorten(many); len(got) != 17 {
		t.Error(got)
	}
}

func FuzzDecode(f *testing.F) {
	files, err := filepath.Glob("../../../test/upgrade/plans/*/*.json")
	if err != nil {
		f.Fatal(err)
	}
	for _, path := range files {
		text, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	if text, err := orders().Encode(); err == nil {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := Decode(data)
		if err != nil {
			return
		}
		e := Compare(d, orders()) // whatever it says, it can be compared
		_ = e.Table()
		if e := Compare(d, d); e.Summary() == "" {
			t.Error("nothing is said")
		}
		if _, err := d.Encode(); err != nil {
			t.Error(err)
		}
	})
}

// FuzzSteps fuzzes steps under good checksums.
func FuzzSteps(f *testing.F) {
	text, err := json.Marshal(orders().Steps[0])
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Fuzz(func(t *testing.T, data []byte) {
		s := &Step{}
		if json.Unmarshal(data, s) != nil {
			return
		}
		d := orders()
		d.Steps = []*Step{s}
		text, err := d.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if d, err = Decode(text); err != nil {
			return
		}
		_ = Compare(d, orders()).Table()
		_ = Compare(orders(), d).Table()
	})
}
