package pebblestore

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"github.com/cockroachdb/pebble/v2"

	"wire.example/wire/internal/state/store"
)

// comparerName stands in every table; another order of keys is another name.
const comparerName = "wire.state.v1"

// newComparer orders keys by their bytes and splits them behind the hash, so that filters are by hash.
func newComparer() *pebble.Comparer {
	return &pebble.Comparer{
		Name:                 comparerName,
		Compare:              bytes.Compare,
		Equal:                bytes.Equal,
		ComparePointSuffixes: bytes.Compare,
		CompareRangeSuffixes: bytes.Compare,
		Split:                func(key []byte) int { return min(len(key), store.PrefixLen) },
		AbbreviatedKey:       abbreviated,
		Separator:            separator,
		Successor:            func(dst, a []byte) []byte { return append(dst, a...) },
		ImmediateSuccessor: func(dst, a []byte) []byte {
			// A prefix that is whole has no longer one behind it.
			if len(a) < store.PrefixLen {
				return append(append(dst, a...), 0)
			}
			return store.AppendAfter(dst, a)
		},
		FormatKey: func(key []byte) fmt.Formatter { return formatted(key) },
	}
}

// abbreviated is the first 8 bytes as a number.
func abbreviated(key []byte) uint64 {
	if len(key) >= 8 {
		return binary.BigEndian.Uint64(key)
	}
	var padded [8]byte
	copy(padded[:], key)
	return binary.BigEndian.Uint64(padded[:])
}

// separator appends a short key that is not less than a and less than b: a up to the first byte that may grow, or a itself.
func separator(dst, a, b []byte) []byte {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	if n >= len(a) || n >= len(b) {
		return append(dst, a...)
	}
	// a[n] < b[n]. Within b's first bytes there may be room right here; else behind, where any larger byte is still less than b.
	if a[n]+1 < b[n] || a[n]+1 == b[n] && n+1 < len(b) {
		return append(append(dst, a[:n]...), a[n]+1)
	}
	for n++; n < len(a); n++ {
		if a[n] != 0xff {
			return append(append(dst, a[:n]...), a[n]+1)
		}
	}
	return append(dst, a...)
}

// formatted shows a key in messages of errors.
type formatted []byte

// Format writes the parts of the key, or its bytes where it is none.
func (f formatted) Format(s fmt.State, _ rune) {
	key, err := store.ParseKey(f)
	if err != nil {
		_, _ = fmt.Fprintf(s, "%x", []byte(f))
		return
	}
	_, _ = fmt.Fprintf(s, "%v slice %d hash %016x key %x", key.Space, key.Slice, key.Hash, key.Bytes)
}
