package window_test

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
	"wire.example/wire/internal/operator/window"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sdktest"
	"wire.example/wire/sdk/sqlstate"
)

const second = 1_000_000

func assigned(config window.AssignConfig) optest.Operator {
	return optest.Operator{
		New:     func(pool *batch.Pool, _ *limit.Budget) (op.Operator, error) { return window.NewAssign(pool, config) },
		Ordered: true, Ports: 2,
	}
}

// rowTypes are a time, a key and a number.
func rowTypes() []schema.Type {
	return []schema.Type{schema.Of(schema.TimestampTZ), schema.Of(schema.Text), schema.Of(schema.Int64)}
}

// ends lists the windows of a time by trying all that there could be, and returns their starts and ends, by end.
func ends(s window.Shape, micros int64) (list [][2]int64) {
	if s.Kind == window.Session {
		return [][2]int64{{micros, micros + s.Gap}}
	}
	every := s.Every
	if s.Kind != window.Hop {
		every = s.Size
	}
	first := s.Offset - (s.Offset-micros)/every*every - 3*s.Size - 3*every
	first -= (first - s.Offset) % every
	for from := first; from <= micros; from += every {
		if s.Kind != window.Cumulate {
			if micros < from+s.Size {
				list = append(list, [2]int64{from, from + s.Size})
			}
			continue
		}
		for to := from + s.Every; micros < from+s.Size; to += s.Every {
			if to = min(to, from+s.Size); micros < to {
				list = append(list, [2]int64{from, to})
			}
			if to == from+s.Size {
				break
			}
		}
	}
	return list
}

func drawShape(t *rapid.T, kinds ...window.Kind) window.Shape {
	s := window.Shape{Kind: rapid.SampledFrom(kinds).Draw(t, "kind")}
	length := rapid.Int64Range(1, 12)
	switch s.Kind {
	case window.Session:
		s.Gap = length.Draw(t, "gap")
		return s
	case window.Hop:
		s.Size, s.Every = length.Draw(t, "size"), length.Draw(t, "slide")
	case window.Cumulate:
		s.Size = length.Draw(t, "size")
		s.Every = rapid.Int64Range(1, s.Size).Draw(t, "step")
	case window.Tumble:
		s.Size = length.Draw(t, "size")
	}
	s.Offset = rapid.Int64Range(-20, 20).Draw(t, "offset")
	return s
}

// drawTimed draws rows of rowTypes around 1970, some without a time, with the watermarks of a split or two.
func drawTimed(t *rapid.T, most int) *batch.Batch {
	n := rapid.IntRange(0, most).Draw(t, "rows")
	var rows [][]any
	var before []int64
	marks := [2]int64{math.MinInt64, math.MinInt64}
	at := int64(rapid.IntRange(-30, 0).Draw(t, "from"))
	for range n {
		split := rapid.IntRange(0, 1).Draw(t, "split")
		before = append(before, marks[split])
		at += int64(rapid.IntRange(0, 4).Draw(t, "on"))
		micros := at - int64(rapid.IntRange(0, 12).Draw(t, "back"))
		key := rapid.SampledFrom([]any{"a", "b", "c", nil, "a key that is long"}).Draw(t, "key")
		number := any(rapid.IntRange(-5, 5).Draw(t, "number"))
		if number == -5 {
			number = nil
		}
		if rapid.IntRange(0, 15).Draw(t, "time") == 0 {
			rows = append(rows, []any{nil, key, number})
			continue
		}
		rows = append(rows, []any{int(micros), key, number})
		marks[split] = max(marks[split], micros-int64(rapid.IntRange(0, 3).Draw(t, "delay")))
	}
	b := optest.Make(rowTypes(), rows...)
	b.Before = before
	return b
}

