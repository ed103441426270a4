package store

import (
	"fmt"
	"slices"
	"strings"
)

// Compression says how a store on disk compresses what it writes. What it reads may be of any kind, whatever it writes: the zero value is what is used where nobody says.
type Compression uint8

// Kinds of compression.
const (
	// Snappy compresses tables, those of an epoch only where that is worth it, and no logs.
	Snappy Compression = iota
	// Zstd compresses all, for less on disk and more work.
	Zstd
	// Uncompressed compresses nothing.
	Uncompressed
)

// Compressions are the names of all kinds, by number.
func Compressions() []string { return []string{"snappy", "zstd", "none"} }

func (c Compression) String() string { return Compressions()[c] }

// ParseCompression reads the name of a kind, in letters of any case.
func ParseCompression(text string) (Compression, error) {
	i := slices.Index(Compressions(), strings.ToLower(text))
	if i < 0 {
		return 0, fmt.Errorf("it is snappy, zstd or none, not %q", text)
	}
	return Compression(i), nil //nolint:gosec // few
}
