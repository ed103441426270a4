package window

import (
	"fmt"
	"math"

	"wire.example/wire/internal/operator/op"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sqlstate"
	"wire.example/wire/sdk/temporal"
)

// LatePort is the port of the late rows.
const LatePort = 1

// ProcessingTime is the Time of windows that go by when a row is processed.
const ProcessingTime = -1

// AssignConfig describes an Assign.
type AssignConfig struct {
	// Name is the operator's name in messages.
	Name string
	// Types are those of the input's columns.
	Types []schema.Type
	Shape Shape
	// Time is the column that says which windows a row is in, a TIMESTAMP or TIMESTAMPTZ by its ordinal, or ProcessingTime.
	Time int
	// TimeType is the type of the window columns for ProcessingTime, a TIMESTAMP or TIMESTAMPTZ; else they have the type of Time.
	TimeType schema.Type
	// Decides says that rows may be late, which batch.Before tells: set where the time column is a source's, in front of any exchange. Rows without Before
	// never are.
	Decides bool
	// Lateness is how long after the end of a window, or of Session after a row's time, its rows are not late, in µs.
	Lateness int64
	// Slices asks for slices instead of windows, for an Aggregate that reads slices: each row once, with SliceColumns. Not for Session.
	Slices bool
	// Late asks for the late rows, at LatePort.
	Late bool
	// Keep says which columns of the input are passed on; nil means all. The others are nil in the output, at the same places.
	Keep []bool
}

// windowColumns is how many columns an Assign appends.
const windowColumns = 2

// timeType is the type of the window columns.
func (c *AssignConfig) timeType() schema.Type {
	if c.Time == ProcessingTime {
		return schema.Of(c.TimeType.Kind)
	}
	return schema.Of(c.Types[c.Time].Kind)
}

// Output are the types of the columns of port 0: the input's, then window_start and window_end, or, of slices, two BIGINTs: in µs the end of the first window
// that the row counts in, and of the last.
func (c *AssignConfig) Output() []schema.Type {
	t := c.timeType()
	if c.Slices {
		t = schema.Of(schema.Int64)
	}
	return append(append([]schema.Type{}, c.Types...), t, t)
}

// LateOutput are the types of the columns of LatePort: the input's, then window_start and window_end. There is a row for each window that a row is late for.
func (c *AssignConfig) LateOutput() []schema.Type {
	t := c.timeType()
	return append(append([]schema.Type{}, c.Types...), t, t)
}

// Lags says how far columns of the output may be behind the watermark, in µs, if Time may be behind by lag: 0 for a source's. It is no matter where Decides says
// so. Of the column Time itself, if it is passed on, and of window_start, window_end.
func (c *AssignConfig) Lags(lag int64) (time, start, end int64) {
	length := c.Shape.length()
	switch {
	case c.Shape.Kind == Session && c.Decides:
		lag = c.Lateness
	case c.Decides: // a row counts while the end of its window plus the lateness is after the watermark
		return add(c.Lateness, length), add(c.Lateness, length), c.Lateness
	}
	if c.Shape.Kind == Session {
		return lag, lag, lag
	}
	return lag, add(lag, length), lag
}

// add adds what is not negative, and stays at the end of the numbers.
func add(a, b int64) int64 {
	if a > math.MaxInt64-b {
		return math.MaxInt64
	}
	return a + b
}

func (c *AssignConfig) validate() error {
	kind := c.TimeType.Kind
	if c.Time != ProcessingTime {
		if c.Time < 0 || c.Time >= len(c.Types) {
			return fmt.Errorf("windows %s: the time is column %d of %d", c.Name, c.Time, len(c.Types))
		}
		kind = c.Types[c.Time].Kind
	}
	switch {
	case kind != schema.Timestamp && kind != schema.TimestampTZ:
		return fmt.Errorf("windows %s: the time is a %v; it must be a TIMESTAMP or TIMESTAMPTZ", c.Name, kind)
	case c.Lateness < 0:
		return fmt.Errorf("windows %s: a lateness of %d µs", c.Name, c.Lateness)
	case c.Slices && c.Shape.Kind == Session:
		return fmt.Errorf("windows %s: sessions have no slices", c.Name)
	}
	if err := c.Shape.Validate(); err != nil {
		return fmt.Errorf("windows %s: %w", c.Name, err)
	}
	return nil
}

