package pebblestore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/bloom"
	"github.com/cockroachdb/pebble/v2/sstable"
	"pgregory.net/rapid"

	"wire.example/wire/internal/foundation/vfs"
	"wire.example/wire/internal/state/store"
)

// drawnTable is what a table is to have.
type drawnTable struct {
	ranges  []keyRange
	entries []store.Entry // in the order of keys
}

// drawTable draws a table: keys that share beginnings and hashes, deletes, values of all sizes, some of them regular.
func drawTable(t *rapid.T) drawnTable {
	hashes := rapid.SampledFrom([]uint64{3, 1 << 10, 1 << 59}).Draw(t, "hashes")
	sizes := rapid.SampledFrom([]int{0, 10, 300, 20_000}).Draw(t, "sizes")
	regular := rapid.Bool().Draw(t, "regular")
	seeds := make([]uint64, rapid.IntRange(0, 2000).Draw(t, "entries"))
	for i := range seeds {
		seeds[i] = rapid.Uint64().Draw(t, "seed")
	}
	d := tableOf(seeds, hashes, sizes, regular)
	for slice := range rapid.Int64Range(0, 5).Draw(t, "ranges") {
		d.ranges = append(d.ranges, sliceRange(store.Space{Operator: 7}, slice, uint64(slice), 1<<59))
	}
	return d
}

// tableOf is a table of an entry for each seed, with that many hashes, and values of that many sizes.
func tableOf(seeds []uint64, hashes uint64, sizes int, regular bool) (d drawnTable) {
	byKey := map[string]store.Entry{}
	for _, seed := range seeds {
		e := store.Entry{
			Space: store.Space{Operator: uint16(seed & 1), Table: uint8(seed >> 1 & 1)}, Slice: int64(seed>>2&1) - 1, Hash: seed >> 5 % hashes,
			Key: fmt.Append(nil, seed>>40%50), Deleted: seed>>3&7 == 0,
		}
		if !e.Deleted && sizes > 0 {
			e.Value = bytes.Repeat([]byte{byte(seed)}, int(seed>>30)%sizes)
			if !regular {
				for i := range e.Value {
					seed = seed*6364136223846793005 + 1442695040888963407
					e.Value[i] = byte(seed >> 50)
				}
			}
		}
		byKey[string(store.AppendKey(nil, e.Space, e.Slice, e.Hash, e.Key))] = e
	}
	keys := make([]string, 0, len(byKey))
	for key := range byKey {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	for _, key := range keys {
		d.entries = append(d.entries, byKey[key])
	}
	return d
}

// write writes the table in pieces.
func (d drawnTable) write(t rapid.TB, w *tableWriter, fs *diskFS, name string, piece int) int64 {
	t.Helper()
	f, err := fs.createTable(name, vfs.DirectBuffer(writeSize+roomBehind))
	if err != nil {
		t.Fatal(err)
	}
	w.begin(f)
	for _, r := range d.ranges {
		w.deleteRange(r)
	}
	for part := range slices.Chunk(d.entries, piece) {
		if err := w.add(part); err != nil {
			t.Fatal(err)
		}
	}
	size, err := w.finish()
	if err != nil {
		t.Fatal(err)
	}
	return size
}

// writtenTables are tables that are written with few writers, and read again.
type writtenTables struct {
	disk    *vfs.Mem
	fs      *diskFS
	writers map[tableKind]*tableWriter
	number  int
}

// tableKind is the size of blocks, and how they are compressed.
type tableKind struct {
	blockSize int
	packs     store.Compression
}

// check writes a table, in pieces, and reads it with Pebble's reader. It reports whether it was compressed.
func (w *writtenTables) check(t rapid.TB, d drawnTable, kind tableKind, piece int) (packed bool) {
	t.Helper()
	if w.writers[kind] == nil {
		w.writers[kind] = newTableWriter(kind.blockSize, kind.packs)
	}
	w.number++
	name := fmt.Sprintf("/%d%s", w.number, tableSuffix)
	size := d.write(t, w.writers[kind], w.fs, name, piece)
	if info, err := w.disk.Stat(name); err != nil || info.Size() != size {
		t.Fatalf("a file of %v bytes, said to have %d: %v", info, size, err)
	}
	options := reading()
	options.Filters = map[string]sstable.FilterPolicy{filterName: bloom.FilterPolicy(filterBits)}
	err := opened(context.Background(), w.disk, name, options, func(r *sstable.Reader) error {
		return errors.Join(r.ValidateBlockChecksums(), d.checkPoints(r), d.checkRanges(r), d.checkProperties(r))
	})
	if err != nil {
		t.Fatal(err)
	}
	return w.writers[kind].packs
}

// TestTablesAreReadByPebble writes tables, one after another with one writer, and reads them with Pebble's reader: entries in both directions and by key, range deletes, checksums, counts and filter.
func TestTablesAreReadByPebble(t *testing.T) {
	disk := vfs.NewMem()
	w := &writtenTables{disk: disk, fs: newDiskFS(disk), writers: map[tableKind]*tableWriter{}}
	rapid.Check(t, func(t *rapid.T) {
		blockSize := rapid.SampledFrom([]int{200, dataBlockSize, lateBlockSize}).Draw(t, "size of blocks")
		packs := rapid.SampledFrom([]store.Compression{store.Snappy, store.Zstd, store.Uncompressed}).Draw(t, "compression")
		w.check(t, drawTable(t), tableKind{blockSize, packs}, rapid.IntRange(1, 100).Draw(t, "piece"))
	})
	random, seeds := rand.New(rand.NewPCG(1, 2)), make([]uint64, 2000)
	for i := range seeds {
		seeds[i] = random.Uint64()
	}
	for _, regular := range []bool{true, false} { // those that were drawn may all be short
		for _, packs := range []store.Compression{store.Snappy, store.Zstd, store.Uncompressed} {
			want := regular && packs != store.Uncompressed
			if packed := w.check(t, tableOf(seeds, 1<<59, 2000, regular), tableKind{200, packs}, 100); packed != want {
				t.Errorf("a table of regular values, %t, with %v: compressed, %t", regular, packs, packed)
			}
		}
	}
}

func (d drawnTable) checkPoints(r *sstable.Reader) (err error) {
	it, err := r.NewIter(sstable.NoTransforms, nil, nil, sstable.AssertNoBlobHandles)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, it.Close()) }()
	at := 0
	for kv := it.First(); kv != nil; kv = it.Next() {
		if at == len(d.entries) {
			return fmt.Errorf("%s is one too many", kv.K)
		}
		if err := d.is(at, kv.K, kv.InPlaceValue()); err != nil {
			return err
		}
		at++
	}
	if at != len(d.entries) {
		return fmt.Errorf("%d entries instead of %d", at, len(d.entries))
	}
	for kv := it.Last(); kv != nil; kv = it.Prev() {
		at--
		if err := d.is(at, kv.K, kv.InPlaceValue()); err != nil {
			return err
		}
	}
	for at, e := range d.entries {
		key := store.AppendKey(nil, e.Space, e.Slice, e.Hash, e.Key)
		kv := it.SeekPrefixGE(key[:store.PrefixLen], key, 0)
		if kv == nil {
			return fmt.Errorf("%x is not found", key)
		}
		if err := d.is(at, kv.K, kv.InPlaceValue()); err != nil {
			return err
		}
	}
	return it.Error()
}

