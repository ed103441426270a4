package keyed

// Taken are stored rows that were read and copied, to be put in or decoded.
type Taken struct {
	Entries
	bytes []byte
	// Most is how many rows are taken at once, MostBytes about how many bytes.
	Most, MostBytes int
}

// About how many bytes of stored rows are read at once: a part of what memory is tight below, within these bounds.
const (
	mostTaken  = 1 << 20
	leastTaken = 64 << 10
	takenShare = 16
)

// TakenBytes is about how many bytes of stored rows should be read at once, where memory is tight below low bytes.
func TakenBytes(low int64) int { return int(min(max(low/takenShare, leastTaken), mostTaken)) }

// Reset forgets all rows.
func (t *Taken) Reset() {
	t.Entries.Reset()
	t.bytes = t.bytes[:0]
}

// Take copies a row, and reports whether there is room for another one.
func (t *Taken) Take(hash uint64, key, value []byte) bool {
	if need := len(key) + len(value); cap(t.bytes)-len(t.bytes) < need { // those that were taken keep theirs
		t.bytes = make([]byte, 0, max(t.MostBytes/4, need))
	}
	at := len(t.bytes)
	t.bytes = append(append(t.bytes, key...), value...)
	t.Slices, t.Hashes = append(t.Slices, 0), append(t.Hashes, hash)
	t.Keys, t.Values = append(t.Keys, t.bytes[at:at+len(key)]), append(t.Values, t.bytes[at+len(key):])
	return t.Len() < t.Most && len(t.bytes) < t.MostBytes
}
