package file_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"wire.example/wire/internal/connect/file"
	"wire.example/wire/internal/foundation/clock"
	"wire.example/wire/internal/foundation/vfs"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/connector"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sqlstate"
)

// storyEpochs are the rows of a run, epoch by epoch. A row is its partition, a comma and its text.
func storyEpochs() [][]string {
	var epochs [][]string
	n := 0
	for e := range 5 {
		var rows []string
		for range e * 3 % 7 {
			rows = append(rows, fmt.Sprintf("p%d,row %03d %s", n%3, n, strings.Repeat("x", n%11)))
			n++
		}
		epochs = append(epochs, rows)
	}
	return epochs
}

// lineage is that of all runs of a story.
const lineage = "1f0c9a52-6f0e-4d2b-9f53-7f0e0a6d2c11"

// errFenced is what a run meets at the commit point when another has taken its place.
var errFenced = errors.New("fenced")

// story is a run of a sink: what was published, and with which state it would be resumed.
type story struct {
	t       *testing.T
	options map[string]any
	clock   *clock.Manual
	// lag is how many published epochs wait for their commit before the oldest gets it.
	lag int
	// generation counts owners. contested says that the one before may be alive; fenced that this one was taken over.
	generation int64
	contested  bool
	fenced     bool
	abandoned  []string
	repeats    bool
	// spoilt is the first epoch of which other rows are written, counted from 1; 0 is none.
	spoilt int
	// state and done are the manifest: the state of the last published epoch, and how many epochs it covers. A crash keeps them.
	state   json.RawMessage
	done    int
	waiting []json.RawMessage // published, not committed
	// log is what the sink says.
	log strings.Builder
	// published, if not nil, is called after each publication.
	published func()
}

// next is the story of a run that goes on from the manifest of s.
func (s *story) next() *story {
	return &story{t: s.t, options: s.options, clock: clk(), lag: s.lag, generation: s.generation + 1, state: s.state, done: s.done}
}

func (s *story) open(fsys vfs.FS) (connector.Sink, error) {
	typ := file.SinkType(fsys, s.clock)
	config := configured(s.t, typ.NewConfig(), s.options)
	env := connector.SinkEnv{
		Name: "s", Schema: pairSchema(), NewEncoder: func() (codec.Encoder, error) { return pairEncoder{}, nil }, Restore: s.state,
		Unbounded: s.options["roll_rows"] != nil || s.options["roll_size"] != nil || s.options["roll_every"] != nil,
		Lineage:   lineage, Generation: s.generation, Contested: s.contested, Abandoned: s.abandoned, Repeats: s.repeats,
		Log: slog.New(slog.NewTextHandler(&s.log, nil)),
	}
	return typ.Open(s.t.Context(), env, config)
}

// run writes the epochs that the manifest does not cover, and ends.
func (s *story) run(fsys vfs.FS) error {
	sink, err := s.open(fsys)
	if err != nil {
		return err
	}
	epochs := storyEpochs()
	for i := s.done; i < len(epochs); i++ {
		if err := s.epoch(sink, epochs[i], i == len(epochs)-1); err != nil {
			return errors.Join(err, sink.Close())
		}
	}
	if s.done == len(epochs) && s.waiting == nil { // the last commit may not have happened
		if err := sink.Commit(s.t.Context(), int64(s.done), s.state, true); err != nil {
			return errors.Join(err, sink.Close())
		}
	}
	return errors.Join(s.settle(sink, 0, true), sink.Close())
}

