package window_test

import (
	"testing"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/aggregate"

	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/operator/window"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/sdktest"
)

// perRow reports the processor time of a row, which others on the machine change less than the time of the clock.
func perRow(b *testing.B, start, rows int64) {
	b.ReportMetric(float64(int64(sdktest.Spent(b))-start)/float64(rows), "cpu-ns/row")
}

// stream is n batches of a row each 100 µs, of keys different keys in no order.
func stream(n, keys int) []*batch.Batch {
	var list []*batch.Batch
	at, state := int64(0), uint64(1)
	for range n {
		in := &batch.Batch{Len: batch.MaxRows}
		for _, t := range rowTypes() {
			c := batch.NewColumn(&batch.Pool{}, t)
			c.Reset(in.Len)
			in.Cols = append(in.Cols, c)
		}
		in.Before = make([]int64, in.Len)
		for row := range in.Len {
			state = state*6364136223846793005 + 1442695040888963407
			at += 100
			in.Before[row] = at - 2*second
			in.Cols[0].Int64s()[row] = at - int64(state>>33%1000)*500
			in.Cols[1].SetBytes(row, []byte("key"))
			in.Cols[2].Int64s()[row] = int64(state >> 33 % uint64(keys))
		}
		list = append(list, in)
	}
	return list
}

// BenchmarkAssign measures a row that gets its windows.
func BenchmarkAssign(b *testing.B) {
	for _, bm := range []struct {
		name   string
		config window.AssignConfig
	}{
		{"tumble", window.AssignConfig{Shape: window.Shape{Kind: window.Tumble, Size: 10 * second}}},
		{"tumble, rows may be late", window.AssignConfig{Shape: window.Shape{Kind: window.Tumble, Size: 10 * second}, Decides: true}},
		{"hop slices", window.AssignConfig{Shape: window.Shape{Kind: window.Hop, Size: 10 * second, Every: 2 * second}, Decides: true, Slices: true}},
		{"hop repeated 5 times", window.AssignConfig{Shape: window.Shape{Kind: window.Hop, Size: 10 * second, Every: 2 * second}, Decides: true}},
		{"session", window.AssignConfig{Shape: window.Shape{Kind: window.Session, Gap: 10 * second}, Decides: true}},
	} {
		b.Run(bm.name, func(b *testing.B) {
			bm.config.Types = rowTypes()
			a, err := window.NewAssign(&batch.Pool{}, bm.config)
			if err != nil {
				b.Fatal(err)
			}
			batches, out := stream(64, 1000), op.NewOutput(2)
			b.ResetTimer()
			start, rows := int64(sdktest.Spent(b)), int64(0)
			for i := range b.N {
				in := batches[i%len(batches)]
				for more := true; more; {
					out.Reset()
					more, _ = a.Apply(in, out)
				}
				rows += int64(in.Len)
			}
			perRow(b, start, rows)
		})
	}
}

// aggregated is what a benchmark aggregates: counts by the third column of rowTypes.
func aggregated(b *testing.B, shape window.Shape, keys []int) (window.AssignConfig, window.Config) {
	b.Helper()
	assign := window.AssignConfig{Name: "assign", Types: rowTypes(), Shape: shape, Decides: true, Keep: []bool{false, false, true}}
	c := window.Config{Start: 3, End: 4}
	c.Name, c.Types, c.Keys = "count", assign.Output(), keys
	c.Calls = []aggregate.Call{call(b, "count")}
	return assign, c
}

// pass feeds batches through operators, each of which gets what the one before emits, and tells the last of the watermark behind each.
func pass(b *testing.B, in *batch.Batch, steps ...op.Operator) (emitted int64) {
	b.Helper()
	out := op.NewOutput(2)
	for more := true; more; {
		out.Reset()
		var err error
		if more, err = steps[0].Apply(in, out); err != nil {
			b.Fatal(err)
		}
		if rows := out.Ports[0]; rows != nil {
			if emitted += int64(rows.Rows()); len(steps) > 1 {
				emitted += pass(b, rows, steps[1:]...) - int64(rows.Rows())
			}
		}
	}
	return emitted
}

