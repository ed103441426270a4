package join

import (
	"fmt"

	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/codec"
)

// Merge is the join of two inputs that are ordered by the keys. It keeps the build side's rows of the key at hand, and what came early of either
// side: a probe row waits until the build side has gone past its key. That an input is in order is checked.
//
// Everything comes out in the order of the probe side, but for build rows of which it is said that they have no match: those follow the
// probe rows that went past them.
type Merge struct {
	cfg   Config
	build *side
	probe *prober
	rest  *rest // nil: nothing is said of build rows alone
	// queues are the rows of each input that wait; those of the build side are the side's.
	queues [2]*queue
	lasts  [2]*lastRow
	order  *keyed.Order // of keys, taken out of their rows
	ended  [2]bool
	// spoken is how many of the build side's rows, from the front of its list, have come out or never will.
	spoken int
	// in is what is left of the probe batch at work, nil if there is none.
	in   *batch.Batch
	rows []uint16 // its rows
	left batch.Batch
	view batch.Batch
	all  []uint16

	taken    bool // the batch of the call has been looked at before
	restored bool
	a, b     []*batch.Column
}

// NewMerge returns a merge join. It does not keep c.
func NewMerge(c *Config) (*Merge, error) {
	if err := c.validate(); err != nil {
		return nil, err
	}
	if err := c.validateMerge(); err != nil {
		return nil, err
	}
	m := &Merge{cfg: *c, all: make([]uint16, batch.MaxRows)}
	cfg := &m.cfg
	for i := range m.all {
		m.all[i] = uint16(i) //nolint:gosec // less than batch.MaxRows
	}
	keys := make([]keyed.Key, len(cfg.Keys))
	for i := range keys {
		d := cfg.direction(i)
		keys[i] = keyed.Key{Column: i, Desc: d.Desc, NullsFirst: d.NullsFirst}
	}
	for input := range m.queues {
		links := 0
		if input == cfg.Build {
			links = keyLink + 1
		}
		m.queues[input] = newQueue(cfg, input, links)
		m.lasts[input] = newLastRow(cfg, input, m.queues[input])
	}
	m.order = keyed.NewOrder(pick(cfg.Left, m.queues[LeftInput].keys.columns), keys)
	m.build = newOrdered(cfg, cfg.Build, m.queues[cfg.Build].rows)
	out := newOutput(cfg, cfg.Build)
	m.probe = newProber(cfg, cfg.Build, m.build, out)
	if cfg.preserves(cfg.Build) {
		m.rest = newRest(cfg, m.build, out)
	}
	return m, nil
}

// direction is that of a key.
func (c *Config) direction(key int) Direction {
	if len(c.Order) == 0 {
		return Direction{}
	}
	return c.Order[key]
}

func (c *Config) validateMerge() error {
	switch {
	case len(c.Keys) == 0:
		return c.wrong("inputs without keys are in no order to merge by")
	case len(c.Order) > 0 && len(c.Order) != len(c.Keys):
		return c.wrong("%d directions of %d keys", len(c.Order), len(c.Keys))
	case c.Broadcast:
		return c.wrong("the inputs of a merge are dealt by key, not broadcast")
	}
	for i, k := range c.Keys {
		if k.Match == In {
			return c.wrong("key %d is compared by IN: what a NULL there may be equal to does not lie together", i)
		}
	}
	return nil
}

// Apply is for operators of one input.
func (m *Merge) Apply(*batch.Batch, *op.Output) (bool, error) {
	return false, errOneInput(m.cfg.title())
}

// ApplyInput takes rows of one of the inputs.
func (m *Merge) ApplyInput(input int, in *batch.Batch, out *op.Output) (more bool, err error) {
	if !m.taken {
		if err := m.take(input, in, out); err != nil {
			return false, err
		}
		m.taken = true
	}
	if more, err = m.work(out); more || err != nil {
		return more, err
	}
	m.taken = false
	if m.in == nil {
		return false, nil
	}
	m.in = nil
	m.left.View(in, m.rows)
	ids, err := m.queues[input].push(&m.left)
	out.Counts.In += int64(len(ids))
	out.Counts.Held += int64(len(ids))
	return false, err
}

