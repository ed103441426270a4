package flow

import (
	"sync"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/plan/physical"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
)

const (
	// cartonBytes is the size from which on a carton takes no further rows: what waits in a queue should stay in a core's cache.
	cartonBytes = 64 << 10
	// An emptied carton is not kept for reuse beyond one part in keepCartonShare of the budget, within these bounds.
	keepCartonShare = 256
	keepCartonLeast = 16 << 10
	keepCartonMost  = 2 << 20
	// Rows under way leave one part in leftShare of the budget to state: three quarters of what is left when it has to leave memory, more than what is left when all of it leaves (shrinkShare).
	leftShare = lowShare * 4 / 3
	// Nor do rows on their way to the tasks of a stage take more than one part in underWayShare of it: what some state gives up is there for other state.
	underWayShare = 8
	// Where memory is small a carton has about one part in cartonShare of the budget at most, so that the state of a task grows by little between two looks at what is left; and no more than its part
	// of one in cartonsShare, if there is a carton in each queue between tasks.
	cartonShare  = 128
	cartonsShare = 16
	// probedRows is of how many rows it is found out how many more a carton takes.
	probedRows = 16
)

// carton is rows on their way to one task. Whoever holds it owns its memory: a lane or task fills it, the queue keeps it, the task that takes it
// lends its batch to operators and gives it back.
type carton struct {
	rows *batch.Appender
	home *outlet
	// reserved is what is booked in the budget for it, in bytes.
	reserved int64
}

// takes reports whether n rows of b can be added.
func (c *carton) takes(b *batch.Batch, n int) bool {
	return c.rows.Fits(b, n) && (c.rows.Rows() == 0 || c.rows.Size() < cartonBytes)
}

// accepts reports whether other's rows can be added.
func (c *carton) accepts(other *carton) bool {
	return c.home == other.home && c.takes(other.rows.Batch(), other.rows.Rows())
}

// join adds other's rows, and gives other back.
func (c *carton) join(other *carton) {
	c.rows.Append(other.rows.Batch(), nil)
	other.giveBack()
	c.book()
}

// book reserves the memory that the carton has come to. It reports false if that is more than rows under way may take.
func (c *carton) book() bool {
	more := c.rows.Memory() - c.reserved
	if more <= 0 {
		return true
	}
	if !c.home.affords(more) || !c.home.budget.TryReserve(more) {
		return false
	}
	c.reserved += more
	return true
}

// giveBack empties the carton and lets its outlet fill it again. It keeps little memory, which is reserved, and none where hardly any is left or cartons have half of their share: the rest is for those that are full.
func (c *carton) giveBack() {
	c.rows.Reset()
	if c.rows.Memory() > c.home.keeps || c.home.budget.Available() < c.home.leaves/leastShare || !c.book() || c.home.budget.Used() > c.home.share/2 {
		c.release()
	}
	c.home.mu.Lock()
	defer c.home.mu.Unlock()
	if c.home.over {
		c.release()
		return
	}
	c.home.free = append(c.home.free, c)
}

// release gives the carton's memory back.
func (c *carton) release() {
	c.rows.Release()
	c.home.budget.Release(c.reserved)
	c.reserved = 0
}

// outlet is where a producer's rows leave through one exchange: the producer's queues at the tasks, and its empty cartons. How many cartons there
// are is bounded by what the queues, the parcels and the tasks hold. The lanes of a source share it.
type outlet struct {
	exchange *physical.Exchange
	queues   []*queue // by task
	budget   *limit.Budget
	pool     *batch.Pool
	// keeps is how much memory an emptied carton may have that is kept, in bytes.
	keeps int64
	// leaves is how much of the budget rows under way leave, in bytes, beside what spared says, and share how much those to the stage take.
	leaves, share int64
	spared        func() int64
	// most is about how many bytes a carton has at most, 0: as many as it gets.
	most int64

	mu   sync.Mutex
	free []*carton
	over bool // nothing more leaves by it
}

