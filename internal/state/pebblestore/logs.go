package pebblestore

import (
	"context"
	"errors"
	"fmt"
	"math/bits"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2"

	"wire.example/wire/internal/foundation/vfs"
	"wire.example/wire/internal/state/store"
)

// Changes that nobody is expected to read soon are written to logs, as they came. They are folded, that is sorted and made tables, before anything is read, or when there are too many of them. docs/adr/0029-epochs-are-logged-until-somebody-reads.md.

// How much of logs is made tables at once: a part of the store's memory, in bytes. Two such pieces are in memory, with what notes where their entries are, which takes about as much again.
const (
	pieceShare = 8
	leastPiece = 1 << 20
	latePiece  = 32 << 20 // of a store that is hardly read: there is memory then
	// mostLogs is how many logs there are at most, mostLog how long one becomes, in bytes, before the next begins.
	mostLogs = 256
	mostLog  = 256 << 20
	// foldMost: a fold waits for compactions from so many times as many levels on as Apply does. It is in a hurry, but pieces of a large log may be small.
	foldMost = 4
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

// full reports whether no further log may be written before those that there are were folded.
func (l *logs) full(most int64) bool { return len(l.all) >= mostLogs || l.bytes.Load() >= most }

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

// forgetLogs removes the logs from..to-1.
func (s *Store) forgetLogs(from, to int) {
	l := &s.logs
	for _, one := range l.all[from:to] {
		l.files.Add(-1)
		l.bytes.Add(-one.size)
		s.fs.forget(one.path)
		_ = s.disk.Remove(one.path) // what it says is elsewhere; the live directory is scratch
	}
	l.all = slices.Delete(l.all, from, to)
}

// logPath is where a log lies in the live directory.
func (s *Store) logPath(number int) string {
	return filepath.Join(s.dir, fmt.Sprintf("log-%d%s", number, logSuffix))
}

// view begins to read, behind all logs that there are.
func (s *Store) view(o *pebble.IterOptions) (*pebble.Iterator, error) {
	for {
		if it, err := s.viewTables(o); it != nil || err != nil {
			return it, err
		}
		if err := s.foldFirst(); err != nil {
			return nil, err
		}
	}
}

// viewTables begins to read, unless there are logs: nil then.
func (s *Store) viewTables(o *pebble.IterOptions) (*pebble.Iterator, error) {
	s.folding.RLock()
	defer s.folding.RUnlock()
	if s.pending.Load() {
		return nil, nil
	}
	it, err := s.db.NewIter(o)
	return it, wrapped(err)
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
	s.folding.Lock()
	defer s.folding.Unlock()
	if len(s.logs.all) > 0 {
		if err := s.foldAll(ctx); err != nil {
			return err
		}
	}
	s.pending.Store(false)
	return nil
}

func (s *Store) foldAll(ctx context.Context) error {
	f := folding{store: s, sorted: make(chan *logPiece), free: make(chan *logPiece, piecesAtOnce), buffer: vfs.DirectBuffer(readSize)}
	for range piecesAtOnce {
		f.free <- &logPiece{}
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var reading sync.WaitGroup
	defer reading.Wait() // behind cancel: deferred calls go backwards
	defer cancel(nil)
	logs := slices.Clone(s.logs.all)
	reading.Go(func() {
		defer close(f.sorted)
		if err := f.readAll(ctx, logs); err != nil {
			cancel(err)
		}
	})
	for p := range f.sorted {
		if err := f.ingest(ctx, p); err != nil {
			return err
		}
	}
	return context.Cause(ctx)
}

// piecesAtOnce: one piece of logs is read and sorted while another one is made tables.
const piecesAtOnce = 2

// folding makes logs tables.
type folding struct {
	store  *Store
	sorted chan *logPiece // pieces that are sorted, in order
	free   chan *logPiece // those that are done with
	piece  *logPiece      // the one that is read; of readAll
	buffer []byte         // logs are read into; of readAll
}

// logPiece is what is made tables at once.
type logPiece struct {
	changes []*store.Changes // what calls of Apply had, one behind another
	bytes   int64
	whole   int // logs that were read to their end and are no tables yet
	sorted  store.Sorted
	buffers buffers
}

// readAll reads logs, and sorts them piece by piece.
func (f *folding) readAll(ctx context.Context, logs []oneLog) error {
	f.piece = <-f.free
	for _, one := range logs {
		if err := f.read(ctx, one); err != nil {
			return err
		}
	}
	return f.sort(ctx)
}

// read reads a log.
func (f *folding) read(ctx context.Context, one oneLog) (err error) {
	r, err := openLog(f.store.disk, one.path, f.buffer)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.close()) }()
	f.piece.changes = append(f.piece.changes, newLog())
	for {
		if f.piece.bytes >= f.store.piece {
			if err := f.sort(ctx); err != nil {
				return err
			}
			f.piece.changes = append(f.piece.changes, newLog())
		}
		p := f.piece
		into := p.changes[len(p.changes)-1]
		if into.Len() > 0 && r.peek() {
			into = newLog()
			p.changes = append(p.changes, into)
		}
		before := into.Held()
		r.buffers = &p.buffers
		end, err := r.next(into)
		if err != nil {
			return err
		}
		if end {
			p.whole++
			return nil
		}
		p.bytes += into.Held() - before
	}
}

func newLog() *store.Changes {
	c := &store.Changes{}
	c.Log(1)
	return c
}

// sort gives the piece on, sorted, and takes a new one.
func (f *folding) sort(ctx context.Context) error {
	f.piece.sorted.SortInTurn(f.piece.changes)
	select {
	case f.sorted <- f.piece:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	select {
	case f.piece = <-f.free:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// ingest makes a piece tables, and forgets the logs that were read to their end.
func (f *folding) ingest(ctx context.Context, p *logPiece) error {
	if _, err := f.store.ingest(ctx, &p.sorted); err != nil {
		return err
	}
	f.store.forgetLogs(0, p.whole)
	f.store.settle(ctx, foldMost*f.store.most)
	clear(p.changes)
	p.changes, p.bytes, p.whole = p.changes[:0], 0, 0
	p.buffers.reuse()
	f.free <- p // has room for all
	return nil
}

// buffers are the memory of what is read of logs, by the power of two that they have room for: none is much larger than what it is used for.
type buffers struct {
	lent [][]byte
	free [largestBuffer + 1][][]byte
}

// largestBuffer: no buffer is longer than 1<<largestBuffer bytes.
const largestBuffer = 20

// get returns size bytes, up to firstPart, lent until reuse.
func (b *buffers) get(size int) []byte {
	if size == 0 {
		return nil
	}
	power := bits.Len(uint(size - 1)) //nolint:gosec // not negative
	var buffer []byte
	if last := len(b.free[power]) - 1; last >= 0 {
		buffer, b.free[power] = b.free[power][last][:size], b.free[power][:last]
	} else {
		buffer = make([]byte, size, 1<<power)
	}
	b.lent = append(b.lent, buffer)
	return buffer
}

// reuse takes back all that was lent. What was not is forgotten.
func (b *buffers) reuse() {
	for i := range b.free {
		clear(b.free[i][:cap(b.free[i])])
		b.free[i] = b.free[i][:0]
	}
	for _, buffer := range b.lent {
		power := bits.Len(uint(cap(buffer) - 1)) //nolint:gosec // not negative
		b.free[power] = append(b.free[power], buffer)
	}
	clear(b.lent)
	b.lent = b.lent[:0]
}
