package batch

import "math/bits"

// Bitmap is packed bits, least significant first, 64 a word: Arrow's order on little-endian machines. Bits past the row count are
// undefined unless a function says otherwise.
type Bitmap []uint64

// Words returns the number of words that n bits take.
func Words(n int) int { return (n + 63) >> 6 }

// Get reports whether bit i is set.
func (m Bitmap) Get(i int) bool { return m[i>>6]>>(uint(i)&63)&1 != 0 }

// Set sets bit i.
func (m Bitmap) Set(i int) { m[i>>6] |= 1 << (uint(i) & 63) }

// Clear clears bit i.
func (m Bitmap) Clear(i int) { m[i>>6] &^= 1 << (uint(i) & 63) }

// Put sets bit i to v.
func (m Bitmap) Put(i int, v bool) {
	if v {
		m.Set(i)
	} else {
		m.Clear(i)
	}
}

// Fill sets the first n bits, and whatever follows in the last word.
func (m Bitmap) Fill(n int) {
	for i := range m[:Words(n)] {
		m[i] = ^uint64(0)
	}
}

// Zero clears the first n bits, and whatever follows in the last word.
func (m Bitmap) Zero(n int) { clear(m[:Words(n)]) }

// Count returns how many of the first n bits are set.
func (m Bitmap) Count(n int) int {
	full, total := n>>6, 0
	for _, w := range m[:full] {
		total += bits.OnesCount64(w)
	}
	if rest := uint(n) & 63; rest != 0 {
		total += bits.OnesCount64(m[full] & (1<<rest - 1))
	}
	return total
}

// AppendOnes appends the numbers of the set bits among the first n to sel, ascending.
func (m Bitmap) AppendOnes(sel []uint16, n int) []uint16 {
	for wi := range Words(n) {
		w := m[wi]
		if rest := n - wi<<6; rest < 64 {
			w &= 1<<uint(rest) - 1
		}
		for base := wi << 6; w != 0; w &= w - 1 {
			sel = append(sel, uint16(base+bits.TrailingZeros64(w)))
		}
	}
	return sel
}