// wantWindows are the rows that an Assign should emit, and those that are late.
func wantWindows(c window.AssignConfig, in *batch.Batch) (rows, late []string, counts op.Counts) {
	for row := range in.Len {
		counts.In++
		if in.Cols[0].IsNull(row) {
			counts.Filtered++
			continue
		}
		micros := in.Cols[0].Int64s()[row]
		text := sdktest.Rows(&batch.Batch{Cols: in.Cols, Len: in.Len, Sel: []uint16{uint16(row)}})[0]
		list := ends(c.Shape, micros)
		var kept [][2]int64
		for _, w := range list {
			behind := w[1]+c.Lateness <= in.Before[row]
			if c.Shape.Kind == window.Session {
				behind = micros+c.Lateness < in.Before[row]
			}
			if c.Decides && behind {
				counts.LateWindows++
				late = append(late, text+", "+stamps(w))
			} else {
				kept = append(kept, w)
			}
		}
		switch {
		case len(list) == 0:
			counts.Filtered++
		case len(kept) == 0:
			counts.Late++
		default:
			counts.Forwarded++
			if c.Slices {
				rows = append(rows, fmt.Sprint(text, ", ", kept[0][1], ", ", kept[len(kept)-1][1]))
				continue
			}
			for _, w := range kept {
				rows = append(rows, text+", "+stamps(w))
			}
		}
	}
	return rows, late, counts
}

func stamps(w [2]int64) string {
	b := optest.Make([]schema.Type{schema.Of(schema.TimestampTZ), schema.Of(schema.TimestampTZ)}, []any{int(w[0]), int(w[1])})
	return sdktest.Rows(b)[0]
}

func TestAssign(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := window.AssignConfig{Name: "window 1", Types: rowTypes(), Time: 0, Late: rapid.Bool().Draw(t, "late port")}
		c.Shape = drawShape(t, window.Tumble, window.Hop, window.Cumulate, window.Session)
		c.Slices = c.Shape.Kind != window.Session && rapid.Bool().Draw(t, "slices")
		if c.Decides = rapid.Bool().Draw(t, "decides"); c.Decides {
			c.Lateness = rapid.Int64Range(0, 6).Draw(t, "lateness")
		}
		in := drawTimed(t, 40)
		got, err := optest.Run(assigned(c), in)
		if err != nil {
			t.Fatal(err)
		}
		rows, late, counts := wantWindows(c, in)
		if counts.Emitted = int64(len(rows)); c.Late {
			counts.Emitted += int64(len(late))
		} else {
			late = nil
		}
		if diff := sdktest.Diff(rows, got.Rows[0]) + sdktest.Diff(late, got.Rows[1]) + sdktest.Diff(counts, got.Counts); diff != "" {
			t.Fatalf("%+v\n%s", c, diff)
		}
	})
}

// TestAssignInAnyWay: neither cuts nor selections show.
func TestAssignInAnyWay(t *testing.T) {
	for _, shape := range []window.Shape{
		{Kind: window.Tumble, Size: 5}, {Kind: window.Hop, Size: 7, Every: 3}, {Kind: window.Hop, Size: 2, Every: 5}, {Kind: window.Cumulate, Size: 9, Every: 2}, {Kind: window.Session, Gap: 3},
	} {
		c := window.AssignConfig{Name: "window 1", Types: rowTypes(), Time: 0, Shape: shape, Decides: true, Late: true}
		optest.Check(t, assigned(c), func(t *rapid.T, _ *batch.Pool) []*batch.Batch { return []*batch.Batch{drawTimed(t, 40)} }, nil)
	}
}

// TestManyWindows: rows come out in batches that are not too large.
func TestManyWindows(t *testing.T) {
	c := window.AssignConfig{Name: "window 1", Types: rowTypes(), Time: 0, Shape: window.Shape{Kind: window.Hop, Size: 3000, Every: 1}, Decides: true, Late: true}
	in := optest.Make(rowTypes(), []any{5, "a", 1}, []any{6, "b", 1}, []any{7, "c", 3})
	in.Before = []int64{1005, math.MinInt64, 10_000}
	got, err := optest.Run(assigned(c), in)
	if err != nil {
		t.Fatal(err)
	}
	rows, late, _ := wantWindows(c, in)
	if diff := sdktest.Diff(rows, got.Rows[0]) + sdktest.Diff(late, got.Rows[1]); diff != "" || len(late) != 4000 || len(rows) != 5000 {
		t.Errorf("%d and %d rows: %s", len(rows), len(late), diff)
	}
}

