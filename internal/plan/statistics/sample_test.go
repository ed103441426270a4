package statistics_test

import (
	"context"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"wire.example/wire/internal/connect/registry"
	formats "wire.example/wire/internal/format/registry"
	"wire.example/wire/internal/foundation/clock"
	"wire.example/wire/internal/foundation/vfs"
	"wire.example/wire/internal/plan/declare"
	"wire.example/wire/internal/plan/logical"
	"wire.example/wire/internal/plan/statistics"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/schema"
)

// source declares a source of columns k BIGINT, t TEXT, few BIGINT.
func source(t *testing.T, fs vfs.FS, kind, format string, options ...string) *logical.Source {
	t.Helper()
	r := registry.New(registry.Environment{FS: fs, Clock: clock.System()})
	r.Formats = formats.New()
	d := &declare.Declaration[string]{
		Name: declare.Word[string]{Text: "s"}, Connector: declare.Word[string]{Text: kind}, Format: declare.Word[string]{Text: format},
	}
	for i := 0; i < len(options); i += 2 {
		d.Options = append(d.Options, declare.Option[string]{Name: declare.Word[string]{Text: options[i]}, Value: options[i+1]})
	}
	declared, mistakes := declare.ReadSource(r, d)
	if len(mistakes) > 0 {
		t.Fatal(mistakes)
	}
	s := &logical.Source{
		Name: "s", Type: declared.Type, Config: declared.Config, Format: declared.Format, EventTime: -1, MaxRecordBytes: codec.DefaultMaxRecordBytes,
		Schema: schema.New(
			schema.Field{Name: "k", Type: schema.Of(schema.Int64)}, schema.Field{Name: "t", Type: schema.Of(schema.Text)},
			schema.Field{Name: "few", Type: schema.Of(schema.Int64)},
		),
	}
	return s
}

// write makes a file of rows whose k is unique, whose t has a thousand values and is NULL in one row of five, and whose few has ten values.
func write(t *testing.T, rows int) vfs.FS {
	t.Helper()
	fs := vfs.NewMem()
	var b strings.Builder
	b.WriteString("k,t,few\n")
	for i := range rows {
		text := fmt.Sprintf("text %d", i*7919%1000)
		if i%5 == 0 {
			text = ""
		}
		fmt.Fprintf(&b, "%d,%s,%d\n", i, text, i%10)
	}
	if err := vfs.WriteFile(fs, "a.csv", []byte(b.String())); err != nil {
		t.Fatal(err)
	}
	return fs
}

func near(t *testing.T, what string, got, want, share float64) {
	t.Helper()
	if math.Abs(got-want) > share*want {
		t.Errorf("%s: %.1f, want %.1f within %.0f %%", what, got, want, share*100)
	}
}

func TestAFileIsEstimatedFromItsBeginning(t *testing.T) {
	const rows = 200_000
	s := statistics.Sample(t.Context(), source(t, write(t, rows), "file", "csv", "path", "a.csv"))
	if s == nil {
		t.Fatal("no statistics")
	}
	near(t, "rows", s.Rows, rows, 0.1)
	near(t, "distinct k", s.Columns[0].Distinct, rows, 0.1)
	near(t, "distinct t", s.Columns[1].Distinct, 800, 0.05)
	near(t, "distinct few", s.Columns[2].Distinct, 10, 0)
	near(t, "share of NULLs", s.Columns[1].Nulls, 0.2, 0.01)
	if s.Exact {
		t.Error("an estimate calls itself exact")
	}
}

func TestASmallFileIsCounted(t *testing.T) {
	s := statistics.Sample(t.Context(), source(t, write(t, 100), "file", "csv", "path", "a.csv"))
	if s == nil || s.Rows != 100 || s.Columns[0].Distinct != 100 || s.Columns[2].Distinct != 10 {
		t.Errorf("%+v", s)
	}
}

func TestNothingIsKnownOfWhatCannotBeRead(t *testing.T) {
	if s := statistics.Sample(t.Context(), source(t, vfs.NewMem(), "file", "csv", "path", "absent.csv")); s != nil {
		t.Errorf("absent file: %+v", s)
	}
	if s := statistics.Sample(t.Context(), source(t, vfs.NewMem(), "stdin", "csv")); s != nil {
		t.Errorf("standard input: %+v", s)
	}
	if s := statistics.Sample(t.Context(), source(t, write(t, 10), "file", "csv", "path", "a.csv", "follow", "true")); s != nil {
		t.Errorf("endless file: %+v", s)
	}
}

// TestASampleIsNotPaced: the first rows of a source that makes one a day are looked at without waiting for them.
func TestASampleIsNotPaced(t *testing.T) {
	s := source(t, vfs.NewMem(), "generate", "", "kind", "sequence", "rate", "0.00001")
	s.Schema = schema.New(schema.Field{Name: "n", Type: schema.Of(schema.Int64)})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if got := statistics.Sample(ctx, s); got == nil || got.Rows < statistics.SampleRows {
		t.Errorf("%+v", got)
	}
}
