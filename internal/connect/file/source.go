package file

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"sync/atomic"

	"wire.example/wire/internal/foundation/vfs"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/connector"
)

// splitName is the one split of the source: all its files are one sequence.
const splitName = "files"

// SourceType returns the file source over fsys.
func SourceType(fsys vfs.FS) *connector.SourceType {
	return &connector.SourceType{
		Name:      "file",
		Doc:       "Reads a file, the files of a directory, or those that a glob names, in the order of their names.",
		NewConfig: func() any { return &SourceConfig{} },
		Open: func(_ context.Context, env connector.SourceEnv, config any) (connector.Reader, error) {
			return openSource(fsys, env, config.(*SourceConfig))
		},
		Bounded:    func(any) bool { return true },
		Replayable: true,
	}
}

// source reads the files one after the other.
type source struct {
	fs     vfs.FS
	env    connector.SourceEnv
	config *SourceConfig
	paths  []string
	next   int // the file to open next
	file   *openFile
	last   position // after the last block dealt
	done   atomic.Int64
	total  int64
}

// openFile is the file being read.
type openFile struct {
	path   string
	id     fileID
	raw    vfs.File
	plain  io.ReadCloser
	blocks *connector.BlockReader
	read   *countingReader
	// seekable says that plain bytes are the file's own.
	seekable bool
}

func openSource(fsys vfs.FS, env connector.SourceEnv, config *SourceConfig) (*source, error) {
	paths, err := expand(fsys, config.Path)
	if err != nil {
		return nil, err
	}
	s := &source{fs: fsys, env: env, config: config, paths: paths, last: position{Version: positionVersion}}
	for _, p := range paths {
		info, err := fsys.Stat(p)
		if err != nil {
			return nil, err
		}
		s.total += info.Size()
	}
	if len(env.Restore) > 0 {
		if err := s.restore(env.Restore); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// expand returns the files that path names, sorted.
func expand(fsys vfs.FS, path string) ([]string, error) {
	info, err := fsys.Stat(path)
	switch {
	case err == nil && !info.IsDir():
		return []string{path}, nil
	case err == nil:
		return listDir(fsys, path)
	case !errors.Is(err, fs.ErrNotExist):
		return nil, err
	}
	paths, globErr := vfs.Glob(fsys, path)
	if globErr != nil {
		return nil, fmt.Errorf("path %q: %w", path, globErr)
	}
	if len(paths) == 0 {
		return nil, fmt.Errorf("path %q: %w; check the path, it is relative to the working directory", path, fs.ErrNotExist)
	}
	slices.Sort(paths)
	return paths, nil
}

func listDir(fsys vfs.FS, dir string) ([]string, error) {
	entries, err := fsys.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var paths []string
	for _, e := range entries {
		if e.Type().IsRegular() && e.Name()[0] != '.' {
			paths = append(paths, filepath.Join(dir, e.Name()))
		}
	}
	if len(paths) == 0 {
		return nil, fmt.Errorf("directory %q holds no files", dir)
	}
	slices.Sort(paths)
	return paths, nil
}

// Poll fills block from the file being read, or from the next one.
func (s *source) Poll(ctx context.Context, _ <-chan struct{}, block *codec.Block) (connector.Status, error) {
	for {
		if err := ctx.Err(); err != nil {
			return connector.End, err
		}
		if s.file == nil {
			if s.next == len(s.paths) {
				return connector.End, nil
			}
			if err := s.open(s.paths[s.next], 0); err != nil {
				return connector.End, err
			}
		}
		err := s.file.blocks.Next(block)
		if err == nil {
			block.Name = s.file.path
			s.last.File, s.last.ID, s.last.Offset = s.file.path, s.file.id, s.file.blocks.Offset()
			return connector.Ready, nil
		}
		if !errors.Is(err, io.EOF) {
			return connector.End, fmt.Errorf("%s: %w", s.file.path, err)
		}
		if err := s.closeFile(); err != nil {
			return connector.End, err
		}
		s.next++
	}
}

// open begins to read path at offset, counted in uncompressed bytes.
func (s *source) open(path string, offset int64) error {
	raw, err := s.fs.Open(path)
	if err != nil {
		return err
	}
	f := &openFile{path: path, raw: raw, read: &countingReader{in: raw, count: &s.done}}
	if f.id, err = identify(raw); err != nil {
		return errors.Join(err, raw.Close())
	}
	compression := codecOf(s.config.Compression, path)
	f.seekable = compression == "none"
	if f.plain, err = decompress(f.read, compression); err != nil {
		return errors.Join(fmt.Errorf("%s: %w", path, err), raw.Close())
	}
	if err := skipTo(f, offset); err != nil {
		return errors.Join(fmt.Errorf("%s: %w", path, err), f.plain.Close(), raw.Close())
	}
	limit := s.env.MaxRecordBytes
	if limit <= 0 {
		limit = codec.DefaultMaxRecordBytes
	}
	f.blocks = connector.NewBlockReader(f.plain, s.env.Framer(), offset, int(s.config.BlockSize), limit)
	s.file = f
	return nil
}

func (s *source) closeFile() error {
	f := s.file
	s.file = nil
	if f == nil {
		return nil
	}
	return errors.Join(f.plain.Close(), f.raw.Close())
}

// Snapshot returns the position after the last block.
func (s *source) Snapshot() ([]connector.SplitState, error) {
	p, err := json.Marshal(s.last)
	if err != nil {
		return nil, err
	}
	return []connector.SplitState{{Split: splitName, Position: p}}, nil
}

// Progress returns the bytes read, as they lie on disk, and those there are.
func (s *source) Progress() (done, total int64) { return s.done.Load(), s.total }

// Close closes the file being read.
func (s *source) Close() error { return s.closeFile() }

// countingReader counts what is read from a file.
type countingReader struct {
	in    io.Reader
	count *atomic.Int64
}

func (r *countingReader) Read(p []byte) (int, error) {
	n, err := r.in.Read(p)
	r.count.Add(int64(n))
	return n, err
}
