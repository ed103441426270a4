package file

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"sync"
	"time"

	"wire.example/wire/internal/foundation/clock"
	"wire.example/wire/internal/foundation/fault"
	"wire.example/wire/internal/foundation/vfs"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/connector"
)

// SinkType returns the file sink over fsys. clk says how old parts are.
func SinkType(fsys vfs.FS, clk clock.Reader) *connector.SinkType {
	return &connector.SinkType{
		Name:      "file",
		Doc:       "Writes a file, or numbered parts of one, in directories by column values if wanted; each appears under its name whole.",
		NewConfig: func() any { return &SinkConfig{} },
		Open: func(_ context.Context, env connector.SinkEnv, config any) (connector.Sink, error) {
			return openSink(fsys, clk, env, config.(*SinkConfig))
		},
		Finish: func(_ context.Context, state json.RawMessage) error { return finishLeft(fsys, state) },
		Sweep: func(_ context.Context, env connector.SinkEnv, config any) error {
			return sweepLeft(fsys, env, config.(*SinkConfig))
		},
		Format:  "json",
		Columns: func(config any) []string { return config.(*SinkConfig).PartitionBy },
		Endless: func(config any) error { return config.(*SinkConfig).endless() },
	}
}

// sink writes parts under hidden names. A part that is full is closed and gets its name at the next Commit; the final one names them all.
// Commit may run beside Write: mu guards what both touch.
type sink struct {
	fs          vfs.FS
	clock       clock.Reader
	env         connector.SinkEnv
	config      *SinkConfig
	layout      layout
	partitioner *partitioner // nil without partition_by
	press       compressor   // nil: bytes go out as they are
	header      []byte       // what every part begins with

	mu         sync.Mutex
	open       map[string]*part // by partition directory
	finished   []partState      // closed and durable, not published yet
	next       int64            // the number of the next part
	base       *mark            // if_exists: append, a single file: what was there, which its part begins with
	writes     int64            // runs written, the age of parts for max_open_partitions
	now        time.Time        // as of the Write under way
	dirs       dirs
	ids        map[string]vfs.ID  // by hidden name: the file that this run knows under it
	kept       map[string]bool    // hidden names that the last Prepare, or the restored state, speaks of
	leaving    map[string]bool    // absolute hidden names of sinks that the pipeline has no more, which are to be published
	recovered  map[partState]bool // parts that have their names, as the start has found; until the first Commit
	leftovers  []leftover         // hidden parts that were there when a run without a state was opened, until it runs
	superseded []string           // parts of a former owner that were copied: they go when a state of this run is published
	began      int64              // the first epoch that this run prepared, 0 before
	failed     error              // a write that failed: what is in the parts is unknown, nothing can be prepared
	done       bool               // all is published and no row can follow
}

// NewChunk returns a chunk of encoded rows.
func (s *sink) NewChunk() (connector.Chunk, error) {
	encoder, err := s.env.NewEncoder()
	if err != nil {
		return nil, err
	}
	rows := connector.NewRows(encoder)
	if s.partitioner == nil {
		return rows, nil
	}
	return newPartitioned(rows, s.partitioner), nil
}

// tidy sweeps what a run without a state found. It is not done when the sink is opened: if the run is refused then, an earlier one may go on.
func (s *sink) tidy() error {
	found := s.leftovers
	if len(found) == 0 {
		return nil
	}
	s.leftovers = nil
	return s.sweep(found, true)
}

// rowRange is encoded rows, one after the other: those of data, whose ends, less base, are the ends in data.
type rowRange struct {
	data []byte
	ends []int
	base int
}

// take splits off the first n rows.
func (r *rowRange) take(n int) []byte {
	size := r.ends[n-1] - r.base
	data := r.data[:size]
	r.data, r.base, r.ends = r.data[size:], r.ends[n-1], r.ends[n:]
	return data
}

// Write appends the chunk's rows to their parts.
func (s *sink) Write(_ context.Context, chunk connector.Chunk) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = s.clock.Now()
	if err := s.tidy(); err != nil {
		return err
	}
	switch c := chunk.(type) {
	case *partitioned:
		from, base := 0, 0
		for _, r := range c.runs {
			end := c.Ends[r.end-1]
			if err := s.append(c.dirs[r.dir], rowRange{data: c.Data[base:end], ends: c.Ends[from:r.end], base: base}); err != nil {
				return err
			}
			from, base = r.end, end
		}
		return nil
	default:
		rows := chunk.(*connector.Rows)
		return s.append("", rowRange{data: rows.Data, ends: rows.Ends})
	}
}

// append writes rows of one partition, over as many parts as they fill.
func (s *sink) append(dir string, rows rowRange) error {
	s.writes++
	for len(rows.ends) > 0 {
		if s.failed != nil {
			return s.failed
		}
		if s.done {
			return fmt.Errorf("%s is published already and takes no more rows; remove the stored state to write it anew", s.config.Path)
		}
		p, err := s.partOf(dir)
		if err != nil {
			return s.fail(err)
		}
		n := s.fits(p, rows)
		if err := p.write(rows.take(n), int64(n)); err != nil {
			return s.fail(explain(p.Part, err))
		}
		if s.full(p) {
			if err := s.finish(p); err != nil {
				return s.fail(err)
			}
		}
	}
	return nil
}