// TestLargeRowsInManyWindows: a batch does not repeat a large array too often.
func TestLargeRowsInManyWindows(t *testing.T) {
	types := append(rowTypes(), schema.ArrayOf(schema.Of(schema.Int64)))
	c := window.AssignConfig{Name: "window 1", Types: types, Time: 0, Shape: window.Shape{Kind: window.Hop, Size: 100, Every: 1}}
	a, err := window.NewAssign(&batch.Pool{}, c)
	if err != nil {
		t.Fatal(err)
	}
	in := optest.Make(types, []any{5, "a", 1, slices.Repeat([]any{7}, 50_000)}, []any{5, "b", 1, nil})
	rows, most := 0, 0
	out := op.NewOutput(1)
	for more := true; more; {
		out.Reset()
		if more, err = a.Apply(in, out); err != nil {
			t.Fatal(err)
		}
		rows += out.Ports[0].Rows()
		most = max(most, out.Ports[0].Cols[3].Nested(0, out.Ports[0].Len))
	}
	if rows != 200 || most > 300_000 {
		t.Errorf("%d rows, %d values in one batch", rows, most)
	}
}

func TestTimesWithoutWindows(t *testing.T) {
	for _, shape := range []window.Shape{
		{Kind: window.Tumble, Size: 3600 * second},
		{Kind: window.Hop, Size: 7 * second, Every: 3 * second},
		{Kind: window.Hop, Size: 2, Every: 1 << 60},
		{Kind: window.Cumulate, Size: 10, Every: 3},
		{Kind: window.Session, Gap: second},
		{Kind: window.Tumble, Size: 1 << 60, Offset: math.MinInt64},
	} {
		for _, slices := range []bool{false, true} {
			c := window.AssignConfig{Name: "window 1", Types: rowTypes(), Time: 0, Shape: shape, Slices: slices && shape.Kind != window.Session}
			in := optest.Make(rowTypes(), []any{math.MinInt64, "a", 1}, []any{math.MaxInt64, "b", 1}, []any{math.MaxInt64 - 1, "b", 1})
			got, err := optest.Run(assigned(c), in)
			if err != nil {
				t.Fatal(err)
			}
			if len(got.Rows[0]) != 0 || len(got.Rejects) != 3 || !strings.Contains(got.Rejects[0], "timestamp out of range") {
				t.Errorf("%+v: %v, %v", shape, got.Rows, got.Rejects)
			}
		}
	}
}

func TestProcessingTimeWindows(t *testing.T) {
	c := window.AssignConfig{Name: "window 1", Types: rowTypes(), Time: window.ProcessingTime, TimeType: schema.Of(schema.TimestampTZ), Shape: window.Shape{Kind: window.Hop, Size: 4, Every: 2}}
	a, err := window.NewAssign(&batch.Pool{}, c)
	if err != nil {
		t.Fatal(err)
	}
	in := optest.Make(rowTypes(), []any{nil, "a", 1})
	in.Kinds = []batch.Change{batch.UpdateBefore}
	out := op.NewOutput(1)
	if _, err := a.Apply(in, out); err != nil || len(out.Rejects) != 1 {
		t.Error("a row before there is a time is not refused")
	}
	out.Reset()
	a.SetTime(5)
	if _, err := a.Apply(in, out); err != nil {
		t.Fatal(err)
	}
	if got := sdktest.Rows(out.Ports[0]); len(got) != 2 || !strings.HasPrefix(got[0], "-D NULL") || !strings.HasSuffix(got[1], stamps([2]int64{4, 8})) {
		t.Error(got)
	}
}

