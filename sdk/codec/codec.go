package codec

import (
	"fmt"

	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sqlstate"
)

// DefaultMaxRecordBytes bounds one record; a longer one is skipped as it streams by and rejected.
const DefaultMaxRecordBytes = 16 << 20

// RejectedBytes is how much of an over-long record is kept for the dead letters.
const RejectedBytes = 64 << 10

// Block is a piece of input cut at record boundaries. The reader owns it and lends it for the decoding of its rows.
type Block struct {
	// Buf holds the records. A source that makes rows itself (the generator) leaves it nil and uses First and Count.
	Buf *batch.Buffer
	// Split numbers the source's split that the block belongs to; Name is the file or address a person would look at.
	Split int
	Name  string
	// Offset is the position of Buf.Data[0] in Name, in bytes; of uncompressed bytes if Name is compressed.
	Offset int64
	// First and Count are the sequence numbers of a generated block: First, First+1, … First+Count-1.
	First int64
	Count int
	// Oversize, if not nil, says that the block is no data but one record longer than the limit: Buf holds its first RejectedBytes.
	Oversize *Oversize
	// Header says that the block starts a new file.
	Header bool
	// FileHeader is the header of the block's file, cut off its data, if the framer knows headers (HeaderFramer); else nil. Every block of the
	// file has it, whichever decoder gets the block and wherever reading began. Read only.
	FileHeader []byte
	// Ack, if not nil, is called once every row of the block was delivered by every sink it reaches, with nil, or with the error that
	// ended the pipeline before, or with a *RefusedError.
	Ack func(error)
	// Refusable says that whoever sent the block waits for Ack and can be told of a bad row: where such a row would end the pipeline,
	// nothing of the block is written, Ack gets a *RefusedError, and the pipeline goes on. A chain that keeps state cannot take rows
	// back; there the pipeline ends as for any other block.
	Refusable bool
}

// RefusedError is what Ack gets for a block of which nothing was written because a row failed.
type RefusedError struct {
	// Step is the source, step or sink that the row failed in.
	Step string
	// Record is the record's number within the block, from 0; Offset its first byte in Block.Buf. Each is -1 if it is not known.
	Record, Offset int
	// Column is the name of the column at fault, "" if the record as a whole is.
	Column string
	Err    *sqlstate.Error
}

// Error says what is wrong with the row.
func (e *RefusedError) Error() string {
	if e.Column != "" {
		return fmt.Sprintf("column %q: %s", e.Column, e.Err.Message)
	}
	return e.Err.Message
}

// Unwrap returns the value error.
func (e *RefusedError) Unwrap() error { return e.Err }

// Oversize describes a record over the limit.
type Oversize struct {
	Length int64 // bytes, the line end left out
	Limit  int64
}

// Reject is a record that could not become a row.
type Reject struct {
	// Record is its number within the block, from 0. Start and End are its bytes in the block.
	Record     int
	Start, End int
	// Column is the name of the column at fault, "" if the record as a whole is.
	Column string
	Err    *sqlstate.Error
}

// DecodeSpec says what a decoder is to make of its records.
type DecodeSpec struct {
	// Schema is what the user declared: the types of the batch's columns, in order.
	Schema *schema.Schema
	// Need says which columns to decode; the others are nil in the batch and checked for structure only. nil means all.
	Need []Need
	// Filter are conditions, all of which a row must meet; a decoder may drop rows that fail them, counting them in Result.Filtered, and may
	// ignore any it does not know how to test cheaply: the engine tests them again.
	Filter []Condition
	// Origin asks for Batch.Origin: where each row's record lies.
	Origin bool
	// Times are the paths of the columns and members that a row's event time is the first of that is not NULL, all TIMESTAMP or all TIMESTAMPTZ. They
	// are read on every row, those that Filter drops included, but a row that is rejected has no time, nor has one whose time is infinite. What they name
	// need not be among Need. nil means that nobody asks.
	Times [][]int
	// Upserts says that rows go by a key: what a row replaces need not be known, and a row that is taken away may have its key alone, so that its other
	// columns are NULL even where they are declared NOT NULL.
	Upserts bool
	// Strict decodes every column, needed or not, so that a wrong value anywhere rejects its row.
	Strict bool
	// Pool lends the memory of the columns.
	Pool *batch.Pool
}

// Need is a column to decode. For a ROW column, Members says which members, in the order of the type's fields, or nil for the whole.
type Need struct {
	Read    bool
	Members []Need
}

// All reports whether everything below n is needed. Need lists of columns that are read whole have no Members.
func (n Need) All() bool { return n.Read && n.Members == nil }

