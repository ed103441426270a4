package codec

import "wire.example/wire/sdk/batch"

// Padding is the room in bytes that sources keep behind a block's data, so that decoders may load whole words at its end.
const Padding = 64

// Scratch is where a decoder of lines copies what it cannot scan in place. Its zero value is ready; it belongs to one decoder.
type Scratch struct {
	own *batch.Buffer
}

// Text returns a buffer with the bytes of data that ends with a line feed and has Padding bytes of room behind: from, which holds data, if it is
// so, else a copy. The copy is good until the next call, or for as long as somebody else holds a reference to it.
func (s *Scratch) Text(pool *batch.Pool, from *batch.Buffer, data []byte) *batch.Buffer {
	if n := len(data); n > 0 && data[n-1] == '\n' && cap(data)-n >= Padding {
		return from
	}
	need := len(data) + 1 + Padding
	if s.own != nil && (s.own.Shared() || cap(s.own.Data) < need) {
		s.own.Release()
		s.own = nil
	}
	if s.own == nil {
		s.own = pool.NewBuffer(need)
	}
	s.own.Data = append(append(s.own.Data[:0], data...), '\n')
	return s.own
}