// take looks at a new batch: build rows are stored, probe rows are next.
func (m *Merge) take(input int, in *batch.Batch, out *op.Output) error {
	if err := m.ready(); err != nil {
		return err
	}
	switch {
	case op.Retracted(in):
		return errChanges(m.cfg.title())
	case m.ended[input]:
		return errEnded(m.cfg.title(), input)
	case in.Rows() == 0:
		return nil
	}
	if err := m.lasts[input].check(in); err != nil {
		return err
	}
	if input != m.cfg.Build {
		m.in = in
		if m.rows = in.Sel; in.Sel == nil {
			m.rows = m.all[:in.Len]
		}
		return nil
	}
	return m.store(in, out)
}

// ready puts in order what was restored, and frees what nothing that is lent lies in any more.
func (m *Merge) ready() error {
	for input, q := range m.queues {
		if m.restored {
			linked, err := q.arrange()
			if err != nil {
				return err
			}
			if input == m.cfg.Build {
				m.build.repeated = linked
			}
		}
		if err := q.tidy(); err != nil {
			return err
		}
	}
	m.restored = false
	q := m.queues[m.cfg.Build]
	m.spoken, m.build.rows = q.head, q.rows
	return nil
}

// store keeps build rows, those of one key in a chain.
func (m *Merge) store(in *batch.Batch, out *op.Output) error {
	q := m.queues[m.cfg.Build]
	rows := in.Rows()
	b := m.build.useful(in)
	last := keyed.NoRow
	if q.len() > 0 {
		last = q.ids[len(q.ids)-1]
	}
	ids, err := q.push(b)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if last != keyed.NoRow && q.order.CompareIDs(q.rows, last, id) == 0 {
			*q.rows.Link(last, keyLink) = id
			m.build.repeated = true
		}
		last = id
	}
	out.Counts.In += int64(rows)
	out.Counts.Absorbed += int64(len(ids))
	out.Counts.Filtered += int64(rows - len(ids))
	return nil
}

// OnInputEnd lets rows go that waited for more of the input.
func (m *Merge) OnInputEnd(input int, out *op.Output) (more bool, err error) {
	if !m.taken {
		if err := m.ready(); err != nil {
			return false, err
		}
		m.taken, m.ended[input] = true, true
	}
	if more, err = m.work(out); more || err != nil {
		return more, err
	}
	if m.taken = false; m.ended[0] && m.ended[1] {
		for i, q := range m.queues {
			q.free()
			m.lasts[i].free()
		}
	}
	return false, nil
}

// work goes on with what can be done now. It answers more after it has emitted something, and when a call is long enough.
func (m *Merge) work(out *op.Output) (more bool, err error) {
	for {
		if m.probe.in != nil {
			more, err := m.probe.run(m.probe.in, m.probe.held, out)
			if err != nil || more || out.Counts.Emitted > 0 {
				return err == nil, err
			}
		}
		if m.speak(out) {
			return true, nil
		}
		if m.next() {
			continue
		}
		if !m.pass() {
			return false, nil
		}
	}
}

// speak emits build rows that the probe side has gone past, and reports whether there was something to say.
func (m *Merge) speak(out *op.Output) bool {
	q := m.queues[m.cfg.Build]
	for m.rest != nil && m.spoken < q.head {
		from := m.spoken
		m.spoken = min(from+batch.MaxRows, q.head)
		if m.rest.emit(q.ids[from:m.spoken], out) {
			return true
		}
	}
	m.spoken = q.head
	return false
}

