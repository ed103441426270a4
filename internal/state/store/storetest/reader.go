package storetest

import (
	"errors"

	"wire.example/wire/internal/state/store"
)

// ErrBroken is what a Reader that fails answers.
var ErrBroken = errors.New("the disk cannot be read")

// Reader is a reader that counts what it is asked for, and that fails if it is told to.
type Reader struct {
	store.Reader
	// Fails: from now on Left more entries are given, and then no call succeeds.
	Fails bool
	Left  int
	// Scans is how often a slice was scanned, Lookups how often hashes were looked up.
	Scans, Lookups int
}

// ScanSlice is that of the reader.
func (r *Reader) ScanSlice(s store.Space, slice int64, from, to uint64, f func(hash uint64, key, value []byte) error) error {
	r.Scans++
	return r.end(r.Reader.ScanSlice(s, slice, from, to, r.give(f)))
}

// Lookup is that of the reader.
func (r *Reader) Lookup(s store.Space, slice int64, hashes []uint64, f func(hash uint64, key, value []byte) error) error {
	r.Lookups++
	return r.end(r.Reader.Lookup(s, slice, hashes, r.give(f)))
}

// give gives f entries, until it is time to fail.
func (r *Reader) give(f func(hash uint64, key, value []byte) error) func(hash uint64, key, value []byte) error {
	return func(hash uint64, key, value []byte) error {
		if r.Fails && r.Left == 0 {
			return ErrBroken
		}
		r.Left--
		return f(hash, key, value)
	}
}

// end fails where all was given that may be.
func (r *Reader) end(err error) error {
	if err == nil && r.Fails && r.Left == 0 {
		return ErrBroken
	}
	return err
}
