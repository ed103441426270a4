package flow

import (
	"bytes"
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
	Name   string // of the file or address; "" of a row that an operator of a stage refused
	Line   int64  // of the file, from 1, or the record's number in a file without lines; 0 when unknown
	Offset int64
	Column string
	Err    *sqlstate.Error
}

// Error says where the row is, what is wrong and what to do.
func (e *RowError) Error() string {
	hint := ""
	if e.Err.Hint != "" {
		hint = " " + e.Err.Hint
	}
	return fmt.Sprintf("%sstep %q: %s%s (SQLSTATE %s).%s Set on_error: drop or dead_letter to go on past such rows",
		e.where(), e.Step, e.member(), e.Err.Message, e.Err.Code, hint)
}

// Place says where the row is, as text to put before what is wrong with it: "orders.csv:7: column "amount": "; "" where that is not known.
func (e *RowError) Place() string {
	if e.Line == 0 {
		return e.member()
	}
	return e.where() + e.member()
}

func (e *RowError) where() string {
	switch {
	case e.Name == "":
		return ""
	case e.Line > 0:
		return fmt.Sprintf("%s:%d: ", e.Name, e.Line)
	}
	return e.Name + ": "
}

func (e *RowError) member() string {
	if e.Column == "" {
		return ""
	}
	return fmt.Sprintf("column %q: ", e.Column)
}

// Unwrap returns the value error.
func (e *RowError) Unwrap() error { return e.Err }

// maxLetters is how many rows that become dead letters wait in a parcel for its turn. With more the lane waits for the turn and writes them, so
// that a block of which everything fails needs no more memory.
const maxLetters = 4096

// rejectRecord notes a record that the decoder refused.
func (l *lane) rejectRecord(block *codec.Block, r *codec.Reject) error {
	policy := l.source.plan.OnError
	if policy == physical.Drop {
		return nil
	}
	return l.cur.note(rejected{
		step: l.source.plan.Name, policy: policy, err: r.Err, column: r.Column, name: block.Name, split: block.Split,
		record: r.Record, line: l.lines.of(r.Record, r.Start, block.Buf.Data), offset: block.Offset + int64(r.Start),
	}, block.Buf.Data[r.Start:r.End])
}

// rejectRow notes a row that a step or a sink refused.
func (l *lane) rejectRow(step string, policy physical.OnError, b *batch.Batch, row int, err *sqlstate.Error) error {
	if policy == physical.Drop {
		return nil
	}
	r := rejected{step: step, policy: policy, err: err, name: l.block.Name, split: l.block.Split, record: -1, line: -1, offset: -1}
	var raw []byte
	if o := b.OriginRow(row); o >= 0 {
		r.name, r.record = b.Origin.Name, b.Origin.RecordNumber(o)
		r.line = l.lines.of(r.record, int(b.Origin.Starts[o]), b.Origin.Block.Data)
		if b.Origin.Offset >= 0 {
			r.offset = b.Origin.Offset + int64(b.Origin.Starts[o])
		}
		raw = b.Origin.Record(o)
	}
	return l.cur.note(r, raw)
}

// note keeps r, whose record is raw, until the parcel's turn: of those that end the pipeline the first one, of dead letters each.
func (p *parcel) note(r rejected, raw []byte) error {
	if r.policy == physical.Fail {
		if !p.fails || r.record >= 0 && r.record < p.failing.record {
			p.fails, p.failing = true, r
		}
		return nil
	}
	if p.fails {
		return nil // then no dead letter of the block is written
	}
	r.raw = p.keep(&r, raw)
	p.rejects = append(p.rejects, r)
	switch {
	case len(p.rejects) <= maxLetters:
		return nil
	case p.canRefuse():
		if p.letterBytes += letterBytes; p.letterBytes >= maxRefusableBytes {
			p.refuseLarge(r.step, "the rows that fail come to more than %d bytes of dead letters; send fewer at once")
		}
		return nil
	}
	if err := p.takeTurn(); err != nil {
		return err
	}
	last := len(p.rejects) - 1 // stays: the block is delivered when it is
	if err := p.lane.source.rejectAll(p, p.rejects[:last], nil); err != nil {
		return err
	}
	p.rejects = append(p.rejects[:0], p.rejects[last])
	return nil
}

// letterBytes is what a dead letter needs in memory beside its record.
const letterBytes = 512

// keep copies the beginning of r's record. Rows of one record, such as its elements, share the copy.
func (p *parcel) keep(r *rejected, raw []byte) []byte {
	if n := len(p.rejects); n > 0 && r.record >= 0 {
		if last := &p.rejects[n-1]; last.record == r.record && last.offset == r.offset && last.name == r.name {
			return last.raw
		}
	}
	kept := bytes.Clone(raw[:min(len(raw), codec.RejectedBytes)])
	p.letterBytes += int64(len(kept))
	return kept
}