// next gives the prober rows that the build side has gone past, those that waited first. It reports whether there are any.
func (m *Merge) next() bool {
	held := m.queues[m.cfg.probe()]
	if held.len() > 0 {
		n := m.ripe(min(held.len(), batch.MaxRows), func(i int) ([]*batch.Column, int) { return held.rows.Row(held.ids[held.head+i]) })
		if n == 0 {
			return false
		}
		b := held.peek(n)
		held.head += n
		held.groups = nil
		m.match(b)
		m.probe.start(b, true)
		return true
	}
	if m.in == nil {
		return false
	}
	n := m.ripe(len(m.rows), func(i int) ([]*batch.Column, int) { return m.in.Cols, int(m.rows[i]) })
	if n == 0 {
		return false
	}
	m.view.View(m.in, m.rows[:n])
	if m.rows = m.rows[n:]; len(m.rows) == 0 {
		m.in = nil
	}
	if n == m.view.Len {
		m.view.Sel = nil
	}
	m.match(&m.view)
	m.probe.start(&m.view, false)
	return true
}

// ripe returns how many of n probe rows have keys that the build side has gone past.
func (m *Merge) ripe(n int, row func(i int) ([]*batch.Column, int)) int {
	if m.ended[m.cfg.Build] {
		return n
	}
	last, lastRow, ok := m.lasts[m.cfg.Build].get()
	if !ok {
		return 0
	}
	lo, hi := 0, n
	for lo < hi {
		mid := (lo + hi) / 2
		if cols, i := row(mid); m.compareTo(cols, i, last, lastRow) < 0 {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo
}

// compareTo orders a probe row and a build row.
func (m *Merge) compareTo(probe []*batch.Column, i int, build []*batch.Column, j int) int {
	m.a, m.b = m.a[:0], m.b[:0]
	for k := range m.cfg.Keys {
		m.a = append(m.a, probe[m.cfg.Keys[k].column(m.cfg.probe())])
		m.b = append(m.b, build[m.cfg.Keys[k].column(m.cfg.Build)])
	}
	return m.order.Compare(m.a, i, m.b, j)
}

// match finds the chain of each row of b, and goes past the build rows that come before.
func (m *Merge) match(b *batch.Batch) {
	q := m.queues[m.cfg.Build]
	strict := m.probe.keys.strict
	nulls := nullable(b, strict)
	for i := range b.Rows() {
		row := b.Row(i)
		first := keyed.NoRow
		for q.len() > 0 {
			cols, stored := q.row()
			c := m.compareTo(b.Cols, row, cols, stored)
			if c > 0 {
				q.head++
				continue
			}
			if c == 0 && !(nulls && hasNull(b.Cols, strict, row)) {
				first = q.ids[q.head]
			}
			break
		}
		m.probe.first[i] = first
	}
	q.groups = nil
}

// pass goes past build rows that come before the next probe row, or, if there will be none, past all. It reports whether there were any.
func (m *Merge) pass() bool {
	q, held := m.queues[m.cfg.Build], m.queues[m.cfg.probe()]
	from := q.head
	switch {
	case held.len() > 0:
		cols, row := held.row()
		m.passTo(cols, row)
	case m.in != nil:
		m.passTo(m.in.Cols, int(m.rows[0]))
	case m.ended[m.cfg.probe()]:
		q.head = len(q.ids)
	default:
		if cols, row, ok := m.lasts[m.cfg.probe()].get(); ok {
			m.passTo(cols, row)
		}
	}
	q.groups = nil
	return q.head > from
}

func (m *Merge) passTo(cols []*batch.Column, row int) {
	q := m.queues[m.cfg.Build]
	for q.len() > 0 {
		stored, i := q.row()
		if m.compareTo(cols, row, stored, i) <= 0 {
			return
		}
		q.head++
	}
}

// The parts of the state of a merge join for a key group: docs/format/state.md.
const (
	partQueues  = 0 // of the left input, and of the right
	partLasts   = 2
	mergeParts  = 4
	mergeFormat = 1
)

// Snapshot returns the state of a key group.
func (m *Merge) Snapshot(number op.KeyGroup) ([]byte, error) {
	if err := m.ready(); err != nil {
		return nil, err
	}
	var p [mergeParts][]byte
	var err error
	for i := range m.queues {
		if p[partQueues+i], err = m.queues[i].snapshot(uint8(number)); err != nil {
			return nil, err
		}
		if p[partLasts+i], err = m.lasts[i].rows.Snapshot(uint8(number)); err != nil {
			return nil, err
		}
	}
	return keyed.AppendParts(nil, mergeFormat, p[:]...), nil
}

// Restore puts the state of a key group in.
func (m *Merge) Restore(number op.KeyGroup, data []byte) error {
	p, err := keyed.Parts(m.cfg.title(), data, mergeFormat, mergeParts)
	if err != nil {
		return err
	}
	m.restored = true
	for i := range m.queues {
		for part, rows := range map[int]*keyed.Rows{partQueues + i: m.queues[i].rows, partLasts + i: m.lasts[i].rows} {
			if p[part] == nil {
				continue
			}
			if err := rows.Restore(uint8(number), p[part]); err != nil {
				return err
			}
		}
	}
	return nil
}

// lastRow is the last row of an input: what comes next is not before it.
type lastRow struct {
	cfg   *Config
	input int
	keys  *keyColumns
	order *keyed.Order
	// rows has that row; after a restore it may have one of several tasks each.
	rows *keyed.Rows
	cols []*batch.Column
	id   [1]uint32
}

func newLastRow(c *Config, input int, q *queue) *lastRow {
	return &lastRow{
		cfg: c, input: input, keys: q.keys, order: q.order, rows: keyed.NewRows(c.Pool, q.types, 0, q.name, c.Budget),
		cols: make([]*batch.Column, len(q.types)),
	}
}

// get returns the row, if there was one.
func (l *lastRow) get() (cols []*batch.Column, row int, ok bool) {
	n := l.rows.Len()
	if n == 0 {
		return nil, 0, false
	}
	ids := make([]uint32, n)
	var c keyed.Cursor
	l.rows.Scan(&c, ids)
	last := ids[0]
	for _, id := range ids[1:] {
		if l.order.CompareIDs(l.rows, id, last) > 0 {
			last = id
		}
	}
	cols, row = l.rows.Row(last)
	return cols, row, true
}

// check checks that the rows of b are in order, and behind those before them, and notes the last one.
func (l *lastRow) check(b *batch.Batch) error {
	cols, row, ok := l.get()
	for i := range b.Rows() {
		next := b.Row(i)
		if ok && l.order.Compare(cols, row, b.Cols, next) > 0 {
			return fmt.Errorf("%s: the %s input is not ordered by its keys, as the plan says: %s comes after %s; "+
				"the input's own order was changed, or was never what was declared", l.cfg.title(), inputName(l.input), l.text(b.Cols, next), l.text(cols, row))
		}
		cols, row, ok = b.Cols, next, true
	}
	l.rows.Free()
	for _, column := range l.keys.columns {
		l.cols[column] = b.Cols[column]
	}
	one := batch.Batch{Cols: b.Cols, Len: b.Len, Sel: []uint16{uint16(row)}} //nolint:gosec // a row number of a batch
	_, dealt := l.keys.hash(&one)
	return l.rows.Append(l.cols, dealt, one.Sel, l.id[:])
}

// text is the key of a row.
func (l *lastRow) text(cols []*batch.Column, row int) string {
	text := []byte("(")
	for i, column := range l.keys.columns {
		if i > 0 {
			text = append(text, ", "...)
		}
		if cols[column].IsNull(row) {
			text = append(text, "NULL"...)
		} else {
			text = append(text, codec.Shown(codec.AppendText(nil, cols[column], row))...)
		}
	}
	return string(append(text, ')'))
}

func (l *lastRow) free() { l.rows.Free() }
