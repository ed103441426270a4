// Package store is where durable state lies: entries under ordered keys, changed once an epoch, read by ranges of hashes.
//
// Tasks note what changed in a Changes each and hand it over at a barrier; Store.Apply makes a number of them visible at once, and
// Store.Checkpoint links what was applied into a directory, so that only files which are new need to be kept elsewhere. A store is scratch: whoever
// starts again opens a fresh one from the files of a checkpoint. Operators have Spaces, tables of entries, which are cut into 16 shards by
// the top bits of the hash and within them into slices, windows for instance, that can be dropped whole. docs/format/store.md draws the keys.
//
// Memory is the store that keeps everything in memory; package pebblestore has the one on disk, and storetest the suite that both pass.
package store
