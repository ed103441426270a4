package pebblestore

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/sstable"

	"wire.example/wire/internal/foundation/vfs"
	"wire.example/wire/internal/state/store"
)

// countsProperty is the name of the property by which a table says how many entries it has of each space; docs/format/store.md draws it.
const countsProperty = "wire.counts"

// counter counts the entries of a table while it is written, or read. It is Pebble's BlockPropertyCollector for a property of the table as a whole.
type counter struct {
	counts []store.Count // in the order of spaces, since keys of each shard come in it
	last   int
}

func newCounter() pebble.BlockPropertyCollector { return &counter{} }

// Name is the name of the property.
func (*counter) Name() string { return countsProperty }

// AddPointKey counts a key.
func (c *counter) AddPointKey(key pebble.InternalKey, _ []byte) error {
	space, err := store.SpaceOf(key.UserKey)
	if err != nil {
		return err
	}
	c.note(space, key.Kind() != pebble.InternalKeyKindSet)
	return nil
}

// note counts an entry of a space.
func (c *counter) note(space store.Space, deleted bool) {
	if n := c.of(space); deleted {
		n.Deletes++
	} else {
		n.Puts++
	}
}

// add counts entries of a space.
func (c *counter) add(space store.Space, puts, deletes int64) {
	n := c.of(space)
	n.Puts += puts
	n.Deletes += deletes
}

// of are the counts of a space, good until the next call.
func (c *counter) of(space store.Space) *store.Count {
	if c.last >= len(c.counts) || c.counts[c.last].Space != space {
		at, found := slices.BinarySearchFunc(c.counts, space, func(n store.Count, s store.Space) int { return n.Space.Compare(s) })
		if !found {
			c.counts = slices.Insert(c.counts, at, store.Count{Space: space})
		}
		c.last = at
	}
	return &c.counts[c.last]
}

// FinishTable appends the property.
func (c *counter) FinishTable(buf []byte) ([]byte, error) { return appendCounts(buf, c.counts), nil }

// Blocks have no properties of their own, and there are neither keys of ranges nor suffixes.

// AddRangeKeys has nothing to do.
func (*counter) AddRangeKeys(sstable.Span) error { return nil }

// AddCollectedWithSuffixReplacement is not called.
func (*counter) AddCollectedWithSuffixReplacement(_, _, _ []byte) error { return errors.ErrUnsupported }

// SupportsSuffixReplacement reports false.
func (*counter) SupportsSuffixReplacement() bool { return false }

// FinishDataBlock appends nothing.
func (*counter) FinishDataBlock(buf []byte) ([]byte, error) { return buf, nil }

// AddPrevDataBlockToIndexBlock has nothing to do.
func (*counter) AddPrevDataBlockToIndexBlock() {}

// FinishIndexBlock appends nothing.
func (*counter) FinishIndexBlock(buf []byte) ([]byte, error) { return buf, nil }

func appendCounts(b []byte, counts []store.Count) []byte {
	for _, n := range counts {
		b = binary.AppendUvarint(b, uint64(n.Space.Operator))
		b = append(b, n.Space.Table)
		b = binary.AppendUvarint(b, uint64(n.Puts))    //nolint:gosec // not negative
		b = binary.AppendUvarint(b, uint64(n.Deletes)) //nolint:gosec // not negative
	}
	return b
}

// parseCounts reads what appendCounts wrote.
func parseCounts(data []byte) ([]store.Count, error) {
	var counts []store.Count
	r := packReader{size: len(data), rest: data}
	for len(r.rest) > 0 && r.err == nil {
		n := store.Count{Space: store.Space{Operator: uint16(r.number())}} //nolint:gosec // as it was written
		if len(r.rest) == 0 {
			r.fail("counts that end too early")
			break
		}
		n.Space.Table, r.rest = r.rest[0], r.rest[1:]
		n.Puts, n.Deletes = int64(r.number()), int64(r.number()) //nolint:gosec // as they were written
		counts = append(counts, n)
	}
	return counts, r.err
}

// reading is how tables are read without a store.
func reading() sstable.ReaderOptions {
	options := &pebble.Options{Comparer: newComparer()}
	options.EnsureDefaults()
	return options.MakeReaderOptions()
}

// opened calls do with a table that is open.
func opened(ctx context.Context, fsys vfs.ReadFS, path string, options sstable.ReaderOptions, do func(r *sstable.Reader) error) error {
	f, err := fsys.Open(path)
	if err != nil {
		return err
	}
	readable, err := sstable.NewSimpleReadable(&diskFile{file: f})
	if err != nil {
		return errors.Join(err, f.Close())
	}
	r, err := sstable.NewReader(ctx, readable, options)
	if err != nil {
		return errors.Join(wrapped(err), readable.Close())
	}
	return errors.Join(do(r), wrapped(r.Close()))
}

// countsOf are the counts that a table says it has; nil if it was written by a release that did not count.
func (s *Store) countsOf(ctx context.Context, path string) (counts []store.Count, err error) {
	err = opened(ctx, s.disk, path, reading(), func(r *sstable.Reader) error {
		property, ok := r.UserProperties[countsProperty]
		if !ok || property == "" {
			return nil
		}
		var err error
		counts, err = parseCounts([]byte(property[1:])) // Pebble's number of the collector stands before
		return err
	})
	return counts, err
}

// Count reads all entries of a table or log of a checkpoint and counts them, by space and in their order; nothing for a file that is none. Damage is a *store.CorruptError.
func Count(ctx context.Context, fsys vfs.FS, f store.File) ([]store.Count, error) {
	if f.Small {
		return nil, nil
	}
	if filepath.Ext(f.Name) == logSuffix {
		return countLog(fsys, f.Path)
	}
	c := &counter{}
	err := opened(ctx, fsys, f.Path, reading(), func(r *sstable.Reader) (err error) {
		it, err := r.NewIter(sstable.NoTransforms, nil, nil, sstable.AssertNoBlobHandles)
		if err != nil {
			return wrapped(err)
		}
		defer func() { err = errors.Join(err, wrapped(it.Close())) }()
		for kv := it.First(); kv != nil; kv = it.Next() {
			if err := c.AddPointKey(kv.K, nil); err != nil {
				return err
			}
		}
		return wrapped(it.Error())
	})
	if err != nil {
		return nil, fmt.Errorf("count the entries of %s: %w", f.Path, err)
	}
	return c.counts, nil
}
