package pebblestore

import (
	"cmp"
	"encoding/binary"
	"hash/crc32"
	"math/bits"
	"slices"

	"wire.example/wire/internal/state/store"
)

// The end of a table of Pebble's format 2, docs/format/store.md draws it.
const (
	tableMagic   = "\xf0\x9f\xaa\xb3\xf0\x9f\xaa\xb3"
	tableVersion = 2
	sumCRC32C    = 1                // the kind of checksum
	footerSize   = 1 + 4*10 + 4 + 8 // that kind, two handles and what fills up, version, magic
)

// Kinds of blocks, the byte behind each.
const (
	blockPlain  = 0
	blockSnappy = 1
	blockZstd   = 7
)

// behindBlock is how much stands behind a block: its kind and a checksum.
const behindBlock = 5

// sampleEvery: a block of entries is compressed where those before it lost enough by it, and every so many-th is tried.
const sampleEvery = 64

// handle says where a block is: without the five bytes behind it.
type handle struct{ offset, size uint64 }

func (h handle) append(b []byte) []byte {
	return binary.AppendUvarint(binary.AppendUvarint(b, h.offset), h.size)
}

// tableWriter writes tables, one after another, in the format that Pebble reads as sstables: blocks of rows, a filter, one index, range deletes, properties. One goroutine uses it. After an error of add nothing but abort may be called, after one of finish nothing but begin.
type tableWriter struct {
	blockSize int
	sums      *crc32.Table // of all checksums of blocks
	file      *tableFile
	data      rowBlock
	index     rowBlock
	ranges    rowBlock
	filter    tableFilter
	counts    counter
	last      lastEntry
	offset    uint64
	ended     handle // the block before data, which the index has not yet; size 0: none
	lastKey   []byte // of it
	key       []byte // one that is made as a whole
	packer    packer
	sampled   int  // blocks since one was tried, of all tables; at 0 the next one is
	packing   bool // what came of it
	packs     bool // a block of the table is compressed
	plain     bool // none is to be
	props     tableProps
	scratch   []byte
}

// lastEntry is the entry that was added last.
type lastEntry struct {
	space  store.Space
	slice  int64
	hash   uint64
	key    []byte       // a copy
	prefix [hashAt]byte // what stands before the hash
	there  bool
}

// shared is how many bytes of the key of e are as in that of the last entry, if there is one. It makes prefix that of e.
func (l *lastEntry) shared(e *store.Entry) int {
	switch {
	case !l.there || store.ShardOf(l.hash) != store.ShardOf(e.Hash) || l.slice != e.Slice || l.space != e.Space:
		before := l.prefix
		store.AppendSlice(l.prefix[:0], store.ShardOf(e.Hash), e.Space, e.Slice)
		return commonLen(before[:], l.prefix[:])
	case l.hash != e.Hash:
		return hashAt + bits.LeadingZeros64(l.hash^e.Hash)/8
	default:
		return store.PrefixLen + commonLen(l.key, e.Key)
	}
}

// set makes e the last entry.
func (l *lastEntry) set(e *store.Entry) {
	l.space, l.slice, l.hash, l.there = e.Space, e.Slice, e.Hash, true
	l.key = append(l.key[:0], e.Key...)
}

// tableProps are what a table says of itself.
type tableProps struct {
	entries, deletes, ranges, keyBytes, valueBytes, deletedBytes, blocks, dataSize, filterSize, indexSize uint64
}

func newTableWriter(blockSize int, packs store.Compression) *tableWriter {
	return &tableWriter{blockSize: blockSize, packer: packer{kind: packs}, plain: packs == store.Uncompressed, sums: crc32.MakeTable(crc32.Castagnoli), data: rowBlock{interval: restartInterval}, index: rowBlock{interval: 1}, ranges: rowBlock{interval: 1}}
}

// begin begins a table in a new file. Range deletes come before entries; each in the order of keys.
func (w *tableWriter) begin(file *tableFile) {
	w.file, w.offset, w.ended, w.props, w.counts = file, 0, handle{}, tableProps{}, counter{}
	w.data.begin(file.room())
	w.last.there = false
	w.index.reset()
	w.ranges.reset()
	w.filter.reset()
	w.packs = false
}

// bytes is how much was added to the table, before compression.
func (w *tableWriter) bytes() uint64 { return w.props.keyBytes + w.props.valueBytes }

