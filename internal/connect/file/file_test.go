package file_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"wire.example/wire/internal/connect/file"
	"wire.example/wire/internal/foundation/vfs"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/connector"
	"wire.example/wire/sdk/schema"
)

// lines is a framer of newline-ended records.
type lines struct{}

func (lines) Cut(data []byte, last bool) int {
	if last {
		return len(data)
	}
	return bytes.LastIndexByte(data, '\n') + 1
}

func (lines) Skip(data []byte) (int, bool) {
	if i := bytes.IndexByte(data, '\n'); i >= 0 {
		return i + 1, true
	}
	return len(data), false
}

// textEncoder writes the first column, a line a row, under a header.
type textEncoder struct{}

func (textEncoder) AppendHeader(dst []byte) []byte { return append(dst, "# header\n"...) }

func (textEncoder) Encode(dst []byte, ends []int, b *batch.Batch) ([]byte, []int, []codec.RowError) {
	for i := range b.Rows() {
		dst = append(append(dst, b.Cols[0].Bytes(b.Row(i))...), '\n')
		ends = append(ends, len(dst))
	}
	return dst, ends, nil
}

func textBatch(values ...string) *batch.Batch {
	c := batch.NewColumn(&batch.Pool{}, schema.Of(schema.Text))
	c.Reset(len(values))
	for i, v := range values {
		c.SetBytes(i, []byte(v))
	}
	return &batch.Batch{Cols: []*batch.Column{c}, Len: len(values)}
}

func put(t *testing.T, fsys vfs.FS, path string, content []byte) {
	t.Helper()
	if err := vfs.WriteFile(fsys, path, content); err != nil {
		t.Fatal(err)
	}
}

func openSource(t *testing.T, fsys vfs.FS, options map[string]any, restore []connector.SplitState) (connector.Reader, error) {
	t.Helper()
	typ := file.SourceType(fsys, clk())
	config := typ.NewConfig()
	if mistakes := connector.Apply(config, options); len(mistakes) > 0 {
		t.Fatal(mistakes[0])
	}
	env := connector.SourceEnv{Name: "s", Framer: func() codec.Framer { return lines{} }, Restore: restore, MaxRecordBytes: 1 << 20}
	return typ.Open(t.Context(), env, config)
}

