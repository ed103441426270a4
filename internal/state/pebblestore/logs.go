package pebblestore

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"sync/atomic"

	"wire.example/wire/internal/foundation/vfs"
	"wire.example/wire/internal/state/store"
)

// Changes that nobody is expected to read soon are written to logs, as they came. They are folded, that is sorted and made tables, before anything is read, or when there are too many of them. docs/adr/0029-epochs-are-logged-until-somebody-reads.md.

// How much of logs is folded at once: a part of the store's memory within these bounds, in bytes. What notes where the entries are takes about as much again.
const (
	pieceShare = 4
	leastPiece = 2 << 20
	latePiece  = 64 << 20 // of a store that is hardly read: there is memory then
	// mostLogs is how many logs there are at most, mostLog how long one becomes, in bytes, before the next begins.
	mostLogs = 256
	mostLog  = 256 << 20
)

// logs are those that are not folded.
type logs struct {
	all []oneLog // in the order in which they were written
	// open writes the last one of all; nil: that is finished.
	open    *logWriter
	buffer  []byte // of open
	written int    // how many logs this store has begun
	// files and bytes say how many there are, and how long, for who does not hold Store.writing.
	files, bytes atomic.Int64
}

// oneLog is a log. Of the open one path and name are right alone.
type oneLog struct {
	path, name string
	size       int64
	counts     []store.Count
	says       claims
}

// full reports whether so many bytes may not be logged before the logs that there are were folded.
func (l *logs) full(size, most int64) bool {
	return len(l.all) >= mostLogs || l.bytes.Load()+size > most
}

// add adds a log.
func (l *logs) add(one oneLog) {
	l.all = append(l.all, one)
	l.files.Add(1)
	l.bytes.Add(one.size)
}

// note notes what the open log has now.
func (l *logs) note() {
	one, w := &l.all[len(l.all)-1], l.open
	l.bytes.Add(w.size - one.size)
	one.size, one.counts, one.says = w.size, w.counts.counts, w.says
}

// logsFor is how much may wait in logs if changes, none of them empty, are logged: 0 if they are not.
func logsFor(changes []*store.Changes) int64 {
	if len(changes) == 0 {
		return 0
	}
	most := changes[0].Logged()
	for _, c := range changes {
		most = min(most, c.Logged())
	}
	return most
}

// log writes changes to the open log, which it begins if there is none. Logs of which nothing is left then are removed.
func (s *Store) log(changes []*store.Changes) (written int64, err error) {
	l := &s.logs
	if l.open != nil && l.open.size >= mostLog {
		err = s.finishLog()
	}
	if err == nil && l.open == nil {
		err = s.beginLog()
	}
	if err != nil {
		return 0, err
	}
	before := l.open.size
	if err := l.open.append(changes); err != nil {
		return 0, err
	}
	l.note()
	s.pending.Store(true)
	s.removeDead()
	return l.open.size - before, nil
}

// beginLog begins a log.
func (s *Store) beginLog() error {
	l := &s.logs
	l.written++
	path := s.logPath(l.written)
	if l.buffer == nil {
		l.buffer = vfs.DirectBuffer(writeSize + roomBehind)
	}
	file, err := s.fs.createTable(path, l.buffer)
	if err != nil {
		_ = s.disk.Remove(path) // whatever there is of it; the live directory is scratch
		return err
	}
	if l.open, err = beginLog(file); err != nil {
		file.Abort()
		_ = s.disk.Remove(path) // as above
		l.open = nil
		return err
	}
	l.add(oneLog{path: path, name: fmt.Sprintf("%s-%d%s", s.names.life, l.written, logSuffix)})
	l.note()
	return nil
}

// finishLog ends the open log, if there is one.
func (s *Store) finishLog() error {
	l := &s.logs
	if l.open == nil {
		return nil
	}
	if err := l.open.finish(); err != nil {
		return err
	}
	l.note()
	file := l.open.file
	l.open = nil
	return file.close()
}

// removeDead removes the logs all of whose entries and drops are dropped by later ones.
func (s *Store) removeDead() {
	l := &s.logs
	if last := len(l.all) - 1; len(l.all[last].says.drops) == 0 {
		return
	}
	var later []claim
	for i := len(l.all) - 1; i >= 0; i-- {
		says := &l.all[i].says
		if !says.coveredBy(later) {
			later = append(later, says.drops...)
			continue
		}
		s.forgetLogs(i, i+1)
	}
}

