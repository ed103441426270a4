package over

import (
	"slices"

	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
)

// segments are how rows that have left memory are computed: as many partitions as there is room for at a time, one key group after the other.
type segments struct {
	begun  bool
	merger *keyed.Merger // of group; nil: none yet, or all of its rows are read
	group  int           // that of the segment in memory
	// base is how many rows of the group came before the segment, skip how many of each group are of partitions that were through before a restore.
	base int64
	skip [op.KeyGroups]int64
	// seen are the rows of the group that the merge has given, head is the first row of the last partition.
	seen int64
	head []*batch.Column
	full bool // the next partition is one of the next segment
	// first is the position of the first row of the last partition; long says that there is no room for all of that.
	first  int
	taken  int // rows that the merge has given to the batch at hand
	long   bool
	hashes []uint64
}

// beginSegments goes on with runs: there are no rows in memory.
func (o *Operator) beginSegments() {
	s := &o.segments
	s.begun, s.group = true, -1
	o.rows = o.newRows()
	o.makeColumns()
	for _, typ := range o.config.Types {
		s.head = append(s.head, batch.NewColumn(o.pool, typ))
	}
}

// nextSegment frees the rows in memory and reads the next; nothing that was emitted is lent any more.
func (o *Operator) nextSegment() (more bool, err error) {
	s := &o.segments
	s.base += int64(len(o.ids))
	o.rows.Free()
	o.ids, o.next, o.part = o.ids[:0], 0, partition{groups: o.part.groups}
	for s.merger == nil {
		for s.group++; s.group < op.KeyGroups && o.runs.Len(uint8(s.group)) == 0; { //nolint:gosec // below KeyGroups
			s.group++
		}
		if s.group == op.KeyGroups {
			o.free()
			return false, nil
		}
		if s.merger, err = o.runs.Merge(uint8(s.group)); err != nil { //nolint:gosec // below KeyGroups
			return false, err
		}
		s.base, s.seen = s.skip[s.group], 0
	}
	s.first = 0
	for s.full, s.long = false, false; !s.full && !s.long && s.merger != nil; {
		if err := o.readSegment(); err != nil {
			return false, o.tooLarge(err)
		}
	}
	if s.long {
		return true, o.carry(s.first)
	}
	return true, nil
}

// atOnce is how many rows are read at once: a batch, but where there is next to no memory.
func (o *Operator) atOnce() int {
	const least, rowBytes = 16, 512
	return int(min(max(o.runs.Share()/rowBytes, least), batch.MaxRows))
}

// readSegment reads a batch of rows.
func (o *Operator) readSegment() error {
	s := &o.segments
	s.taken = len(o.ids)
	n, done, err := s.merger.Next(o.columns, o.atOnce(), o.judge)
	if err != nil {
		return err
	}
	if done {
		s.merger.Close()
		s.merger = nil
	}
	var hashes []uint64
	if o.hasher != nil {
		s.hashes = slices.Grow(s.hashes[:0], n)[:n]
		for i := range s.hashes {
			s.hashes[i] = uint64(s.group) << groupShift //nolint:gosec // below KeyGroups
		}
		hashes = s.hashes
	}
	before, at := cap(o.ids), len(o.ids)
	o.ids = slices.Grow(o.ids, n)[:at+n]
	if err := o.memory.grown(o.ids, before); err != nil {
		return err
	}
	return o.rows.Append(o.columns, hashes, nil, o.ids[at:])
}

// carriedShare: rows of a partition that functions need not have all of take this part of what rows of runs may, before those at hand are answered.
const carriedShare = 3

// groupShift leads from a key group to its first hash.
const groupShift = 56

// judge has rows of partitions that are through skipped, and the segment end between two partitions.
func (o *Operator) judge(cols []*batch.Column, row int) keyed.Verdict {
	s := &o.segments
	if s.seen < s.skip[s.group] {
		s.seen++
		return keyed.Skip
	}
	if s.seen == s.skip[s.group] || o.partitions.Compare(s.head, 0, cols, row) != 0 {
		if o.rows.Bytes() > o.runs.Share() {
			s.full = true
			return keyed.Pause
		}
		for _, k := range o.config.Partition {
			s.head[k].Reset(1)
			s.head[k].CopyRow(0, cols[k], row)
		}
		s.first = s.taken
	} else if o.rows.Bytes() > o.runs.Share()/carriedShare && o.carries() {
		s.long = true
		return keyed.Pause
	}
	s.seen++
	s.taken++
	return keyed.Take
}

// passed returns how many rows of a group are of partitions that are through, and how many of the next have been emitted.
func (o *Operator) passed(group int) (rows int64, done int) {
	s := &o.segments
	switch {
	case !s.begun || group > s.group:
		return s.skip[group], o.skip[group]
	case group < s.group:
		return o.runs.Len(uint8(group)), 0 //nolint:gosec // a key group
	}
	if c := o.carried; c != nil && o.next == len(o.ids) {
		return s.base + int64(len(o.ids)), max(c.emitted, c.skip)
	}
	from, done := o.reached()
	switch {
	case done > 0:
		done = max(done, o.part.skip)
	case from == 0 && s.base == s.skip[group]: // it has not begun
		done = o.skip[group]
	}
	return s.base + int64(from), done
}