// readAll polls r to its end. after is called with what was read so far, after each block.
func readAll(t *testing.T, r connector.Reader, after func(read []byte, states []connector.SplitState)) []byte {
	t.Helper()
	var all []byte
	pool := &batch.Pool{}
	for {
		block := codec.Block{Buf: pool.NewBuffer(64)}
		status, err := r.Poll(t.Context(), nil, &block)
		if err != nil {
			t.Fatal(err)
		}
		if status == connector.End {
			break
		}
		all = append(all, block.Buf.Data...)
		block.Buf.Release()
		if after != nil {
			states, err := r.Snapshot()
			if err != nil {
				t.Fatal(err)
			}
			after(bytes.Clone(all), states)
		}
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	return all
}

// content is n bytes of lines of random length.
func content(n int, seed uint64) []byte {
	r := rand.New(rand.NewPCG(seed, 1))
	var b []byte
	for len(b) < n {
		b = fmt.Appendf(b, "%d %s\n", len(b), strings.Repeat("x", r.IntN(300)))
	}
	return b
}

func gzipped(t *testing.T, plain []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(plain); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func zstandard(t *testing.T, plain []byte) []byte {
	t.Helper()
	w, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	return w.EncodeAll(plain, nil)
}

func TestFilesAreOneSequenceThatResumesAtEveryBlock(t *testing.T) {
	a, b, c := content(50_000, 1), content(40_000, 2), content(30_000, 3)
	fsys := vfs.NewMem()
	if err := fsys.MkdirAll("/in", 0o755); err != nil {
		t.Fatal(err)
	}
	put(t, fsys, "/in/a.txt", a)
	put(t, fsys, "/in/b.txt.gz", gzipped(t, b))
	put(t, fsys, "/in/c.txt.zst", zstandard(t, c))
	put(t, fsys, "/in/d.txt.gz", nil)
	put(t, fsys, "/in/.hidden", []byte("hidden\n"))
	whole := bytes.Join([][]byte{a, b, c}, nil)
	for _, path := range []string{"/in", "/in/*.txt*"} {
		options := map[string]any{"path": path, "block_size": "8KB"}
		r, err := openSource(t, fsys, options, nil)
		if err != nil {
			t.Fatal(err)
		}
		blocks := 0
		got := readAll(t, r, func(read []byte, states []connector.SplitState) {
			blocks++
			again, err := openSource(t, fsys, options, states)
			if err != nil {
				t.Fatal(err)
			}
			if rest := readAll(t, again, nil); !bytes.Equal(append(read, rest...), whole) {
				t.Fatalf("%s: resumed after %d bytes, the whole differs", path, len(read))
			}
		})
		if !bytes.Equal(got, whole) || blocks < 10 {
			t.Errorf("%s: %d bytes in %d blocks, want %d", path, len(got), blocks, len(whole))
		}
		if done, total := r.(connector.Progress).Progress(); done < total || total == 0 {
			t.Errorf("progress %d of %d", done, total)
		}
	}
}

func TestPositionsAreOfOneFileOnly(t *testing.T) {
	fsys := vfs.NewMem()
	put(t, fsys, "/f", content(20_000, 1))
	options := map[string]any{"path": "/f", "block_size": "4KB"}
	var states []connector.SplitState
	r, err := openSource(t, fsys, options, nil)
	if err != nil {
		t.Fatal(err)
	}
	readAll(t, r, func(_ []byte, s []connector.SplitState) {
		if states == nil {
			states = s
		}
	})
	put(t, fsys, "/f", content(20_000, 99))
	if _, err := openSource(t, fsys, options, states); err == nil || !strings.Contains(err.Error(), "not the file") {
		t.Errorf("a replaced file: %v", err)
	}
	put(t, fsys, "/f", content(20_000, 1)[:5000])
	if _, err := openSource(t, fsys, options, states); err == nil || !strings.Contains(err.Error(), "/f is shorter than when the stored position was taken") {
		t.Errorf("a cut file: %v", err)
	}
	if err := fsys.Rename("/f", "/g"); err != nil {
		t.Fatal(err)
	}
	if _, err := openSource(t, fsys, map[string]any{"path": "/g"}, states); err == nil || !strings.Contains(err.Error(), "not among the files") {
		t.Errorf("a renamed file: %v", err)
	}
	for _, bad := range []string{`{"version":7}`, `nonsense`} {
		state := []connector.SplitState{{Position: json.RawMessage(bad)}}
		if _, err := openSource(t, fsys, map[string]any{"path": "/g"}, state); err == nil {
			t.Errorf("position %s was taken", bad)
		}
	}
}

// TestFilesThatAppearBeforeThePositionAreNotPassedOver: a resumed run reads what has appeared behind its position, and refuses to go on where
// something has appeared before it. Files that were read may go.
func TestFilesThatAppearBeforeThePositionAreNotPassedOver(t *testing.T) {
	fsys := vfs.NewMem()
	if err := fsys.MkdirAll("/in", 0o755); err != nil {
		t.Fatal(err)
	}
	put(t, fsys, "/in/b", content(5000, 1))
	put(t, fsys, "/in/d", content(5000, 2))
	options := map[string]any{"path": "/in", "block_size": "4KB"}
	var states []connector.SplitState
	r, err := openSource(t, fsys, options, nil)
	if err != nil {
		t.Fatal(err)
	}
	readAll(t, r, func(_ []byte, s []connector.SplitState) {
		if strings.Contains(string(s[0].Position), "/in/d") && states == nil {
			states = s
		}
	})
	resume := func() (string, error) {
		r, err := openSource(t, fsys, options, states)
		if err != nil {
			return "", err
		}
		return string(readAll(t, r, func([]byte, []connector.SplitState) {})), nil
	}
	rest, err := resume()
	if err != nil {
		t.Fatal(err)
	}
	put(t, fsys, "/in/e", content(100, 3))
	if got, err := resume(); err != nil || got != rest+string(content(100, 3)) {
		t.Errorf("a file behind the position: %d bytes, %v", len(got), err)
	}
	put(t, fsys, "/in/c", content(100, 4))
	if _, err := resume(); err == nil || !strings.Contains(err.Error(), `1 files have appeared before "/in/d"`) {
		t.Errorf("a file before the position: %v", err)
	}
	if err := errors.Join(fsys.Remove("/in/c"), fsys.Remove("/in/b")); err != nil {
		t.Fatal(err)
	}
	if got, err := resume(); err != nil || got != rest+string(content(100, 3)) {
		t.Errorf("without a file that was read: %d bytes, %v", len(got), err)
	}
}

func TestSourcesThatCannotBeRead(t *testing.T) {
	fsys := vfs.NewMem()
	if err := fsys.MkdirAll("/empty", 0o755); err != nil {
		t.Fatal(err)
	}
	put(t, fsys, "/bad.gz", []byte("this is not gzip at all"))
	put(t, fsys, "/bad.zst", []byte("this is not zstd at all"))
	for path, want := range map[string]string{"/nothing": "check the path", "/empty": "holds no files", "/[": "syntax error"} {
		if _, err := openSource(t, fsys, map[string]any{"path": path}, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", path, err)
		}
	}
	for _, path := range []string{"/bad.gz", "/bad.zst"} {
		r, err := openSource(t, fsys, map[string]any{"path": path}, nil)
		if err != nil {
			t.Fatal(err)
		}
		block := codec.Block{Buf: (&batch.Pool{}).NewBuffer(64)}
		if _, err := r.Poll(t.Context(), nil, &block); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v", path, err)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}
	if mistakes := connector.Apply(&file.SourceConfig{}, map[string]any{"path": "x", "block_size": 1}); len(mistakes) != 1 {
		t.Errorf("block_size 1: %v", mistakes)
	}
}

func openSink(t *testing.T, fsys vfs.FS, options map[string]any, restore json.RawMessage) (connector.Sink, error) {
	t.Helper()
	typ := file.SinkType(fsys, clk())
	config := typ.NewConfig()
	if mistakes := connector.Apply(config, options); len(mistakes) > 0 {
		t.Fatal(mistakes[0])
	}
	env := connector.SinkEnv{Name: "s", NewEncoder: func() (codec.Encoder, error) { return textEncoder{}, nil }, Restore: restore}
	return typ.Open(t.Context(), env, config)
}

func write(ctx context.Context, s connector.Sink, values ...string) error {
	chunk, err := s.NewChunk()
	if err != nil {
		return err
	}
	chunk.Encode(textBatch(values...))
	return s.Write(ctx, chunk)
}

// epoch prepares and commits.
func epoch(ctx context.Context, s connector.Sink, n int64, final bool) (json.RawMessage, error) {
	state, err := s.Prepare(ctx, n)
	if err != nil {
		return nil, err
	}
	return state, s.Commit(ctx, n, state, final)
}

// wholeRun writes two epochs to path and closes the sink.
func wholeRun(t *testing.T, fsys vfs.FS, path string) error {
	t.Helper()
	s, err := openSink(t, fsys, map[string]any{"path": path}, nil)
	if err != nil {
		return err
	}
	err = func() error {
		if err := write(t.Context(), s, "one", "two"); err != nil {
			return err
		}
		if _, err := epoch(t.Context(), s, 1, false); err != nil {
			return err
		}
		if err := write(t.Context(), s, "three"); err != nil {
			return err
		}
		_, err := epoch(t.Context(), s, 2, true)
		return err
	}()
	return errors.Join(err, s.Close())
}

const wholeText = "# header\none\ntwo\nthree\n"

func TestTheFileAppearsWhole(t *testing.T) {
	for path, plain := range map[string]func([]byte) (io.Reader, error){
		"/out/f.txt":    func(b []byte) (io.Reader, error) { return bytes.NewReader(b), nil },
		"/out/f.txt.gz": func(b []byte) (io.Reader, error) { return gzip.NewReader(bytes.NewReader(b)) },
		"/out/f.zst":    func(b []byte) (io.Reader, error) { return zstd.NewReader(bytes.NewReader(b)) },
	} {
		fsys := vfs.NewMem()
		if err := wholeRun(t, fsys, path); err != nil {
			t.Fatal(path, err)
		}
		stored, err := vfs.ReadFile(fsys, path)
		if err != nil {
			t.Fatal(err)
		}
		r, err := plain(stored)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(r)
		if err != nil || string(got) != wholeText {
			t.Errorf("%s: %q, %v", path, got, err)
		}
		if left, err := fsys.ReadDir("/out"); err != nil || len(left) != 1 {
			t.Errorf("%s: %v left, %v", path, left, err)
		}
	}
}

func TestACrashLeavesNoHalfFile(t *testing.T) {
	mem := vfs.NewMem()
	if err := mem.MkdirAll("/out", 0o755); err != nil {
		t.Fatal(err)
	}
	if err := mem.SyncDir("/"); err != nil {
		t.Fatal(err)
	}
	steps, seen := 0, false
	watched := vfs.Watch(mem, func(vfs.Op) {
		steps++
		image := mem.CrashImage(vfs.CrashOptions{})
		got, err := vfs.ReadFile(image, "/out/f.txt")
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil || string(got) != wholeText:
			t.Errorf("after step %d the target holds %q, %v", steps, got, err)
		default:
			seen = true
		}
	})
	if err := wholeRun(t, watched, "/out/f.txt"); err != nil {
		t.Fatal(err)
	}
	if !seen || steps < 8 {
		t.Errorf("%d steps; target durable at the end: %v", steps, seen)
	}
}

func TestASinkGoesOnFromItsState(t *testing.T) {
	fsys := vfs.NewMem()
	s, err := openSink(t, fsys, map[string]any{"path": "/f.txt"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := write(t.Context(), s, "one", "two"); err != nil {
		t.Fatal(err)
	}
	state, err := epoch(t.Context(), s, 1, false)
	if err != nil {
		t.Fatal(err)
	}
	if err := write(t.Context(), s, "lost in the crash"); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := openSink(t, fsys, map[string]any{"path": "/f.txt"}, state)
	if err != nil {
		t.Fatal(err)
	}
	if err := write(t.Context(), again, "three"); err != nil {
		t.Fatal(err)
	}
	last, err := epoch(t.Context(), again, 2, true)
	if err != nil {
		t.Fatal(err)
	}
	if err := again.Commit(t.Context(), 2, last, true); err != nil {
		t.Errorf("the second commit: %v", err)
	}
	if err := again.Close(); err != nil {
		t.Fatal(err)
	}
	if got, err := vfs.ReadFile(fsys, "/f.txt"); err != nil || string(got) != wholeText {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := openSink(t, fsys, map[string]any{"path": "/other.txt"}, state); err == nil {
		t.Error("a state of another target was taken")
	}
	if _, err := openSink(t, fsys, map[string]any{"path": "/f.txt"}, json.RawMessage("nonsense")); err == nil {
		t.Error("nonsense was taken as a state")
	}
}

func TestTargetsThatExist(t *testing.T) {
	fsys := vfs.NewMem()
	put(t, fsys, "/f.txt", []byte("old\n"))
	if err := wholeRun(t, fsys, "/f.txt"); err == nil || !strings.Contains(err.Error(), "if_exists: replace") {
		t.Errorf("%v", err)
	}
	s, err := openSink(t, fsys, map[string]any{"path": "/f.txt", "if_exists": "replace"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := vfs.ReadFile(fsys, "/f.txt"); err != nil || string(got) != "old\n" {
		t.Errorf("the old file was touched before the end: %q, %v", got, err)
	}
	if _, err := epoch(t.Context(), s, 1, true); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if got, err := vfs.ReadFile(fsys, "/f.txt"); err != nil || string(got) != "# header\n" {
		t.Errorf("an empty result: %q, %v", got, err)
	}
}

func TestAFullDiskIsAnErrorAndLeavesNothing(t *testing.T) {
	full := errors.New("no space left on device")
	for _, call := range []vfs.Call{vfs.CallWrite, vfs.CallSync, vfs.CallSyncDir, vfs.CallRenameNoReplace, vfs.CallOpen, vfs.CallMkdirAll} {
		mem := vfs.NewMem()
		if err := wholeRun(t, vfs.Fail(mem, vfs.Rule{Call: call, Err: full}), "/out/f.txt"); !errors.Is(err, full) {
			t.Errorf("%s: %v", call, err)
		}
	}
}
