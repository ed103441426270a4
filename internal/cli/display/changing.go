package display

import (
	"bytes"
	"cmp"
	"container/list"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"wire.example/wire/internal/foundation/clock"
	"wire.example/wire/sdk/batch"
)

const (
	// changeEvery is the least time between two frames of rows that change.
	changeEvery = 100 * time.Millisecond
	// MaxChanging is how many rows can be shown as they change.
	MaxChanging = 100_000
	// maxCell is how wide a column gets while rows change.
	maxCell = 40
)

// Changing shows the rows of an answer on a terminal as they change: a table that is drawn again in place, a row in the place of the one that it updates. Of more rows than
// the terminal has lines, those that changed last are shown; if they have an order, the first are. Safe for concurrent use.
type Changing struct {
	out   io.Writer
	clock clock.Clock
	size  func() Size
	names []string
	right []bool
	// compare is the order of rows by their ranks; nil: as they came.
	compare func(a, b any) int

	mu      sync.Mutex
	rows    map[string][]*changingRow // by their text
	order   list.List                 // of *changingRow, as they came
	recent  list.List                 // the same, the one that changed last first
	next    int64                     // number of the next row
	changes int64
	updates *changingRow // the row whose successor comes next
	dirty   bool
	over    bool
	drawn   int // lines on the screen
	widths  []int
	err     error
	stop    chan struct{}
	ended   sync.WaitGroup
}

type changingRow struct {
	cells         []string
	key           string
	number        int64
	rank          any
	place, recent *list.Element
}

// NewChanging returns an empty table with columns called names; right says which are aligned to the right. size is asked before each frame. compare is the order of rows by
// what Change is given as their ranks; nil is that in which they came.
func NewChanging(out io.Writer, clk clock.Clock, size func() Size, names []string, right []bool, compare func(a, b any) int) *Changing {
	c := &Changing{out: out, clock: clk, size: size, right: right, compare: compare, rows: map[string][]*changingRow{}, widths: make([]int, len(names)), dirty: true}
	for _, name := range names {
		c.names = append(c.names, plain(name))
	}
	return c
}

// Start draws until End is called.
func (c *Changing) Start() {
	c.stop = make(chan struct{})
	c.ended.Go(func() {
		ticker := c.clock.NewTicker(changeEvery)
		defer ticker.Stop()
		c.Draw()
		for {
			select {
			case <-c.stop:
				return
			case <-ticker.C():
				c.Draw()
			}
		}
	})
}

// Change carries out a change of a row, whose cells and rank are kept. What is taken back and not there is left alone. false means that there are too many rows, and that this
// one was not taken.
func (c *Changing) Change(kind batch.Change, cells []string, rank any) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, cell := range cells {
		cells[i] = plain(cell)
	}
	key := strings.Join(cells, "\x00")
	updates := c.updates
	c.updates = nil
	switch {
	case kind == batch.UpdateBefore:
		c.updates = c.last(key)
	case kind == batch.Delete:
		c.remove(c.last(key))
	case kind == batch.UpdateAfter && updates != nil:
		c.unname(updates)
		updates.cells, updates.key, updates.rank = cells, key, rank
		c.rows[key] = append(c.rows[key], updates)
		c.recent.MoveToFront(updates.recent)
	case c.order.Len() == MaxChanging:
		return false
	default:
		r := &changingRow{cells: cells, key: key, number: c.next, rank: rank}
		c.next++
		c.rows[key] = append(c.rows[key], r)
		r.place, r.recent = c.order.PushBack(r), c.recent.PushFront(r)
	}
	c.changes++
	c.dirty = true
	return true
}

// last is the row with this text that came last, nil if there is none.
func (c *Changing) last(key string) *changingRow {
	if rows := c.rows[key]; len(rows) > 0 {
		return rows[len(rows)-1]
	}
	return nil
}

func (c *Changing) remove(r *changingRow) {
	if r == nil {
		return
	}
	c.unname(r)
	c.order.Remove(r.place)
	c.recent.Remove(r.recent)
}

// unname makes r, the last with its text, no longer found by it.
func (c *Changing) unname(r *changingRow) {
	rows := c.rows[r.key]
	if rows = rows[:len(rows)-1]; len(rows) == 0 {
		delete(c.rows, r.key)
	} else {
		c.rows[r.key] = rows
	}
}

// Draw draws the table if something has changed since it was drawn.
func (c *Changing) Draw() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.dirty {
		return
	}
	c.dirty = false
	size := c.size()
	const around = 4 // header, rule, footer, and the cursor's line
	most := max(size.Height-around, 1)
	lines := c.lines(c.first(most), maxCell)
	for i := range lines {
		lines[i] = fit(lines[i], size.Width)
	}
	c.replace(lines)
}

