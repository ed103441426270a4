package window_test

import (
	"syscall"
	"testing"

	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/operator/window"
	"wire.example/wire/sdk/batch"
)

// processTime is the processor time that the process has taken, in nanoseconds.
func processTime(b *testing.B) int64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return u.Utime.Nano() + u.Stime.Nano()
}

// perRow reports the processor time of a row, which others on the machine change less than the time of the clock.
func perRow(b *testing.B, start, rows int64) {
	b.ReportMetric(float64(processTime(b)-start)/float64(rows), "cpu-ns/row")
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
			start, rows := processTime(b), int64(0)
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
