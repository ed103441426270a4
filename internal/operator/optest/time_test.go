package optest_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/operator/optest"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// counter counts its rows, and emits the number at a flush: as an update from the second time on. What it does wrong says wrong.
type counter struct {
	wrong       string
	n, told     int64
	column      *batch.Column
	out         batch.Batch
	mark, clock int64
	seen        *seen
}

// seen is what an operator was told in a run.
type seen struct {
	flushes, watermarks, ticks, ends int
}

func newCounter(wrong string, s *seen) func(*batch.Pool, *limit.Budget) (op.Operator, error) {
	return func(pool *batch.Pool, _ *limit.Budget) (op.Operator, error) {
		return &counter{wrong: wrong, column: batch.NewColumn(pool, schema.Of(schema.Int64)), mark: math.MinInt64, clock: math.MinInt64, seen: s}, nil
	}
}

func (c *counter) Apply(in *batch.Batch, out *op.Output) (bool, error) {
	for i := range in.Rows() {
		if in.Before[in.Row(i)] < c.mark {
			return false, fmt.Errorf("a row of %d comes after the watermark %d", in.Before[in.Row(i)], c.mark)
		}
	}
	c.n += int64(in.Rows())
	out.Counts.In += int64(in.Rows())
	out.Counts.Absorbed += int64(in.Rows())
	return false, nil
}

func (c *counter) OnFlush(out *op.Output) (bool, error) {
	c.seen.flushes++
	if c.n == c.told {
		return false, nil
	}
	values, kinds := []int64{c.told, c.n}, []batch.Change{batch.UpdateBefore, batch.UpdateAfter}
	switch {
	case c.wrong == "back":
		values[0]--
	case c.wrong == "apart":
		values[0], values[1] = values[1], values[0]
		kinds[0], kinds[1] = kinds[1], kinds[0]
	case c.wrong == "half" && c.told > 0:
		values, kinds = values[:1], kinds[:1]
	case c.told == 0:
		values, kinds = values[1:], nil
	}
	c.told = c.n
	c.column.Reset(len(values))
	copy(c.column.Int64s(), values)
	c.out.Cols, c.out.Len, c.out.Kinds = []*batch.Column{c.column}, len(values), kinds
	out.Emit(0, &c.out)
	return false, nil
}

func (c *counter) OnWatermark(micros int64, _ *op.Output) (bool, error) {
	if micros <= c.mark {
		return false, fmt.Errorf("the watermark goes from %d to %d", c.mark, micros)
	}
	c.mark = micros
	c.seen.watermarks++
	return false, nil
}

func (c *counter) OnTime(micros int64, _ *op.Output) (bool, error) {
	if micros <= c.clock {
		return false, fmt.Errorf("the time goes from %d to %d", c.clock, micros)
	}
	c.clock = micros
	c.seen.ticks++
	return false, nil
}

func (c *counter) OnEnd(*op.Output) (bool, error) {
	if c.n != c.told {
		return false, fmt.Errorf("the end comes with %d of %d rows told", c.told, c.n)
	}
	c.seen.ends++
	return false, nil
}

func (c *counter) Snapshot(group op.KeyGroup) ([]byte, error) {
	if group != 0 || c.n == 0 {
		return nil, nil
	}
	return []byte{byte(c.n), byte(c.told)}, nil
}

func (c *counter) Restore(_ op.KeyGroup, data []byte) error {
	c.n, c.told = int64(data[0]), int64(data[1])
	return nil
}

func drawDated(t *rapid.T, _ *batch.Pool) []*batch.Batch {
	n := rapid.IntRange(0, 30).Draw(t, "rows")
	in := optest.Make([]schema.Type{schema.Of(schema.Int64)}, slices.Repeat([][]any{{1}}, n)...)
	in.Before = make([]int64, n)
	for i := range in.Before {
		in.Before[i] = int64(rapid.IntRange(0, 50).Draw(t, "before"))
		in.Cols[0].Int64s()[i] = in.Before[i] + 5
	}
	return []*batch.Batch{in}
}

func wantCount(inputs []*batch.Batch) [][]string {
	if inputs[0].Len == 0 {
		return [][]string{nil}
	}
	return [][]string{{fmt.Sprint(inputs[0].Len)}}
}

func TestTimeAndFlushesAreDriven(t *testing.T) {
	var s seen
	o := optest.Operator{New: newCounter("", &s), Watermarks: optest.Before, Times: optest.AnyTime, Changes: true}
	optest.Check(t, o, drawDated, wantCount)
	o.Watermarks = optest.Bound(-5, 0)
	o.Times = optest.Bound(0, 0)
	optest.Check(t, o, drawDated, wantCount)
	if s.flushes == 0 || s.watermarks == 0 || s.ticks == 0 || s.ends == 0 {
		t.Errorf("%+v", s)
	}
	o.Watermarks = optest.Bound(5, 0)
	if got := optest.Catch(o, drawDated, wantCount); !strings.Contains(got, "comes after the watermark") {
		t.Error(got)
	}
}

func TestChangelogsAreChecked(t *testing.T) {
	for wrong, want := range map[string]string{"back": "takes back a row", "apart": "not neighbours", "half": "between the halves"} {
		o := optest.Operator{New: newCounter(wrong, &seen{}), Changes: true}
		if got := optest.Catch(o, drawDated, wantCount); !strings.Contains(got, want) {
			t.Errorf("%s: %q", wrong, got)
		}
	}
	got, err := optest.Fold([]string{"b", "+I a", "-U a", "+U c", "-D b", "c"})
	if err != nil || !slices.Equal(got, []string{"c", "c"}) {
		t.Error(got, err)
	}
	if _, err := optest.Fold([]string{"-D a"}); err == nil {
		t.Error("a row is taken back that is not there")
	}
}
