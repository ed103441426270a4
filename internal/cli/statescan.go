package cli

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"wire.example/wire/internal/cli/result"
	"wire.example/wire/internal/engine"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/connector"
	"wire.example/wire/sdk/schema"
)

func (a *app) stateScan() *cobra.Command {
	f := &lookFlags{}
	c := f.addRows(&cobra.Command{
		Use:   "scan [PIPELINE] STEP[.PART]",
		Short: "Print the entries of a step's state.",
		Long: `Print the entries of a step's state: the columns of keys or rows, and what is stored beside them, in hexadecimal.

PART is needed where a step has several parts: its name, or its number among the step's tables; wire state ls shows both.

  wire state scan orders.yaml joined.join.left --limit 10`,
		Args: exactly(cobra.RangeArgs(1, 2)),
		RunE: func(c *cobra.Command, args []string) error {
			return a.withKept(c.Context(), f, args, 1, func(kept *engine.Kept, parts []engine.Part, rest []string) error {
				if len(rest) > 1 {
					return wrong(fmt.Errorf("scan takes one step; usage: %s", c.UseLine()))
				}
				return a.scanState(c.Context(), f, kept, parts, rest[0], nil)
			})
		},
	})
	c.Flags().IntVar(&f.group, "group", -1, "only entries of this key group, 0 to 255")
	return c
}

func (a *app) stateGet() *cobra.Command {
	f := &lookFlags{group: -1}
	return f.addRows(&cobra.Command{
		Use:   "get [PIPELINE] STEP[.PART] COLUMN=VALUE...",
		Short: "Print the entries of a step's state that have these values.",
		Long: `Print the entries of a step's state that have these values in their columns, as wire state scan prints them. With a value for every column of a key only
entries of that key are read, otherwise all of the part.

wire state ls shows the columns and their types. A value is written as SQL writes it in quotes, and compared as the text that wire state scan prints; COLUMN= without a value means NULL.

  wire state get orders.yaml counts.group customer=7
  wire state get orders.yaml joined.join.left 'at=2026-01-31 10:00:00' note=`,
		Args: exactly(cobra.MinimumNArgs(2)),
		RunE: func(c *cobra.Command, args []string) error {
			return a.withKept(c.Context(), f, args, 2, func(kept *engine.Kept, parts []engine.Part, rest []string) error {
				return a.scanState(c.Context(), f, kept, parts, rest[0], rest[1:])
			})
		},
	})
}

// errEnough ends a scan.
var errEnough = errors.New("enough")

// scanState prints the entries of a part that meet all conditions, each COLUMN=VALUE.
func (a *app) scanState(ctx context.Context, f *lookFlags, kept *engine.Kept, parts []engine.Part, name string, conditions []string) error {
	format, err := result.ParseFormat(f.output)
	if err != nil {
		return wrong(err)
	}
	if f.json {
		format = result.JSONLines
	}
	if f.group >= op.KeyGroups || f.group < -1 {
		return wrong(fmt.Errorf("--group is a key group, 0 to %d, not %d", op.KeyGroups-1, f.group))
	}
	if f.limit < 0 {
		return wrong(fmt.Errorf("--limit is how many entries at most, 0 for all, not %d", f.limit))
	}
	part, err := findPart(kept, parts, name)
	if err != nil {
		return wrong(err)
	}
	s := newStateScan(part)
	if err := s.where(conditions); err != nil {
		return wrong(err)
	}
	defer s.release()
	s.writer, s.limit = result.New(a.out, format, s.header(), result.Course{}), f.limit
	err = s.read(ctx, kept, f.group)
	if err == nil {
		err = s.flush()
	}
	if err != nil && !errors.Is(err, errEnough) {
		return fmt.Errorf("step %q, %s: %w", part.Step, part.Name, err)
	}
	if quoted := s.quotedValues(conditions); s.done == 0 && len(quoted) > 0 {
		fmt.Fprintf(a.err, "wire: quotes are a part of the value in %s, and no entry has it; write COLUMN=VALUE without them\n", strings.Join(quoted, " "))
	}
	return s.writer.End()
}