// close gives the memory of cartons back, also of those that come back later: nothing more leaves by the outlet.
func (o *outlet) close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.over = true
	for _, c := range o.free {
		c.release()
	}
	o.free = nil
}

// keepsOf is outlet.keeps where a pipeline has so much memory.
func keepsOf(memory int64) int64 {
	return min(max(memory/keepCartonShare, keepCartonLeast), keepCartonMost)
}

// affords reports whether rows under way may take so many bytes more: they leave some to state, and to its store.
func (o *outlet) affords(more int64) bool {
	return o.budget.Used()+more <= o.share && o.budget.Available()-more >= o.leaves+o.spared()
}

// mostOf is outlet.most where a pipeline has so much memory, and so many queues.
func mostOf(memory, queues int64) int64 {
	if most := min(memory/cartonShare, memory/cartonsShare/max(queues, 1)); memory != limit.Unlimited && most < keepCartonMost {
		return max(most, cartonBytes)
	}
	return 0
}

func (o *outlet) carton() *carton {
	o.mu.Lock()
	defer o.mu.Unlock()
	if last := len(o.free) - 1; last >= 0 {
		c := o.free[last]
		o.free = o.free[:last]
		return c
	}
	return &carton{home: o, rows: batch.NewAppender(o.pool)}
}

// consignment is rows that were dealt to the tasks behind an outlet and wait to be sent. It belongs to a parcel or a task.
type consignment struct {
	outlet *outlet
	parts  [][]*carton // by task, in the order of their rows; the last one can take more
	bytes  int64       // memory of the cartons that can not
	every  []uint16    // the numbers from 0 on
}

func newConsignment(o *outlet) *consignment {
	return &consignment{outlet: o, parts: make([][]*carton, len(o.queues))}
}

// add copies the rows of b that rows names, nil meaning all, to those for task part.
func (c *consignment) add(part int, b *batch.Batch, rows []uint16) {
	if c.outlet.most == 0 {
		c.last(part, b, rowsOf(b, rows)).Append(b, rows)
		return
	}
	if rows == nil {
		for len(c.every) < b.Len {
			c.every = append(c.every, uint16(len(c.every))) //nolint:gosec // a row number of a batch
		}
		rows = c.every[:b.Len]
	}
	for len(rows) > 0 {
		n := min(len(rows), probedRows)
		to := c.last(part, b, n)
		if had := int64(to.Rows()); had > 0 {
			n = min(len(rows), batch.MaxRows-to.Rows(), max(int(min((c.outlet.most-to.Size())*had/max(to.Size(), 1), had)), 1))
		}
		if n < len(rows) && b.Kinds != nil && b.Kinds[rows[n]] == batch.UpdateAfter { // the halves of an update stay side by side
			if n++; to.Rows()+n > batch.MaxRows {
				n -= 2 // there was room for two rows
			}
		}
		to.Append(b, rows[:n])
		rows = rows[n:]
	}
}

// memory is what all its cartons have, in bytes.
func (c *consignment) memory() int64 {
	total := c.bytes
	for _, list := range c.parts {
		if last := len(list) - 1; last >= 0 {
			total += list[last].rows.Memory()
		}
	}
	return total
}

// rowsOf is how many rows those of b are.
func rowsOf(b *batch.Batch, rows []uint16) int {
	if rows == nil {
		return b.Len
	}
	return len(rows)
}

// last is the last carton for task part, which takes n rows of b.
func (c *consignment) last(part int, b *batch.Batch, n int) *batch.Appender {
	list := c.parts[part]
	last := len(list) - 1
	if last < 0 || !list[last].takes(b, n) {
		if last >= 0 {
			c.bytes += list[last].rows.Memory()
		}
		list = append(list, c.outlet.carton())
		c.parts[part] = list
		last++
	}
	return list[last].rows
}

