package evolve

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/zeebo/xxh3"
)

// Version is that of the descriptions that this release writes; it reads those up to it.
const Version = 1

// The bounds of a description that is read.
const (
	mostBytes = 64 << 20
	mostParts = 1 << 16
)

// Description is a physical plan as data.
type Description struct {
	// PlannedFor is the parallelism that the decisions of the plan were made for: what it runs with may be another.
	PlannedFor int
	Sources    []*Source
	// Steps are those with state, each after all that lead to it.
	Steps []*Step
	Sinks []*Sink
}

// Source is a source of a plan.
type Source struct {
	Name      string `json:"name"`
	Connector string `json:"connector"`
	// Meaning are checksums of the options of connector and format that say what is read; Tuning those of the others. Secrets are in neither.
	Meaning map[string]string `json:"meaning,omitempty"`
	Tuning  map[string]string `json:"tuning,omitempty"`
	Format  string            `json:"format,omitempty"`
	Columns []Column          `json:"columns"`
	// Time says what the watermark goes by; Delay, Idle and Drift are in µs.
	Time    string `json:"time,omitempty"`
	Delay   int64  `json:"delay,omitempty"`
	Idle    int64  `json:"idle,omitempty"`
	Drift   int64  `json:"drift,omitempty"`
	Changes string `json:"changes,omitempty"`
	Key     []int  `json:"key,omitempty"`
	// Statistics are those that decisions were made by; nil if there were none.
	Statistics *Statistics `json:"statistics,omitempty"`
}

// Column is a column of a source or a sink.
type Column struct {
	Name string `json:"name"`
	Type Type   `json:"type"`
}

// Statistics are what was known of a source when it was first planned.
type Statistics struct {
	Rows    float64            `json:"rows"`
	Exact   bool               `json:"exact,omitempty"`
	Columns []ColumnStatistics `json:"columns,omitempty"`
}

// ColumnStatistics are those of a column.
type ColumnStatistics struct {
	Distinct float64 `json:"distinct,omitempty"`
	Nulls    float64 `json:"nulls,omitempty"`
	Width    float64 `json:"width,omitempty"`
	Fresh    float64 `json:"fresh,omitempty"`
}

// Step is a step with state. What it reads is said in references to sources and steps, by which steps of two plans are compared.
type Step struct {
	Name string `json:"name"`
	// Kind is what the step is for people, Form how its state is laid out.
	Kind string `json:"kind"`
	Form string `json:"form"`
	// Inputs are what flows into it.
	Inputs []Input `json:"inputs"`
	// Parts are what else its state follows from.
	Parts []Part `json:"parts,omitempty"`
	// Settings are what may change without a word.
	Settings []Part `json:"settings,omitempty"`
	// Keys is how many of the columns of the input are those of groups; Calls are what is computed of each. Window functions have them, too.
	Keys  int    `json:"keys,omitempty"`
	Calls []Call `json:"calls,omitempty"`
	// Window says when windows that the groups are of close; "" where there are none.
	Window string `json:"window,omitempty"`
	// Gone is up to which end, in µs, windows were forgotten by a step before, which waited less long for late rows. nil means that there was none.
	Gone *int64 `json:"gone,omitempty"`
	// Changes says that answers are handed on as they change, Expires that what is not touched is forgotten, Retracts that rows are taken back.
	Changes  bool `json:"changes,omitempty"`
	Expires  bool `json:"expires,omitempty"`
	Retracts bool `json:"retracts,omitempty"`
	// Held says of a hash join whether the rows that wait for the other side have, behind their columns, what their split had reached: heldDated or heldPlain; "" where no rows wait, or that is not known.
	Held string `json:"held,omitempty"`
	// After are the steps with state that lead here, and Sinks are where its rows go.
	After []string `json:"after,omitempty"`
	Sinks []string `json:"sinks,omitempty"`
}

// Input is what flows into a step. A union is one of several branches.
type Input struct {
	Branches []Branch `json:"branches"`
	// Types are those of the columns, Used says which of them the state depends on; nil means all.
	Types []Type `json:"types"`
	Used  []bool `json:"used,omitempty"`
}

