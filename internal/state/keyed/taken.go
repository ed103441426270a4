package keyed

// Taken are stored rows that were read and copied, to be put in or decoded. Its memory is used again after Reset.
type Taken struct {
	Entries
	bytes []byte   // the piece of memory that rows are copied to
	full  [][]byte // those before: rows that were taken keep theirs
	spare [][]byte
	taken int // bytes of the rows
	// Most is how many rows are taken at once, MostBytes about how many bytes.
	Most, MostBytes int
}

// About how many bytes of stored rows are read at once: a part of what memory is tight below, within these bounds.
const (
	mostTaken  = 1 << 20
	leastTaken = 64 << 10
	takenShare = 16
	// takenPieces is how many pieces of memory they have.
	takenPieces = 4
)

// TakenBytes is about how many bytes of stored rows should be read at once, where memory is tight below low bytes.
func TakenBytes(low int64) int { return int(min(max(low/takenShare, leastTaken), mostTaken)) }

// Reset forgets all rows.
func (t *Taken) Reset() {
	t.Entries.Reset()
	t.full = append(t.full, t.bytes)
	for _, piece := range t.full {
		if cap(piece) == t.pieceBytes() && piece != nil {
			t.spare = append(t.spare, piece[:0])
		}
	}
	clear(t.full)
	t.full, t.bytes, t.taken = t.full[:0], nil, 0
}

// pieceBytes is how large a piece of memory is, but for that of a long row.
func (t *Taken) pieceBytes() int { return t.MostBytes / takenPieces }

// room makes t.bytes one with room for n bytes.
func (t *Taken) room(n int) {
	if t.bytes != nil {
		t.full = append(t.full, t.bytes)
	}
	if last := len(t.spare) - 1; last >= 0 && n <= cap(t.spare[last]) {
		t.bytes, t.spare[last] = t.spare[last], nil
		t.spare = t.spare[:last]
		return
	}
	t.bytes = make([]byte, 0, max(t.pieceBytes(), n))
}

// Take copies a row, and reports whether there is room for another one.
func (t *Taken) Take(hash uint64, key, value []byte) bool {
	need := len(key) + len(value)
	if cap(t.bytes)-len(t.bytes) < need {
		t.room(need)
	}
	at := len(t.bytes)
	t.bytes = append(append(t.bytes, key...), value...)
	t.taken += need
	t.Slices, t.Hashes = append(t.Slices, 0), append(t.Hashes, hash)
	t.Keys, t.Values = append(t.Keys, t.bytes[at:at+len(key)]), append(t.Values, t.bytes[at+len(key):])
	return t.Len() < t.Most && t.taken < t.MostBytes
}
