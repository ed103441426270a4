package file_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"wire.example/wire/internal/connect/file"
	"wire.example/wire/internal/foundation/clock"
	"wire.example/wire/internal/foundation/vfs"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/connector"
	"wire.example/wire/sdk/schema"
)

// pairSink opens a sink of pairs.
func pairSink(t *testing.T, fsys vfs.FS, clk clock.Clock, options map[string]any, restore json.RawMessage) (connector.Sink, error) {
	t.Helper()
	typ := file.SinkType(fsys, clk)
	env := connector.SinkEnv{
		Name: "s", Schema: pairSchema(), NewEncoder: func() (codec.Encoder, error) { return pairEncoder{}, nil }, Restore: restore,
		Unbounded: options["unbounded"] == true,
	}
	given := map[string]any{}
	for k, v := range options {
		if k != "unbounded" {
			given[k] = v
		}
	}
	return typ.Open(t.Context(), env, configured(t, typ.NewConfig(), given))
}

func mustPairSink(t *testing.T, fsys vfs.FS, clk clock.Clock, options map[string]any, restore json.RawMessage) connector.Sink {
	t.Helper()
	s, err := pairSink(t, fsys, clk, options, restore)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// put writes rows in one chunk and returns those that could not be encoded.
func putPairs(t *testing.T, s connector.Sink, rows ...string) []codec.RowError {
	t.Helper()
	chunk, err := s.NewChunk()
	if err != nil {
		t.Fatal(err)
	}
	bad := chunk.Encode(pairs(rows...))
	if err := s.Write(t.Context(), chunk); err != nil {
		t.Fatal(err)
	}
	return bad
}

// mustEpoch prepares and commits.
func mustEpoch(t *testing.T, s connector.Sink, n int64, final bool) json.RawMessage {
	t.Helper()
	state, err := epoch(t.Context(), s, n, final)
	if err != nil {
		t.Fatal(err)
	}
	return state
}

// contents are the files below root, hidden ones too, by path.
func contents(t *testing.T, fsys vfs.FS, root string) map[string]string {
	t.Helper()
	all := map[string]string{}
	walk(t, fsys, root, func(path string) {
		content, err := vfs.ReadFile(fsys, path)
		if err != nil {
			t.Fatal(err)
		}
		all[path] = string(content)
	})
	return all
}

func sameContents(t *testing.T, fsys vfs.FS, root string, want map[string]string) {
	t.Helper()
	got := contents(t, fsys, root)
	for path, text := range want {
		if got[path] != text {
			t.Errorf("%s holds %q, want %q", path, got[path], text)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d files, want %d: %q", len(got), len(want), got)
	}
}

func TestPartsAppearAtTheCommitAfterTheyAreFull(t *testing.T) {
	fsys := vfs.NewMem()
	s := mustPairSink(t, fsys, clk(), map[string]any{"path": "/out/a.b.csv", "roll_rows": int64(2), "unbounded": true}, nil)
	putPairs(t, s, "p,1", "p,2", "p,3")
	sameContents(t, fsys, "/out", map[string]string{"/out/.a.b-000001.csv.part": "# header\np,1\np,2\n", "/out/.a.b-000002.csv.part": ""})
	mustEpoch(t, s, 1, false)
	sameContents(t, fsys, "/out", map[string]string{"/out/a.b-000001.csv": "# header\np,1\np,2\n", "/out/.a.b-000002.csv.part": "# header\np,3\n"})
	mustEpoch(t, s, 2, false) // a part may span epochs
	putPairs(t, s, "p,4")
	mustEpoch(t, s, 3, false)
	sameContents(t, fsys, "/out", map[string]string{"/out/a.b-000001.csv": "# header\np,1\np,2\n", "/out/a.b-000002.csv": "# header\np,3\np,4\n"})
	mustEpoch(t, s, 4, true)
	sameContents(t, fsys, "/out", map[string]string{"/out/a.b-000001.csv": "# header\np,1\np,2\n", "/out/a.b-000002.csv": "# header\np,3\np,4\n"})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestPartsDoNotDependOnChunks: the same rows make the same parts, however they come.
func TestPartsDoNotDependOnChunks(t *testing.T) {
	rows := make([]string, 100)
	for i := range rows {
		rows[i] = fmt.Sprintf("p%d,%s", i%3, strings.Repeat("x", i%13))
	}
	for name, options := range map[string]map[string]any{
		"size":       {"path": "/out/f", "roll_size": "50"},
		"rows":       {"path": "/out/f", "roll_rows": int64(7)},
		"partitions": {"path": "/out/f", "roll_size": "100", "partition_by": "k", "max_open_partitions": int64(2)},
	} {
		var first map[string]string
		for _, n := range []int{1, 3, 100} {
			fsys := vfs.NewMem()
			s := mustPairSink(t, fsys, clk(), options, nil)
			for chunk := range slices.Chunk(rows, n) {
				putPairs(t, s, chunk...)
			}
			mustEpoch(t, s, 1, true)
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			if first == nil {
				first = contents(t, fsys, "/out")
				if len(first) < 10 {
					t.Errorf("%s: only %d parts", name, len(first))
				}
				continue
			}
			sameContents(t, fsys, "/out", first)
		}
	}
}

func TestAPartRollsWhenItIsOld(t *testing.T) {
	fsys, clk := vfs.NewMem(), clk()
	s := mustPairSink(t, fsys, clk, map[string]any{"path": "/out/f.txt", "roll_every": "1m", "unbounded": true}, nil)
	clk.Advance(time.Hour) // a part without rows has no age
	mustEpoch(t, s, 1, false)
	putPairs(t, s, "p,1")
	clk.Advance(59 * time.Second)
	putPairs(t, s, "p,2")
	state := mustEpoch(t, s, 2, false)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = mustPairSink(t, fsys, clk, map[string]any{"path": "/out/f.txt", "roll_every": "1m", "unbounded": true}, state)
	clk.Advance(time.Second) // the age goes on over a restart
	putPairs(t, s, "p,3")
	clk.Advance(time.Minute)
	mustEpoch(t, s, 3, false)
	sameContents(t, fsys, "/out", map[string]string{"/out/f-000001.txt": "# header\np,1\np,2\n", "/out/f-000002.txt": "# header\np,3\n"})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestPartitionsAreDirectories(t *testing.T) {
	fsys := vfs.NewMem()
	s := mustPairSink(t, fsys, clk(), map[string]any{"path": "/out/f.txt", "partition_by": []any{"k", "v"}}, nil)
	long := strings.Repeat("y", 300)
	bad := putPairs(t, s, "a/b,1", "no key", "ü 50%,2", ",3", "a/b,bad", long+",4", "a/b,1")
	if len(bad) != 2 || bad[0].Row != 5 || !strings.Contains(bad[0].Err.Error(), "too long for a directory name") || bad[1].Row != 4 {
		t.Errorf("refused rows: %v", bad)
	}
	mustEpoch(t, s, 1, true)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	sameContents(t, fsys, "/out", map[string]string{
		"/out/k=a%2Fb/v=1/f-000001.txt":                             "# header\na/b,1\na/b,1\n",
		"/out/k=__HIVE_DEFAULT_PARTITION__/v=no%20key/f-000002.txt": "# header\n,no key\n",
		"/out/k=ü%2050%25/v=2/f-000003.txt":                         "# header\nü 50%,2\n",
		"/out/k=__HIVE_DEFAULT_PARTITION__/v=3/f-000004.txt":        "# header\n,3\n",
	})
}

func TestTooManyPartitionsCloseTheIdlest(t *testing.T) {
	fsys := vfs.NewMem()
	s := mustPairSink(t, fsys, clk(), map[string]any{"path": "/out/f", "partition_by": "k", "max_open_partitions": int64(2)}, nil)
	putPairs(t, s, "a,1", "b,2", "a,3", "c,4", "a,5", "b,6")
	mustEpoch(t, s, 1, true)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	sameContents(t, fsys, "/out", map[string]string{
		"/out/k=a/f-000001": "# header\na,1\na,3\na,5\n", "/out/k=b/f-000002": "# header\nb,2\n", "/out/k=c/f-000003": "# header\nc,4\n",
		"/out/k=b/f-000004": "# header\nb,6\n",
	})
}

func TestValuesOfAllTypesMakeDirectories(t *testing.T) {
	pool := &batch.Pool{}
	number, flag := batch.NewColumn(pool, schema.Of(schema.Int64)), batch.NewColumn(pool, schema.Of(schema.Bool))
	at := batch.NewColumn(pool, schema.Of(schema.Timestamp))
	for _, c := range []*batch.Column{number, flag, at} {
		c.Reset(2)
	}
	copy(number.Int64s(), []int64{-7, 8})
	flag.Bits().Put(0, true)
	flag.Bits().Put(1, false)
	copy(at.Int64s(), []int64{0, 1_000_000})
	fsys := vfs.NewMem()
	typ := file.SinkType(fsys, clk())
	env := connector.SinkEnv{NewEncoder: func() (codec.Encoder, error) { return rowEncoder{}, nil }, Schema: schema.New(
		schema.Field{Name: "n", Type: number.Type()}, schema.Field{Name: "Flag", Type: flag.Type()}, schema.Field{Name: "at", Type: at.Type()})}
	s, err := typ.Open(t.Context(), env, configured(t, typ.NewConfig(), map[string]any{"path": "/out/f", "partition_by": []any{"n", "flag", "at"}}))
	if err != nil {
		t.Fatal(err)
	}
	chunk, err := s.NewChunk()
	if err != nil {
		t.Fatal(err)
	}
	chunk.Encode(&batch.Batch{Cols: []*batch.Column{number, flag, at}, Len: 2})
	if err := s.Write(t.Context(), chunk); err != nil {
		t.Fatal(err)
	}
	mustEpoch(t, s, 1, true)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	sameContents(t, fsys, "/out", map[string]string{
		"/out/n=-7/flag=true/at=1970-01-01%2000%3A00%3A00/f-000001": "row\n",
		"/out/n=8/flag=false/at=1970-01-01%2000%3A00%3A01/f-000002": "row\n",
	})
	if columns := typ.Columns(configured(t, typ.NewConfig(), map[string]any{"path": "/out/f", "partition_by": "n"})); !slices.Equal(columns, []string{"n"}) {
		t.Errorf("columns that the sink reads: %v", columns)
	}
}

// rowEncoder writes "row".
type rowEncoder struct{}

func (rowEncoder) Encode(dst []byte, ends []int, b *batch.Batch) ([]byte, []int, []codec.RowError) {
	for range b.Rows() {
		dst = append(dst, "row\n"...)
		ends = append(ends, len(dst))
	}
	return dst, ends, nil
}

func TestEmptyResults(t *testing.T) {
	for name, test := range map[string]struct {
		options map[string]any
		want    map[string]string
	}{
		"one file":   {map[string]any{"path": "/out/f"}, map[string]string{"/out/f": "# header\n"}},
		"parts":      {map[string]any{"path": "/out/f", "roll_rows": int64(2)}, map[string]string{"/out/f-000001": "# header\n"}},
		"partitions": {map[string]any{"path": "/out/f", "partition_by": "k"}, nil},
	} {
		fsys := vfs.NewMem()
		s := mustPairSink(t, fsys, clk(), test.options, nil)
		mustEpoch(t, s, 1, true)
		if err := s.Close(); err != nil {
			t.Fatal(name, err)
		}
		sameContents(t, fsys, "/out", test.want)
	}
}

// TestACompressedEmptyFileCanBeRead: it holds an empty frame, as gzip and zstd themselves write it.
func TestACompressedEmptyFileCanBeRead(t *testing.T) {
	for _, path := range []string{"/out/f.gz", "/out/f.zst"} {
		fsys := vfs.NewMem()
		typ := file.SinkType(fsys, clk())
		env := connector.SinkEnv{NewEncoder: func() (codec.Encoder, error) { return rowEncoder{}, nil }}
		s, err := typ.Open(t.Context(), env, configured(t, typ.NewConfig(), map[string]any{"path": path}))
		if err != nil {
			t.Fatal(err)
		}
		mustEpoch(t, s, 1, true)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if contents(t, fsys, "/out")[path] == "" {
			t.Errorf("%s has no frame", path)
		}
		r, err := openSource(t, fsys, map[string]any{"path": path}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := readAll(t, r, nil); len(got) != 0 {
			t.Errorf("%s: %q", path, got)
		}
	}
}

func TestWhatASinkRefuses(t *testing.T) {
	fsys := vfs.NewMem()
	for _, dir := range []string{"/old", "/oldpart/k=1"} {
		if err := fsys.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	put(t, fsys, "/old/f-000041.txt", []byte("old\n"))
	put(t, fsys, "/oldpart/k=1/f-000007.txt", []byte("old\n"))
	for want, options := range map[string]map[string]any{
		"say when a part is full with roll_every, roll_size or roll_rows": {"path": "/out/f.txt", "unbounded": true},
		"so /out/p.txt would never appear":                                {"path": "/out/p.txt", "unbounded": true, "partition_by": "k"},
		"partition_by: no such column: \"x\"":                             {"path": "/out/f.txt", "partition_by": "x"},
		`"list" is TEXT[], which makes no directory name`:                 {"path": "/out/f.txt", "partition_by": "list"},
		"/old/f-000041.txt exists already":                                {"path": "/old/f.txt", "roll_rows": int64(1)},
		"/oldpart/k=1/f-000007.txt exists already":                        {"path": "/oldpart/f.txt", "partition_by": "k"},
	} {
		if _, err := pairSink(t, fsys, clk(), options, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v, want %q", options, err, want)
		}
	}
	typ := file.SinkType(fsys, clk())
	for want, options := range map[string]map[string]any{
		"path must name a file":       {"path": "out/"},
		"between 1 and 4096":          {"path": "f", "partition_by": "k", "max_open_partitions": int64(0)},
		"replace is for a single":     {"path": "f", "roll_rows": int64(1), "if_exists": "replace"},
		"must be more than 0":         {"path": "f", "roll_rows": int64(-1)},
		`did you mean "roll_every"?`:  {"path": "f", "roll_evry": "1m"},
		`cannot be "apend"; did you`:  {"path": "f", "if_exists": "apend"},
		`option "path" is required: `: {},
	} {
		mistakes := connector.Apply(typ.NewConfig(), options)
		if len(mistakes) != 1 || !strings.Contains(mistakes[0].Message, want) {
			t.Errorf("%v: %v, want %q", options, mistakes, want)
		}
	}
}

func TestAppendingGoesOnWithTheNumbers(t *testing.T) {
	fsys := vfs.NewMem()
	for _, dir := range []string{"/out/k=a", "/out/other"} {
		if err := fsys.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	before := map[string]string{
		"/out/k=a/f-000041.txt": "old", "/out/k=a/f-x.txt": "no number", "/out/k=a/g-000099.txt": "another base", "/out/other/f-000098.txt": "no partition",
	}
	for path, text := range before {
		put(t, fsys, path, []byte(text))
	}
	put(t, fsys, "/out/k=a/.f-000050.txt.part", []byte("of a run that was killed before its first epoch"))
	s := mustPairSink(t, fsys, clk(), map[string]any{"path": "/out/f.txt", "partition_by": "k", "if_exists": "append"}, nil)
	putPairs(t, s, "a,1")
	mustEpoch(t, s, 1, true)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	before["/out/k=a/f-000042.txt"] = "# header\na,1\n"
	sameContents(t, fsys, "/out", before)
}

// TestCloseLeavesWhatTheLastPrepareLeft: parts begun or finished since are removed.
func TestCloseLeavesWhatTheLastPrepareLeft(t *testing.T) {
	fsys := vfs.NewMem()
	options := map[string]any{"path": "/out/f", "roll_rows": int64(2)}
	s := mustPairSink(t, fsys, clk(), options, nil)
	putPairs(t, s, "p,1", "p,2", "p,3")
	state, err := s.Prepare(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	putPairs(t, s, "p,4", "p,5", "p,6", "p,7")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	sameContents(t, fsys, "/out", map[string]string{"/out/.f-000001.part": "# header\np,1\np,2\n", "/out/.f-000002.part": "# header\np,3\np,4\n"})
	s = mustPairSink(t, fsys, clk(), options, state)
	sameContents(t, fsys, "/out", map[string]string{"/out/f-000001": "# header\np,1\np,2\n", "/out/.f-000002.part": "# header\np,3\n"})
	putPairs(t, s, "p,4")
	mustEpoch(t, s, 2, true)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	sameContents(t, fsys, "/out", map[string]string{"/out/f-000001": "# header\np,1\np,2\n", "/out/f-000002": "# header\np,3\np,4\n"})
}

func TestStatesThatDoNotFit(t *testing.T) {
	fsys := vfs.NewMem()
	rolled := map[string]any{"path": "/out/f", "roll_rows": int64(2)}
	s := mustPairSink(t, fsys, clk(), rolled, nil)
	putPairs(t, s, "p,1")
	state := mustEpoch(t, s, 1, false)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := pairSink(t, fsys, clk(), map[string]any{"path": "/out/f"}, state); err == nil || !strings.Contains(err.Error(), "--fresh") {
		t.Errorf("a state of parts for one file: %v", err)
	}
	for want, content := range map[string]string{"bytes, but 13 were durable": "# header\n", "are not what was durable": "# hEader\np,1\n"} {
		put(t, fsys, "/out/.f-000001.part", []byte(content))
		if _, err := pairSink(t, fsys, clk(), rolled, state); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("a part with %q: %v", content, err)
		}
	}
}

// TestTheDiskIsFull: the error says so, and what was published stays.
func TestTheDiskIsFull(t *testing.T) {
	for _, path := range []string{"/out/f", "/out/f.gz"} {
		mem := vfs.NewMem()
		full := vfs.Fail(mem)
		s := mustPairSink(t, full, clk(), map[string]any{"path": path, "roll_rows": int64(2)}, nil)
		putPairs(t, s, "p,1", "p,2")
		state := mustEpoch(t, s, 1, false)
		published := contents(t, mem, "/out")
		full.Add(vfs.Rule{Call: vfs.CallWrite, AfterBytes: 4, Times: vfs.Forever, Err: syscall.ENOSPC})
		chunk, err := s.NewChunk()
		if err != nil {
			t.Fatal(err)
		}
		chunk.Encode(pairs("p,3", "p,4"))
		err = s.Write(t.Context(), chunk)
		if !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), "no room left for /out/.f-000002") {
			t.Errorf("%v", err)
		}
		full.Heal()
		if _, again := s.Prepare(t.Context(), 2); again == nil {
			t.Error("a part with half a row was prepared")
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		sameContents(t, mem, "/out", published)
		s = mustPairSink(t, mem, clk(), map[string]any{"path": path, "roll_rows": int64(2)}, state)
		putPairs(t, s, "p,3", "p,4")
		mustEpoch(t, s, 2, true)
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if got := len(contents(t, mem, "/out")); got != 2 {
			t.Errorf("%d files after the disk had room again", got)
		}
	}
}

// TestTheDiskIsFullAtAnyWrite: half a write reaches the file. What was published stays as it is, and a run with room goes on exactly.
func TestTheDiskIsFullAtAnyWrite(t *testing.T) {
	for name, options := range storyOptions {
		for nth := 1; ; nth++ {
			mem := storyFS(t, options)
			failing := vfs.Fail(mem, vfs.Rule{Call: vfs.CallWrite, Nth: nth, Times: vfs.Forever, Keep: 5, Err: syscall.ENOSPC})
			s := &story{t: t, options: options, clock: clk(), lag: nth % connector.MaxUnconfirmed, generation: 1}
			err := s.run(failing)
			if failing.Failed() == 0 {
				break
			}
			if !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), "no room left for /out/") || !strings.Contains(err.Error(), "make room and run again") {
				t.Fatalf("%s: write %d: %v", name, nth, err)
			}
			if _, err := partRows(t, mem, "/out"); err != nil {
				t.Fatalf("%s: write %d: %v", name, nth, err)
			}
			again := s.next()
			again.contested = nth%2 == 1
			if err := errors.Join(again.run(mem), sameRows(t, mem, options), noParts(t, mem)); err != nil {
				t.Fatalf("%s: write %d; the run after it: %v", name, nth, err)
			}
		}
	}
}

func TestADirectoryVanishes(t *testing.T) {
	fsys := vfs.NewMem()
	s := mustPairSink(t, fsys, clk(), map[string]any{"path": "/out/f", "roll_rows": int64(2)}, nil)
	putPairs(t, s, "p,1")
	if err := errors.Join(fsys.Remove("/out/.f-000001.part"), fsys.Remove("/out")); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Prepare(t.Context(), 1); err == nil || !strings.Contains(err.Error(), "/out/.f-000001.part has vanished") {
		t.Errorf("%v", err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

func TestTwoRunsOfOnePath(t *testing.T) {
	fsys := vfs.NewMem()
	first := mustPairSink(t, fsys, clk(), map[string]any{"path": "/f"}, nil)
	putPairs(t, first, "p,1")
	if err := fsys.Remove("/.f.part"); err != nil {
		t.Fatal(err)
	}
	second := mustPairSink(t, fsys, clk(), map[string]any{"path": "/f"}, nil)
	if _, err := first.Prepare(t.Context(), 1); err == nil || !strings.Contains(err.Error(), "replaced by another file") {
		t.Errorf("%v", err)
	}
	putPairs(t, second, "p,2")
	mustEpoch(t, second, 1, true)
	if err := second.Close(); err != nil {
		t.Error(err)
	}
	sameContents(t, fsys, "/", map[string]string{"/f": "# header\np,2\n"})
}

// TestTwoSinksNeverWriteIntoOneFile: whoever begins a single file later has it, and the other is told so before it can publish anything.
func TestTwoSinksNeverWriteIntoOneFile(t *testing.T) {
	for _, fsys := range []vfs.FS{vfs.NewMem(), vfs.OS()} {
		path := t.TempDir() + "/f.txt"
		open := func() connector.Sink {
			s, err := openSink(t, fsys, map[string]any{"path": path}, nil)
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
		first, second := open(), open()
		for i := range 3 {
			if err := errors.Join(write(t.Context(), first, fmt.Sprint("a", i)), write(t.Context(), second, fmt.Sprint("bbb", i))); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := first.Prepare(t.Context(), 1); err == nil || !strings.Contains(err.Error(), "was replaced by another file") {
			t.Errorf("the first was prepared: %v", err)
		}
		if err := first.Close(); err != nil {
			t.Error(err)
		}
		if _, err := epoch(t.Context(), second, 1, true); err != nil {
			t.Error(err)
		}
		if got, err := vfs.ReadFile(fsys, path); err != nil || string(got) != "# header\nbbb0\nbbb1\nbbb2\n" {
			t.Errorf("%q, %v", got, err)
		}
		if err := second.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestEveryCallThatFailsIsAnError: no failure of the file system is swallowed, and none lets a half file appear. When all is published it is a warning.
func TestEveryCallThatFailsIsAnError(t *testing.T) {
	calls := []vfs.Call{
		vfs.CallOpen, vfs.CallStat, vfs.CallReadDir, vfs.CallMkdirAll, vfs.CallRenameNoReplace, vfs.CallSyncDir, vfs.CallWrite,
		vfs.CallSync, vfs.CallFileStat, vfs.CallRead,
	}
	for name, options := range storyOptions {
		for _, call := range calls {
			for nth := 1; ; nth++ {
				mem := storyFS(t, options)
				failing := vfs.Fail(mem, vfs.Rule{Call: call, Nth: nth})
				s := &story{t: t, options: options, clock: clk(), lag: nth % connector.MaxUnconfirmed, generation: 1}
				err := s.run(failing)
				if failing.Failed() == 0 {
					break
				}
				warned := err == nil && call == vfs.CallReadDir && strings.Contains(s.log.String(), "all output is published")
				if !errors.Is(err, syscall.EIO) && !warned {
					t.Fatalf("%s: %s number %d failed, and the run: %v", name, call, nth, err)
				}
				again := s.next()
				again.contested = nth%2 == 1
				if err := errors.Join(again.run(mem), sameRows(t, mem, options), noParts(t, mem)); err != nil {
					t.Fatalf("%s: %s number %d failed; the run after it: %v", name, call, nth, err)
				}
			}
		}
	}
}

func TestTheProtocol(t *testing.T) {
	mem := vfs.NewMem()
	record := vfs.Record(mem)
	s := mustPairSink(t, record, clk(), map[string]any{"path": "/out/f", "roll_rows": int64(2)}, nil)
	putPairs(t, s, "p,1", "p,2", "p,3")
	mustEpoch(t, s, 1, false)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"mkdirall /out", "open /out/.f-000001.part", "write /out/.f-000001.part 0+17", "sync /out/.f-000001.part",
		"mkdirall /out", "open /out/.f-000002.part", "write /out/.f-000002.part 0+13", "sync /out/.f-000002.part",
		"syncdir /", "syncdir /out", "renamenoreplace /out/.f-000001.part /out/f-000001", "syncdir /out",
	}
	if got := record.Changes(); !slices.Equal(got, want) {
		t.Errorf("%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if _, err := mem.Stat("/out/.f-000002.part"); errors.Is(err, fs.ErrNotExist) {
		t.Error("the open part is gone")
	}
}

// TestARecordOfTwoRowsStaysInOnePart: a row without bytes belongs to the record before it, which is that of an update, for instance.
func TestARecordOfTwoRowsStaysInOnePart(t *testing.T) {
	fsys := vfs.NewMem()
	s := mustPairSink(t, fsys, clk(), map[string]any{"path": "/out/f", "roll_rows": int64(1)}, nil)
	if err := s.Write(t.Context(), &connector.Rows{Data: []byte("a\nb\n"), Ends: []int{2, 2, 4, 4}}); err != nil {
		t.Fatal(err)
	}
	mustEpoch(t, s, 1, true)
	sameContents(t, fsys, "/out", map[string]string{"/out/f-000001": "# header\na\n", "/out/f-000002": "# header\nb\n"})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}
