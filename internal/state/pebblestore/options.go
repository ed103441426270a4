package pebblestore

import (
	"log/slog"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/bloom"
	"github.com/cockroachdb/pebble/v2/sstable"

	"wire.example/wire/internal/foundation/clock"
	"wire.example/wire/internal/foundation/vfs"
	"wire.example/wire/internal/state/store"
)

// Options say where a store lies and what it may use.
type Options struct {
	// FS is where tables and checkpoints lie; nil: the machine's.
	FS vfs.FS
	// Dir is the live directory. It is scratch: new or empty when the store is opened, worth nothing once it is closed. Another process is kept out by
	// whoever owns the directory above.
	Dir string
	// From are the files of a checkpoint, by path, whose last elements are their Names. None: the store is empty.
	From []string
	// Memory is what the store may use in all, in bytes: cache of blocks, compactions, what Pebble keeps in memory. Below MinMemory it is MinMemory.
	Memory int64
	// Late says that the store is read when it is opened and hardly after: what comes in is merged later then, and by that less often.
	Late bool
	// Compression is how what is written is compressed. Files of a checkpoint may be compressed otherwise.
	Compression store.Compression
	// Clock waits for compactions that are behind; nil: the machine's.
	Clock clock.Clock
	// Log hears of what is wrong; nil: nobody.
	Log *slog.Logger
}

// MinMemory is the least that a store works with, in bytes: the filter of each table must find room in a part of the cache.
const MinMemory = 16 << 20

// Tuning; docs/adr/0015-state-lies-in-an-lsm-store.md says what was measured.
const (
	formatVersion    = pebble.FormatNewest
	dataBlockSize    = 8 << 10
	lateBlockSize    = 32 << 10 // the same, of a store that is hardly read: a block costs what it costs, however long it is
	indexBlockSize   = 32 << 10
	filterBits       = 10
	memtableSize     = 256 << 10 // nothing goes through it
	manifestSize     = 64 << 10
	openFiles        = 1000
	tableSize        = 4 << 20  // of level 0 and the next; twice as much a level below
	tableSizeMost    = 16 << 20 // the filter of a larger one would take too much of a small cache
	baseLevelSize    = 64 << 20
	lateBaseSize     = 1 << 30 // the same, of a store that merges late
	levelZeroTables  = 16      // Pebble merges level 0 from half as many levels on
	lateTables       = 256     // the same, of a store that is read when a run begins and hardly after
	levelZeroMost    = 24      // levels of level 0, from which on Apply waits for compactions
	lateMost         = 320     // the same, of a store that merges late
	levelZeroFiles   = 8192    // of level 0, from which on Pebble merges it whatever the levels are: never
	levelZeroStop    = 1000    // nothing is written that Pebble would hold back by it
	moreCompactions  = 12      // levels of level 0 beyond those that ask for a second compaction
	compactionsLeast = 1
	compactionsMost  = 2
	cacheShare       = 3 // the cache has one part in so many of Memory: without cgo what it gave up is garbage for a while, and compactions need some, too
)

// pebbleOptions are those of a store.
func pebbleOptions(o Options, fs *diskFS, f *failures) *pebble.Options {
	tables, blockSize, base := levelZeroTables, dataBlockSize, int64(baseLevelSize)
	if o.Late {
		tables, blockSize, base = lateTables, lateBlockSize, lateBaseSize
	}
	options := &pebble.Options{
		FS:                          fs,
		Comparer:                    newComparer(),
		FormatMajorVersion:          formatVersion,
		Logger:                      f,
		EventListener:               f.listener(),
		DisableWAL:                  true,
		BlockPropertyCollectors:     []func() pebble.BlockPropertyCollector{newCounter},
		CacheSize:                   max(o.Memory, MinMemory) / cacheShare,
		MemTableSize:                memtableSize,
		MaxManifestFileSize:         manifestSize,
		MaxOpenFiles:                openFiles,
		L0CompactionThreshold:       tables,
		L0CompactionFileThreshold:   levelZeroFiles,
		L0StopWritesThreshold:       levelZeroStop,
		LBaseMaxBytes:               base,
		CompactionConcurrencyRange:  func() (least, most int) { return compactionsLeast, compactionsMost },
		MemTableStopWritesThreshold: 2,
	}
	merged := mergedCompression(o.Compression)
	options.TargetFileSizes[0] = tableSize
	for i := range options.TargetFileSizes[1:] {
		options.TargetFileSizes[i+1] = min(int64(tableSize)<<i, tableSizeMost)
	}
	for i := range options.Levels {
		level := &options.Levels[i]
		level.BlockSize = blockSize
		level.IndexBlockSize = indexBlockSize
		level.FilterPolicy = bloom.FilterPolicy(filterBits)
		level.Compression = func() *sstable.CompressionProfile { return merged }
	}
	options.Experimental.L0CompactionConcurrency = moreCompactions + (tables-levelZeroTables)/2
	options.Experimental.FileCacheShards = 2
	options.Experimental.ReadSamplingMultiplier = -1 // reads do not ask for compactions: what is read depends on the cache, not on the data
	options.Experimental.SpanPolicyFunc = func([]byte) (pebble.SpanPolicy, []byte, error) {
		return pebble.SpanPolicy{DisableValueSeparationBySuffix: true}, nil, nil // keys of one hash are no versions of each other
	}
	options.EnsureDefaults()
	return options
}