// Branch is one way into a step.
type Branch struct {
	Base string `json:"base"`
	// Where are the conditions that rows met, in the order of their texts.
	Where []string `json:"where,omitempty"`
	// Columns say how each column is computed.
	Columns []string `json:"columns"`
}

// Part is a property of a step.
type Part struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Call is an aggregate, or a window function: of one that is no aggregate Function is "".
type Call struct {
	// Name is that of the column, for people.
	Name     string `json:"name"`
	Function string `json:"function"`
	// Args are columns of the input; Filter is one that says which rows count, or -1.
	Args     []int  `json:"args,omitempty"`
	Filter   int    `json:"filter"`
	Distinct bool   `json:"distinct,omitempty"`
	Order    []Sort `json:"order,omitempty"`
	// Direct are the arguments that are constants, before WITHIN GROUP: their number.
	Direct int `json:"direct,omitempty"`
	// Since is the latest start of a window for which the call is NULL, in µs: it was added while that was open. nil means that it never was.
	Since *int64 `json:"since,omitempty"`
}

// Sort is a key of an order.
type Sort struct {
	Column     int  `json:"column"`
	Desc       bool `json:"desc,omitempty"`
	NullsFirst bool `json:"nulls_first,omitempty"`
}

// Sink is a sink of a plan.
type Sink struct {
	Name      string            `json:"name"`
	Connector string            `json:"connector"`
	Meaning   map[string]string `json:"meaning,omitempty"`
	Tuning    map[string]string `json:"tuning,omitempty"`
	Format    string            `json:"format,omitempty"`
	Changes   string            `json:"changes,omitempty"`
	Columns   []Column          `json:"columns,omitempty"`
	// Computed is the checksum of how its rows come about from sources and steps with state; "" where that is not known.
	Computed string `json:"computed,omitempty"`
	// DeadLetters says that it takes rejected rows.
	DeadLetters bool `json:"dead_letters,omitempty"`
	// Place is the checksum of its path as path/filepath's Clean has it; "" where there is none, or that is not known.
	Place string `json:"place,omitempty"`
	// places are those of the ways in which its path may be written; nil in a description that was stored.
	places []string
}

// sealed is a part of a description with the checksum of its text.
type sealed struct {
	XXH3 string          `json:"xxh3"`
	Is   json.RawMessage `json:"is"`
}

// file is a description as it is stored.
type file struct {
	Version    int      `json:"version"`
	PlannedFor int      `json:"planned_for"`
	Sources    []sealed `json:"sources"`
	Steps      []sealed `json:"steps"`
	Sinks      []sealed `json:"sinks"`
}

// ErrDamaged marks a description whose bytes are not what was written.
var ErrDamaged = errors.New("the description of the plan is damaged")

// Encode returns the bytes of d.
func (d *Description) Encode() ([]byte, error) {
	f := file{Version: Version, PlannedFor: d.PlannedFor}
	var err error
	if f.Sources, err = sealAll(d.Sources); err != nil {
		return nil, err
	}
	if f.Steps, err = sealAll(d.Steps); err != nil {
		return nil, err
	}
	if f.Sinks, err = sealAll(d.Sinks); err != nil {
		return nil, err
	}
	return json.Marshal(f)
}

func sealAll[T any](parts []*T) ([]sealed, error) {
	out := make([]sealed, 0, len(parts))
	for _, p := range parts {
		text, err := json.Marshal(p)
		if err != nil {
			return nil, err
		}
		out = append(out, sealed{XXH3: sum(text), Is: text})
	}
	return out, nil
}

func sum(text []byte) string { return fmt.Sprintf("%016x", xxh3.Hash(text)) }