// Assign gives each row its windows. It keeps no state, and the order of rows.
type Assign struct {
	cfg     AssignConfig
	shape   Shape
	repeats bool // a row may come out several times
	pool    *batch.Pool
	now     int64
	// first and last are the columns that are appended where each row comes out once.
	first, last *batch.Column
	out         batch.Batch
	sel         []uint16
	kinds       []batch.Change
	// windows and late are rows that come out once for each window.
	windows, late expansion
	// begun: the batch was judged, and some of its rows are still to come out.
	begun bool
}

// NewAssign returns the operator that config describes.
func NewAssign(pool *batch.Pool, config AssignConfig) (*Assign, error) {
	if err := config.validate(); err != nil {
		return nil, err
	}
	a := &Assign{cfg: config, shape: config.Shape.normal(), pool: pool, now: math.MinInt64, sel: make([]uint16, 0, batch.MaxRows)}
	a.repeats = !config.Slices && a.shape.Overlaps()
	types := config.Output()
	t := types[len(types)-1]
	a.first, a.last = batch.NewColumn(pool, t), batch.NewColumn(pool, t)
	a.windows.assign, a.late.assign = a, a
	return a, nil
}

// SetTime says when the next rows are processed.
func (a *Assign) SetTime(micros int64) { a.now = micros }

// Apply emits the rows of in with their windows.
func (a *Assign) Apply(in *batch.Batch, out *op.Output) (more bool, err error) {
	if !a.begun {
		a.windows.reset()
		a.late.reset()
		a.judge(in, out)
		if !a.repeats {
			a.emit(in, out)
		}
	}
	a.windows.emit(in, 0, out)
	a.late.emit(in, LatePort, out)
	a.begun = a.windows.left() || a.late.left()
	return a.begun, nil
}

// judge finds the windows of all rows of in.
func (a *Assign) judge(in *batch.Batch, out *op.Output) {
	a.sel = a.sel[:0]
	rows := in.Rows()
	out.Counts.In += int64(rows)
	a.first.Reset(in.Len)
	a.last.Reset(in.Len)
	switch {
	case a.cfg.Time == ProcessingTime:
		a.judgeNow(in, out)
	case a.simple(in) && a.shape.Kind == Session:
		a.judgeSessions(in, out)
	case a.simple(in):
		a.judgeSimply(in, out)
	default:
		a.judgeEach(in, out)
	}
}

// simple reports whether each row comes out once and nothing but its time must be looked at.
func (a *Assign) simple(in *batch.Batch) bool {
	return !a.repeats && !in.Cols[a.cfg.Time].HasNulls()
}

// over is the latest time at which a window may end of which some row of in is late; at least the least number.
func (a *Assign) over(in *batch.Batch) int64 {
	if !a.cfg.Decides || in.Before == nil {
		return math.MinInt64
	}
	most := int64(math.MinInt64)
	for _, before := range in.Before {
		most = max(most, before)
	}
	if most < math.MinInt64+a.cfg.Lateness {
		return math.MinInt64
	}
	return most - a.cfg.Lateness
}

// judgeSimply is judgeEach where rows have a time.
func (a *Assign) judgeSimply(in *batch.Batch, out *op.Output) {
	times := in.Cols[a.cfg.Time].Int64s()
	first, last := a.first.Int64s(), a.last.Int64s()
	over, w := a.over(in), span{lo: 1}
	from, to := int64(0), int64(0)
	for i := range in.Rows() {
		row := in.Row(i)
		if micros := times[row]; !w.has(micros) {
			var ok bool
			if w, ok = a.shape.of(micros); !ok {
				out.Reject(row, outOfRange())
				w = span{lo: 1}
				continue
			}
			if from, to = w.first, w.last; !a.cfg.Slices {
				from = a.shape.start(w.last, w.last)
			}
		}
		if w.first > w.last {
			out.Counts.Filtered++
			continue
		}
		if w.first <= over {
			a.judgeOne(in, row, &w, out)
			continue
		}
		first[row], last[row] = from, to
		a.sel = append(a.sel, uint16(row)) //nolint:gosec // a row number of a batch
	}
}

// judgeSessions is judgeEach for sessions, where rows have a time.
func (a *Assign) judgeSessions(in *batch.Batch, out *op.Output) {
	times, starts, ends := in.Cols[a.cfg.Time].Int64s(), a.first.Int64s(), a.last.Int64s()
	over := a.over(in)
	most := temporal.MaxTimestamp - a.shape.Gap
	for i := range in.Rows() {
		row := in.Row(i)
		micros := times[row]
		switch {
		case micros < temporal.MinTimestamp || micros > most:
			out.Reject(row, outOfRange())
			continue
		case micros < over:
			w, _ := a.shape.of(micros)
			a.judgeOne(in, row, &w, out)
			continue
		}
		starts[row], ends[row] = micros, micros+a.shape.Gap
		a.sel = append(a.sel, uint16(row)) //nolint:gosec // a row number of a batch
	}
}