// findPart finds what STEP or STEP.PART names.
func findPart(kept *engine.Kept, parts []engine.Part, name string) (*engine.Part, error) {
	var of, known []string
	var found *engine.Part
	step := ""
	for i := range parts {
		p := &parts[i]
		if name == p.Step+"."+p.Name || name == fmt.Sprintf("%s.%d", p.Step, p.Number) {
			return p, nil
		}
		if known = append(known, p.Step+"."+p.Name); name == p.Step {
			of, found = append(of, p.Step+"."+p.Name), p
		}
		if strings.HasPrefix(name, p.Step+".") && len(p.Step) > len(step) {
			step = p.Step
		}
	}
	if len(of) > 1 {
		return nil, fmt.Errorf("step %q has several parts: name one of %s", name, strings.Join(of, ", "))
	}
	if len(of) == 1 {
		return found, nil
	}
	_, empty := kept.Manifest.States[name]
	switch {
	case len(known) == 0:
		return nil, fmt.Errorf("%s; %q has none either", noState(kept), name)
	case empty:
		return nil, fmt.Errorf("step %q has no entry in the checkpoint of epoch %d; entries have %s", name, kept.Checkpoint.Epoch, strings.Join(known, ", "))
	case step != "":
		of = slices.DeleteFunc(slices.Clone(known), func(k string) bool { return !strings.HasPrefix(k, step+".") })
		return nil, fmt.Errorf("step %q has no part %q; it has %s", step, name[len(step)+1:], strings.Join(of, ", "))
	}
	return nil, fmt.Errorf("no step %q has state; there are %s%s", name, strings.Join(known, ", "), nearStep(parts, name))
}

// nearStep proposes a step or part for one that there is not.
func nearStep(parts []engine.Part, name string) string {
	var names []string
	for i := range parts {
		names = append(names, parts[i].Step, parts[i].Step+"."+parts[i].Name)
	}
	if near := connector.Nearest(name, names); near != "" {
		return fmt.Sprintf("; did you mean %q?", near)
	}
	return ""
}

// storedEntry is a stored entry, read.
type storedEntry struct {
	keyed.Rest
	slice int64
	hash  uint64
	key   []byte // all of it
}

// stateColumn is a column of an answer: one of the entries' own, or one that is made of them.
type stateColumn struct {
	result.Column
	col *batch.Column
	put func(c *batch.Column, row int, e *storedEntry) // nil: the entry's own
}

// stateScan prints entries. It gathers them until there is a batch.
type stateScan struct {
	part       *engine.Part
	reader     *keyed.EntryReader
	columns    []stateColumn
	conditions []condition
	writer     result.Writer
	limit      int64 // 0: none
	done       int64

	entries keyed.Entries
	text    []byte
}

