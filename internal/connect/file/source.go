package file

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync/atomic"

	"wire.example/wire/internal/foundation/clock"
	"wire.example/wire/internal/foundation/vfs"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/connector"
)

// SourceType returns the file source over fsys. clk says when a followed file is looked at again.
func SourceType(fsys vfs.FS, clk clock.Clock) *connector.SourceType {
	return &connector.SourceType{
		Name:      "file",
		Doc:       "Reads a file, the files of a directory, or those that a glob names, in the order of their names, or follows them as they grow.",
		NewConfig: func() any { return &SourceConfig{} },
		Open: func(_ context.Context, env connector.SourceEnv, config any) (connector.Reader, error) {
			c := config.(*SourceConfig)
			if env.MaxRecordBytes <= 0 {
				env.MaxRecordBytes = codec.DefaultMaxRecordBytes
			}
			if env.Log == nil {
				env.Log = slog.New(slog.DiscardHandler)
			}
			if c.Follow {
				return openFollower(fsys, clk, env, c)
			}
			return openSequence(fsys, env, c)
		},
		Bounded:    func(config any) bool { return !config.(*SourceConfig).Follow },
		Replayable: true,
	}
}

// splitName is the one split of a sequence: all its files are one.
const splitName = "files"

// sequence reads files one after the other.
type sequence struct {
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
	// seekable says that plain bytes are the file's own, regular that it can be read again.
	seekable, regular bool
	// pipe is raw if it is a pipe whose bytes are read as they are, else nil.
	pipe deadlined
}

func openSequence(fsys vfs.FS, env connector.SourceEnv, config *SourceConfig) (*sequence, error) {
	paths, err := expand(fsys, config.Path)
	if err != nil {
		return nil, err
	}
	s := &sequence{fs: fsys, env: env, config: config, paths: paths, last: position{Version: positionVersion}}
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

// Poll fills block from the file being read, or from the next one.
func (s *sequence) Poll(ctx context.Context, wake <-chan struct{}, block *codec.Block) (connector.Status, error) {
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
		cut, err := s.read(ctx, wake, block)
		switch {
		case cut:
			return connector.Woken, err
		case err == nil:
			block.Name = s.file.path
			s.dealt()
			return connector.Ready, nil
		case !errors.Is(err, io.EOF):
			return connector.End, fmt.Errorf("%s: %w", s.file.path, err)
		}
		if err := errors.Join(s.noteTail(), s.closeFile()); err != nil {
			return connector.End, err
		}
		s.next++
	}
}

// dealt moves the position past the block that was read. What was noted of the end of another file says nothing of this one.
func (s *sequence) dealt() {
	if s.last.File != s.file.path {
		s.last.End, s.last.Tail = 0, ""
	}
	s.last.File, s.last.ID, s.last.Offset, s.last.Files = s.file.path, s.file.id, s.file.blocks.Offset(), s.next+1
}

// read fills block from the file being read; cut says that something else is to be done before there is more.
func (s *sequence) read(ctx context.Context, wake <-chan struct{}, block *codec.Block) (cut bool, err error) {
	next := func() error { return s.file.blocks.Next(block) }
	if s.file.pipe == nil {
		return false, next()
	}
	return readPipe(ctx, wake, s.file.pipe, next)
}

// open begins to read path at offset, counted in uncompressed bytes.
func (s *sequence) open(path string, offset int64) error {
	raw, err := s.fs.Open(path)
	if err != nil {
		return err
	}
	f := &openFile{path: path, raw: raw}
	if f.id, err = identify(raw); err != nil {
		return errors.Join(err, raw.Close())
	}
	info, err := raw.Stat()
	if err != nil {
		return errors.Join(err, raw.Close())
	}
	f.regular = info.Mode().IsRegular()
	compression := codecOf(s.config.Compression, path)
	f.seekable = compression == "none"
	if f.seekable {
		if f.pipe, err = pipeOf(raw); err != nil {
			return errors.Join(fmt.Errorf("%s: %w", path, err), raw.Close())
		}
	}
	read := &wholeReader{file: raw, id: f.id, count: &s.done}
	if f.plain, err = decompress(read, compression); err != nil {
		return errors.Join(fmt.Errorf("%s: %w", path, err), raw.Close())
	}
	if err := skipTo(f, offset); err != nil {
		return errors.Join(fmt.Errorf("%s: %w", path, err), f.plain.Close(), raw.Close())
	}
	f.blocks = connector.NewBlockReader(f.plain, s.env.Framer(), offset, s.config.blockBytes(s.env), s.env.MaxRecordBytes)
	s.file = f
	if offset == 0 {
		return nil
	}
	header, err := s.headerOf(path, compression)
	if err != nil {
		return errors.Join(fmt.Errorf("%s: %w", path, err), s.closeFile())
	}
	f.blocks.SetHeader(header)
	return nil
}

// headerOf returns what the format cuts off the beginning of a file that is read from its middle.
func (s *sequence) headerOf(path, compression string) (header []byte, err error) {
	raw, err := s.fs.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, raw.Close()) }()
	plain, err := decompress(raw, compression)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, plain.Close()) }()
	return connector.ReadHeader(plain, s.env.Framer(), s.env.MaxRecordBytes)
}

func (s *sequence) closeFile() error {
	f := s.file
	s.file = nil
	if f == nil {
		return nil
	}
	return errors.Join(f.plain.Close(), f.raw.Close())
}

// Snapshot returns the position after the last block.
func (s *sequence) Snapshot() ([]connector.SplitState, error) {
	if err := s.noteTail(); err != nil {
		return nil, err
	}
	return oneSplit(splitName, s.last)
}

// Progress returns the bytes read, as they lie on disk, and those there are.
func (s *sequence) Progress() (done, total int64) { return s.done.Load(), s.total }

// Close closes the file being read.
func (s *sequence) Close() error { return s.closeFile() }

// wholeReader counts what is read from a file, and lets the file end only where it is not shorter than it was when it was opened.
type wholeReader struct {
	file  vfs.File
	id    fileID
	count *atomic.Int64
}

func (r *wholeReader) Read(p []byte) (int, error) {
	n, err := r.file.Read(p)
	r.count.Add(int64(n))
	if errors.Is(err, io.EOF) {
		if bad := r.intact(); bad != nil {
			return n, bad
		}
	}
	return n, err
}

// intact checks at the end of a file that it was not cut or written anew while it was read.
func (r *wholeReader) intact() error {
	info, err := r.file.Stat()
	if err != nil {
		return err
	}
	if info.Size() < r.id.Size {
		return fmt.Errorf("the file was cut while it was read: it has %d bytes and had %d; set follow: true for files that are emptied and filled again",
			info.Size(), r.id.Size)
	}
	head, err := hashHead(r.file, r.id.HeadLen)
	if err == nil && head != r.id.Head {
		err = errors.New("the file was written anew while it was read: its beginning has changed; set follow: true for files that are emptied and filled again")
	}
	return err
}
