package flow_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"wire.example/wire/internal/connect/file"
	"wire.example/wire/internal/connect/generate"
	"wire.example/wire/internal/connect/generate/nexmark"
	"wire.example/wire/internal/flow"
	"wire.example/wire/internal/format/jsonfmt"
	"wire.example/wire/internal/foundation/clock"
	"wire.example/wire/internal/foundation/vfs"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/plan/physical"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/sdktest"
)

// BenchmarkDatedNexmark reads Nexmark's combined JSON file, all of its bids' members, and drops the rows: without event time, and with rows that know what
// time it was before them. With small blocks there are several batches in none, with large ones in each.
func BenchmarkDatedNexmark(b *testing.B) {
	const events = 300_000
	path := filepath.Join(b.TempDir(), "events.jsonl")
	out, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	c := nexmark.DefaultConfig()
	c.Events, c.GroupSize = events, 100
	if _, err := nexmark.WriteJSON(out, c); err != nil {
		b.Fatal(err)
	}
	if err := out.Close(); err != nil {
		b.Fatal(err)
	}
	format, err := jsonfmt.New(jsonfmt.Options{})
	if err != nil {
		b.Fatal(err)
	}
	for _, block := range []int{256 << 10, 2 << 20} {
		for _, lanes := range []int{1, 2} {
			for _, dated := range []bool{false, true} {
				b.Run(fmt.Sprintf("block=%dK/lanes=%d/dated=%v", block>>10, lanes, dated), func(b *testing.B) {
					before := int64(sdktest.Spent(b))
					for range b.N {
						s := settings()
						s.FS, s.BlockBytes = vfs.OS(), block
						source := &physical.Source{
							Name: "events", Type: file.SourceType(vfs.OS(), clock.System()), Format: format, EventTime: -1, MaxRecordBytes: 1 << 20,
							Config: &file.SourceConfig{Path: path, Compression: "none", BlockSize: 256 << 10}, Dated: dated,
							Decode: codec.DecodeSpec{
								Schema: generate.Schema(&generate.Config{Kind: "nexmark"}),
								Need:   []codec.Need{{Read: true}, {}, {}, {Read: true}},
							},
						}
						if dated {
							source.EventTime, source.Delay, source.Decode.Times = 3, 4_000_000, [][]int{{3, 5}, {2, 5}, {1, 6}}
						}
						plan := &physical.Plan{Name: "bench", Sources: []*physical.Source{source}, Parallelism: lanes}
						drop := &physical.Step{Name: "drop", New: func(physical.Build) (op.Operator, error) { return swallow{}, nil }, Ports: [][]physical.Edge{nil}}
						source.Next = []physical.Edge{{Step: drop}}
						p, err := flow.Build(b.Context(), plan, s)
						if err != nil {
							b.Fatal(err)
						}
						if _, err := p.Run(b.Context(), nil); err != nil {
							b.Fatal(err)
						}
						if err := p.Close(); err != nil {
							b.Fatal(err)
						}
					}
					n := float64(events) * float64(b.N)
					b.ReportMetric(float64(b.Elapsed().Nanoseconds())/n, "ns/row")
					b.ReportMetric(float64(int64(sdktest.Spent(b))-before)/n, "cpu-ns/row")
					b.ReportMetric(0, "ns/op")
				})
			}
		}
	}
}
