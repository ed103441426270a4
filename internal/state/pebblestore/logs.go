package pebblestore

import (
	"context"
	"errors"
	"fmt"
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
	// fewLogs is how many there are at most that are no longer than littleLog on average, in bytes.
	fewLogs   = 16
	littleLog = 256 << 10
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
	held    int64  // how long all are, those that this store has written before they were compressed
	// files and bytes say how many there are, and how long, for who does not hold Store.writing.
	files, bytes atomic.Int64
}

// oneLog is a log. Of the open one path and name are right alone.
type oneLog struct {
	path, name string
	size, held int64 // in the file, and before it was compressed, as far as that is known
	counts     []store.Count
	says       claims
}

// full reports whether changes of so many bytes may not be logged before the logs that there are were folded: most is how long all may be together, but for those of which their drops leave nothing.
func (l *logs) full(size, most int64, changes []*store.Changes) bool {
	number, bytes := len(l.all), l.held
	if !tooMany(number, bytes) && bytes+size <= most {
		return false
	}
	for _, i := range l.dead(dropsOf(changes)) {
		bytes -= l.all[i].held
		number--
	}
	return tooMany(number, bytes) || bytes+size > most
}

// tooMany reports whether so many logs of so many bytes together are too many: each is a file that all checkpoints link, and small ones are folded soon.
func tooMany(number int, bytes int64) bool {
	return number >= mostLogs || number >= fewLogs && bytes <= int64(number)*littleLog
}

// dead are the numbers of the logs all of whose entries and drops are dropped by later ones, or by others that come behind them, the last one first. The open log is none of them.
func (l *logs) dead(drops []claim) (numbers []int) {
	later := slices.Clone(drops)
	for i := len(l.all) - 1; i >= 0; i-- {
		says, open := &l.all[i].says, l.open != nil && i == len(l.all)-1
		if len(later) > 0 && !open && says.coveredBy(later) {
			numbers = append(numbers, i)
		} else {
			later = append(later, says.drops...)
		}
	}
	return numbers
}

// add adds a log.
func (l *logs) add(one oneLog) {
	l.all = append(l.all, one)
	l.files.Add(1)
	l.bytes.Add(one.size)
	l.held += one.held
}

// note notes what the open log has now.
func (l *logs) note() {
	one, w := &l.all[len(l.all)-1], l.open
	l.bytes.Add(w.size - one.size)
	l.held += w.size + w.spared - one.held
	one.size, one.held, one.counts, one.says = w.size, w.size+w.spared, w.counts.counts, w.says
}

// logsFor is how much may wait in logs if changes, of which there are some, are logged: 0 if they are not.
func logsFor(changes []*store.Changes) int64 {
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
	if l.open, err = beginLog(file, s.writer.logPacker()); err != nil {
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
	if len(l.all[len(l.all)-1].says.drops) == 0 {
		return
	}
	for _, i := range l.dead(nil) {
		s.forgetLogs(i, i+1)
	}
}

// forgetLogs removes the logs from..to-1, of which nothing is needed any more. A file that cannot be removed stays in the live directory, which is scratch: the changes are where they should be all the same.
func (s *Store) forgetLogs(from, to int) {
	l := &s.logs
	for _, one := range l.all[from:to] {
		l.files.Add(-1)
		l.bytes.Add(-one.size)
		l.held -= one.held
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
	if s.packs == store.Snappy { // somebody waits for the tables
		s.writer.plain = true
		defer func() { s.writer.plain = false }()
	}
	f := folding{store: s, sorted: make(chan *logPiece), free: make(chan *logPiece, piecesAtOnce), buffer: vfs.DirectBuffer(readSize)}
	for range piecesAtOnce {
		f.free <- &logPiece{}
	}
	ctx, cancel := context.WithCancelCause(ctx)
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
