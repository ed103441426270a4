package file_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
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

// story is a run of a sink: what was published, and with which state it would be resumed.
type story struct {
	t       *testing.T
	options map[string]any
	clock   *clock.Manual
	// state and done are the manifest: the state of the last published epoch, and how many epochs it covers. A crash keeps them.
	state json.RawMessage
	done  int
}

func (s *story) open(fsys vfs.FS) (connector.Sink, error) {
	typ := file.SinkType(fsys, s.clock)
	config := configured(s.t, typ.NewConfig(), s.options)
	env := connector.SinkEnv{
		Name: "s", Schema: pairSchema(), NewEncoder: func() (codec.Encoder, error) { return pairEncoder{}, nil }, Restore: s.state, Unbounded: s.options["partition_by"] == nil,
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
	if s.done == len(epochs) { // the last commit may not have happened
		if err := s.epoch(sink, nil, true); err != nil {
			return errors.Join(err, sink.Close())
		}
	}
	return sink.Close()
}

func (s *story) epoch(sink connector.Sink, rows []string, final bool) error {
	chunk, err := sink.NewChunk()
	if err != nil {
		return err
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
	s.state = state // published: the commit point
	s.done = min(s.done+1, len(storyEpochs()))
	return sink.Commit(s.t.Context(), int64(s.done), state, final)
}

//nolint:gochecknoglobals // immutable table
var storyOptions = map[string]map[string]any{
	"rows":              {"path": "/out/f.txt", "roll_rows": int64(4)},
	"size":              {"path": "/out/f.txt", "roll_size": "40"},
	"age":               {"path": "/out/f.txt", "roll_every": "2s"},
	"gzip":              {"path": "/out/deep/f.txt.gz", "roll_rows": int64(3)},
	"partitions":        {"path": "/out/f.txt", "partition_by": "k"},
	"rolled partitions": {"path": "/out/f.txt", "partition_by": "k", "roll_rows": int64(2), "max_open_partitions": int64(2)},
}

// visibleParts are the rows of all published files, in the order of the numbers of their parts.
func visibleParts(t *testing.T, fsys vfs.FS, root string) []string {
	t.Helper()
	files := map[string]string{}
	walk(t, fsys, root, func(path string) {
		if strings.HasPrefix(filepath.Base(path), ".") {
			return
		}
		files[partNumber(path)] = path
	})
	var rows []string
	var numbers []string
	for n := range files {
		numbers = append(numbers, n)
	}
	slices.Sort(numbers)
	for _, n := range numbers {
		lines := visibleLines(t, fsys, files[n])
		if len(lines) == 0 || lines[0] != "# header" {
			t.Fatalf("%s does not begin with the header: %q", files[n], lines)
		}
		for _, line := range lines[1:] {
			if !rowPattern.MatchString(line) {
				t.Fatalf("%s holds half a row: %q", files[n], line)
			}
		}
		rows = append(rows, lines[1:]...)
	}
	return rows
}

var rowPattern = regexp.MustCompile(`^p\d,row \d{3} x*$`)

func partNumber(path string) string {
	m := regexp.MustCompile(`-(\d{6,})\.`).FindStringSubmatch(filepath.Base(path))
	if m == nil {
		return path
	}
	return m[1]
}

func walk(t *testing.T, fsys vfs.FS, dir string, visit func(path string)) {
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

// sameRows checks that got is all of the story: in order within each partition, and in order as a whole without partitions.
func sameRows(t *testing.T, got []string, partitioned bool) {
	t.Helper()
	want := slices.Concat(storyEpochs()...)
	if partitioned {
		order := func(a, b string) int { return strings.Compare(a[:2], b[:2]) }
		slices.SortStableFunc(got, order)
		slices.SortStableFunc(want, order)
	}
	if !slices.Equal(got, want) {
		t.Errorf("published rows\n%q\nwant\n%q", got, want)
	}
}

func TestPartsHoldAllRowsInOrder(t *testing.T) {
	for name, options := range storyOptions {
		t.Run(name, func(t *testing.T) {
			fsys := vfs.NewMem()
			s := &story{t: t, options: options, clock: clk()}
			if err := s.run(fsys); err != nil {
				t.Fatal(err)
			}
			sameRows(t, visibleParts(t, fsys, "/out"), options["partition_by"] != nil)
			walk(t, fsys, "/out", func(path string) {
				if strings.HasPrefix(filepath.Base(path), ".") {
					t.Errorf("%s was left", path)
				}
			})
		})
	}
}

// TestACrashAnywhereLosesAndRepeatsNothing cuts the power after every call that the sink makes, keeping and tearing what was not synced at
// random, and lets another run go on from the last published state.
func TestACrashAnywhereLosesAndRepeatsNothing(t *testing.T) {
	for name, options := range storyOptions {
		t.Run(name, func(t *testing.T) {
			mem, crashes := vfs.NewMem(), 0
			s := &story{t: t, options: options, clock: clk()}
			random := rand.New(rand.NewPCG(7, 7))
			watched := vfs.Watch(mem, func(op vfs.Op) {
				if !op.Changes() {
					return
				}
				crashes++
				for _, keep := range []float64{0, 0.5, 1} {
					image := mem.CrashImage(vfs.CrashOptions{Keep: keep, Tear: keep == 0.5, Rand: random})
					visibleParts(t, image, "/out") // whole, whatever is there
					again := &story{t: t, options: options, clock: clk(), state: s.state, done: s.done}
					if err := again.run(image); err != nil {
						t.Fatalf("after %s (keep %v, %d epochs): %v", op, keep, s.done, err)
					}
					sameRows(t, visibleParts(t, image, "/out"), options["partition_by"] != nil)
				}
			})
			if err := s.run(watched); err != nil {
				t.Fatal(err)
			}
			if crashes < 15 {
				t.Errorf("only %d crashes", crashes)
			}
		})
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