// Needs reports whether column i is to be decoded.
func (s *DecodeSpec) Needs(i int) bool { return len(s.Need) == 0 || s.Need[i].Read }

// Clone returns a copy of n that shares nothing with it.
func (n Need) Clone() Need {
	if n.Members != nil {
		members := make([]Need, len(n.Members))
		for i, m := range n.Members {
			members[i] = m.Clone()
		}
		n.Members = members
	}
	return n
}

// CompareOp is the comparison of a Condition.
type CompareOp uint8

// The comparisons.
const (
	Equal CompareOp = iota
	NotEqual
	Less
	LessEqual
	Greater
	GreaterEqual
)

// Condition is "column op constant"; a NULL column fails it. Int is the constant for integer, date and time columns, Text for TEXT.
type Condition struct {
	Column int
	Op     CompareOp
	Int    int64
	Text   string
	IsText bool
}

// Result is what one call of Decode did. It is lent until the next call.
type Result struct {
	// Records counts the records read: rows + filtered + rejected. A record that becomes two rows, such as both images of an update, counts twice.
	Records  int
	Filtered int
	Rejects  []Reject
	// More says that the block holds further records: call again.
	More bool
	// Top is, with DecodeSpec.Times, the largest event time in µs of the block's rows so far, filtered ones included, math.MinInt64 if there was none. The
	// batch then has Before: for each row, what Top was just before it.
	Top int64
}

// Decoder turns records into rows. Begin names the block; Decode then fills out, which the decoder owns and lends until the next call, until
// the block is at its end (More false) or out is full.
type Decoder interface {
	Begin(block *Block) error
	Decode() (out *batch.Batch, res *Result, err error)
}

// LineCounter is an extra power of a decoder of text whose records are not one line each. Lines returns how many lines of the block Decode
// has passed so far, those between records (blank ones, comments) included and the file's header left out. Messages then name the line
// that a record begins on, not its number.
type LineCounter interface {
	Lines() int
}

// EncodeSpec says what an encoder gets.
type EncodeSpec struct {
	Schema *schema.Schema
	// Changelog says that batches carry kinds of change which must appear in the output; OpField names the member, "op" by default.
	Changelog bool
	OpField   string
	// Upserts says that rows go by a key: no batch.UpdateBefore comes.
	Upserts bool
	// Raw says that rows may be written as the bytes of their Origin record, unchanged: source and sink have the same format and every step
	// between only filters.
	Raw bool
}

// RowError is a row of a batch that could not be encoded; Row is physical.
type RowError struct {
	Row int
	Err *sqlstate.Error
}

// Encoder appends the rows of a batch that count to a buffer. ends gets the length of dst after each row; failed rows add nothing.
type Encoder interface {
	Encode(dst []byte, ends []int, b *batch.Batch) ([]byte, []int, []RowError)
}

// Header is an extra power of an encoder: what a file of the format begins with.
type Header interface {
	AppendHeader(dst []byte) []byte
}

// Framer finds record ends in a stream of bytes, fed in order. Cut returns the length of the longest prefix of data that consists of
// whole records only; at the end of input (last) the rest counts as whole. Skip returns how many bytes of data belong to the record that
// began before data, up to and including its end, and whether the end was found; it is used to pass over a record that is too long.
type Framer interface {
	Cut(data []byte, last bool) int
	Skip(data []byte) (n int, found bool)
}

// HeaderFramer is an extra power of a Framer: its files begin with a header, which tells how to read the records. CutHeader returns the
// length of the header at the start of data, its end included; whole is false if more data is needed, never at the end of input (last).
// Before a PairFramer gets records from the middle of a file, it gets the header alone so.
type HeaderFramer interface {
	CutHeader(data []byte, last bool) (n int, whole bool)
}

// PairFramer is an extra power of a Framer of changelogs, whose blocks should not part the halves of an update. CutPairs is Cut before the end of
// input, but leaves a last record that is the first half of an update to the next call, so that it comes with its second half; held is the
// length of what was left so, blank lines behind the record included. What cannot wait any longer is taken by Cut, called with the same data.
type PairFramer interface {
	CutPairs(data []byte) (n, held int)
}

// Holds reports whether a value that compares to the constant as order says (-1, 0, 1) meets the comparison.
func (op CompareOp) Holds(order int) bool {
	switch op {
	case Equal:
		return order == 0
	case NotEqual:
		return order != 0
	case Less:
		return order < 0
	case LessEqual:
		return order <= 0
	case Greater:
		return order > 0
	default:
		return order >= 0
	}
}
