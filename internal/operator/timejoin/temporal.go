package timejoin

import (
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
)

// Temporal is the join with the version of a row that was valid at a time.
//
// The right input's versions are stored by key, from the newest to the oldest; of those before both watermarks only the last one is kept. A left row
// waits until the right watermark proves that all versions which it could meet have come, and then meets one at most. AS OF PROCTIME() there is one version, and
// nothing waits.
type Temporal struct {
	cfg      TemporalConfig
	versions *versions
	keys     *keys // of the left input
	held     *keyed.Rows
	keep     []bool
	waiting  due[uint32]
	out      *sheet
	cond     *condition
	// reached are the watermarks less the lags.
	reached [2]int64
	ended   [2]bool

	cols  []*batch.Column
	own   []*batch.Column // keys and time of rows that waited
	b     batch.Batch
	now   batch.Batch // rows that need not wait
	sel   []uint16
	wait  subset
	rows  []uint16
	lefts []uint32 // rows that wait no longer
	some  []uint32 // those of them that meet a version
	ids   []uint32
	pass  []uint16
	// positions are those of rows that meet a version, rights their versions.
	positions []uint16
	rights    []uint32
	// asking are hashes that the next call needs, asked that it is one for rows that wait no longer.
	asking  []uint64
	asked   bool
	leaving versionRows
}

// NewTemporal returns a temporal join. It does not keep c.
func NewTemporal(c *TemporalConfig) (*Temporal, error) {
	if err := c.validate(); err != nil {
		return nil, err
	}
	t := &Temporal{
		cfg: *c, reached: [2]int64{past, past}, cols: make([]*batch.Column, len(c.Left)), own: make([]*batch.Column, len(c.Left)),
		sel: make([]uint16, 0, batch.MaxRows), ids: make([]uint32, batch.MaxRows), pass: make([]uint16, 0, batch.MaxRows), // never nil: that would select every row
	}
	cfg := &t.cfg
	t.versions = newVersions(cfg)
	t.keys = newKeys(&cfg.Config, LeftInput, cfg.times(LeftInput)...)
	t.keep = cfg.stored(LeftInput, cfg.times(LeftInput)...)
	t.held = keyed.NewRows(cfg.Pool, cfg.Left, 0, cfg.title(sortTemporal), cfg.Budget)
	t.waiting = newDue[uint32](cfg.Budget)
	t.describe()
	t.out, t.cond = newOutput(&cfg.Config), newCondition(&cfg.Config)
	for _, i := range append(cfg.times(LeftInput), t.keys.columns...) {
		if t.own[i] == nil {
			t.own[i] = batch.NewColumn(cfg.Pool, cfg.Left[i])
		}
	}
	return t, nil
}

// Apply is for operators of one input.
func (t *Temporal) Apply(*batch.Batch, *op.Output) (bool, error) {
	return false, errOneInput(t.cfg.title(sortTemporal))
}

// ApplyInput stores versions, and looks left rows up or lets them wait.
func (t *Temporal) ApplyInput(input int, in *batch.Batch, out *op.Output) (more bool, err error) {
	rows := int64(in.Rows())
	switch {
	case t.ended[input]:
		return false, errEnded(t.cfg.title(sortTemporal), input)
	case rows == 0:
		return false, nil
	case input == LeftInput && op.Retracted(in):
		return false, errChanges(t.cfg.title(sortTemporal), input)
	case input == LeftInput:
		return t.left(in, out)
	}
	out.Counts.In += rows
	if t.ended[LeftInput] && t.held.Len() == 0 {
		out.Counts.Filtered += rows
		return false, nil
	}
	idle, err := t.versions.apply(in)
	out.Counts.Filtered += idle
	out.Counts.Absorbed += rows - idle
	return false, err
}

// left takes left rows. In a call before the last it emits those that meet nothing whatever comes.
func (t *Temporal) left(in *batch.Batch, out *op.Output) (more bool, err error) {
	able, unable := t.keys.divide(in)
	if len(unable) > 0 && len(t.pass) == 0 {
		t.pass = append(t.pass[:0], unable...)
		out.Counts.In += int64(len(unable))
		if t.cfg.Kind == Left {
			out.Counts.Forwarded += int64(len(unable))
			t.out.begin(in.Len, t.pass)
			t.out.nulls(RightInput)
			t.out.share(LeftInput, in)
			out.Emit(0, &t.out.b)
			return true, nil
		}
		out.Counts.Filtered += int64(len(unable))
	}
	t.pass = t.pass[:0]
	hashes := t.keys.hash(able)
	now := able
	var times []int64
	if !t.cfg.Processing {
		times = in.Cols[t.cfg.LeftTime].Int64s()
		if now, hashes = t.divide(able, hashes, times); len(t.wait.rows) > 0 {
			if err := t.hold(in, times, out); err != nil {
				return false, err
			}
		}
	}
	n := now.Rows()
	if n == 0 {
		return false, nil
	}
	out.Counts.In += int64(n)
	if err := t.versions.lookUp(now, t.keys, hashes, times, t.ids); err != nil {
		return false, err
	}
	t.meet(now, t.ids[:n], out)
	return false, nil
}

