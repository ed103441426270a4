package file

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"time"

	"wire.example/wire/internal/foundation/vfs"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/connector"
)

// tail is one followed file, one split. It goes by its inode: its path may change.
//
// It is listed while path names it; else it was renamed out of sight or removed, and is read through its open handle until it has been
// silent for the time called linger.
type tail struct {
	number   int    // the split's
	name     string // the split's: the first path, and how many files were read under it before
	path     string
	restarts int // how often a file was read from its beginning again
	id       vfs.ID

	file   vfs.File // nil while closed
	blocks *connector.BlockReader
	read   int64 // bytes of the file taken by blocks
	dealt  int64 // bytes of the file in blocks dealt
	lines  int64 // in blocks dealt

	headLen int    // the first bytes, which are as they were when they were read, and
	head    string // their hash
	tail    string // hash of the last bytes before tailAt; unproven while it is that of a stored position and was not compared
	tailAt  int64
	size    int64 // as last seen
	changed time.Time

	ready    bool // there may be data
	listed   bool // path leads to it
	moved    bool // it was renamed or removed: another file may have its path
	gone     bool // it was not among the files when it was last looked for
	unproven bool
	stored   bool  // only known from a stored position: nobody has seen it in this run
	drained  bool  // since it moved, its end was seen
	sealed   bool  // its end is the end: what is there counts as whole
	ended    bool  // sealed and read to its end
	after    *tail // is read to its end first

	silent   time.Duration // when its end was first seen since it moved and was last written
	quiet    bool          // silent holds
	lastRead time.Duration
}

// mayRead reports whether the file that had the path before has been read to its end.
func (t *tail) mayRead() bool {
	if t.after != nil && (t.after.drained || t.after.ended) {
		t.after = nil
	}
	return t.after == nil
}

// noteTail notes the end of what was dealt. Of a file that was closed since it stays unknown.
func (t *tail) noteTail() error {
	if t.tailAt == t.dealt || t.file == nil || t.unproven {
		return nil
	}
	tail, err := hashTail(t.file, t.dealt)
	if err == nil {
		t.tail, t.tailAt = tail, t.dealt
	}
	return err
}

// proven compares the end of what was dealt with what a stored position says of it.
func (t *tail) proven() (bool, error) {
	if !t.unproven {
		return true, nil
	}
	tail, err := hashTail(t.file, t.tailAt)
	t.unproven = err != nil
	return tail == t.tail, err
}

func (t *tail) position() followed {
	known := t.tail
	if t.tailAt != t.dealt {
		known = ""
	}
	return followed{
		Tail: known, Version: positionVersion, Path: t.path, Offset: t.dealt, Lines: t.lines, Restarts: t.restarts, Ended: t.ended,
		ID: fileID{Device: t.id.Device, Inode: t.id.Inode, Size: t.size, HeadLen: t.headLen, Head: t.head},
	}
}

// Read gives the block reader what the file has. At the end it gives nothing and no error, unless the end is final.
func (t *tail) Read(p []byte) (int, error) {
	n, err := t.file.Read(p)
	t.read += int64(n)
	if !errors.Is(err, io.EOF) || n > 0 {
		return n, dropEOF(err)
	}
	if t.sealed {
		return 0, io.EOF
	}
	return 0, nil
}

func dropEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// same compares the file with what was read of it. It answers "" if it only grew, else what happened to it.
func (t *tail) same() (string, error) {
	info, err := t.file.Stat()
	if err != nil {
		return "", err
	}
	t.size, t.changed = info.Size(), info.ModTime()
	if t.size < t.read {
		return fmt.Sprintf("it was emptied or cut: it has %d bytes, %d were read", t.size, t.read), nil
	}
	known := int(min(t.read, headBytes))
	head, err := readHead(t.file, max(known, t.headLen))
	if err != nil {
		return "", err
	}
	if t.headLen > 0 && (len(head) < t.headLen || hashOf(head[:t.headLen]) != t.head) {
		return "it was written anew: its beginning has changed", nil
	}
	if proven, err := t.proven(); err != nil || !proven {
		return fmt.Sprintf("it was written anew: the bytes before byte %d have changed", t.tailAt), err
	}
	if known > t.headLen {
		t.headLen = min(known, len(head))
		t.head = hashOf(head[:t.headLen])
	}
	return "", nil
}