// TestUpdatesOfWhichAHalfIsLost become deletes and inserts.
func TestUpdatesOfWhichAHalfIsLost(t *testing.T) {
	c := window.AssignConfig{Name: "window 1", Types: rowTypes(), Time: 0, Shape: window.Shape{Kind: window.Tumble, Size: 4}, Decides: true, Keep: []bool{true, false, true}}
	in := optest.Make(rowTypes(), []any{1, "a", 1}, []any{nil, "a", 2}, []any{1, "b", 1}, []any{2, "b", 2})
	in.Kinds = []batch.Change{batch.UpdateBefore, batch.UpdateAfter, batch.UpdateBefore, batch.UpdateAfter}
	got, err := optest.Run(assigned(c), in)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"-D", "-U", "+U"} {
		if !strings.HasPrefix(got.Rows[0][i], want) || !strings.Contains(got.Rows[0][i], ", -, ") {
			t.Errorf("row %d: %s", i, got.Rows[0][i])
		}
	}
}

func TestWrongAssignments(t *testing.T) {
	good := window.AssignConfig{Name: "window 7", Types: rowTypes(), Time: 0, Shape: window.Shape{Kind: window.Hop, Size: 4, Every: 2}}
	for want, change := range map[string]func(*window.AssignConfig){
		"column 3 of 3":           func(c *window.AssignConfig) { c.Time = 3 },
		"must be a TIMESTAMP":     func(c *window.AssignConfig) { c.Time = 1 },
		"a lateness of -1":        func(c *window.AssignConfig) { c.Lateness = -1 },
		"sessions have no slices": func(c *window.AssignConfig) { c.Shape, c.Slices = window.Shape{Kind: window.Session, Gap: 1}, true },
		"the slide of HOP is 0":   func(c *window.AssignConfig) { c.Shape.Every = 0 },
		"the size of HOP is":      func(c *window.AssignConfig) { c.Shape.Size = math.MaxInt64 },
		"the step of CUMULATE":    func(c *window.AssignConfig) { c.Shape = window.Shape{Kind: window.Cumulate, Size: 1, Every: 2} },
		"the gap of SESSION":      func(c *window.AssignConfig) { c.Shape = window.Shape{Kind: window.Session} },
		"a window of kind 9":      func(c *window.AssignConfig) { c.Shape.Kind = 9 },
	} {
		c := good
		change(&c)
		if _, err := window.NewAssign(&batch.Pool{}, c); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "window 7") {
			t.Errorf("%v, want %s", err, want)
		}
	}
	if _, err := window.NewAssign(&batch.Pool{}, good); err != nil {
		t.Error(err)
	}
	if got := good.LateOutput(); sdktest.Diff(got, good.Output()) != "" {
		t.Error(got)
	}
	if sqlstate.DatetimeFieldOverflow == "" {
		t.Error("no code")
	}
}

func TestLags(t *testing.T) {
	hop := window.AssignConfig{Shape: window.Shape{Kind: window.Hop, Size: 10, Every: 2}, Lateness: 3}
	session := window.AssignConfig{Shape: window.Shape{Kind: window.Session, Gap: 10}, Lateness: 3}
	for _, c := range []struct {
		config  window.AssignConfig
		decides bool
		want    [3]int64
	}{
		{hop, false, [3]int64{5, 15, 5}}, {hop, true, [3]int64{13, 13, 3}}, {session, false, [3]int64{5, 5, 5}}, {session, true, [3]int64{3, 3, 3}},
	} {
		c.config.Decides = c.decides
		time, start, end := c.config.Lags(5)
		if got := [3]int64{time, start, end}; got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
	if time, _, _ := hop.Lags(math.MaxInt64); time != math.MaxInt64 {
		t.Error(time)
	}
}
