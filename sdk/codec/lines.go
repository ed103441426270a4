package codec

import "bytes"

// NewLineFramer returns a Framer for records that end at a line feed. A carriage return before it belongs to the line end, which is for
// the decoder to drop.
func NewLineFramer() Framer { return lineFramer{} }

type lineFramer struct{}

// Cut finds the last line feed.
func (lineFramer) Cut(data []byte, last bool) int {
	if last {
		return len(data)
	}
	return bytes.LastIndexByte(data, '\n') + 1
}

// Skip finds the first line feed.
func (lineFramer) Skip(data []byte) (n int, found bool) {
	if i := bytes.IndexByte(data, '\n'); i >= 0 {
		return i + 1, true
	}
	return len(data), false
}

// TrimLineEnd returns the end of data[start:end] without a line feed and a carriage return before it.
func TrimLineEnd(data []byte, start, end int) int {
	if end > start && data[end-1] == '\n' {
		end--
	}
	if end > start && data[end-1] == '\r' {
		end--
	}
	return end
}