// fail notes the first error of writing, after which nothing can be prepared.
func (s *sink) fail(err error) error {
	if s.failed == nil {
		s.failed = err
	}
	return err
}

// fits returns how many of rows, at least one, go into p before it has to be looked at again. Rows without bytes of their own are part of the record
// before them, and go where that goes.
func (s *sink) fits(p *part, rows rowRange) int {
	n := s.rowsFor(p, rows)
	for n < len(rows.ends) && rows.ends[n] == rows.ends[n-1] {
		n++
	}
	return n
}

// rowsFor is fits for rows that all have bytes.
func (s *sink) rowsFor(p *part, rows rowRange) int {
	n := len(rows.ends)
	if most := s.config.RollRows; most > 0 {
		n = int(min(int64(n), max(most-p.Rows, 1)))
	}
	room := int64(s.config.RollSize) - p.size()
	switch {
	case s.config.RollSize == 0:
		return n
	case s.press != nil: // its size shows when the frame is written
		room = int64(p.room - len(p.buf))
	}
	until := sort.Search(n, func(i int) bool { return int64(rows.ends[i]-rows.base) >= room })
	return min(n, until+1)
}

// full reports whether p, which has rows, meets a roll condition that does not depend on time.
func (s *sink) full(p *part) bool {
	return s.config.RollRows > 0 && p.Rows >= s.config.RollRows || s.config.RollSize > 0 && p.size() >= int64(s.config.RollSize)
}

// partOf returns the open part of a partition, a new one if it has none or if its part is too old.
func (s *sink) partOf(dir string) (*part, error) {
	p := s.open[dir]
	if p != nil && p.aged(s.config.RollEvery, s.now) {
		if err := s.finish(p); err != nil {
			return nil, err
		}
		p = nil
	}
	if p == nil {
		var err error
		if p, err = s.begin(dir); err != nil {
			return nil, err
		}
	}
	if p.Since == 0 {
		p.Since = s.now.UnixMicro()
	}
	p.used = s.writes
	return p, nil
}

// begin makes a new part, closing the one not written for longest if too many are open.
func (s *sink) begin(dir string) (*part, error) {
	if len(s.open) >= max(s.config.MaxOpen, 1) {
		oldest := slices.MinFunc(s.openParts(), func(a, b *part) int { return cmp.Compare(a.used, b.used) })
		if err := s.finish(oldest); err != nil {
			return nil, err
		}
	}
	target := s.layout.target(dir, s.next)
	p, err := s.create(partState{Dir: dir, Number: s.next, Part: s.layout.hidden(target), Target: target})
	if err != nil {
		return nil, err
	}
	s.next++
	s.open[dir] = p
	return p, p.write(s.header, 0)
}

// create makes a part's file. One that a dead run left is removed, not written over: if the run is alive after all, it finds its part replaced,
// rather than both writing into one file.
func (s *sink) create(state partState) (*part, error) {
	dir := filepath.Dir(state.Part)
	if err := s.dirs.need(dir); err != nil {
		return nil, unmade(dir, err)
	}
	const flags = os.O_RDWR | os.O_CREATE | os.O_EXCL
	f, err := s.fs.OpenFile(state.Part, flags, 0o644)
	if errors.Is(err, fs.ErrExist) {
		if err := s.fs.Remove(state.Part); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, explain(state.Part, err)
		}
		f, err = s.fs.OpenFile(state.Part, flags, 0o644)
	}
	if err != nil {
		return nil, explain(state.Part, err)
	}
	p := &part{partState: state, file: f, press: s.press, room: s.room(), dirty: true}
	p.sums.begin(0)
	return p, s.know(p)
}

// know notes which file has p's name.
func (s *sink) know(p *part) error {
	info, err := p.file.Stat()
	if err != nil {
		return explain(p.Part, errors.Join(err, p.file.Close()))
	}
	if id, ok := vfs.Identity(info); ok {
		s.ids[p.Part] = id
	}
	return nil
}

// room is how many bytes a part gathers before it writes them.
func (s *sink) room() int {
	if s.press == nil {
		return smallBuffer
	}
	if roll := int(s.config.RollSize); roll > 0 {
		return min(frameBytes, max(roll, smallBuffer))
	}
	return frameBytes
}

// finish makes p durable and closes it: it waits for a Commit to get its name.
func (s *sink) finish(p *part) error {
	if err := p.sync(); err != nil {
		return explain(p.Part, err)
	}
	if err := p.present(s.fs); err != nil {
		return err
	}
	delete(s.open, p.Dir)
	s.finished = append(s.finished, p.partState)
	if err := p.file.Close(); err != nil {
		return explain(p.Part, err)
	}
	return nil
}

// openParts lists the open parts in the order in which they were begun.
func (s *sink) openParts() []*part {
	return slices.SortedFunc(maps.Values(s.open), func(a, b *part) int { return cmp.Compare(a.Number, b.Number) })
}