// is fails unless entry number at is the one that was read.
func (d drawnTable) is(at int, key pebble.InternalKey, value []byte) error {
	e := d.entries[at]
	want := store.AppendKey(nil, e.Space, e.Slice, e.Hash, e.Key)
	kind := pebble.InternalKeyKindSet
	if e.Deleted {
		kind = pebble.InternalKeyKindDelete
	}
	if !bytes.Equal(key.UserKey, want) || key.Kind() != kind || key.SeqNum() != 0 || !bytes.Equal(value, e.Value) {
		return fmt.Errorf("entry %d is %s = %d bytes, should be %x (%s) = %d bytes", at, key, len(value), want, kind, len(e.Value))
	}
	return nil
}

func (d drawnTable) checkRanges(r *sstable.Reader) error {
	it, err := r.NewRawRangeDelIter(context.Background(), sstable.NoFragmentTransforms, sstable.NoReadEnv)
	if err != nil || it == nil {
		if len(d.ranges) > 0 {
			err = errors.Join(err, errors.New("no range deletes"))
		}
		return err
	}
	defer it.Close()
	at := 0
	for span, err := it.First(); span != nil || err != nil; span, err = it.Next() {
		if err != nil {
			return err
		}
		if at == len(d.ranges) || !bytes.Equal(span.Start, d.ranges[at].low) || !bytes.Equal(span.End, d.ranges[at].high) {
			return fmt.Errorf("range delete %d is %s", at, span)
		}
		at++
	}
	if at != len(d.ranges) {
		return fmt.Errorf("%d range deletes instead of %d", at, len(d.ranges))
	}
	return nil
}

func (d drawnTable) checkProperties(r *sstable.Reader) error {
	props, err := r.ReadPropertiesBlock(context.Background(), nil)
	if err != nil {
		return err
	}
	c := counter{}
	deletes := uint64(len(d.ranges))
	for _, e := range d.entries {
		c.note(e.Space, e.Deleted)
		if e.Deleted {
			deletes++
		}
	}
	if props.NumEntries != uint64(len(d.entries)+len(d.ranges)) || props.NumDeletions != deletes || props.NumRangeDeletions != uint64(len(d.ranges)) {
		return fmt.Errorf("%d entries, %d deletes, %d range deletes", props.NumEntries, props.NumDeletions, props.NumRangeDeletions)
	}
	counts, err := parseCounts([]byte(r.UserProperties[countsProperty][1:]))
	if err != nil || !slices.Equal(counts, c.counts) {
		return fmt.Errorf("counts %v instead of %v: %w", counts, c.counts, err)
	}
	return nil
}