// told tells an operator of the watermark.
func told(b *testing.B, micros int64, o op.WatermarkHandler) (emitted int64) {
	b.Helper()
	out := op.NewOutput(1)
	for more := true; more; {
		out.Reset()
		var err error
		if more, err = o.OnWatermark(micros, out); err != nil {
			b.Fatal(err)
		}
		emitted += out.Counts.Emitted
	}
	return emitted
}

// BenchmarkAggregate measures a row from its time to the answer of its window: 10,000 rows a second, counted by 1,000 keys.
func BenchmarkAggregate(b *testing.B) {
	for _, bm := range []struct {
		name  string
		shape window.Shape
		keys  []int
		n     int
	}{
		{"tumble 10 s by 1k keys", window.Shape{Kind: window.Tumble, Size: 10 * second}, []int{2}, 1000},
		{"tumble 1 s by 1k keys", window.Shape{Kind: window.Tumble, Size: second}, []int{2}, 1000},
		{"tumble 1 s by 10 keys", window.Shape{Kind: window.Tumble, Size: second}, []int{2}, 10},
		{"tumble 10 ms by 10 keys", window.Shape{Kind: window.Tumble, Size: second / 100}, []int{2}, 10},
		{"tumble 10 s alone", window.Shape{Kind: window.Tumble, Size: 10 * second}, nil, 1000},
		{"hop 2 s over 10 s by 1k keys", window.Shape{Kind: window.Hop, Size: 10 * second, Every: 2 * second}, []int{2}, 1000},
	} {
		b.Run(bm.name, func(b *testing.B) {
			ac, c := aggregated(b, bm.shape, bm.keys)
			assign, err := window.NewAssign(&batch.Pool{}, ac)
			if err != nil {
				b.Fatal(err)
			}
			agg, err := window.NewAggregate(&batch.Pool{}, limit.New("bench", 0), c)
			if err != nil {
				b.Fatal(err)
			}
			batches := stream(256, bm.n)
			length := int64(len(batches)) * batch.MaxRows * 100
			b.ResetTimer()
			start, rows, emitted := int64(sdktest.Spent(b)), int64(0), int64(0)
			for i := range b.N {
				in := batches[i%len(batches)]
				pass(b, in, assign, agg)
				emitted += told(b, in.Before[in.Len-1], agg)
				rows += int64(in.Len)
				for row := range in.Before { // the next round goes on where this one ends
					in.Before[row] += length
					in.Cols[0].Int64s()[row] += length
				}
			}
			perRow(b, start, rows)
			b.ReportMetric(float64(emitted)/float64(rows), "emitted/row")
		})
	}
}

