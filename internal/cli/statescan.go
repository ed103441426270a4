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
		Long: `Print the entries of a step's state: the columns of keys or rows, and what is stored beside them. Of groups, windows, slices and sessions that is what each call has so far; of others it is hexadecimal.

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
	s, err := newStateScan(part)
	if err != nil {
		return err
	}
	defer s.release()
	if err := s.where(conditions); err != nil {
		return wrong(err)
	}
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
		if name == p.Step+"."+p.Name || name == fmt.Sprintf("%s.%d", p.Step, p.Number) || name == p.Step+"."+p.Table.Table {
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
	end   int64  // of a session
}

// stateColumn is a column of an answer: one of the entries' own, or one that is made of them.
type stateColumn struct {
	result.Column
	col *batch.Column
	put func(c *batch.Column, row int, e *storedEntry) // nil: the entry's own, or that of a call
	// call is that of a column of stateScan.values, counted from 1; 0: it is none.
	call int
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

	values *engine.Values // nil: they are not read
	rows   int            // of the columns, that are made
}

func newStateScan(p *engine.Part) (*stateScan, error) {
	pool := &batch.Pool{}
	s := &stateScan{part: p, reader: keyed.NewEntryReader(pool, p.Shape)}
	var err error
	if s.values, err = p.Values(pool); err != nil {
		return nil, err
	}
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
	if s.values != nil {
		if s.values.Sessions {
			made("session_start", schema.Timestamp, number(func(e *storedEntry) int64 { return e.Start }))
			made("session_end", schema.Timestamp, number(func(e *storedEntry) int64 { return e.end }))
		}
		for i, c := range s.values.Columns {
			s.columns = append(s.columns, stateColumn{Column: result.Column{Name: s.unused(c.Name), Type: c.Type}, col: batch.NewColumn(pool, c.Type), call: i + 1})
		}
	} else {
		made("state", schema.Text, text(func(e *storedEntry) []byte { return e.Value }))
	}
	made("bytes", schema.Int64, number(func(e *storedEntry) int64 { return int64(len(e.Value)) }))
	return s, nil
}

// unused is name, with a number behind it if a column has it already.
func (s *stateScan) unused(name string) string {
	text := name
	for n := 2; slices.ContainsFunc(s.columns, func(c stateColumn) bool { return c.Name == text }); n++ {
		text = fmt.Sprintf("%s_%d", name, n)
	}
	return text
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
	if n := e.Len(); s.part.Pieces && n > 0 && op.GroupOf(e.Hashes[n-1]) == op.GroupOf(hash) {
		e.Values[n-1] = append(e.Values[n-1], value...)
		return nil
	}
	e.Slices, e.Hashes = append(e.Slices, slice), append(e.Hashes, hash)
	e.Keys, e.Values = append(e.Keys, bytes.Clone(key)), append(e.Values, bytes.Clone(value))
	if s.part.Pieces || e.Len() < batch.MaxRows && (s.limit == 0 || len(s.conditions) > 0 || s.done+int64(e.Len()) < s.limit) {
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
	s.begin()
	for i := range n {
		e := storedEntry{slice: s.entries.Slices[i], hash: s.entries.Hashes[i], key: s.entries.Keys[i]}
		if err := s.show(&e, s.entries.Values[i]); err != nil {
			return err
		}
	}
	s.entries.Reset()
	return s.print()
}

// begin makes the columns empty.
func (s *stateScan) begin() {
	s.rows = 0
	s.reader.Reset(batch.MaxRows)
	for _, c := range s.columns {
		if c.put != nil {
			c.col.Reset(batch.MaxRows)
		}
	}
}

// show makes an entry a row, or, if it has sessions, a row for each.
func (s *stateScan) show(e *storedEntry, value []byte) error {
	if s.values == nil {
		_, err := s.row(e, value)
		return err
	}
	start := int64(0)
	if !s.values.Sessions {
		slot, err := s.row(e, value)
		if err != nil {
			return err
		}
		start = e.Start
		if err := s.values.Read(value, start, func(int64, int64) (uint32, error) { return slot, nil }); err != nil {
			return s.damaged(e, err)
		}
		return nil
	}
	stopped := error(nil) // by who takes the rows
	err := s.values.Read(value, start, func(start, end int64) (slot uint32, err error) {
		if e.Start, e.end = start, end; s.rows == batch.MaxRows {
			if stopped = s.print(); stopped != nil {
				return 0, stopped
			}
			s.begin()
		}
		slot, stopped = s.row(e, value)
		return slot, stopped
	})
	if err != nil && stopped == nil {
		return s.damaged(e, err)
	}
	return err
}

// row makes an entry the next row.
func (s *stateScan) row(e *storedEntry, value []byte) (slot uint32, err error) {
	start := e.Start
	if !s.part.Known {
		e.Key, e.Value = e.key, value
	} else if e.Rest, err = s.reader.Read(s.rows, e.key, value); err != nil {
		return 0, s.damaged(e, err)
	}
	if s.values != nil && s.values.Sessions {
		e.Start = start
	}
	for _, c := range s.columns {
		if c.put != nil {
			c.put(c.col, s.rows, e)
		}
	}
	s.rows++
	return uint32(s.rows - 1), nil //nolint:gosec // below batch.MaxRows
}

// damaged says which entry an error is of.
func (s *stateScan) damaged(e *storedEntry, err error) error {
	return fmt.Errorf("key group %d, the entry with the key %x: %w", op.GroupOf(e.hash), e.key, err)
}

// print prints the rows that were made, and returns errEnough at the limit.
func (s *stateScan) print() error {
	out := &batch.Batch{Len: s.rows, Sel: []uint16{}}
	for _, c := range s.columns {
		if c.call > 0 {
			s.values.Answer(c.call-1, s.rows, c.col)
		}
		out.Cols = append(out.Cols, c.col)
	}
	if s.values != nil {
		s.values.Free(s.rows)
	}
	for row := range s.rows {
		if s.meets(row) && (s.limit == 0 || s.done < s.limit) {
			out.Sel = append(out.Sel, uint16(row)) //nolint:gosec // below batch.MaxRows
			s.done++
		}
	}
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
	if s.values != nil {
		s.values.Close()
	}
}
