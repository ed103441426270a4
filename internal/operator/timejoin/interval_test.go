package timejoin_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/internal/expr/eval"
	"wire.example/wire/internal/expr/parse"
	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/operator/timejoin"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// program compiles a condition over columns l0, l1, …, r0, r1, …, and returns the ordinals that it reads: all.
func program(t testing.TB, text string) (*eval.Program, []int) {
	t.Helper()
	s := &schema.Schema{}
	var reads []int
	for _, side := range []string{"l", "r"} {
		for i, typ := range columnTypes() {
			reads = append(reads, len(s.Fields))
			s.Fields = append(s.Fields, schema.Field{Name: fmt.Sprint(side, i), Type: typ})
		}
	}
	node, err := parse.Expr(text)
	if err != nil {
		t.Fatal(err)
	}
	e, err := bind.Condition(node, "ON", bind.FromSchema(s))
	if err != nil {
		t.Fatal(err)
	}
	p, err := eval.Compile(&batch.Pool{}, e)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p, reads
}

// stream is the rows of an input as they come, and behind each what its watermark is.
type stream struct {
	rows       []row
	watermarks []int64
}

// unit is that of the times of these tests, in µs: a slice has a few.
const unit = 100_000

// drawStream draws rows out of order by up to delay, and later by up to lateness; ids begin at first.
func drawStream(t *rapid.T, first int64, delay, lateness int64) stream {
	var s stream
	now, highest := rapid.Int64Range(-30, 0).Draw(t, "start"), int64(math.MinInt64)
	watermark := int64(math.MinInt64)
	delay, lateness = delay*unit, lateness*unit
	now *= unit
	for i := range rapid.IntRange(0, 40).Draw(t, "rows") {
		r := row{id: first + int64(i)}
		now += unit * rapid.Int64Range(0, 6).Draw(t, "step")
		at := now - unit*rapid.Int64Range(0, 3*delay/unit).Draw(t, "behind")
		if watermark != math.MinInt64 {
			at = max(at, watermark-lateness)
		}
		if rapid.IntRange(0, 15).Draw(t, "timeless") > 0 {
			r.time = &at
			highest = max(highest, at)
			watermark = highest - delay
		}
		if key := rapid.Int64Range(-1, 3).Draw(t, "key"); key >= 0 {
			r.key = &key
		}
		s.rows, s.watermarks = append(s.rows, r), append(s.watermarks, watermark)
	}
	return s
}

// intervalCase is an interval join and its inputs.
type intervalCase struct {
	cfg      timejoin.IntervalConfig
	inputs   [2]stream
	residual bool
}

func drawInterval(t *rapid.T, tb testing.TB) *intervalCase {
	c := &intervalCase{}
	delay := rapid.Int64Range(0, 5).Draw(t, "delay")
	cfg := &c.cfg
	cfg.Name, cfg.Left, cfg.Right, cfg.LeftTime, cfg.RightTime = "j", columnTypes(), columnTypes(), timeColumn, timeColumn
	cfg.Kind = rapid.SampledFrom([]timejoin.Kind{timejoin.Inner, timejoin.Left, timejoin.Right, timejoin.Full, timejoin.Semi, timejoin.Anti}).Draw(t, "kind")
	switch rapid.IntRange(0, 3).Draw(t, "keys") {
	case 0:
	case 1:
		cfg.Keys = []timejoin.Key{{Left: keyColumn, Right: keyColumn, NotDistinct: true}}
	default:
		cfg.Keys = []timejoin.Key{{Left: keyColumn, Right: keyColumn}}
	}
	cfg.Lower = unit * rapid.Int64Range(-12, 8).Draw(t, "lower")
	cfg.Upper = cfg.Lower + unit*rapid.Int64Range(-1, 12).Draw(t, "width")
	switch rapid.IntRange(0, 7).Draw(t, "open") {
	case 0:
		cfg.Lower = timejoin.NoLower
	case 1:
		cfg.Upper = timejoin.NoUpper
	}
	lags := [2]int64{rapid.Int64Range(0, 4).Draw(t, "left lag"), rapid.Int64Range(0, 4).Draw(t, "right lag")}
	cfg.LeftLag, cfg.RightLag = lags[0]*unit, lags[1]*unit
	cfg.Pool = &batch.Pool{}
	if c.residual = rapid.Bool().Draw(t, "residual"); c.residual {
		cfg.Residual, cfg.Reads = program(tb, "(l2 + r2) % 3 <> 0")
	}
	c.inputs[0] = drawStream(t, 1, delay, lags[0])
	c.inputs[1] = drawStream(t, 1001, delay, lags[1])
	return c
}

// matches is the definition.
func (c *intervalCase) matches(l, r row) bool {
	for _, k := range c.cfg.Keys {
		switch {
		case l.key == nil && r.key == nil && k.NotDistinct:
		case l.key == nil || r.key == nil || *l.key != *r.key:
			return false
		}
	}
	if l.time == nil || r.time == nil {
		return false
	}
	d := *l.time - *r.time
	return d >= c.cfg.Lower && d <= c.cfg.Upper && (!c.residual || (l.id+r.id)%3 != 0)
}