// divide returns the rows of b that need not wait, with their hashes; the others are in wait.
func (t *Temporal) divide(b *batch.Batch, hashes []uint64, times []int64) (*batch.Batch, []uint64) {
	t.wait.reset()
	if t.ended[RightInput] {
		return b, hashes
	}
	reached := t.reached[RightInput]
	t.sel = t.sel[:0]
	n := 0
	for i, h := range hashes {
		row := uint16(b.Row(i)) //nolint:gosec // a row number of a batch
		if times[row] < reached {
			t.sel = append(t.sel, row)
			hashes[n] = h
			n++
			continue
		}
		t.wait.add(row, h)
	}
	t.now.View(b, t.sel)
	return &t.now, hashes[:n]
}

// hold stores the rows of in that wait.
func (t *Temporal) hold(in *batch.Batch, times []int64, out *op.Output) error {
	for i := range t.cols {
		if t.cols[i] = nil; t.keep[i] {
			t.cols[i] = in.Cols[i]
		}
	}
	ids := t.ids[:len(t.wait.rows)]
	if err := t.held.Append(t.cols, t.wait.hashes, t.wait.rows, ids); err != nil {
		return err
	}
	for i, row := range t.wait.rows {
		if err := t.waiting.push(times[row], ids[i]); err != nil {
			return op.OutOfMemory(t.cfg.title(sortTemporal), err)
		}
	}
	out.Counts.In += int64(len(ids))
	out.Counts.Held += int64(len(ids))
	return nil
}

// meet emits rows of a batch beside the versions that they meet.
func (t *Temporal) meet(b *batch.Batch, ids []uint32, out *op.Output) {
	if t.cond != nil && t.pick(ids) {
		t.rows = t.rows[:0]
		for _, i := range t.positions {
			t.rows = append(t.rows, uint16(b.Row(int(i)))) //nolint:gosec // a row number of a batch
		}
		t.cond.begin(len(t.rows), nil)
		t.cond.gather(LeftInput, b, t.rows)
		t.unmatch(ids, out)
	}
	t.rows = t.rows[:0]
	kept := 0
	for i, id := range ids {
		if id != keyed.NoRow || t.cfg.Kind == Left {
			t.rows = append(t.rows, uint16(b.Row(i))) //nolint:gosec // a row number of a batch
			ids[kept] = id
			kept++
		}
	}
	t.count(len(ids), kept, out)
	if kept == 0 {
		return
	}
	t.out.begin(kept, nil)
	t.out.gather(LeftInput, b, t.rows)
	t.out.stored(RightInput, t.versions.rows, ids[:kept])
	out.Emit(0, &t.out.b)
}

// pick notes the positions of the rows that meet a version, and their versions. It reports whether there are any.
func (t *Temporal) pick(ids []uint32) bool {
	t.positions, t.rights = t.positions[:0], t.rights[:0]
	for i, id := range ids {
		if id != keyed.NoRow {
			t.positions, t.rights = append(t.positions, uint16(i)), append(t.rights, id) //nolint:gosec // at most batch.MaxRows
		}
	}
	return len(t.rights) > 0
}

// unmatch makes those of ids NoRow for which the condition, which has the columns of the left rows already, is not TRUE.
func (t *Temporal) unmatch(ids []uint32, out *op.Output) {
	t.cond.stored(RightInput, t.versions.rows, t.rights)
	truth := t.cond.eval(out)
	for k, i := range t.positions {
		if !truth[k] {
			ids[i] = keyed.NoRow
		}
	}
}

func (t *Temporal) count(rows, emitted int, out *op.Output) {
	out.Counts.Forwarded += int64(emitted)
	out.Counts.Filtered += int64(rows - emitted)
}

// OnInputWatermark lets left rows go whose versions have all come, and drops versions.
func (t *Temporal) OnInputWatermark(input int, micros int64, out *op.Output) (more bool, err error) {
	if t.cfg.Processing {
		return false, nil
	}
	lag := t.cfg.LeftLag
	if input == RightInput {
		lag = t.cfg.RightLag
	}
	if lag != NoLag || micros == future {
		t.reached[input] = max(t.reached[input], add(micros, -lag))
	}
	if more, err := t.release(out); more || err != nil {
		return more, err
	}
	return false, t.versions.trim(min(t.reached[LeftInput], t.reached[RightInput]))
}

// OnInputEnd lets left rows go that waited for versions. Without left rows versions are of no use.
func (t *Temporal) OnInputEnd(input int, out *op.Output) (more bool, err error) {
	t.ended[input] = true
	t.reached[input] = future
	if more, err := t.release(out); more || err != nil {
		return more, err
	}
	if t.ended[LeftInput] && t.held.Len() == 0 {
		t.versions.free()
		t.held.Free()
		t.waiting.free()
	}
	return false, nil
}