func (s *story) epoch(sink connector.Sink, rows []string, final bool) error {
	chunk, err := sink.NewChunk()
	if err != nil {
		return err
	}
	if s.spoilt > 0 && s.done+1 >= s.spoilt {
		rows = slices.Clone(rows)
		for i, row := range rows {
			rows[i] = strings.Replace(row, "row", "ROW", 1)
		}
	}
	for half := range slices.Chunk(rows, 2) {
		chunk.Encode(pairs(half...))
	}
	if err := sink.Write(s.t.Context(), chunk); err != nil {
		return err
	}
	s.clock.Advance(time.Second)
	state, err := sink.Prepare(s.t.Context(), int64(s.done+1))
	if err != nil {
		return err
	}
	if s.fenced {
		return errFenced
	}
	s.state = state // published: the commit point
	s.done++
	s.waiting = append(s.waiting, state)
	if s.published != nil {
		s.published()
	}
	if final {
		return nil
	}
	return s.settle(sink, s.lag, false)
}

// settle commits the oldest epochs until lag are left.
func (s *story) settle(sink connector.Sink, lag int, final bool) error {
	for len(s.waiting) > lag {
		last := len(s.waiting) == 1
		if err := sink.Commit(s.t.Context(), int64(s.done-len(s.waiting)+1), s.waiting[0], final && last); err != nil {
			return err
		}
		s.waiting = s.waiting[1:]
	}
	return nil
}

//nolint:gochecknoglobals // immutable table
var storyOptions = map[string]map[string]any{
	"one file":          {"path": "/out/f.txt"},
	"one gzip file":     {"path": "/out/deep/f.txt.gz"},
	"rows":              {"path": "/out/f.txt", "roll_rows": int64(4)},
	"size":              {"path": "/out/f.txt", "roll_size": "40"},
	"age":               {"path": "/out/f.txt", "roll_every": "2s"},
	"gzip":              {"path": "/out/deep/f.txt.gz", "roll_rows": int64(3)},
	"zstd":              {"path": "/out/deep/f.txt.zst", "roll_rows": int64(3)},
	"partitions":        {"path": "/out/f.txt", "partition_by": "k"},
	"rolled partitions": {"path": "/out/f.txt", "partition_by": "k", "roll_rows": int64(2), "max_open_partitions": int64(2)},
	"appended":          {"path": "/out/f.txt", "if_exists": "append"},
	"appended gzip":     {"path": "/out/f.txt.gz", "if_exists": "append"},
	"appended parts":    {"path": "/out/f.txt", "if_exists": "append", "roll_rows": int64(4)},
	"replaced":          {"path": "/out/f.txt", "if_exists": "replace"},
}

// before are the rows that are there when the runs of options begin.
func before(options map[string]any) []string {
	if options["if_exists"] == nil {
		return nil
	}
	return []string{"p0,row 900 x", "p1,row 901 xx"}
}

// storyFS is a file system in which a story of options can begin.
func storyFS(t *testing.T, options map[string]any) *vfs.Mem {
	t.Helper()
	mem, rows := vfs.NewMem(), before(options)
	if rows == nil {
		return mem
	}
	text := []byte("# header\n" + strings.Join(rows, "\n") + "\n")
	path := options["path"].(string)
	switch {
	case options["roll_rows"] != nil:
		path = "/out/f-000001.txt"
	case strings.HasSuffix(path, ".gz"):
		text = gzipped(t, text)
	}
	if err := mem.MkdirAll("/out", 0o755); err != nil {
		t.Fatal(err)
	}
	put(t, mem, path, text)
	return mem.CrashImage(vfs.CrashOptions{Keep: 1})
}

// partRows are the rows of all published files, in the order of the numbers of their parts. The error tells of a file that is not whole.
func partRows(t *testing.T, fsys vfs.FS, root string) ([]string, error) {
	t.Helper()
	files := map[string]string{}
	walk(t, fsys, root, func(path string) {
		if strings.HasPrefix(filepath.Base(path), ".") {
			return
		}
		files[partNumber(path)] = path
	})
	var rows []string
	for _, n := range slices.Sorted(maps.Keys(files)) {
		lines, err := readLines(fsys, files[n])
		if err != nil {
			return nil, fmt.Errorf("%s: %w", files[n], err)
		}
		if len(lines) == 0 || lines[0] != "# header" {
			return nil, fmt.Errorf("%s does not begin with the header: %q", files[n], lines)
		}
		for _, line := range lines[1:] {
			if !rowPattern.MatchString(line) {
				return nil, fmt.Errorf("%s holds half a row: %q", files[n], line)
			}
		}
		rows = append(rows, lines[1:]...)
	}
	return rows, nil
}