// judgeEach looks at each row.
func (a *Assign) judgeEach(in *batch.Batch, out *op.Output) {
	column := in.Cols[a.cfg.Time]
	times := column.Int64s()
	w := span{lo: 1}
	for i := range in.Rows() {
		row := in.Row(i)
		if column.IsNull(row) {
			out.Counts.Filtered++
			continue
		}
		if micros := times[row]; !w.has(micros) {
			var ok bool
			if w, ok = a.shape.of(micros); !ok {
				out.Reject(row, outOfRange())
				w = span{lo: 1}
				continue
			}
		}
		if w.first > w.last {
			out.Counts.Filtered++
			continue
		}
		a.judgeOne(in, row, &w, out)
	}
}

// judgeOne gives a row those of the windows w that it is not late for.
func (a *Assign) judgeOne(in *batch.Batch, row int, w *span, out *op.Output) {
	first := w.first
	if a.cfg.Decides && in.Before != nil {
		if first = a.onTime(row, w, in.Before[row], out); first > w.last {
			out.Counts.Late++
			return
		}
	}
	a.put(row, first, w)
}

// put notes the windows of a row from the one that ends at first.
func (a *Assign) put(row int, first int64, w *span) {
	switch {
	case a.repeats:
		a.windows.rows = append(a.windows.rows, windows{uint16(row), first, w.last}) //nolint:gosec // a row number of a batch
		return
	case a.cfg.Slices:
		a.first.Int64s()[row] = first
	default:
		a.first.Int64s()[row] = a.shape.start(w.last, w.last)
	}
	a.last.Int64s()[row] = w.last
	a.sel = append(a.sel, uint16(row)) //nolint:gosec // a row number of a batch
}

// onTime returns the end of the first window that a row is not late for, and notes those that it is late for.
func (a *Assign) onTime(row int, w *span, before int64, out *op.Output) int64 {
	if before < math.MinInt64+a.cfg.Lateness {
		return w.first
	}
	bound := before - a.cfg.Lateness // windows that end then or before are over
	if a.shape.Kind == Session {
		bound = min(bound, math.MaxInt64-a.shape.Gap) + a.shape.Gap - 1 // late if its time is before that
	}
	first, late := a.shape.after(bound, w.first, w.last)
	if late > 0 {
		out.Counts.LateWindows += late
		if a.cfg.Late {
			a.late.rows = append(a.late.rows, windows{uint16(row), w.first, min(bound, w.last)}) //nolint:gosec // a row number of a batch
		}
	}
	return first
}

// judgeNow gives all rows the windows of now.
func (a *Assign) judgeNow(in *batch.Batch, out *op.Output) {
	w, ok := a.shape.of(a.now)
	for i := range in.Rows() {
		row := in.Row(i)
		switch {
		case !ok:
			out.Reject(row, outOfRange())
		case w.first > w.last:
			out.Counts.Filtered++
		default:
			a.put(row, w.first, &w)
		}
	}
}

func outOfRange() *sqlstate.Error {
	return sqlstate.New(sqlstate.DatetimeFieldOverflow, "timestamp out of range: a window of the row would begin or end beyond all timestamps")
}

// emit emits the rows of in that come out once.
func (a *Assign) emit(in *batch.Batch, out *op.Output) {
	out.Counts.Forwarded += int64(len(a.sel))
	if len(a.sel) == 0 {
		return
	}
	b := &a.out
	b.View(in, a.sel)
	b.Before = nil
	if len(a.sel) == in.Rows() {
		b.Sel = in.Sel
	} else if mended := op.Pair(b, a.kinds); len(mended) > 0 && &mended[0] != &b.Kinds[0] {
		b.Kinds, a.kinds = mended, mended
	}
	a.keep(b)
	b.Cols = append(b.Cols, a.first, a.last)
	out.Emit(0, b)
}

// passes reports whether a column of the input is passed on.
func (a *Assign) passes(i int) bool { return len(a.cfg.Keep) == 0 || a.cfg.Keep[i] }

// keep takes the columns out of b that are not passed on.
func (a *Assign) keep(b *batch.Batch) {
	for i := range b.Cols {
		if !a.passes(i) {
			b.Cols[i] = nil
		}
	}
}
