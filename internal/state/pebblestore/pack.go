package pebblestore

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	pebblevfs "github.com/cockroachdb/pebble/v2/vfs"
	"github.com/zeebo/xxh3"

	"wire.example/wire/internal/foundation/fault"
	"wire.example/wire/internal/state/store"
)

// The pack is the one file of a checkpoint that is not a table; docs/format/store.md draws it.
const (
	packName    = "pack"
	packMagic   = "WIRESTPK"
	packVersion = 1
	packLogs    = 2 // the version of a pack with logs
	packSum     = 8
)

// pack is what a checkpoint has besides tables' content.
type pack struct {
	tables []table
	files  []packed
	logs   []logged // in the order in which they were written
}

// logged is a log of changes that no table has.
type logged struct {
	size int64
	name string
}

// table is one of those that the checkpoint consists of.
type table struct {
	number uint64 // Pebble's
	size   int64
	name   string // what the world knows it by
}

// packed is a small file of Pebble's.
type packed struct {
	name    string
	content []byte
}

func appendPack(p *pack) []byte {
	b := []byte(packMagic)
	version := byte(packVersion)
	if len(p.logs) > 0 {
		version = packLogs
	}
	b = append(b, version)
	b = binary.AppendUvarint(b, uint64(len(p.tables)))
	for _, t := range p.tables {
		b = binary.AppendUvarint(b, t.number)
		b = binary.AppendUvarint(b, uint64(t.size)) //nolint:gosec // not negative
		b = appendBytes(b, []byte(t.name))
	}
	b = binary.AppendUvarint(b, uint64(len(p.files)))
	for _, f := range p.files {
		b = appendBytes(b, []byte(f.name))
		b = appendBytes(b, f.content)
	}
	if version == packLogs {
		b = binary.AppendUvarint(b, uint64(len(p.logs)))
		for _, l := range p.logs {
			b = binary.AppendUvarint(b, uint64(l.size)) //nolint:gosec // not negative
			b = appendBytes(b, []byte(l.name))
		}
	}
	return binary.LittleEndian.AppendUint64(b, xxh3.Hash(b))
}

func appendBytes(b, content []byte) []byte {
	return append(binary.AppendUvarint(b, uint64(len(content))), content...)
}

// parsePack reads the pack at a path; its content is shared.
func parsePack(path string, content []byte) (*pack, error) {
	if len(content) < len(packMagic)+1+packSum || string(content[:len(packMagic)]) != packMagic {
		return nil, &store.CorruptError{File: path, Reason: "it does not begin as the pack of a state store"}
	}
	version := content[len(packMagic)]
	if version != packVersion && version != packLogs {
		return nil, fmt.Errorf("state file %s has version %d, this program reads versions %d and %d", path, version, packVersion, packLogs)
	}
	body := content[:len(content)-packSum]
	if xxh3.Hash(body) != binary.LittleEndian.Uint64(content[len(body):]) && !fault.Weak("store/sum") {
		return nil, &store.CorruptError{File: path, Offset: -1, Reason: "its checksum is wrong"}
	}
	r := packReader{path: path, size: len(body), rest: body[len(packMagic)+1:]}
	p := &pack{}
	for range r.count() {
		t := table{number: r.number(), size: int64(r.number()), name: string(r.bytes())} //nolint:gosec // checked below
		if r.err == nil && (t.size < 0 || t.name == "") {
			r.fail("a table is none")
		}
		p.tables = append(p.tables, t)
	}
	for range r.count() {
		p.files = append(p.files, packed{name: string(r.bytes()), content: r.bytes()})
		if name := p.files[len(p.files)-1].name; r.err == nil && (name == "" || strings.ContainsAny(name, `/\`)) {
			r.fail("a file has no proper name")
		}
	}
	if version == packLogs {
		p.logs = r.logs()
	}
	if r.err == nil && len(r.rest) > 0 {
		r.fail("bytes follow its end")
	}
	if r.err != nil {
		return nil, r.err
	}
	return p, nil
}

func (r *packReader) logs() (logs []logged) {
	for range r.count() {
		l := logged{size: int64(r.number()), name: string(r.bytes())} //nolint:gosec // checked below
		if r.err == nil && (l.size < 0 || l.name == "" || strings.ContainsAny(l.name, `/\`)) {
			r.fail("a log is none")
		}
		logs = append(logs, l)
	}
	return logs
}

// packReader reads until the first mistake, which it keeps.
type packReader struct {
	path string
	from int64 // where in the file it begins
	size int
	rest []byte
	err  error
}

func (r *packReader) fail(reason string) {
	if r.err == nil {
		r.err = &store.CorruptError{File: r.path, Offset: r.from + int64(r.size-len(r.rest)), Reason: reason}
	}
	r.rest = nil
}

func (r *packReader) number() uint64 {
	v, n := binary.Uvarint(r.rest)
	if n <= 0 {
		r.fail("a number is none")
		return 0
	}
	r.rest = r.rest[n:]
	return v
}

// count is a number of things that follow, each of at least one byte.
func (r *packReader) count() int {
	n := r.number()
	if n > uint64(len(r.rest)) {
		r.fail("a count is beyond its end")
		return 0
	}
	return int(n) //nolint:gosec // checked
}

func (r *packReader) byte() byte {
	if len(r.rest) == 0 {
		r.fail("it ends too early")
		return 0
	}
	b := r.rest[0]
	r.rest = r.rest[1:]
	return b
}

func (r *packReader) uint64() uint64 {
	if len(r.rest) < 8 {
		r.fail("it ends too early")
		return 0
	}
	v := binary.LittleEndian.Uint64(r.rest)
	r.rest = r.rest[8:]
	return v
}

func (r *packReader) varint() int64 {
	v, n := binary.Varint(r.rest)
	if n <= 0 {
		r.fail("a number is none")
		return 0
	}
	r.rest = r.rest[n:]
	return v
}

// small is a number of 31 bits.
func (r *packReader) small() int {
	v := r.number()
	if v > math.MaxInt32 {
		r.fail("a number is too large")
		return 0
	}
	return int(v)
}

func (r *packReader) space() store.Space {
	operator := r.small()
	return store.Space{Operator: uint16(operator), Table: r.byte()} //nolint:gosec // as it was written
}

func (r *packReader) bytes() []byte {
	n := r.count()
	b := r.rest[:n:n]
	r.rest = r.rest[n:]
	return b
}

// packDir takes the small files of a directory in memory; logs are left out, they are empty.
func packDir(fs pebblevfs.FS, dir string) ([]packed, error) {
	names, err := fs.List(dir)
	if err != nil {
		return nil, err
	}
	slices.Sort(names)
	var files []packed
	for _, name := range names {
		if strings.HasSuffix(name, ".log") {
			continue
		}
		content, err := readAll(fs, fs.PathJoin(dir, name))
		if err != nil {
			return nil, err
		}
		files = append(files, packed{name: name, content: content})
	}
	return files, nil
}

func readAll(fs pebblevfs.FS, name string) ([]byte, error) {
	f, err := fs.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // it was only read
	return io.ReadAll(f)
}

// unpack puts the small files into a directory in memory.
func unpack(fs pebblevfs.FS, dir string, files []packed) error {
	for _, file := range files {
		f, err := fs.Create(fs.PathJoin(dir, file.name), pebblevfs.WriteCategoryUnspecified)
		if err != nil {
			return err
		}
		// Write may change what it is given.
		if _, err := f.Write(slices.Clone(file.content)); err != nil {
			return err
		}
		if err := f.Close(); err != nil {
			return err
		}
	}
	return nil
}