// read fills block from t; false if there is nothing to deal now.
func (f *follower) read(t *tail, block *codec.Block) (bool, error) {
	opened, err := f.open(t)
	if err != nil || !opened {
		t.ready = false
		return false, err
	}
	t.lastRead = f.clock.Monotonic()
	before := t.read
	err = t.blocks.Next(block)
	f.done.Add(t.read - before)
	if err != nil && !errors.Is(err, io.ErrNoProgress) && !errors.Is(err, io.EOF) {
		return false, err
	}
	what, bad := t.same()
	switch {
	case bad != nil:
		return false, bad
	case what != "":
		return false, f.restart(t, what)
	case err == nil:
		t.deal(block)
		return true, nil
	case errors.Is(err, io.EOF):
		return false, f.end(t)
	}
	if t.ready = t.size > t.read; !t.ready {
		return false, f.rest(t)
	}
	return false, nil
}

// rest notes that all there is of t was read. With too many files open, its own is closed; one that moved could not be opened again.
func (f *follower) rest(t *tail) error {
	if !t.moved {
		if f.handles > maxHandles {
			return f.release(t)
		}
		return nil
	}
	t.drained = true
	if !t.quiet {
		t.quiet, t.silent = true, t.lastRead
	}
	return nil
}

// deal notes a block that goes out.
func (t *tail) deal(block *codec.Block) {
	block.Split, block.Name = t.number, t.path
	t.dealt = t.blocks.Offset()
	data := block.Buf.Data
	switch {
	case block.Oversize != nil:
		t.lines++
	case len(data) > 0 && data[len(data)-1] != '\n':
		t.lines++
		fallthrough
	default:
		t.lines += int64(bytes.Count(data, []byte{'\n'}))
	}
	t.quiet = false
}

// open makes t's file ready to be read; false if its path leads elsewhere by now, which the next scan will understand.
func (f *follower) open(t *tail) (bool, error) {
	if t.blocks == nil {
		t.read = t.dealt
		t.blocks = connector.NewBlockReader(t, f.env.Framer(), t.dealt, f.config.blockBytes(f.env), f.env.MaxRecordBytes)
	}
	if t.file != nil {
		return true, nil
	}
	file, err := f.fs.Open(t.path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	info, err := file.Stat()
	if err != nil {
		return false, errors.Join(err, file.Close())
	}
	if id, _ := vfs.Identity(info); id != t.id {
		return false, file.Close()
	}
	if _, err := file.Seek(t.read, io.SeekStart); err != nil {
		return false, errors.Join(err, file.Close())
	}
	f.handles++
	t.file = file
	if t.dealt > 0 {
		header, err := connector.ReadHeader(io.NewSectionReader(file, 0, info.Size()), f.env.Framer(), f.env.MaxRecordBytes)
		if err != nil {
			return false, err
		}
		t.blocks.SetHeader(header)
	}
	return true, nil
}

// release closes t's file.
func (f *follower) release(t *tail) error {
	if t.file == nil {
		return nil
	}
	err := t.file.Close()
	t.file = nil
	f.handles--
	return err
}

// restart puts a new split, at byte 0 of the same file, in t's place.
func (f *follower) restart(t *tail, what string) error {
	fresh := &tail{
		name: f.newName(t.path), path: t.path, restarts: t.restarts + 1, id: t.id, file: t.file, listed: t.listed, moved: t.moved, ready: true,
	}
	f.env.Log.Warn("a followed file is not what it was; reading it from its beginning", "source", f.env.Name, "file", t.path, "what", what,
		"read", t.dealt, "restarts", fresh.restarts)
	t.file = nil
	f.forget(t)
	f.add(fresh)
	if fresh.file != nil {
		_, err := fresh.file.Seek(0, io.SeekStart)
		return err
	}
	return nil
}

// end lets go of a file whose end was final.
func (f *follower) end(t *tail) error {
	t.ready, t.ended = false, true
	if err := f.release(t); err != nil {
		return err
	}
	if !t.listed {
		f.forget(t)
	}
	return nil
}

// forget drops t; whoever waited for it does so no more.
func (f *follower) forget(t *tail) {
	f.tails = slices.DeleteFunc(f.tails, func(other *tail) bool { return other == t })
	for _, other := range f.tails {
		if other.after == t {
			other.after = nil
		}
	}
}

// newName is the split of a file found at path: unlike those of files that were there before.
func (f *follower) newName(path string) string {
	next := 0
	for _, t := range f.tails {
		if number, ok := strings.CutPrefix(t.name, path+"#"); ok {
			n, err := strconv.Atoi(number)
			if err == nil {
				next = max(next, n+1)
			}
		}
	}
	return fmt.Sprintf("%s#%d", path, next)
}
