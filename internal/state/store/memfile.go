package store

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/zeebo/xxh3"

	"wire.example/wire/internal/foundation/vfs"
)

// The file of a shard: magic, version, shard, two bytes 0; then blocks, each with the size of its data and the hash of size and data before it; last a
// block of size 0. docs/format/store.md draws it.
const (
	memoryMagic   = "WIREMEMS"
	memoryVersion = 1
	memoryHeader  = len(memoryMagic) + 4
	blockHeader   = 12
	memorySuffix  = ".shard"
)

// MemoryOptions say where a Memory starts and writes.
type MemoryOptions struct {
	// FS is where checkpoints are read and written; nil: the machine's.
	FS vfs.FS
	// From are the paths of a checkpoint's files, whose last elements are their Names. None: the store is empty.
	From []string
}

// newLife is a text that no other store has in the names of its files.
func newLife() string { return strings.ToLower(rand.Text()[:16]) }

// OpenMemory returns a store that holds what a checkpoint held.
func OpenMemory(ctx context.Context, options MemoryOptions) (*Memory, error) {
	m := NewMemory()
	if options.FS != nil {
		m.fs = options.FS
	}
	shown := &shards{}
	for _, path := range options.From {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		content, err := vfs.ReadFile(m.fs, path)
		if err != nil {
			return nil, err
		}
		number, s, err := readShard(path, content)
		if err != nil {
			return nil, err
		}
		if shown.shards[number].name != "" {
			return nil, fmt.Errorf("files %s and %s are the same shard of a state store", shown.shards[number].name, path)
		}
		s.name = filepath.Base(path)
		shown.shards[number] = s
		shown.bytes += s.bytes
	}
	m.shown.Store(shown)
	return m, nil
}

// Checkpoint writes a file for each shard that has entries.
func (m *Memory) Checkpoint(ctx context.Context, dir string) ([]File, error) {
	if err := m.enter(ctx); err != nil {
		return nil, err
	}
	defer m.mu.Unlock()
	if _, err := m.fs.Lstat(dir); !errors.Is(err, fs.ErrNotExist) {
		return nil, &fs.PathError{Op: "checkpoint", Path: dir, Err: errors.Join(err, fs.ErrExist)}
	}
	if err := m.fs.MkdirAll(dir, 0o777); err != nil {
		return nil, err
	}
	m.attempts++
	shown := *m.shown.Load()
	files := []File{}
	for i := range shown.shards {
		s := &shown.shards[i]
		if len(s.blocks) == 0 {
			continue
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if s.name == "" {
			s.name = fmt.Sprintf("%s-%d-%x%s", m.life, m.attempts, i, memorySuffix)
		}
		file := File{Name: s.name, Path: filepath.Join(dir, s.name)}
		content := appendShard(nil, i, s)
		file.Size = int64(len(content))
		if err := vfs.WriteFile(m.fs, file.Path, content); err != nil {
			return nil, err
		}
		m.stats.flushed.Add(file.Size)
		files = append(files, file)
	}
	if err := errors.Join(m.fs.SyncDir(dir), m.fs.SyncDir(filepath.Dir(dir))); err != nil {
		return nil, err
	}
	m.shown.Store(&shown)
	m.stats.checkpoints.Add(1)
	return files, nil
}

// appendShard appends the file of a shard.
func appendShard(b []byte, number int, s *shard) []byte {
	b = append(b, memoryMagic...)
	b = append(b, memoryVersion, byte(number), 0, 0) //nolint:gosec // 0 to 15
	for _, block := range s.blocks {
		b = appendBlock(b, block.data)
	}
	return appendBlock(b, nil)
}

func appendBlock(b, data []byte) []byte {
	begin := len(b)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(data))) //nolint:gosec // one entry at most above blockSize
	b = append(b, make([]byte, blockHeader-4)...)
	b = append(b, data...)
	binary.LittleEndian.PutUint64(b[begin+4:], blockHash(uint32(len(data)), data)) //nolint:gosec // as above
	return b
}

// blockHash is that of the size and of the data.
func blockHash(size uint32, data []byte) uint64 { return xxh3.HashSeed(data, uint64(size)) }

// readShard reads the file of a shard; its blocks share content.
func readShard(path string, content []byte) (number int, s shard, err error) {
	damaged := func(offset int, reason string) (int, shard, error) {
		return 0, shard{}, &CorruptError{File: path, Offset: int64(offset), Reason: reason}
	}
	if len(content) < memoryHeader || string(content[:len(memoryMagic)]) != memoryMagic {
		return damaged(0, "it does not begin as a shard of a state store")
	}
	if version := content[len(memoryMagic)]; version != memoryVersion {
		return 0, shard{}, fmt.Errorf("state file %s has version %d, this program reads version %d", path, version, memoryVersion)
	}
	number = int(content[len(memoryMagic)+1])
	if number >= Shards || content[memoryHeader-2] != 0 || content[memoryHeader-1] != 0 {
		return damaged(len(memoryMagic), "its header is none")
	}
	var before []byte
	at := memoryHeader
	for {
		if len(content)-at < blockHeader {
			return damaged(at, "it ends within a block")
		}
		size := binary.LittleEndian.Uint32(content[at:])
		sum := binary.LittleEndian.Uint64(content[at+4:])
		if uint64(len(content)-at-blockHeader) < uint64(size) {
			return damaged(at, "it ends within a block")
		}
		data := content[at+blockHeader : at+blockHeader+int(size)]
		if blockHash(size, data) != sum {
			return damaged(at, "the checksum of a block is wrong")
		}
		if size == 0 {
			break
		}
		b, reason := parseBlock(data, number, before)
		if reason != "" {
			return damaged(at, reason)
		}
		before = b.last()
		s.blocks = append(s.blocks, b)
		s.bytes += b.size()
		at += blockHeader + int(size)
	}
	if at+blockHeader != len(content) {
		return damaged(at, "bytes follow its last block")
	}
	return number, s, nil
}

// parseBlock finds the entries of a block. They are in order, and behind the key before.
func parseBlock(data []byte, number int, before []byte) (b *block, reason string) {
	b = &block{data: data}
	for at := 0; at < len(data); {
		rest := data[at:]
		keySize, n := binary.Uvarint(rest)
		if n <= 0 || keySize < PrefixLen || keySize > PrefixLen+MaxKey {
			return nil, "the length of a key is none"
		}
		valueSize, m := binary.Uvarint(rest[n:])
		if m <= 0 || valueSize > MaxValue {
			return nil, "the length of a value is none"
		}
		size := n + m + int(keySize) + int(valueSize) //nolint:gosec // within the limits
		if size > len(rest) {
			return nil, "an entry goes beyond its block"
		}
		key := rest[n+m : n+m+int(keySize)] //nolint:gosec // within the limits
		if k, err := ParseKey(key); err != nil || ShardOf(k.Hash) != number {
			return nil, "a key is of another shard"
		}
		if before != nil && bytes.Compare(before, key) >= 0 {
			return nil, "keys are out of order"
		}
		before = key
		b.offsets = append(b.offsets, uint32(at)) //nolint:gosec // a block is below 2^32
		at += size
	}
	return b, ""
}