// want is what the join of all rows gives.
func (c *intervalCase) want() map[pair]int {
	return c.wantOf(c.cfg.Kind, c.inputs[0].rows, c.inputs[1].rows)
}

func (c *intervalCase) wantOf(kind timejoin.Kind, lefts, rights []row) map[pair]int {
	return define(kind, lefts, rights, c.matches)
}

// define is the join of rows by the definition of its kind.
func define(kind timejoin.Kind, lefts, rights []row, matches func(l, r row) bool) map[pair]int {
	want := map[pair]int{}
	matched := map[int64]bool{}
	for _, l := range lefts {
		for _, r := range rights {
			if matches(l, r) {
				matched[l.id], matched[r.id] = true, true
				if kind <= timejoin.Full {
					want[pair{l.id, r.id}]++
				}
			}
		}
		switch {
		case !matched[l.id] && (kind == timejoin.Left || kind == timejoin.Full):
			want[pair{l.id, 0}]++
		case matched[l.id] && kind == timejoin.Semi, !matched[l.id] && kind == timejoin.Anti:
			want[pair{l.id, -1}]++
		}
	}
	for _, r := range rights {
		if !matched[r.id] && (kind == timejoin.Right || kind == timejoin.Full) {
			want[pair{0, r.id}]++
		}
	}
	return want
}

// rowsAndWatermarks feeds the inputs in any interleaving, tells watermarks whenever, restarts now and then.
func rowsAndWatermarks(t *rapid.T, r *rig, inputs [2]stream, restarts bool, step func()) {
	random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
	at := [2]int{}
	most := rapid.SampledFrom([]int{1, 3, 40}).Draw(t, "largest batch")
	for !r.ended[0] || !r.ended[1] {
		if restarts && rapid.IntRange(0, 9).Draw(t, "restart") == 0 {
			r.restart(rapid.IntRange(1, 3).Draw(t, "instances"))
		}
		input := rapid.IntRange(0, 1).Draw(t, "input")
		if r.ended[input] {
			input = 1 - input
		}
		s := inputs[input]
		if at[input] == len(s.rows) {
			r.end(input)
		} else {
			n := rapid.IntRange(1, min(most, len(s.rows)-at[input])).Draw(t, "rows")
			var spread *rand.Rand
			if random.IntN(2) == 0 {
				spread = random
			}
			r.feed(input, s.rows[at[input]:at[input]+n], spread)
			at[input] += n
			if w := s.watermarks[at[input]-1]; w != math.MinInt64 && rapid.Bool().Draw(t, "tell") {
				r.watermark(input, w-unit*max(0, rapid.Int64Range(-2, 3).Draw(t, "less")))
			}
		}
		if step != nil {
			step()
		}
	}
	r.finish()
}

func TestIntervalJoinsAreWhatTheirDefinitionSays(t *testing.T) {
	for range 6 {
		rapid.Check(t, func(rt *rapid.T) {
			c := drawInterval(rt, t)
			sweeps := rapid.Bool().Draw(rt, "sweeps")
			r := newRig(rt, c.cfg.HashColumns(0), rapid.IntRange(1, 3).Draw(rt, "instances"), rapid.Bool().Draw(rt, "guarded"), func(budget *limit.Budget) op.Multi {
				c.cfg.Budget = budget
				j, err := timejoin.NewInterval(&c.cfg)
				if err != nil {
					rt.Fatalf("%v", err)
				}
				if sweeps {
					timejoin.SweepAlways(j)
				}
				return j
			})
			r.keep(rt)
			r.check = func(b *batch.Batch) { checkLags(rt, r, &c.cfg, b) }
			rowsAndWatermarks(rt, r, c.inputs, true, nil)
			r.same(c.want(), fmt.Sprintf("%s join, keys %v, from %d to %d, lags %d and %d, residual %v\nleft %v\nright %v",
				c.cfg.Kind, c.cfg.Keys, c.cfg.Lower, c.cfg.Upper, c.cfg.LeftLag, c.cfg.RightLag, c.residual, c.inputs[0].rows, c.inputs[1].rows))
		})
	}
}

// checkLags checks that the times of what comes out are as near to the watermark as Lags says.
func checkLags(t fataler, r *rig, c *timejoin.IntervalConfig, b *batch.Batch) {
	t.Helper()
	watermark := r.passed
	if watermark == math.MinInt64 {
		return
	}
	left, right := c.Lags()
	for i, lag := range []int64{left, right} {
		column := i*len(columnTypes()) + timeColumn
		if lag == timejoin.NoLag || column >= len(b.Cols) {
			continue
		}
		times := b.Cols[column]
		for k := range b.Rows() {
			if row := b.Row(k); !times.IsNull(row) && watermark != math.MaxInt64 && times.Int64s()[row] < watermark-lag {
				t.Fatalf("the %d. time is %d, the watermark %d, the lag %d", i, times.Int64s()[row], watermark, lag)
			}
		}
	}
}