// BenchmarkSliced measures a row from its time to the answers of its windows, which share slices: 10,000 rows a second, counted by 1,000 keys.
func BenchmarkSliced(b *testing.B) {
	for _, bm := range []struct {
		name  string
		shape window.Shape
		keys  []int
		calls []string
		every int64 // µs between rows
	}{
		{"tumble 1 s", window.Shape{Kind: window.Tumble, Size: second}, []int{2}, nil, 100},
		{"tumble 1 s at 1k rows a second", window.Shape{Kind: window.Tumble, Size: second}, []int{2}, nil, 1000},
		{"hop 2 s over 10 s", window.Shape{Kind: window.Hop, Size: 10 * second, Every: 2 * second}, []int{2}, nil, 100},
		{"hop 2 s over 10 s alone", window.Shape{Kind: window.Hop, Size: 10 * second, Every: 2 * second}, nil, nil, 100},
		{"hop 1 s over 1 h", window.Shape{Kind: window.Hop, Size: 3600 * second, Every: second}, []int{2}, nil, 100},
		{"hop 1 s over 1 h at 1k rows a second", window.Shape{Kind: window.Hop, Size: 3600 * second, Every: second}, []int{2}, nil, 1000},
		{"hop 1 s over 1 h, max", window.Shape{Kind: window.Hop, Size: 3600 * second, Every: second}, []int{2}, []string{"max"}, 100},
		{"cumulate 1 s up to 1 h", window.Shape{Kind: window.Cumulate, Size: 3600 * second, Every: second}, []int{2}, nil, 100},
	} {
		b.Run(bm.name, func(b *testing.B) {
			ac, c := aggregated(b, bm.shape, bm.keys)
			for _, name := range bm.calls {
				call := call(b, name, colOther)
				call.Args = []int{2}
				c.Calls = append(c.Calls, call)
			}
			ac.Slices = true
			c.Types = ac.Output()
			assign, err := window.NewAssign(&batch.Pool{}, ac)
			if err != nil {
				b.Fatal(err)
			}
			budget := limit.New("bench", 0)
			agg, err := window.NewSliced(&batch.Pool{}, budget, window.SlicedConfig{Config: c, Shape: bm.shape, TimeType: rowTypes()[0]})
			if err != nil {
				b.Fatal(err)
			}
			batches := stream(256, 1000)
			length := int64(len(batches)) * batch.MaxRows * bm.every
			for _, in := range batches {
				for row := range in.Before {
					in.Before[row] *= bm.every / 100
					in.Cols[0].Int64s()[row] *= bm.every / 100
				}
			}
			feed := func(i int) (emitted, rows int64) {
				in := batches[i%len(batches)]
				pass(b, in, assign, agg)
				emitted = told(b, in.Before[in.Len-1], agg)
				for row := range in.Before { // the next round goes on where this one ends
					in.Before[row] += length
					in.Cols[0].Int64s()[row] += length
				}
				return emitted, int64(in.Len)
			}
			warm := 0
			for ; int64(warm)*batch.MaxRows*bm.every < min(bm.shape.Size*3/2, 4000*second); warm++ {
				feed(warm)
			}
			b.ResetTimer()
			start, rows, emitted := int64(sdktest.Spent(b)), int64(0), int64(0)
			for i := range b.N {
				e, n := feed(warm + i)
				emitted, rows = emitted+e, rows+n
			}
			spent := float64(int64(sdktest.Spent(b)) - start)
			perRow(b, start, rows)
			b.ReportMetric(float64(emitted)/float64(rows), "emitted/row")
			b.ReportMetric(spent/float64(rows+emitted), "cpu-ns/in+out")
			b.ReportMetric(float64(budget.Used())/1e6, "MB")
		})
	}
}

// changing makes the operator of windows whose answers change: out of rows that are repeated for each window, or of slices.
func changing(b *testing.B, shape window.Shape, repeated bool, change func(*window.Config)) (assign *window.Assign, o op.Operator) {
	b.Helper()
	ac, c := aggregated(b, shape, []int{2})
	change(&c)
	ac.Slices, ac.Lateness = !repeated, c.Lateness
	c.Types = ac.Output()
	assign, err := window.NewAssign(&batch.Pool{}, ac)
	if err != nil {
		b.Fatal(err)
	}
	if repeated {
		o, err = window.NewAggregate(&batch.Pool{}, limit.New("bench", 0), c)
	} else {
		o, err = window.NewRevised(&batch.Pool{}, limit.New("bench", 0), window.SlicedConfig{Config: c, Shape: shape, TimeType: rowTypes()[0]})
	}
	if err != nil {
		b.Fatal(err)
	}
	return assign, o
}

