package keyed

import (
	"encoding/binary"
	"math"
	"slices"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/state/store"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// Spiller is a part that rows of an operator are written to when memory is tight, so that they need none. Who drives the operator has that done between two calls.
type Spiller interface {
	Kept
	// Attach lets rows leave memory, and has those that have left read by r. About low bytes of the budget should stay free.
	Attach(r store.Reader, low int64)
	// Tight reports whether rows should leave memory before the operator is called next.
	Tight() bool
	// SpillSome appends a piece, of about most bytes, to into, which the store must apply before the next call, and reports whether there is more. Until there is not, nothing else of the operator may be
	// called. The sealed epoch must be drained and applied. The error is SQLSTATE 53200, or what the store says.
	SpillSome(into *store.Changes, most int64) (more bool, err error)
}

// Flushing is a Spiller whose rows leave memory only when everything is flushed. Who drives the operator flushes it before the next batch if that is so.
type Flushing interface {
	Spiller
	// Flushes reports whether rows should leave memory once everything is flushed.
	Flushes() bool
}

// Indexed is a part of which Admit puts in the entries of one slice alone. What else there is stays in the store.
type Indexed interface {
	Kept
	// Index is that slice.
	Index() int64
}

// indexSlice has an entry for each run; the slices from 1 on have the runs' rows.
const indexSlice = -1

// RunsConfig says whose rows become runs.
type RunsConfig struct {
	// Name is the operator's, for errors.
	Name   string
	Pool   *batch.Pool
	Budget *limit.Budget
	// Rows are those in memory, Types the types of their columns, Order the order of a run.
	Rows  *Rows
	Types []schema.Type
	Order *Order
	// Cut keeps, in place, those of sorted rows that are needed; nil: all are.
	Cut func(ids []uint32) []uint32
	// Stay reports whether rows must stay in memory for now: they are being emitted, say. nil: they never must.
	Stay func() bool
	// Left is called when all rows have left memory.
	Left func()
	// Signed says that a row with a mark that has Minus takes back one that is equal to it in the order, which tells all rows apart that are not equal in everything. The columns of a merge have a BOOLEAN
	// more then: whether a row does.
	Signed bool
	// Alone says that the rows have no keys, so that all runs are of key group 0: others are refused, since nobody would ever read them.
	Alone bool
}

// Minus is a bit of the mark of a row that takes another one back, where runs are signed.
const Minus = 1

// Runs are rows that have left memory, in sorted runs of each key group. They lie in the store alone, in blocks of columns; a run is written once, and
// many are merged into one of which there are as few again. Rows that are equal keep their order: runs are in the order in which their rows came.
type Runs struct {
	config RunsConfig
	home   Home
	reader store.Reader // nil: nothing can leave
	low    int64
	groups [Groups][]sortedRun
	count  int
	last   int64 // the highest slice that a run has been written to

	gone, sealed *store.Changes
	wanted       bool
	work         *spill  // nil: nothing is being written
	open         *Merger // that passes rows for good; nil: none
	buffer       []byte
}

// sortedRun is a sorted run of a key group.
type sortedRun struct {
	order int64 // its place among those of the group, and its key in the index
	slice int64 // where its blocks are
	level uint64
	// blocks, rows and bytes are how much it had at first.
	blocks, rows, bytes uint64
	// passed are how many of its rows are none any more: the blocks before first, and the first skip rows of that.
	passed, first, skip uint64
}

// NewRuns returns runs of which there are none yet.
func NewRuns(config RunsConfig) *Runs {
	if config.Signed {
		config.Types = append(slices.Clip(config.Types), schema.Of(schema.Bool))
	}
	return &Runs{config: config}
}

// Keep says where runs are stored; see Kept.
func (r *Runs) Keep(at Home) {
	r.home, r.gone, r.sealed = at, &store.Changes{}, &store.Changes{}
}

// Attach lets rows leave memory; see Spiller.
func (r *Runs) Attach(reader store.Reader, low int64) { r.reader, r.low = reader, low }

// Index is the slice with an entry for each run; see Indexed.
func (r *Runs) Index() int64 { return indexSlice }

// Seal ends an epoch; see Kept. Runs are in the store already.
func (r *Runs) Seal() {
	r.note()
	r.gone, r.sealed = r.sealed, r.gone
}

// Drain writes what changed in the sealed epoch; see Kept.
func (r *Runs) Drain(into *store.Changes, _ int64) (more bool, err error) {
	into.Add(r.sealed)
	r.sealed.Reset()
	return false, nil
}

// Admit puts in what is known of runs; see Kept.
func (r *Runs) Admit(e *Entries) error {
	for i, value := range e.Values {
		in := &reader{what: r.config.Name, data: value}
		slice := in.uvarint()
		n := sortedRun{slice: int64(slice), level: in.uvarint(), blocks: in.uvarint(), rows: in.uvarint(), bytes: in.uvarint()}
		if in.err == nil && in.at < len(value) {
			n.passed, n.first, n.skip = in.uvarint(), in.uvarint(), in.uvarint()
			if in.err == nil && (n.passed == 0 || n.passed >= n.rows || n.first >= n.blocks || n.skip >= batch.MaxRows) {
				in.fail("run %d was passed beyond its end", slice)
			}
		}
		if len(e.Keys[i]) != wordBytes || slice == 0 || slice > math.MaxInt64 {
			in.fail("a run without a number")
		}
		group := uint8(e.Hashes[i] >> groupShift)
		if r.config.Alone && group > 0 {
			in.fail("run %d is of key group %d, but rows without keys are of group 0", slice, group)
		}
		if err := in.end(); err != nil {
			return err
		}
		n.order = int64(binary.BigEndian.Uint64(e.Keys[i]))
		r.add(group, n)
		r.last = max(r.last, n.slice, n.order)
	}
	return nil
}

func (r *Runs) add(group uint8, n sortedRun) {
	r.groups[group] = append(r.groups[group], n)
	r.count++
}

// Any reports whether there are runs.
func (r *Runs) Any() bool { return r.count > 0 }

// Len returns how many rows the runs of a group have, of which an open merge may have passed some.
func (r *Runs) Len(group uint8) (rows int64) {
	for _, n := range r.groups[group] {
		rows += int64(n.rows - n.passed)
	}
	return rows
}

// Want has the rows in memory leave it before the operator is called next, and reports whether they can.
func (r *Runs) Want() bool {
	r.wanted = r.reader != nil
	return r.wanted
}

// Share is about how many bytes of the rows of runs may be in memory at once, beside what a merge takes.
func (r *Runs) Share() int64 { return r.low }

// MayLeave reports whether rows may leave memory now.
func (r *Runs) MayLeave() bool { return r.config.Stay == nil || !r.config.Stay() }

// Tight reports whether rows should leave memory, and may; see Spiller. There must be enough left to sort them.
func (r *Runs) Tight() bool {
	if !r.MayLeave() {
		return false
	}
	if r.reader == nil || r.wanted || r.work != nil {
		return r.reader != nil
	}
	n := r.config.Rows.Len()
	return n >= leastRun && r.config.Budget.Available() < r.low+int64(n)*(sortBytes+numberBytes)
}

// Free drops all runs.
func (r *Runs) Free() {
	r.Stop()
	if r.count == 0 {
		return
	}
	r.gone.DropAll(r.home.Space, r.home.From, r.home.To)
	r.groups, r.count = [Groups][]sortedRun{}, 0
}

// Sizes of blocks and of merges. A source of a merge takes about mergeBlocks times the bytes of a block, and at most two times fanIn of them are merged.
const (
	leastBlock  = 512
	mostBlock   = 64 << 10
	blockShare  = 256 // a block has about so many parts of what should stay free
	mergeBlocks = 3
	leastFanIn  = 4
	mostFanIn   = 64
	// leastRun is how many rows become a run at least, as far as there are so many.
	leastRun = 4096
)

// blockBytes is about how large a block is.
func (r *Runs) blockBytes() int {
	return int(min(max(r.low/blockShare, leastBlock), mostBlock))
}

// fanIn is how many runs are merged into one.
func (r *Runs) fanIn() int {
	return int(min(max(r.low/2/int64(mergeBlocks*r.blockBytes()), leastFanIn), mostFanIn))
}

// putIndex writes what is known of a run.
func (r *Runs) putIndex(into *store.Changes, group uint8, n sortedRun) {
	value := binary.AppendUvarint(nil, uint64(n.slice))
	for _, v := range [...]uint64{n.level, n.blocks, n.rows, n.bytes} {
		value = binary.AppendUvarint(value, v)
	}
	if n.passed > 0 {
		value = binary.AppendUvarint(binary.AppendUvarint(binary.AppendUvarint(value, n.passed), n.first), n.skip)
	}
	into.Put(r.home.Space, indexSlice, firstHash(group), orderKey8(n.order), value)
}

func orderKey8(order int64) []byte { return binary.BigEndian.AppendUint64(nil, uint64(order)) }

// firstHash is the first hash of a key group.
func firstHash(group uint8) uint64 { return uint64(group) << groupShift }

// putBlock writes rows of cols as the next block of a run.
func (r *Runs) putBlock(into *store.Changes, group uint8, n *sortedRun, cols []*batch.Column, rows int) {
	r.buffer = appendBlock(r.buffer[:0], r.config.Types, cols, rows)
	into.Put(r.home.Space, n.slice, firstHash(group)|n.blocks, nil, r.buffer)
	n.blocks++
	n.rows += uint64(rows)
	n.bytes += uint64(len(r.buffer))
}

// columns returns a column for each of the rows'.
func (r *Runs) columns() []*batch.Column {
	cols := make([]*batch.Column, len(r.config.Types))
	for i, t := range r.config.Types {
		cols[i] = batch.NewColumn(r.config.Pool, t)
	}
	return cols
}
