package sdktest

import (
	"flag"
	"os"
	"runtime"
	"strings"
	"testing"

	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// failing is what laws report to.
type failing = testing.TB

// TestMain keeps the failures that are wanted short and off the disk.
func TestMain(m *testing.M) {
	for name, value := range map[string]string{"rapid.nofailfile": "true", "rapid.shrinktime": "20ms"} {
		if err := flag.Set(name, value); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}

// recorder is a testing.TB that only notes that a law failed.
type recorder struct {
	testing.TB
	failed, skipped bool
}

func (r *recorder) Helper()               {}
func (r *recorder) Log(...any)            {}
func (r *recorder) Logf(string, ...any)   {}
func (r *recorder) Error(...any)          { r.failed = true }
func (r *recorder) Errorf(string, ...any) { r.failed = true }
func (r *recorder) Fail()                 { r.failed = true }
func (r *recorder) Failed() bool          { return r.failed }
func (r *recorder) FailNow()              { r.failed = true; runtime.Goexit() }
func (r *recorder) Fatal(...any)          { r.FailNow() }
func (r *recorder) Fatalf(string, ...any) { r.FailNow() }
func (r *recorder) Skip(...any)           { r.SkipNow() }
func (r *recorder) Skipf(string, ...any)  { r.SkipNow() }
func (r *recorder) SkipNow()              { r.skipped = true; runtime.Goexit() }

// broken returns the names of the laws that fail, in order.
func broken[S any](t *testing.T, laws []law[S], subject S) string {
	t.Helper()
	var names []string
	for _, l := range laws {
		r := &recorder{TB: t}
		done := make(chan struct{})
		go func() {
			defer close(done)
			l.check(r, subject)
		}()
		<-done
		if r.failed {
			names = append(names, l.name)
		}
	}
	return strings.Join(names, " ")
}

// toyOf describes the toy format with a fault.
func toyOf(fault string) Format {
	f := toyFormat{fault}
	s := schema.New(schema.Field{Name: "n", Type: schema.Of(schema.Int64)})
	return Format{
		Format: f, Schema: s, Changelog: toyFormat{}, BadSchema: s,
		Bad: []Bad{{Text: "x1\n", Column: "n", Message: "bigint", Lazy: true}},
	}
}

func TestASoundFormatKeepsEveryLaw(t *testing.T) { FormatSuite(t, toyOf("")) }

// TestFaultyFormatsAreFound says which law finds which fault.
func TestFaultyFormatsAreFound(t *testing.T) {
	for fault, law := range map[string]string{
		"cuts anywhere":                   "BlocksDoNotMatter",
		"skips too little":                "FramersCutRecords",
		"forgets dst":                     "EncodeAppends",
		"ignores selections":              "EncodeAppends",
		"forgets kinds":                   "ChangelogsComeBack",
		"remembers the first block":       "MemoryIsReused",
		"leaks":                           "MemoryIsReused",
		"does not know over-long records": "OversizeIsOneReject",
		"loses the number of rejects":     "RejectsLeaveOthersAlone",
		"loses the bytes of rejects":      "RejectsLeaveOthersAlone",
		"loses the column of rejects":     "RejectsLeaveOthersAlone",
		"takes bad records along":         "RejectsLeaveOthersAlone",
		"filters too much":                "FiltersCount",
		"miscounts origins":               "FiltersCount",
		"points at other records":         "OriginIsTheRecord",
		"is never strict":                 "OnlyWhatIsNeeded",
		"decodes what is not needed":      "OnlyWhatIsNeeded",
		"miscounts":                       "AnyBytes",
		"breaks at zero bytes":            "AnyBytes",
	} {
		if got := broken(t, formatLaws(), toyOf(fault).withDefaults()); !strings.Contains(got, law) {
			t.Errorf("a format that %s breaks %q, want %s among them", fault, got, law)
		}
	}
}

func TestASoundSourceKeepsEveryLaw(t *testing.T) {
	SourceSuite(t, toySource{}.describe())
	if got := broken(t, sourceLaws(), toySource{"waits"}.describe().withDefaults()); got != "" {
		t.Errorf("a source that waits for ever breaks %s", got)
	}
}

func TestFaultySourcesAreFound(t *testing.T) {
	for fault, law := range map[string]string{
		"swaps blocks":           "EveryRecordOnceInOrder",
		"is behind":              "ResumesAfterEveryBlock",
		"begins again":           "EndIsSticky",
		"waits deaf":             "PollObeysContext",
		"fails when it is woken": "PollObeysWake",
		"skips when it is woken": "PollObeysWake",
		"cannot be closed":       "ClosesAnyTime",
		"goes back":              "ProgressOnlyGrows",
		"overshoots":             "ProgressOnlyGrows",
		"has no version":         "PositionsAreVersioned",
		"has no split":           "PositionsAreVersioned",
		"takes any position":     "PositionsAreVersioned",
	} {
		if got := broken(t, sourceLaws(), toySource{fault}.describe().withDefaults()); !strings.Contains(got, law) {
			t.Errorf("a source that %s breaks %q, want %s among them", fault, got, law)
		}
	}
}

func TestASoundSinkKeepsEveryLaw(t *testing.T) { SinkSuite(t, toySinkOf("")) }

func TestFaultySinksAreFound(t *testing.T) {
	for fault, law := range map[string]string{
		"writes at once":          "NothingIsVisibleBeforeItsCommit",
		"shows at Flush":          "NothingIsVisibleBeforeItsCommit",
		"shows at Prepare":        "CloseWithoutCommit",
		"turns rows round":        "CommitsAddUp",
		"commits twice":           "CommitIsIdempotent",
		"commits what is written": "CommitsComeLater",
		"repeats after a restart": "CrashBeforePrepare",
		"shows at Close":          "CrashBeforePrepare",
		"fails when it is empty":  "AnEmptyRun",
		"keeps chunks":            "ChunksAreLent",
		"takes any state":         "StatesAreVersioned",
		"forgets earlier epochs":  "SeveralEpochsAreRecovered",
		"shares what is open":     "AFormerOwnerDoesNoHarm",
	} {
		if got := broken(t, sinkLaws(), toySinkOf(fault)); !strings.Contains(got, law) {
			t.Errorf("a sink that %s breaks %q, want %s among them", fault, got, law)
		}
	}
}

// TestASinkThatShowsEarlyMayNotLose: for a sink that is at-least-once only losses and disorder are wrong.
func TestASinkThatShowsEarlyMayNotLose(t *testing.T) {
	early := toySinkOf("writes at once")
	early.AtLeastOnce = "it has no transactions"
	if got := broken(t, sinkLaws(), early); got != "" {
		t.Errorf("a sink that shows rows early breaks %s", got)
	}
	for _, fault := range []string{"turns rows round", "keeps chunks"} {
		lossy := toySinkOf(fault)
		lossy.AtLeastOnce = early.AtLeastOnce
		if got := broken(t, sinkLaws(), lossy); got == "" {
			t.Errorf("a sink that %s breaks nothing", fault)
		}
	}
}

func TestASkippedLawIsNotRun(t *testing.T) {
	if reason := "a reason"; !t.Run("known", func(t *testing.T) {
		runLaws(t, []law[int]{{"Never", func(t failing, _ int) { t.Error("was run") }}}, 0, map[string]string{"Never": reason})
	}) {
		t.Error("a skipped law was run")
	}
}

// TestRowsTellEverythingApart: values that differ print differently.
func TestRowsTellEverythingApart(t *testing.T) {
	pool := &batch.Pool{}
	for _, typ := range Types() {
		c := batch.NewColumn(pool, typ)
		c.Reset(2)
		c.SetNull(1)
		switch typ.Kind {
		case schema.Row:
			for i := range typ.Fields {
				c.Child(i).SetAllNull()
			}
		case schema.Array:
		default:
			clear(c.Bits())
		}
		rows := Rows(&batch.Batch{Cols: []*batch.Column{c}, Len: 2})
		if rows[0] == rows[1] || rows[1] != "NULL" {
			t.Errorf("%s: %q", typ, rows)
		}
	}
	got := Rows(&batch.Batch{Cols: []*batch.Column{nil, TextBatch("a", "b").Cols[0]}, Len: 2, Sel: []uint16{1}, Kinds: []batch.Change{batch.Insert, batch.Delete}})
	if Diff([]string{`-D -, "b"`}, got) != "" {
		t.Errorf("%q", got)
	}
}
