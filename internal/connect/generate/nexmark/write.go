package nexmark

import "io"

// writeBytes is how much WriteJSON gathers before it writes.
const writeBytes = 1 << 20

// WriteJSON writes the run that c describes in the combined form, an event a line, in the order of positions. It returns the number of bytes
// written and the first error: c's, or w's. c should have an end.
func WriteJSON(w io.Writer, c Config) (int64, error) {
	return writeLines(w, c, AppendJSON, func(Kind) bool { return true })
}

// WriteTypedJSON writes the events of one kind of the run that c describes as rows of its table, and otherwise does as WriteJSON does.
func WriteTypedJSON(w io.Writer, c Config, kind Kind) (int64, error) {
	return writeLines(w, c, AppendTypedJSON, func(k Kind) bool { return k == kind })
}

func writeLines(w io.Writer, c Config, appendTo func([]byte, *Event) []byte, include func(Kind) bool) (int64, error) {
	g, err := NewGenerator(c)
	if err != nil {
		return 0, err
	}
	var written int64
	buffer := make([]byte, 0, writeBytes+textCapacity(c)*2)
	for k := range g.Count() {
		n := g.NumberAt(k)
		if !include(KindOf(n)) {
			continue
		}
		buffer = append(appendTo(buffer, g.Event(n)), '\n')
		if len(buffer) >= writeBytes {
			n, err := w.Write(buffer)
			written += int64(n)
			if err != nil {
				return written, err
			}
			buffer = buffer[:0]
		}
	}
	rest, err := w.Write(buffer)
	return written + int64(rest), err
}