// Flush brings everything written to the disk.
func (s *sink) Flush(context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.flush()
}

func (s *sink) flush() error {
	if s.failed != nil {
		return s.failed
	}
	for _, p := range s.openParts() {
		if err := p.sync(); err != nil {
			return s.fail(explain(p.Part, err))
		}
	}
	return nil
}

// Prepare makes all parts and their hidden names durable.
func (s *sink) Prepare(_ context.Context, epoch int64) (json.RawMessage, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fault.Point("sink/file/before-prepare")
	if err := s.tidy(); err != nil {
		return nil, err
	}
	if err := s.roll(s.clock.Now()); err != nil {
		return nil, err
	}
	if err := s.flush(); err != nil {
		return nil, err
	}
	fault.Point("sink/file/half-prepared")
	st := sinkState{
		Version: stateVersion, Path: s.config.Path, Numbered: s.layout.numbered, Replace: s.config.IfExists == "replace",
		Next: s.next, Base: s.base, Finished: slices.Clone(s.finished),
	}
	kept := map[string]bool{}
	for _, p := range s.openParts() {
		if err := p.present(s.fs); err != nil {
			return nil, s.fail(err)
		}
		st.Open = append(st.Open, p.partState)
	}
	for _, p := range append(st.Open, st.Finished...) {
		kept[p.Part] = true
	}
	if err := s.dirs.sync(); err != nil {
		return nil, s.fail(err)
	}
	fault.Point("sink/file/after-prepare")
	s.kept = kept
	if s.began == 0 {
		s.began = epoch
	}
	return json.Marshal(st)
}

// roll finishes parts that are too old by now.
func (s *sink) roll(now time.Time) error {
	for _, p := range s.openParts() {
		if s.failed != nil || !p.aged(s.config.RollEvery, now) {
			continue
		}
		if err := s.finish(p); err != nil {
			return s.fail(err)
		}
	}
	return s.failed
}

// Commit gives the finished parts of state their names; the final one names the open parts too. What was done before stays done.
func (s *sink) Commit(_ context.Context, epoch int64, state json.RawMessage, final bool) error {
	st, err := s.readState(state)
	if err != nil {
		return fmt.Errorf("state to commit: %w", err)
	}
	fault.Point("sink/file/before-commit")
	parts := st.Finished
	if final {
		parts = append(parts, st.Open...)
	}
	s.mu.Lock()
	ids, known := maps.Clone(s.ids), s.recovered
	s.recovered = nil
	s.mu.Unlock()
	if err := (&publication{sink: s, base: st.Base, ids: ids, known: known}).publish(parts); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	err = s.settle(parts, final)
	if s.began > 0 && epoch >= s.began {
		err = errors.Join(err, s.dropSuperseded())
	}
	if final && err == nil {
		s.clean()
	}
	fault.Point("sink/file/after-commit")
	return err
}

// settle forgets parts that were published.
func (s *sink) settle(parts []partState, final bool) error {
	var errs []error
	published := make(map[string]bool, len(parts))
	for _, p := range parts {
		published[p.Target] = true
		delete(s.ids, p.Part)
	}
	s.finished = slices.DeleteFunc(s.finished, func(p partState) bool { return published[p.Target] })
	for dir, p := range s.open {
		if !published[p.Target] {
			continue
		}
		delete(s.open, dir)
		errs = append(errs, p.file.Close())
		if !slices.ContainsFunc(parts, func(q partState) bool { return q.Part == p.Part }) {
			errs = append(errs, s.remove(p.Part)) // a copy that was not needed: its original was published
		}
	}
	s.done = s.done || final
	return errors.Join(errs...)
}

// dropSuperseded removes the parts of a former owner that were copied: an epoch of this run is published.
func (s *sink) dropSuperseded() error {
	var errs []error
	for _, path := range s.superseded {
		errs = append(errs, s.remove(path))
	}
	s.superseded = nil
	return errors.Join(errs...)
}

// Close closes the parts. Those that no Prepare made durable are removed.
func (s *sink) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var errs []error
	for _, p := range s.openParts() {
		mine := p.present(s.fs) == nil // else another run has the name by now
		errs = append(errs, p.file.Close())
		if mine {
			errs = append(errs, s.discard(p.partState))
		}
	}
	for _, p := range s.finished {
		errs = append(errs, s.discard(p))
	}
	clear(s.open)
	s.finished, s.done = nil, true
	return errors.Join(errs...)
}

// discard removes a part unless a state speaks of it.
func (s *sink) discard(p partState) error {
	if s.kept[p.Part] {
		return nil
	}
	return s.remove(p.Part)
}

// remove removes a file, which may be gone.
func (s *sink) remove(path string) error {
	if err := s.fs.Remove(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// headerOf returns what a file of the sink's format begins with.
func headerOf(env connector.SinkEnv) ([]byte, error) {
	encoder, err := env.NewEncoder()
	if err != nil {
		return nil, err
	}
	if h, ok := encoder.(codec.Header); ok {
		return h.AppendHeader(nil), nil
	}
	return nil, nil
}
