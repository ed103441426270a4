package keyed

import "wire.example/wire/internal/state/store"

// Outlined is an Evictable whose entries are of several slices, and may stay in the store unread when the rest was restored, if it is told what there is. Unless it is an Unread, too, they are read when the operator needs them, and not
// before.
type Outlined interface {
	Evictable
	// Outline says what there is as of the epoch that was sealed just now, in at most MostOutline bytes; ok is false if entries cannot stay unread.
	Outline() (outline []byte, ok bool)
	// PostponeSlices leaves entries in the store: of each shard those that were not put in, which begin, in the order of the store, with one of hash from. outlines are those of all parts that had some of the entries; ok is
	// false if they are not known in that form, and nothing has happened then. It is called once, when all others were put in, before anything else. The error is SQLSTATE 53200.
	PostponeSlices(from uint64, outlines [][]byte) (ok bool, err error)
}

// MostOutline is how long an outline may be, in bytes.
const MostOutline = 64 << 10

// ShardFrom is the first hash of the shard of a hash: what was read in the order of the store up to that hash is, of each slice, all with a lower hash than that.
func ShardFrom(hash uint64) uint64 {
	from, _ := store.ShardHashes(store.ShardOf(hash))
	return from
}