// deleteRange adds a range delete.
func (w *tableWriter) deleteRange(r keyRange) {
	w.ranges.add(r.low, trailer(0, kindRangeDelete), r.high)
	p := &w.props
	p.entries++
	p.deletes++
	p.ranges++
	p.keyBytes += uint64(len(r.low) + keyTrailer)
	p.valueBytes += uint64(len(r.high))
}

// add adds entries.
func (w *tableWriter) add(entries []store.Entry) error {
	for i := range entries {
		e := &entries[i]
		if size := w.data.size(); size >= w.blockSize || size > 0 && size+len(e.Value) >= 2*w.blockSize {
			if err := w.endBlock(); err != nil {
				return err
			}
		}
		if w.ended.size > 0 {
			w.key = store.AppendKey(w.key[:0], e.Space, e.Slice, e.Hash, e.Key)
			w.enterBlock(w.key)
		}
		p, keyBytes := &w.props, uint64(store.PrefixLen+len(e.Key)) //nolint:gosec // not negative
		p.entries++
		p.keyBytes += keyBytes + keyTrailer
		p.valueBytes += uint64(len(e.Value))
		end := trailer(0, kindSet)
		if e.Deleted {
			end = trailer(0, kindDelete)
			p.deletes++
			p.deletedBytes += keyBytes
		}
		w.counts.note(e.Space, e.Deleted)
		w.filter.add(e)
		shared := w.last.shared(e)
		w.data.addHashed(shared, &w.last.prefix, e.Hash, e.Key, end, e.Value)
		w.last.set(e)
	}
	return nil
}

// endBlock writes the block of entries.
func (w *tableWriter) endBlock() error {
	w.lastKey = w.lastKey[:0]
	if l := &w.last; w.data.entries > 0 {
		w.lastKey = store.AppendKey(w.lastKey, l.space, l.slice, l.hash, l.key)
	}
	block, kind := w.pack(w.data.finish())
	w.props.blocks++
	var err error
	w.ended, err = w.writeMade(block, kind, w.data.lent && kind == blockPlain)
	w.data.begin(w.file.room())
	return err
}

// pack compresses a block, if that is worth it, and says of which kind it is then.
func (w *tableWriter) pack(block []byte) ([]byte, byte) {
	if w.plain {
		return block, blockPlain
	}
	tried := w.sampled == 0
	if w.sampled++; w.sampled == sampleEvery {
		w.sampled = 0
	}
	if !tried && !w.packing {
		return block, blockPlain
	}
	packed, kind := w.packer.block(block)
	w.packing = kind != blockPlain
	w.packs = w.packs || w.packing
	return packed, kind
}

// enterBlock puts the block that ended into the index, under a key that is not less than its last one and less than next, which follows; nil: nothing does.
func (w *tableWriter) enterBlock(next []byte) {
	w.scratch = w.scratch[:0]
	if next != nil {
		w.scratch = separator(w.scratch, w.lastKey, next)
	} else {
		w.scratch = append(w.scratch, w.lastKey...)
	}
	key := len(w.scratch)
	end := trailer(0, kindDelete) // behind all entries of the key
	if string(w.scratch) != string(w.lastKey) {
		end = trailer(maxSeq, kindSeparator)
	}
	w.scratch = w.ended.append(w.scratch)
	w.index.add(w.scratch[:key], end, w.scratch[key:])
	w.ended = handle{}
}

// write writes a block that is not compressed, and what stands behind it.
func (w *tableWriter) write(block []byte) (handle, error) {
	return w.writeMade(block, blockPlain, false)
}

// writeMade writes a block, which may lie in the file's room, where it was made, and what stands behind it: kind and checksum.
func (w *tableWriter) writeMade(block []byte, kind byte, inRoom bool) (handle, error) {
	sum := crc32.Update(0, w.sums, block)
	sum = crc32.Update(sum, w.sums, []byte{kind})
	var behind [behindBlock]byte
	behind[0] = kind
	binary.LittleEndian.PutUint32(behind[1:], (sum>>15|sum<<17)+0xa282ead8) // as Pebble, RocksDB and LevelDB have it
	h := handle{offset: w.offset, size: uint64(len(block))}
	w.offset += uint64(len(block) + len(behind))
	write := w.file.Write
	if inRoom {
		write = func(block []byte) error { return w.file.filled(len(block)) }
	}
	if err := write(block); err != nil {
		return h, err
	}
	return h, w.file.Write(behind[:])
}

