package jsonfmt

// firstElements is how many elements an array column gets room for at first.
const firstElements = 256

// readArray appends the elements of an array to m's child column; i is the byte after the bracket. It returns the byte after the closing
// one, or -1. Elements of a record given up before are overwritten: the offset of row tells where to begin.
func (d *decoder) readArray(m *member, i, row int) int {
	n := int(m.col.Offsets()[row])
	i = skipSpace(d.p, i)
	if at(d.p, i) == ']' {
		m.col.Offsets()[row+1] = int32(n) //nolint:gosec // a block has fewer elements than bytes
		return i + 1
	}
	for {
		if n >= m.room {
			m.room = max(2*m.room, firstElements)
			m.elem.col.Resize(m.room)
			m.elem.rebind()
		}
		d.revive(m.elem, n)
		if i = d.readValue(m.elem, skipSpace(d.p, i), n); i < 0 {
			return -1
		}
		n++
		i = skipSpace(d.p, i)
		c := at(d.p, i)
		i++
		if c == ',' {
			continue
		}
		if c != ']' {
			return d.syntax(i-1, `"," or "]"`)
		}
		m.col.Offsets()[row+1] = int32(n) //nolint:gosec // a block has fewer elements than bytes
		return i
	}
}