var rowPattern = regexp.MustCompile(`^p\d,row \d{3} x*$`)

func partNumber(path string) string {
	m := regexp.MustCompile(`-(\d{6,})\.`).FindStringSubmatch(filepath.Base(path))
	if m == nil {
		return path
	}
	return m[1]
}

func walk(t testing.TB, fsys vfs.FS, dir string, visit func(path string)) {
	t.Helper()
	entries, err := fsys.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if path := filepath.Join(dir, e.Name()); e.IsDir() {
			walk(t, fsys, path, visit)
		} else {
			visit(path)
		}
	}
}

// sameRows checks that what is published is all of the story: in order within each partition, and in order as a whole without partitions.
func sameRows(t *testing.T, fsys vfs.FS, options map[string]any) error {
	t.Helper()
	got, err := partRows(t, fsys, "/out")
	if err != nil {
		return err
	}
	want := slices.Concat(storyEpochs()...)
	if options["if_exists"] == "append" {
		want = slices.Concat(before(options), want)
	}
	if options["partition_by"] != nil {
		order := func(a, b string) int { return strings.Compare(a[:2], b[:2]) }
		slices.SortStableFunc(got, order)
		slices.SortStableFunc(want, order)
	}
	if !slices.Equal(got, want) {
		return fmt.Errorf("published rows\n%q\nwant\n%q", got, want)
	}
	return nil
}

// noParts checks that no hidden part is left.
func noParts(t *testing.T, fsys vfs.FS) error {
	t.Helper()
	var left []string
	walk(t, fsys, "/out", func(path string) {
		if strings.HasPrefix(filepath.Base(path), ".") {
			left = append(left, path)
		}
	})
	if len(left) > 0 {
		return fmt.Errorf("%q were left", left)
	}
	return nil
}

func TestPartsHoldAllRowsInOrder(t *testing.T) {
	for name, options := range storyOptions {
		for lag := range connector.MaxUnconfirmed {
			t.Run(fmt.Sprint(name, " ", lag), func(t *testing.T) {
				fsys := storyFS(t, options)
				s := &story{t: t, options: options, clock: clk(), lag: lag, generation: 1}
				if err := errors.Join(s.run(fsys), sameRows(t, fsys, options), noParts(t, fsys)); err != nil {
					t.Fatal(err)
				}
			})
		}
	}
}

// powerCuts cuts the power after every call of a run that changes something, keeping and tearing what was not synced at random, and lets another
// run go on from the last published state; before, the file system passes through broken, if that is not nil. It returns how often that was, and the first that went wrong.
func powerCuts(t *testing.T, s *story, broken func(vfs.FS) vfs.FS) (crashes int, wrong error) {
	t.Helper()
	mem, random := storyFS(t, s.options), rand.New(rand.NewPCG(7, 7))
	cut := func(op vfs.Op, keep float64) error {
		image := mem.CrashImage(vfs.CrashOptions{Keep: keep, Tear: keep == 0.5, Rand: random})
		if _, err := partRows(t, image, "/out"); err != nil {
			return fmt.Errorf("after %s (keep %v, %d epochs): %w", op, keep, s.done, err)
		}
		again := s.next()
		again.contested = crashes%2 == 1
		if err := errors.Join(again.run(image), sameRows(t, image, s.options), noParts(t, image)); err != nil {
			return fmt.Errorf("after %s (keep %v, %d epochs, contested %v): %w", op, keep, s.done, again.contested, err)
		}
		return nil
	}
	var fsys vfs.FS = mem
	if broken != nil {
		fsys = broken(mem)
	}
	err := s.run(vfs.Watch(fsys, func(op vfs.Op) {
		if !op.Changes() || wrong != nil {
			return
		}
		crashes++
		for _, keep := range []float64{0, 0.5, 1} {
			if wrong = cut(op, keep); wrong != nil {
				return
			}
		}
	}))
	return crashes, errors.Join(wrong, err)
}