// BenchmarkRevised measures a row of windows whose answers change, counted by 1,000 keys, 10,000 rows a second, of which 0.5 s are out of order: with slices, and repeated.
func BenchmarkRevised(b *testing.B) {
	lateness := func(c *window.Config) { c.Lateness = 5 * second }
	update := func(c *window.Config) { c.Emission = window.OnUpdate }
	every := func(c *window.Config) { c.Emission, c.Interval = window.Periodically, 5*second }
	hop, fine := window.Shape{Kind: window.Hop, Size: 60 * second, Every: second}, window.Shape{Kind: window.Hop, Size: 3600 * second, Every: second}
	for _, bm := range []struct {
		name     string
		shape    window.Shape
		change   func(*window.Config)
		ahead    int64 // µs by which the watermark is ahead of half of the rows
		repeated bool
	}{
		{"hop 1 s over 60 s, on close with lateness", hop, lateness, 0, true},
		{"hop 1 s over 60 s, on close with lateness, corrected", hop, lateness, 2 * second, true},
		{"hop 1 s over 60 s, on update", hop, update, 0, true},
		{"hop 1 s over 60 s, every 5 s", hop, every, 0, true},
		{"cumulate 1 s up to 60 s, every 5 s", window.Shape{Kind: window.Cumulate, Size: 60 * second, Every: second}, every, 0, true},
		{"tumble 10 s, every 5 s", window.Shape{Kind: window.Tumble, Size: 10 * second}, every, 0, true},
		{"tumble 10 s, on update", window.Shape{Kind: window.Tumble, Size: 10 * second}, update, 0, true},
		{"hop 1 s over 1 h, on close with lateness", fine, lateness, 0, false},
		{"hop 1 s over 1 h, every 60 s", fine, func(c *window.Config) { c.Emission, c.Interval = window.Periodically, 60*second }, 0, false},
	} {
		for _, repeated := range []bool{false, true} {
			if repeated && !bm.repeated {
				continue
			}
			b.Run(bm.name+map[bool]string{true: ", repeated", false: ", slices"}[repeated], func(b *testing.B) {
				assign, o := changing(b, bm.shape, repeated, bm.change)
				batches := stream(256, 1000)
				length := int64(len(batches)) * batch.MaxRows * 100
				feed := func(i int) (emitted, rows int64) {
					in := batches[i%len(batches)]
					emitted = pass(b, in, assign, o)
					out := op.NewOutput(1)
					drained := func(call func(*op.Output) (bool, error)) {
						for more := true; more; {
							out.Reset()
							var err error
							if more, err = call(out); err != nil {
								b.Fatal(err)
							}
							emitted += out.Counts.Emitted
						}
					}
					drained(o.(op.Flusher).OnFlush)
					emitted += told(b, in.Before[in.Len-1]+bm.ahead, o.(op.WatermarkHandler))
					drained(func(out *op.Output) (bool, error) { return o.(op.TimeHandler).OnTime(in.Before[in.Len-1], out) })
					for row := range in.Before {
						in.Before[row] += length
						in.Cols[0].Int64s()[row] += length
					}
					return emitted, int64(in.Len)
				}
				warm := 0
				for ; int64(warm)*batch.MaxRows*100 < min(bm.shape.Size*3/2, 90*second); warm++ {
					feed(warm)
				}
				b.ResetTimer()
				start, rows, emitted := int64(sdktest.Spent(b)), int64(0), int64(0)
				for i := range b.N {
					e, n := feed(warm + i)
					emitted, rows = emitted+e, rows+n
				}
				spent := float64(int64(sdktest.Spent(b)) - start)
				perRow(b, start, rows)
				b.ReportMetric(float64(emitted)/float64(rows), "emitted/row")
				b.ReportMetric(spent/float64(rows+emitted), "cpu-ns/in+out")
			})
		}
	}
}

// BenchmarkSessions measures a row of sessions by 1,000 keys, 10,000 rows a second.
func BenchmarkSessions(b *testing.B) {
	for _, bm := range []struct {
		name string
		gap  int64
		keys []int
	}{
		{"gap 10 s", 10 * second, []int{2}},
		{"gap 100 ms", second / 10, []int{2}},
		{"gap 10 ms", second / 100, []int{2}},
	} {
		b.Run(bm.name, func(b *testing.B) {
			ac, c := aggregated(b, window.Shape{Kind: window.Session, Gap: bm.gap}, bm.keys)
			assign, err := window.NewAssign(&batch.Pool{}, ac)
			if err != nil {
				b.Fatal(err)
			}
			agg, err := window.NewSessions(&batch.Pool{}, limit.New("bench", 0), c)
			if err != nil {
				b.Fatal(err)
			}
			batches := stream(256, 1000)
			length := int64(len(batches)) * batch.MaxRows * 100
			b.ResetTimer()
			start, rows, emitted := int64(sdktest.Spent(b)), int64(0), int64(0)
			for i := range b.N {
				in := batches[i%len(batches)]
				pass(b, in, assign, agg)
				emitted += told(b, in.Before[in.Len-1], agg)
				rows += int64(in.Len)
				for row := range in.Before { // the next round goes on where this one ends
					in.Before[row] += length
					in.Cols[0].Int64s()[row] += length
				}
			}
			perRow(b, start, rows)
			b.ReportMetric(float64(emitted)/float64(rows), "emitted/row")
		})
	}
}
