package flow

import (
	"bytes"

	"wire.example/wire/sdk/codec"
)

// lineNumbers are the lines of the block that a lane works on, for messages about its rows. Where every record is one line nothing is counted.
type lineNumbers struct {
	counter codec.LineCounter // nil: a record is a line
	header  int               // lines of the file's header
	upTo    int               // lines of the block's first bytes, as many as seen
	seen    int
}

// newLineNumbers takes d's word for it if it counts lines.
func newLineNumbers(d codec.Decoder) lineNumbers {
	counter, _ := d.(codec.LineCounter)
	return lineNumbers{counter: counter}
}

// begin turns to another block.
func (n *lineNumbers) begin(block *codec.Block) {
	n.header, n.upTo, n.seen = 0, 0, 0
	if n.counter != nil {
		n.header = bytes.Count(block.FileHeader, []byte{'\n'})
	}
}

// of returns the line, from 0, that a record begins on: counted from the beginning of the block, the header's lines added, since every block
// of the file has that. start is the record's first byte in data. Rows are refused in about their order, so each byte is looked at once.
func (n *lineNumbers) of(record, start int, data []byte) int {
	if n.counter == nil || record < 0 {
		return record
	}
	if start < n.seen {
		n.upTo, n.seen = 0, 0
	}
	n.upTo += bytes.Count(data[n.seen:start], []byte{'\n'})
	n.seen = start
	return n.header + n.upTo
}

// passed returns the lines of a block that was decoded; records is how many it had.
func (n *lineNumbers) passed(records int) int {
	if n.counter == nil {
		return records
	}
	return n.counter.Lines()
}
