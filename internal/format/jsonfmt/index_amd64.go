package jsonfmt

import "unsafe"

// indexAVX2 is indexWords by 32 bytes at a time. words is at least one.
//
//go:noescape
func indexAVX2(p unsafe.Pointer, out *uint64, words int)

func hasAVX2() bool

// newIndexer returns the fastest indexWords that this processor can run.
func newIndexer() indexer {
	if hasAVX2() {
		return indexAVX2
	}
	return indexWords
}