func newStateScan(p *engine.Part) *stateScan {
	pool := &batch.Pool{}
	s := &stateScan{part: p, reader: keyed.NewEntryReader(pool, p.Shape)}
	made := func(name string, kind schema.Kind, put func(c *batch.Column, row int, e *storedEntry)) {
		t := schema.Of(kind)
		s.columns = append(s.columns, stateColumn{Column: result.Column{Name: name, Type: t}, col: batch.NewColumn(pool, t), put: put})
	}
	number := func(of func(e *storedEntry) int64) func(c *batch.Column, row int, e *storedEntry) {
		return func(c *batch.Column, row int, e *storedEntry) { c.Int64s()[row] = of(e) }
	}
	text := func(of func(e *storedEntry) []byte) func(c *batch.Column, row int, e *storedEntry) {
		return func(c *batch.Column, row int, e *storedEntry) {
			if data := of(e); len(data) > 0 {
				c.SetBytes(row, hex.AppendEncode(nil, data))
			} else {
				c.PutNull(row)
			}
		}
	}
	slice := number(func(e *storedEntry) int64 { return e.slice })
	made("key_group", schema.Int64, number(func(e *storedEntry) int64 { return int64(op.GroupOf(e.hash)) }))
	switch {
	case p.Shape.Slice == keyed.SliceWindow:
		made("window_start", schema.Timestamp, number(func(e *storedEntry) int64 { return e.Start }))
		made("window_end", schema.Timestamp, slice)
	case p.Shape.Slice == keyed.SliceTime:
		made("slice", schema.Timestamp, slice)
	case p.Shape.Slice == keyed.SliceNumber || !p.Known:
		made("slice", schema.Int64, slice)
	}
	if p.Shape.Rows {
		made("row_number", schema.Int64, number(func(e *storedEntry) int64 { return int64(e.Number) })) //nolint:gosec // counted from 1
		made("mark", schema.Int64, number(func(e *storedEntry) int64 { return int64(e.Mark) }))
	}
	for i, c := range p.Columns {
		s.columns = append(s.columns, stateColumn{Column: result.Column{Name: c.Name, Type: c.Type}, col: s.reader.Columns()[i]})
	}
	if !p.Known || p.Shape.Slice == keyed.SliceTime {
		made("key", schema.Text, text(func(e *storedEntry) []byte { return e.Key }))
	}
	made("state", schema.Text, text(func(e *storedEntry) []byte { return e.Value }))
	made("bytes", schema.Int64, number(func(e *storedEntry) int64 { return int64(len(e.Value)) }))
	return s
}

// header are the columns of the answer.
func (s *stateScan) header() []result.Column {
	columns := make([]result.Column, len(s.columns))
	for i, c := range s.columns {
		columns[i] = c.Column
	}
	return columns
}

// read reads what may meet all conditions: entries of one key if they say which, else all of the part.
func (s *stateScan) read(ctx context.Context, kept *engine.Kept, group int) error {
	if key := s.key(); key != nil && group < 0 {
		if found, err := kept.Get(ctx, s.part, key, s.add); found || err != nil {
			return err
		}
	}
	return kept.Scan(ctx, s.part, group, s.add)
}

// add takes an entry, which is lent.
func (s *stateScan) add(slice int64, hash uint64, key, value []byte) error {
	e := &s.entries
	e.Slices, e.Hashes = append(e.Slices, slice), append(e.Hashes, hash)
	e.Keys, e.Values = append(e.Keys, bytes.Clone(key)), append(e.Values, bytes.Clone(value))
	if e.Len() < batch.MaxRows && (s.limit == 0 || len(s.conditions) > 0 || s.done+int64(e.Len()) < s.limit) {
		return nil
	}
	return s.flush()
}

// flush prints what was gathered, and returns errEnough at the limit.
func (s *stateScan) flush() error {
	n := s.entries.Len()
	if n == 0 {
		return nil
	}
	s.reader.Reset(n)
	out := &batch.Batch{Len: n, Sel: []uint16{}}
	for _, c := range s.columns {
		if out.Cols = append(out.Cols, c.col); c.put != nil {
			c.col.Reset(n)
		}
	}
	for row := range n {
		e := storedEntry{slice: s.entries.Slices[row], hash: s.entries.Hashes[row], key: s.entries.Keys[row]}
		if !s.part.Known {
			e.Key, e.Value = e.key, s.entries.Values[row]
		} else {
			var err error
			if e.Rest, err = s.reader.Read(row, e.key, s.entries.Values[row]); err != nil {
				return err
			}
		}
		for _, c := range s.columns {
			if c.put != nil {
				c.put(c.col, row, &e)
			}
		}
		if s.meets(row) && (s.limit == 0 || s.done < s.limit) {
			out.Sel = append(out.Sel, uint16(row)) //nolint:gosec // below batch.MaxRows
			s.done++
		}
	}
	s.entries.Reset()
	if err := s.writer.Rows(out); err != nil {
		return err
	}
	if s.limit > 0 && s.done >= s.limit {
		return errEnough
	}
	return nil
}

func (s *stateScan) release() {
	for _, c := range s.columns {
		c.col.Release()
	}
}
