package flow

import (
	"fmt"

	"wire.example/wire/internal/plan/physical"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/sqlstate"
)

// rejected is a row that a lane could not process. It waits in the lane until its block's turn comes.
type rejected struct {
	step   string
	policy physical.OnError
	err    *sqlstate.Error
	column string
	// name, record, line and offset say where the row came from: record is its number within the block, line the one that it begins on there,
	// both from 0, or -1 when unknown.
	name   string
	split  int
	record int
	line   int
	offset int64
	raw    []byte
}

// RowError ends a pipeline whose policy is fail: the first bad row, and where it is.
type RowError struct {
	Step   string
	Name   string
	Line   int64 // of the file, from 1, or the record's number in a file without lines; 0 when unknown
	Offset int64
	Column string
	Err    *sqlstate.Error
}

// Error says where the row is, what is wrong and what to do.
func (e *RowError) Error() string {
	where := e.Name
	if e.Line > 0 {
		where = fmt.Sprintf("%s:%d", e.Name, e.Line)
	}
	column := ""
	if e.Column != "" {
		column = fmt.Sprintf("column %q: ", e.Column)
	}
	hint := ""
	if e.Err.Hint != "" {
		hint = " " + e.Err.Hint
	}
	return fmt.Sprintf("%s: step %q: %s%s (SQLSTATE %s).%s Set on_error: drop or dead_letter to go on past such rows",
		where, e.Step, column, e.Err.Message, e.Err.Code, hint)
}

// Unwrap returns the value error.
func (e *RowError) Unwrap() error { return e.Err }

// rejectRecord notes a record that the decoder refused.
func (l *lane) rejectRecord(block *codec.Block, r *codec.Reject) {
	data := block.Buf.Data[r.Start:r.End]
	l.cur.rejects = append(l.cur.rejects, rejected{
		step: l.source.plan.Name, policy: l.source.plan.OnError, err: r.Err, column: r.Column, name: block.Name, split: block.Split,
		record: r.Record, line: l.lines.of(r.Record, r.Start, block.Buf.Data), offset: block.Offset + int64(r.Start), raw: append([]byte(nil), data[:min(len(data), codec.RejectedBytes)]...),
	})
}

// rejectRow notes a row that a step or a sink refused.
func (l *lane) rejectRow(step string, policy physical.OnError, b *batch.Batch, row int, err *sqlstate.Error) {
	r := rejected{step: step, policy: policy, err: err, name: l.block.Name, split: l.block.Split, record: -1, line: -1, offset: -1}
	if o := b.OriginRow(row); o >= 0 {
		r.name, r.record = b.Origin.Name, b.Origin.RecordNumber(o)
		r.line = l.lines.of(r.record, int(b.Origin.Starts[o]), b.Origin.Block.Data)
		r.offset = b.Origin.Offset + int64(b.Origin.Starts[o])
		r.raw = append([]byte(nil), b.Origin.Record(o)...)
	}
	l.cur.rejects = append(l.cur.rejects, r)
}