// finish writes what stands behind the entries, syncs and closes the file, and returns its size.
func (w *tableWriter) finish() (size int64, err error) {
	if err := w.finishBlocks(); err != nil {
		w.file.Abort()
		return 0, err
	}
	return int64(w.offset), w.file.Finish() //nolint:gosec // the size of a file
}

// abort closes the file, which is worth nothing then.
func (w *tableWriter) abort() { w.file.Abort() }

// finishBlocks writes all that stands behind the blocks of entries.
func (w *tableWriter) finishBlocks() error {
	if w.data.entries > 0 || w.props.blocks == 0 {
		if err := w.endBlock(); err != nil {
			return err
		}
	}
	w.enterBlock(nil)
	p := &w.props
	p.dataSize = w.offset
	var named []namedBlock
	name := func(name string, h handle) { named = append(named, namedBlock{name, h}) }
	filtered := len(w.filter.hashes) > 0
	if filtered {
		h, err := w.write(w.filter.finish())
		if err != nil {
			return err
		}
		p.filterSize = h.size
		name("fullfilter."+filterName, h)
	}
	index, err := w.write(w.index.finish())
	if err != nil {
		return err
	}
	p.indexSize = index.size + behindBlock
	if p.ranges > 0 {
		h, err := w.write(w.ranges.finish())
		if err != nil {
			return err
		}
		name("rocksdb.range_del2", h)
	}
	h, err := w.write(w.properties(filtered))
	if err != nil {
		return err
	}
	name("rocksdb.properties", h)
	meta := rowBlock{interval: 1}
	slices.SortFunc(named, func(a, b namedBlock) int { return cmp.Compare(a.name, b.name) })
	for _, b := range named {
		meta.addName(b.name, b.at.append(nil))
	}
	if h, err = w.write(meta.finish()); err != nil {
		return err
	}
	return w.writeFooter(h, index)
}

// namedBlock is a block about the table.
type namedBlock struct {
	name string
	at   handle
}

// property is something that a table says of itself.
type property struct {
	name  string
	value []byte
}

// filterName is what the filter is known by.
const filterName = "rocksdb.BuiltinBloomFilter"

// properties are those of the table, by their names at Pebble, in order.
func (w *tableWriter) properties(filtered bool) []byte {
	p := &w.props
	number := func(v uint64) []byte { return binary.AppendUvarint(nil, v) }
	compression := "NoCompression"
	if w.packs {
		compression = w.packer.name()
	}
	all := []property{
		{"rocksdb.comparator", []byte(comparerName)},
		{"rocksdb.compression", []byte(compression)},
		{"rocksdb.data.size", number(p.dataSize)},
		{"rocksdb.deleted.keys", number(p.deletes)},
		{"rocksdb.filter.size", number(p.filterSize)},
		{"rocksdb.index.size", number(p.indexSize)},
		{"rocksdb.block.based.table.index.type", make([]byte, 4)}, // one index
		{"rocksdb.merge.operands", number(0)},
		{"rocksdb.num.data.blocks", number(p.blocks)},
		{"rocksdb.num.entries", number(p.entries)},
		{"rocksdb.num.range-deletions", number(p.ranges)},
		{"rocksdb.property.collectors", []byte("[" + countsProperty + "]")},
		{"rocksdb.raw.key.size", number(p.keyBytes)},
		{"rocksdb.raw.value.size", number(p.valueBytes)},
		{"pebble.raw.point-tombstone.key.size", number(p.deletedBytes)},
		{countsProperty, appendCounts([]byte{0}, w.counts.counts)}, // behind the number of the collector
	}
	if filtered {
		all = append(all, property{"rocksdb.filter.policy", []byte(filterName)})
	}
	block := rowBlock{interval: 1}
	slices.SortFunc(all, func(a, b property) int { return cmp.Compare(a.name, b.name) })
	for _, p := range all {
		block.addName(p.name, p.value)
	}
	return block.finish()
}

// writeFooter writes the end of the table.
func (w *tableWriter) writeFooter(meta, index handle) error {
	footer := make([]byte, 0, footerSize)
	footer = index.append(meta.append(append(footer, sumCRC32C)))
	footer = footer[:footerSize-4-len(tableMagic)]
	footer = append(binary.LittleEndian.AppendUint32(footer, tableVersion), tableMagic...)
	w.offset += footerSize
	return w.file.Write(footer)
}