func TestACrashAnywhereLosesAndRepeatsNothing(t *testing.T) {
	for name, options := range storyOptions {
		for lag := range connector.MaxUnconfirmed {
			t.Run(fmt.Sprint(name, " ", lag), func(t *testing.T) {
				crashes, err := powerCuts(t, &story{t: t, options: options, clock: clk(), lag: lag, generation: 1}, nil)
				if err != nil {
					t.Fatal(err)
				}
				if crashes < 12 {
					t.Errorf("only %d crashes", crashes)
				}
			})
		}
	}
}

// TestFailingSyncs has each sync of a run fail, of files and of directories: the run says so, and whether it does or not, what is left when the power is cut then is right, or made right by the next run.
func TestFailingSyncs(t *testing.T) {
	for name, options := range storyOptions {
		for _, call := range []vfs.Call{vfs.CallSync, vfs.CallSyncDir} {
			t.Run(fmt.Sprint(name, " ", call), func(t *testing.T) {
				nth := 1
				for ; ; nth++ {
					mem := storyFS(t, options)
					failing := vfs.Fail(mem, vfs.Rule{Call: call, Nth: nth})
					s := &story{t: t, options: options, clock: clk(), lag: 1, generation: 1}
					err := s.run(failing)
					if failing.Failed() == 0 {
						break
					}
					image := mem.CrashImage(vfs.CrashOptions{})
					if err != nil {
						err = s.next().run(image)
					}
					if err := errors.Join(err, sameRows(t, image, options), noParts(t, image)); err != nil {
						t.Fatalf("%s number %d: %v", call, nth, err)
					}
				}
				if nth < 4 {
					t.Errorf("only %d failures", nth-1)
				}
			})
		}
	}
}

// pairEncoder writes both columns, under a header.
type pairEncoder struct{}

func (pairEncoder) AppendHeader(dst []byte) []byte { return append(dst, "# header\n"...) }

func (pairEncoder) Encode(dst []byte, ends []int, b *batch.Batch) ([]byte, []int, []codec.RowError) {
	var bad []codec.RowError
	for i := range b.Rows() {
		row := b.Row(i)
		if string(b.Cols[1].Bytes(row)) == "bad" {
			bad = append(bad, codec.RowError{Row: row, Err: sqlstate.New(sqlstate.UntranslatableCharacter, "bad")})
			continue
		}
		if !b.Cols[0].IsNull(row) {
			dst = append(dst, b.Cols[0].Bytes(row)...)
		}
		dst = append(append(append(dst, ','), b.Cols[1].Bytes(row)...), '\n')
		ends = append(ends, len(dst))
	}
	return dst, ends, bad
}

func pairSchema() *schema.Schema {
	text := schema.Of(schema.Text)
	return schema.New(schema.Field{Name: "k", Type: text}, schema.Field{Name: "v", Type: text}, schema.Field{Name: "list", Type: schema.ArrayOf(text)})
}

// pairs makes rows of "k,v"; k is NULL without a comma.
func pairs(values ...string) *batch.Batch {
	pool := &batch.Pool{}
	k, v := batch.NewColumn(pool, schema.Of(schema.Text)), batch.NewColumn(pool, schema.Of(schema.Text))
	k.Reset(len(values))
	v.Reset(len(values))
	for i, value := range values {
		key, text, ok := strings.Cut(value, ",")
		if !ok {
			text = value
			k.SetNull(i)
		} else {
			k.SetBytes(i, []byte(key))
		}
		v.SetBytes(i, []byte(text))
	}
	return &batch.Batch{Cols: []*batch.Column{k, v, nil}, Len: len(values)}
}
