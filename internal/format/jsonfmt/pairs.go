package jsonfmt

import (
	"bytes"

	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/schema"
)

// pairFramer is a framer of lines that are changes. It decodes the last line of a block, of which only the kind matters.
type pairFramer struct {
	codec.Framer
	format *format
	probe  *decoder // made when a line may be the first half of an update
	held   int      // of what the last CutPairs saw, if it cut nothing off
}

// Cut takes what CutPairs left, too.
func (f *pairFramer) Cut(data []byte, last bool) int {
	f.held = 0
	return f.Framer.Cut(data, last)
}

// CutPairs cuts before the last line that is not blank if that is the first half of an update.
func (f *pairFramer) CutPairs(data []byte) (n, held int) {
	n = f.Framer.Cut(data, false)
	if n == f.held { // the lines of the last call, and no end of another one
		return 0, n
	}
	f.held = 0
	start, end := n, n
	for start == end && end > 0 {
		start = bytes.LastIndexByte(data[:end-1], '\n') + 1
		if isBlank(data[start:end]) {
			end = start
		}
	}
	if start == end || !f.opens(data[start:end]) {
		return n, 0
	}
	if start == 0 {
		f.held = n
	}
	return start, n - start
}

func isBlank(line []byte) bool { return len(bytes.Trim(line, " \t\r\n")) == 0 }

// opens reports whether line is the first half of an update, as far as can be said without its columns.
func (f *pairFramer) opens(line []byte) bool {
	if !bytes.Contains(line, []byte(batch.UpdateBefore.String())) && bytes.IndexByte(line, '\\') < 0 {
		return false
	}
	if f.probe == nil {
		probe, err := newDecoder(f.format, codec.DecodeSpec{Schema: schema.New(), Pool: &batch.Pool{}})
		if err != nil {
			return false // no decoder reads the format, whatever its columns
		}
		f.probe = probe
	}
	if err := f.probe.Begin(&codec.Block{Buf: batch.WrapBuffer(line), Header: true}); err != nil {
		return false
	}
	f.probe.reset()
	return f.probe.readRows() > 0 && f.probe.kinds[0] == batch.UpdateBefore
}