// first are the rows that are shown where there is room for most, in their order.
func (c *Changing) first(most int) []*changingRow {
	var shown []*changingRow
	if c.compare != nil {
		shown = c.sorted()
		return shown[:min(len(shown), most)]
	}
	for e := c.recent.Front(); e != nil && len(shown) < most; e = e.Next() {
		shown = append(shown, e.Value.(*changingRow))
	}
	slices.SortFunc(shown, func(a, b *changingRow) int { return cmp.Compare(a.number, b.number) })
	return shown
}

// sorted are all rows in their order, of those that are equal in it the one that came first.
func (c *Changing) sorted() []*changingRow {
	rows := make([]*changingRow, 0, c.order.Len())
	for e := c.order.Front(); e != nil; e = e.Next() {
		rows = append(rows, e.Value.(*changingRow))
	}
	if c.compare != nil {
		slices.SortStableFunc(rows, func(a, b *changingRow) int { return c.compare(a.rank, b.rank) })
	}
	return rows
}

// lines are the table of rows, in which no column is wider than most, if that is not 0.
func (c *Changing) lines(rows []*changingRow, most int) []string {
	for i, name := range c.names {
		c.widths[i] = max(c.widths[i], utf8.RuneCountInString(name))
	}
	for _, r := range rows {
		for i, cell := range r.cells {
			width := utf8.RuneCountInString(cell)
			if most > 0 {
				width = min(width, most)
			}
			c.widths[i] = max(c.widths[i], width)
		}
	}
	lines := []string{c.line(c.names)}
	rule := make([]string, len(c.widths))
	for i, width := range c.widths {
		rule[i] = strings.Repeat("-", width+2)
	}
	lines = append(lines, strings.Join(rule, "+"))
	for _, r := range rows {
		lines = append(lines, c.line(r.cells))
	}
	return append(lines, c.footer(len(rows)))
}

// footer says how many rows there are, of which some are shown.
func (c *Changing) footer(shown int) string {
	total := c.order.Len()
	text := fmt.Sprintf("(%s, %s)", counted(int64(total), "row"), counted(c.changes, "change"))
	switch {
	case total > shown && c.compare != nil:
		text = fmt.Sprintf("(%s, of which these are the first %d; %s)", counted(int64(total), "row"), shown, counted(c.changes, "change"))
	case total > shown:
		text = fmt.Sprintf("(%s, of which %d changed last; %s)", counted(int64(total), "row"), shown, counted(c.changes, "change"))
	}
	return text
}

func counted(n int64, unit string) string {
	if n == 1 {
		return "1 " + unit
	}
	return grouped(n) + " " + unit + "s"
}

func (c *Changing) line(cells []string) string {
	parts := make([]string, len(cells))
	for i, cell := range cells {
		if cell = fit(cell, c.widths[i]); c.right[i] {
			parts[i] = padLeft(cell, c.widths[i])
		} else {
			parts[i] = pad(cell, c.widths[i])
		}
	}
	return strings.TrimRight(" "+strings.Join(parts, " | "), " ")
}

// replace draws lines in the place of those on the screen, in one write.
func (c *Changing) replace(lines []string) {
	if c.err != nil {
		return
	}
	var b bytes.Buffer
	if c.drawn > 0 {
		fmt.Fprintf(&b, "\x1b[%dA\r", c.drawn)
	}
	b.WriteString(wrapOff)
	for _, line := range lines {
		b.WriteString(line + eraseLine + "\n")
	}
	b.WriteString(wrapOn)
	if c.drawn > len(lines) {
		b.WriteString(eraseDown)
	}
	c.drawn = len(lines)
	_, c.err = c.out.Write(b.Bytes())
}

// End ends the drawing and leaves the table on the screen, with all its rows and whole values. It may be called twice. The error is that of out.
func (c *Changing) End() error {
	if c.stop != nil {
		close(c.stop)
		c.ended.Wait()
		c.stop = nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.drawn > 0 {
		_, err := fmt.Fprintf(c.out, "\x1b[%dA\r%s", c.drawn, eraseDown)
		c.drawn = 0
		if c.err == nil {
			c.err = err
		}
	}
	if c.err != nil || c.over {
		return c.err
	}
	c.over = true
	_, c.err = io.WriteString(c.out, strings.Join(c.lines(c.sorted(), 0), "\n")+"\n\n")
	return c.err
}