// Decode reads a description. The error wraps ErrDamaged, or says that a later release wrote it.
func Decode(data []byte) (*Description, error) {
	if len(data) > mostBytes {
		return nil, fmt.Errorf("%w: %d bytes", ErrDamaged, len(data))
	}
	var f file
	if err := json.Unmarshal(data, &f); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	switch {
	case f.Version < 1:
		return nil, fmt.Errorf("%w: version %d", ErrDamaged, f.Version)
	case f.Version > Version:
		return nil, fmt.Errorf("the description of the plan has version %d, which a later release of Wire writes; this one reads up to %d", f.Version, Version)
	case len(f.Sources)+len(f.Steps)+len(f.Sinks) > mostParts:
		return nil, fmt.Errorf("%w: %d parts", ErrDamaged, len(f.Sources)+len(f.Steps)+len(f.Sinks))
	}
	d := &Description{PlannedFor: f.PlannedFor}
	var err error
	if d.Sources, err = unsealAll[Source]("source", f.Sources); err != nil {
		return nil, err
	}
	if d.Steps, err = unsealAll[Step]("step", f.Steps); err != nil {
		return nil, err
	}
	if d.Sinks, err = unsealAll[Sink]("sink", f.Sinks); err != nil {
		return nil, err
	}
	return d, d.check()
}

func unsealAll[T any](what string, parts []sealed) ([]*T, error) {
	var out []*T
	for i, p := range parts {
		var text bytes.Buffer
		if err := json.Compact(&text, p.Is); err != nil || sum(text.Bytes()) != p.XXH3 {
			return nil, fmt.Errorf("%w: the checksum of %s %d does not fit", ErrDamaged, what, i+1)
		}
		v := new(T)
		if err := json.Unmarshal(text.Bytes(), v); err != nil {
			return nil, fmt.Errorf("%w: %s %d: %w", ErrDamaged, what, i+1, err)
		}
		out = append(out, v)
	}
	return out, nil
}

// check refuses a description that cannot be followed.
func (d *Description) check() error {
	for _, s := range d.Sources {
		for _, c := range s.Columns {
			if _, err := c.Type.Schema(); err != nil {
				return fmt.Errorf("%w: source %q: %w", ErrDamaged, s.Name, err)
			}
		}
	}
	for _, s := range d.Steps {
		if err := s.check(); err != nil {
			return fmt.Errorf("%w: step %q: %w", ErrDamaged, s.Name, err)
		}
	}
	return nil
}

func (s *Step) check() error {
	for _, in := range s.Inputs {
		for _, t := range in.Types {
			if _, err := t.Schema(); err != nil {
				return err
			}
		}
		if in.Used != nil && len(in.Used) != len(in.Types) {
			return fmt.Errorf("%d columns, of which %d are told of", len(in.Types), len(in.Used))
		}
		for _, b := range in.Branches {
			if len(b.Columns) != len(in.Types) {
				return fmt.Errorf("%d columns of %d types", len(b.Columns), len(in.Types))
			}
		}
	}
	if len(s.Calls) == 0 && s.Keys == 0 {
		return nil
	}
	if len(s.Inputs) != 1 {
		return fmt.Errorf("groups over %d inputs", len(s.Inputs))
	}
	return s.checkCalls(len(s.Inputs[0].Types))
}

// checkCalls refuses calls that read what is not among the columns of the input, width in number.
func (s *Step) checkCalls(width int) error {
	if s.Keys < 0 || s.Keys > width {
		return fmt.Errorf("%d keys of %d columns", s.Keys, width)
	}
	for _, c := range s.Calls {
		columns := append([]int{max(c.Filter, 0)}, c.Args...)
		for _, k := range c.Order {
			columns = append(columns, k.Column)
		}
		for i, column := range columns {
			if (i > 0 || c.Filter >= 0) && (column < 0 || column >= width) {
				return fmt.Errorf("call %q reads column %d of %d", c.Name, column, width)
			}
		}
		if c.Direct < 0 || c.Direct > len(c.Args) {
			return fmt.Errorf("call %q has %d constants of %d arguments", c.Name, c.Direct, len(c.Args))
		}
	}
	return nil
}

// step returns the step that is called name, or nil.
func (d *Description) step(name string) *Step {
	for _, s := range d.Steps {
		if s.Name == name {
			return s
		}
	}
	return nil
}

// part returns the value of a part, "" if there is none.
func (s *Step) part(name string) string {
	for _, p := range s.Parts {
		if p.Name == name {
			return p.Value
		}
	}
	return ""
}
