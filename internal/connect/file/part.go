package file

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"syscall"
	"time"

	"github.com/zeebo/xxh3"

	"wire.example/wire/internal/foundation/vfs"
)

const (
	// smallBuffer is how many bytes a part gathers before they are written; larger pieces are written as they come.
	smallBuffer = 64 << 10
	// frameBytes is how many plain bytes make a compressed frame under load.
	frameBytes = 1 << 20
	// tailBytes is how much of a part's end is hashed in states of version 2.
	tailBytes = 64 << 10
)

// partState is a part as of a Prepare: enough to go on with it, to publish it, and to know it again when it was.
type partState struct {
	Dir    string `json:"dir,omitempty"` // the partition's directory, relative to the sink's
	Number int64  `json:"number"`
	Part   string `json:"part"`
	Target string `json:"target"`
	mark          // of the bytes that are fsynced
	Rows   int64  `json:"rows"`
	Tail   string `json:"tail,omitempty"`  // version 2, instead of the checksum: of the last min(Length, tailBytes) bytes
	Since  int64  `json:"since,omitempty"` // when the first row came, µs since 1970 UTC; 0 before
}

// verify checks that f, whatever is behind, begins with all of the part.
func (p *partState) verify(f io.ReaderAt) error {
	if p.Tail != "" {
		return p.verifyTail(f)
	}
	var sums digest
	return sums.whole(f, p.mark)
}

// verifyTail checks the end of a part of a state of version 2.
func (p *partState) verifyTail(f io.ReaderAt) error {
	tail, err := hashTail(f, p.Length)
	if err == nil && tail != p.Tail {
		err = otherSum(tail, p.Tail)
	}
	return err
}

// part is a file being written under its hidden name. Its owner's goroutine only.
type part struct {
	partState
	file  vfs.File
	sums  digest     // of what is in the file
	press compressor // nil: bytes go out as they are
	buf   []byte     // plain bytes not in the file yet
	frame []byte     // memory for a frame
	room  int        // bytes that buf gathers
	dirty bool       // the file was written since it was synced
	used  int64      // when it was written last, in the sink's count of runs
}

// size is the part's length as far as it can be told: what was compressed and, uncompressed, what waits.
func (p *part) size() int64 {
	if p.press != nil {
		return p.Length
	}
	return p.Length + int64(len(p.buf))
}

// write takes the encoded rows of data.
func (p *part) write(data []byte, rows int64) error {
	p.Rows += rows
	if p.press == nil && len(p.buf) == 0 && len(data) >= p.room {
		return p.out(data)
	}
	p.buf = append(p.buf, data...)
	if len(p.buf) >= p.room {
		return p.flush()
	}
	return nil
}

// flush brings everything to the file; a compressed one ends its frame.
func (p *part) flush() error {
	if len(p.buf) == 0 {
		return nil
	}
	data := p.buf
	p.buf = p.buf[:0]
	return p.pack(data)
}

// pack writes plain bytes, compressed if need be. No bytes make an empty frame.
func (p *part) pack(plain []byte) error {
	if p.press == nil {
		return p.out(plain)
	}
	var err error
	if p.frame, err = p.press.frame(p.frame[:0], plain); err != nil {
		return err
	}
	return p.out(p.frame)
}

func (p *part) out(data []byte) error {
	p.dirty = true
	n, err := p.file.Write(data)
	p.Length += int64(n)
	_, _ = p.sums.Write(data[:n]) // never fails
	return err
}

// sync makes everything written durable. A compressed part has at least one frame afterwards, so that any reader takes it.
func (p *part) sync() error {
	if err := p.flush(); err != nil {
		return err
	}
	if p.press != nil && p.Length == 0 {
		if err := p.pack(nil); err != nil {
			return err
		}
	}
	if !p.dirty {
		return nil
	}
	if err := p.file.Sync(); err != nil {
		return err
	}
	p.dirty = false
	p.mark = p.sums.mark(p.Length)
	return nil
}

// hashTail hashes the last bytes of a file of length bytes.
func hashTail(f io.ReaderAt, length int64) (string, error) {
	tail := make([]byte, min(length, tailBytes))
	if _, err := f.ReadAt(tail, length-int64(len(tail))); err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	return hex(xxh3.Hash(tail)), nil
}

// aged reports whether the part has rows that are older than every, if that is not 0.
func (p *part) aged(every time.Duration, now time.Time) bool {
	return every > 0 && p.Since != 0 && now.UnixMicro()-p.Since >= every.Microseconds()
}

// present checks that the part's name still leads to the file that is being written.
func (p *part) present(fsys vfs.FS) error {
	named, err := fsys.Stat(p.Part)
	if err != nil {
		return vanished(p.Part, err)
	}
	open, err := p.file.Stat()
	if err != nil {
		return err
	}
	a, okA := vfs.Identity(named)
	b, okB := vfs.Identity(open)
	if okA && okB && a != b {
		return replaced(p.Part)
	}
	return nil
}

func replaced(path string) error {
	return fmt.Errorf("%s was replaced by another file while it was written; run one pipeline for one path", path)
}

// vanished says more of a file or directory that is not there any more.
func vanished(path string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s has vanished while it was written: it or its directory was removed, or another run has taken this pipeline over: %w", path, err)
	}
	return err
}

// unmade says more of a directory that cannot be made: no other run is to blame.
func unmade(dir string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("directory %s cannot be made: %w", dir, err)
	}
	return explain(dir, err)
}

// explain adds to an error of writing what a person can do about it.
func explain(path string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return fmt.Errorf("no room left for %s: %w; published files are untouched, make room and run again", path, err)
	case errors.Is(err, fs.ErrNotExist):
		return vanished(path, err)
	default:
		return fmt.Errorf("%s: %w", path, err)
	}
}