// forgetLogs removes the logs from..to-1, of which nothing is needed any more. A file that cannot be removed stays in the live directory, which is scratch: the changes are where they should be all the same.
func (s *Store) forgetLogs(from, to int) {
	l := &s.logs
	for _, one := range l.all[from:to] {
		l.files.Add(-1)
		l.bytes.Add(-one.size)
		s.fs.forget(one.path)
		if err := s.disk.Remove(one.path); err != nil {
			s.failures.log.Warn("state store leaves a log behind", "error", err)
		}
	}
	l.all = slices.Delete(l.all, from, to)
}

// logPath is where a log lies in the live directory.
func (s *Store) logPath(number int) string {
	return filepath.Join(s.dir, fmt.Sprintf("log-%d%s", number, logSuffix))
}

// foldFirst folds the logs that there are, before something is read.
func (s *Store) foldFirst() error {
	s.writing.Lock()
	defer s.writing.Unlock()
	if !s.pending.Load() { // somebody else did it
		return nil
	}
	if err := s.fold(context.Background()); err != nil {
		return fmt.Errorf("sort what changed in the state store in %s: %w", s.dir, wrapped(err))
	}
	return nil
}

// fold makes all logs tables, some at once. After an error those that were not are there still; what was made tables of them is made so again.
func (s *Store) fold(ctx context.Context) error {
	if err := s.finishLog(); err != nil {
		return err
	}
	f := folding{store: s}
	for _, one := range slices.Clone(s.logs.all) {
		if err := f.read(ctx, one); err != nil {
			return err
		}
	}
	if err := f.ingest(ctx); err != nil {
		return err
	}
	s.pending.Store(false)
	return nil
}

// folding makes logs tables.
type folding struct {
	store   *Store
	changes []*store.Changes // of each log what was read of it and not ingested
	bytes   int64            // of these
	whole   int              // logs that were read to their end and are not ingested
	buffers buffers
}

// read reads a log, and ingests what was read so far whenever that is a piece.
func (f *folding) read(ctx context.Context, one oneLog) (err error) {
	r, err := openLog(f.store.disk, one.path)
	if err != nil {
		return err
	}
	r.buffers = &f.buffers
	defer func() { err = errors.Join(err, r.close()) }()
	f.changes = append(f.changes, newLog())
	for {
		if f.bytes >= f.store.piece {
			if err := f.ingest(ctx); err != nil {
				return err
			}
			f.changes = append(f.changes, newLog())
		}
		into := f.changes[len(f.changes)-1]
		if into.Len() > 0 && r.peek() {
			into = newLog()
			f.changes = append(f.changes, into)
		}
		before := into.Held()
		end, err := r.next(into)
		if err != nil {
			return err
		}
		if end {
			f.whole++
			return nil
		}
		f.bytes += into.Held() - before
	}
}

func newLog() *store.Changes {
	c := &store.Changes{}
	c.Log(1)
	return c
}

// ingest makes what was read tables, and forgets the logs that were read to their end.
func (f *folding) ingest(ctx context.Context) error {
	s := f.store
	if f.bytes > 0 {
		s.sorted.SortInTurn(f.changes)
		if _, err := s.ingest(ctx); err != nil {
			return err
		}
	}
	s.forgetLogs(0, f.whole)
	f.changes, f.bytes, f.whole = f.changes[:0], 0, 0
	f.buffers.reuse()
	return nil
}

// bufferChunk is how much memory is had at once for what is read of logs, in bytes. A part of a frame that is read at once fits.
const bufferChunk = 2 * firstPart

// buffers are the memory of what is read of logs: chunks, of which those before used are lent, the last of them as far as it is long.
type buffers struct {
	chunks [][]byte
	used   int
}

// get returns size bytes, firstPart at most, lent until reuse.
func (b *buffers) get(size int) []byte {
	if b.used == 0 || cap(b.chunks[b.used-1])-len(b.chunks[b.used-1]) < size {
		if b.used == len(b.chunks) {
			b.chunks = append(b.chunks, make([]byte, 0, bufferChunk))
		}
		b.used++
	}
	chunk := &b.chunks[b.used-1]
	from := len(*chunk)
	*chunk = (*chunk)[:from+size]
	return (*chunk)[from : from+size : from+size]
}

// reuse takes back all that was lent.
func (b *buffers) reuse() {
	for i := range b.chunks[:b.used] {
		b.chunks[i] = b.chunks[i][:0]
	}
	b.used = 0
}