// send hands everything to the queues, and waits while they are full, or there is no memory for more than one carton in each. In the turn of its parcel.
func (c *consignment) send() error {
	for part := range c.parts {
		if err := c.sendTo(part, 0); err != nil {
			return err
		}
	}
	c.bytes = 0
	return nil
}

// sendFull hands over the cartons that can take no more.
func (c *consignment) sendFull() error {
	for part := range c.parts {
		if err := c.sendTo(part, 1); err != nil {
			return err
		}
	}
	c.bytes = 0
	return nil
}

// sendTo hands all cartons for task part but the last keep to its queue.
func (c *consignment) sendTo(part, keep int) error {
	list := c.parts[part]
	n := max(len(list)-keep, 0)
	for i, full := range list[:n] {
		list[i] = nil
		if err := c.outlet.queues[part].push(entry{kind: entryRows, carton: full}); err != nil {
			return err
		}
	}
	c.parts[part] = append(list[:0], list[n:]...)
	return nil
}

// drop forgets everything: the rows of a block that is refused.
func (c *consignment) drop() {
	for part, list := range c.parts {
		for _, full := range list {
			full.giveBack()
		}
		c.parts[part] = list[:0]
	}
	c.bytes = 0
}

// dealer decides which tasks the rows of an edge go to. It belongs to one goroutine.
type dealer struct {
	kind   physical.ExchangeKind
	dated  bool
	hasher *keyed.Hasher
	parts  *batch.Partitioner
	owner  [batch.MaxParts]uint8
	header batch.Batch // of rows that are not dealt as they are
	kinds  []batch.Change
}

func newDealer(o *outlet) *dealer {
	d := &dealer{kind: o.exchange.Kind, dated: o.exchange.Dated}
	if d.kind == physical.Hash && len(o.queues) > 1 {
		d.hasher = keyed.NewHasher(o.exchange.Keys)
		d.owner = batch.Spread(len(o.queues))
		d.parts = batch.NewPartitioner(len(o.queues), d.owner)
	}
	return d
}

// deal adds the rows of b to c. Rows of one batch that go to one task come there in one batch, so that the halves of an update stay side by side; where
// they go to different tasks, one is a Delete and the other an Insert.
func (d *dealer) deal(b *batch.Batch, c *consignment) {
	if b.Before != nil && !d.dated {
		d.header = *b
		d.header.Before = nil
		b = &d.header
	}
	switch {
	case d.kind == physical.Broadcast:
		for part := range c.parts {
			c.add(part, b, b.Sel)
		}
	case d.parts == nil:
		c.add(0, b, b.Sel)
	default:
		hashes := d.hasher.Hash(b)
		d.parts.Deal(b, hashes)
		if b.Kinds != nil {
			b = d.mend(b, hashes)
		}
		for part := range c.parts {
			if rows := d.parts.Rows(part); len(rows) > 0 {
				c.add(part, b, rows)
			}
		}
	}
}

// mend makes an update of which the halves go to different tasks two changes. hashes has one hash for each row that counts.
func (d *dealer) mend(b *batch.Batch, hashes []uint64) *batch.Batch {
	d.kinds = append(d.kinds[:0], b.Kinds...)
	mended, rows := false, b.Rows()
	for i := 0; i < rows; i++ {
		row := b.Row(i)
		switch b.Kinds[row] {
		case batch.UpdateBefore:
			if i+1 < rows && b.Kinds[b.Row(i+1)] == batch.UpdateAfter && d.owner[hashes[i]>>56] == d.owner[hashes[i+1]>>56] {
				i++
				continue
			}
			d.kinds[row], mended = batch.Delete, true
		case batch.UpdateAfter:
			d.kinds[row], mended = batch.Insert, true
		default:
		}
	}
	if !mended {
		return b
	}
	d.header = *b
	d.header.Kinds = d.kinds
	return &d.header
}
