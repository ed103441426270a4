package keyed

import "wire.example/wire/sdk/batch"

// encodedRows are the keys of the rows of a call as bytes: of each its canonical form and, if that differs, the key as it is.
type encodedRows struct {
	data  []byte
	ends  []int // of the canonical form and of all, two a row
	exact []byte
}

func (e *encodedRows) encode(cols []*batch.Column, rows []uint16, n int) {
	e.data, e.ends = e.data[:0], e.ends[:0]
	for i := range n {
		row := i
		if rows != nil {
			row = int(rows[i])
		}
		from := len(e.data)
		for _, c := range cols {
			e.data = appendCanonical(e.data, c, row)
		}
		e.ends = append(e.ends, len(e.data))
		e.exact = e.exact[:0]
		for _, c := range cols {
			e.exact = appendExact(e.exact, c, row)
		}
		if string(e.exact) != string(e.data[from:]) {
			e.data = append(e.data, e.exact...)
		}
		e.ends = append(e.ends, len(e.data))
	}
}

func (e *encodedRows) start(i int) int {
	if i == 0 {
		return 0
	}
	return e.ends[2*i-1]
}

// canonical returns the canonical form of row i.
func (e *encodedRows) canonical(i int) []byte { return e.data[e.start(i):e.ends[2*i]] }

// both returns the canonical form of row i and what follows it.
func (e *encodedRows) both(i int) []byte { return e.data[e.start(i):e.ends[2*i+1]] }