// release emits a batch of rows that wait for nothing any more, and answers more if there was one.
func (t *Temporal) release(out *op.Output) (more bool, err error) {
	if !t.asked {
		if err := t.ready(); err != nil {
			return false, err
		}
	}
	n := len(t.lefts)
	if n == 0 {
		return false, nil
	}
	t.held.Gather(t.lefts, t.own)
	t.b = batch.Batch{Cols: t.own, Len: n}
	hashes := t.keys.hash(&t.b)
	if t.ask(hashes) {
		return true, nil
	}
	if err := t.versions.lookUp(&t.b, t.keys, hashes, t.own[t.cfg.LeftTime].Int64s(), t.ids); err != nil {
		return false, err
	}
	ids := t.ids[:n]
	if t.cond != nil && t.pick(ids) {
		t.some = t.some[:0]
		for _, i := range t.positions {
			t.some = append(t.some, t.lefts[i])
		}
		t.cond.begin(len(t.some), nil)
		t.cond.stored(LeftInput, t.held, t.some)
		t.unmatch(ids, out)
	}
	kept := 0
	for i, id := range ids {
		if id != keyed.NoRow || t.cfg.Kind == Left {
			ids[kept], t.lefts[kept], t.lefts[i] = id, t.lefts[i], t.lefts[kept]
			kept++
		}
	}
	out.Counts.Held -= int64(n)
	t.count(n, kept, out)
	if kept > 0 {
		t.out.begin(kept, nil)
		t.out.stored(LeftInput, t.held, t.lefts[:kept])
		t.out.stored(RightInput, t.versions.rows, ids[:kept])
		out.Emit(0, &t.out.b)
	}
	return true, t.held.Delete(t.lefts)
}

// ready takes a batch of rows that wait for nothing any more.
func (t *Temporal) ready() (err error) {
	if t.ended[RightInput] {
		err = t.waiting.flush()
	} else {
		err = t.waiting.advance(t.reached[RightInput])
	}
	if err != nil {
		return op.OutOfMemory(t.cfg.title(sortTemporal), err)
	}
	t.lefts = append(t.lefts[:0], t.waiting.take(batch.MaxRows)...)
	return nil
}

// Tables are the state: versions, their keys, and the left rows that wait.
func (t *Temporal) Tables() []op.Table {
	return []op.Table{t.versions.rows, t.versions.table, t.held}
}

// Needs declares the keys of in, or what a watermark may move.
func (t *Temporal) Needs(input int, in *batch.Batch, needs *op.Needs) {
	if t.versions.rows.HasAway() {
		t.needsAway(input, in, needs)
		return
	}
	if in == nil {
		for i := range t.Tables() {
			needs.All(i)
		}
		return
	}
	k := t.keys
	if input == RightInput {
		k = t.versions.keys
	}
	hashes := k.hash(in)
	for i := range t.Tables() {
		needs.Keys(i, hashes)
	}
}

// Snapshot returns the state of a key group.
func (t *Temporal) Snapshot(number op.KeyGroup) ([]byte, error) {
	rows, err := t.versions.rows.Snapshot(uint8(number))
	if err != nil {
		return nil, err
	}
	held, err := t.held.Snapshot(uint8(number))
	if err != nil {
		return nil, err
	}
	return keyed.AppendParts(nil, temporalVersion, rows, held), nil
}

// Restore puts the state of a key group in.
func (t *Temporal) Restore(number op.KeyGroup, data []byte) error {
	parts, err := keyed.Parts(t.cfg.title(sortTemporal), data, temporalVersion, 2)
	if err != nil {
		return err
	}
	group := uint8(number)
	if parts[0] != nil {
		if err := t.versions.rows.Restore(group, parts[0]); err != nil {
			return err
		}
		if err := t.versions.load(t.versions.rows.AppendGroup(nil, group)); err != nil {
			return err
		}
	}
	if parts[1] == nil {
		return nil
	}
	if err := t.held.Restore(group, parts[1]); err != nil {
		return err
	}
	return t.wake(t.held.AppendGroup(nil, group))
}

// wake has rows that are stored wait.
func (t *Temporal) wake(ids []uint32) error {
	for len(ids) > 0 {
		n := min(len(ids), batch.MaxRows)
		t.held.Gather(ids[:n], t.own)
		for i, micros := range t.own[t.cfg.LeftTime].Int64s() {
			if err := t.waiting.push(micros, ids[i]); err != nil {
				return op.OutOfMemory(t.cfg.title(sortTemporal), err)
			}
		}
		ids = ids[n:]
	}
	return nil
}

// Kept are the versions and the left rows that wait.
func (t *Temporal) Kept() []keyed.Kept {
	if !t.Leaves() {
		return []keyed.Kept{t.versions.rows, t.held}
	}
	return []keyed.Kept{&t.leaving, t.held}
}

// Rest returns nothing: the parts are all there is.
func (t *Temporal) Rest(op.KeyGroup) ([]byte, error) { return nil, nil }

// RestoreRest is never called.
func (t *Temporal) RestoreRest(op.KeyGroup, []byte) error { return nil }

// Restored has nothing to make.
func (t *Temporal) Restored() error { return nil }
