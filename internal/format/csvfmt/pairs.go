package csvfmt

import (
	"bytes"

	"wire.example/wire/sdk/batch"
)

// pairFramer is a framer of records that are changes.
type pairFramer struct{ framer }

// headedPairFramer is a pairFramer of files that begin with a header.
type headedPairFramer struct{ headedFramer }

// CutPairs cuts before a last record that is the first half of an update.
func (f *pairFramer) CutPairs(data []byte) (n, held int) { return f.cutPairs(data) }

// CutPairs cuts before a last record that is the first half of an update.
func (f *headedPairFramer) CutPairs(data []byte) (n, held int) { return f.cutPairs(data) }

func (f *framer) cutPairs(data []byte) (n, held int) {
	end := f.find(data)
	if end == 0 {
		f.seen = len(data)
		return 0, f.held
	}
	n = end
	if start := f.lastRecord(data, end); f.opensUpdate(data[start:end]) {
		n = start
	}
	f.seen, f.held = len(data)-n, end-n
	return n, f.held
}

// lastRecord returns where the last record before end, the end of one, begins that is passed over neither as a blank line nor as a comment.
func (f *framer) lastRecord(data []byte, end int) (start int) {
	for i := len(f.segments) - 1; i >= 0; i-- {
		s := f.segments[i]
		for to := min(s.to, end-1); to > s.from; to = end - 1 {
			n := bytes.LastIndexByte(data[s.from:to], '\n')
			if n < 0 {
				break
			}
			start = s.from + n + 1
			if !f.passesOver(data[start:end]) {
				return start
			}
			end = start
		}
	}
	if f.passesOver(data[f.held:end]) {
		return 0
	}
	return f.held
}

// passesOver reports whether decoders see no record in line.
func (f *framer) passesOver(line []byte) bool {
	return len(bytes.TrimRight(line, "\r\n")) == 0 || f.comment != 0 && line[0] == f.comment
}

// opensUpdate reports whether record, which blank lines and comments may follow, is the first half of an update, if it is a row at all.
func (f *framer) opensUpdate(record []byte) bool {
	kind := batch.UpdateBefore.String()
	if !f.backslash && !bytes.Contains(record, []byte(kind)) || !bytes.Contains(record, []byte(kind[1:])) {
		return false
	}
	records, err := splitFields(f.syntax, record)
	return err == nil && len(records) > 0 && f.op >= 0 && f.op < len(records[0]) && string(records[0][f.op].text) == kind
}

// findOp finds the field of the kind of change in a header.
func (f *framer) findOp(header []byte) {
	f.op = -1 // decoders say what is wrong
	records, err := splitRecords(f.syntax, header)
	if err != nil || len(records) == 0 {
		return
	}
	names := make([]string, len(records[0]))
	for i, c := range records[0] {
		names[i] = string(c.text)
	}
	if i, err := findName(names, f.opField); err == nil {
		f.op = i
	}
}
