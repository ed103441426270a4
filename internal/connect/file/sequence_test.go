package file_test

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"wire.example/wire/internal/connect/file"
	"wire.example/wire/internal/foundation/vfs"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/connector"
)

// readUntilError polls r until it fails, or ends.
func readUntilError(t *testing.T, r connector.Reader, after func()) ([]byte, error) {
	t.Helper()
	var all []byte
	for {
		block := codec.Block{Buf: (&batch.Pool{}).NewBuffer(64)}
		status, err := r.Poll(t.Context(), nil, &block)
		if err != nil || status == connector.End {
			return all, err
		}
		all = append(all, block.Buf.Data...)
		if after != nil {
			after()
			after = nil
		}
	}
}

// TestAFileThatChangesWhileItIsReadIsAnError: no half line is taken for a whole one.
func TestAFileThatChangesWhileItIsReadIsAnError(t *testing.T) {
	whole := content(100_000, 1)
	for want, change := range map[string]func(t *testing.T, fsys vfs.FS){
		"/f: the file was cut while it was read: it has 50000 bytes and had": func(t *testing.T, fsys vfs.FS) {
			w, err := fsys.OpenFile("/f", os.O_WRONLY, 0)
			if err != nil {
				t.Fatal(err)
			}
			if err := w.Truncate(50_000); err != nil {
				t.Fatal(err)
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
		},
		"/f: the file was written anew while it was read": func(t *testing.T, fsys vfs.FS) { put(t, fsys, "/f", content(120_000, 2)) },
	} {
		fsys := vfs.NewMem()
		put(t, fsys, "/f", whole)
		r, err := openSource(t, fsys, map[string]any{"path": "/f", "block_size": "8KB"}, nil)
		if err != nil {
			t.Fatal(err)
		}
		got, err := readUntilError(t, r, func() { change(t, fsys) })
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
		if got[len(got)-1] != '\n' {
			t.Errorf("half a line was dealt: %q", got[len(got)-40:])
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestWhatIsGoodInADamagedFileComesFirst: then an error says what is wrong.
func TestWhatIsGoodInADamagedFileComesFirst(t *testing.T) {
	plain := content(200_000, 1)
	for path, pack := range map[string]func(*testing.T, []byte) []byte{"/f.gz": gzipped, "/f.zst": zstandard} {
		packed := pack(t, plain)
		flipped := bytes.Clone(packed)
		flipped[len(flipped)*2/3] ^= 0x55
		for want, damaged := range map[string][]byte{
			"ends in the middle of its compressed data": packed[:len(packed)*2/3],
			"damaged": flipped,
		} {
			fsys := vfs.NewMem()
			put(t, fsys, path, damaged)
			r, err := openSource(t, fsys, map[string]any{"path": path}, nil)
			if err != nil {
				t.Fatal(err)
			}
			got, err := readUntilError(t, r, nil)
			if err == nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v, want %q", path, err, want)
			}
			if strings.HasPrefix(want, "ends") && (len(got) < 1000 || !bytes.HasPrefix(plain, got) || got[len(got)-1] != '\n') {
				t.Errorf("%s: %d good bytes before the damage", path, len(got))
			}
			if err := r.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}

// headerLines is a framer of lines under a header of one line.
type headerLines struct{ lines }

func (headerLines) CutHeader(data []byte, last bool) (int, bool) {
	if i := bytes.IndexByte(data, '\n'); i >= 0 {
		return i + 1, true
	}
	return len(data), last
}

// TestEveryBlockKnowsTheHeaderOfItsFile: also after a restart in the middle, of compressed and of followed files.
func TestEveryBlockKnowsTheHeaderOfItsFile(t *testing.T) {
	fsys := vfs.NewMem()
	body := content(40_000, 3)
	head := []byte("head\n")
	put(t, fsys, "/f", append(head, body...))
	put(t, fsys, "/f.gz", gzipped(t, append([]byte("head\n"), body...)))
	for _, options := range []map[string]any{
		{"path": "/f"}, {"path": "/f.gz"}, {"path": "/f", "follow": true},
	} {
		options["block_size"] = "8KB"
		typ := file.SourceType(fsys, clk())
		config := configured(t, typ.NewConfig(), options)
		var states []connector.SplitState
		var all []byte
		for range 4 { // a block a run
			env := connector.SourceEnv{Name: "s", Framer: func() codec.Framer { return headerLines{} }, Restore: states}
			r, err := typ.Open(t.Context(), env, config)
			if err != nil {
				t.Fatal(err)
			}
			block := codec.Block{Buf: (&batch.Pool{}).NewBuffer(64)}
			if _, err := r.Poll(t.Context(), nil, &block); err != nil {
				t.Fatal(err)
			}
			if string(block.FileHeader) != "head\n" || block.Offset != int64(5+len(all)) {
				t.Errorf("%v: a block at %d with the header %q", options, block.Offset, block.FileHeader)
			}
			all = append(all, block.Buf.Data...)
			if states, err = r.Snapshot(); err != nil {
				t.Fatal(err)
			}
			if err := r.Close(); err != nil {
				t.Fatal(err)
			}
		}
		if !bytes.HasPrefix(body, all) || len(all) < 20_000 {
			t.Errorf("%v: %d bytes that are not the body", options, len(all))
		}
	}
}

func TestWhatAPathNames(t *testing.T) {
	dir := t.TempDir()
	fsys := vfs.OS()
	for _, sub := range []string{"sub", "more"} {
		if err := fsys.MkdirAll(filepath.Join(dir, sub), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"a.txt", ".hidden.txt", "sub/b.txt", "more/c.txt"} {
		put(t, fsys, filepath.Join(dir, name), []byte(name+"\n"))
	}
	for link, to := range map[string]string{"l.txt": "sub/b.txt", "dead.txt": "nowhere", "dirlink": "sub"} {
		if err := os.Symlink(filepath.Join(dir, to), filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	for pattern, want := range map[string]string{
		"":          "a.txt\nsub/b.txt\n", // the file and the link to one
		"*.txt":     "a.txt\nsub/b.txt\n",
		"*":         "a.txt\nsub/b.txt\n",
		".*.txt":    ".hidden.txt\n",
		"*/?.txt":   "sub/b.txt\nmore/c.txt\nsub/b.txt\n", // in the order of names: dirlink, more, sub
		"sub/b.txt": "sub/b.txt\n",
	} {
		r, err := openSource(t, fsys, map[string]any{"path": filepath.Join(dir, pattern)}, nil)
		if err != nil {
			t.Fatal(pattern, err)
		}
		if got := readAll(t, r, nil); string(got) != want {
			t.Errorf("%q: %q, want %q", pattern, got, want)
		}
	}
}

func TestReadErrorsOfASequence(t *testing.T) {
	mem := vfs.NewMem()
	put(t, mem, "/f", content(20_000, 1))
	r, err := openSource(t, mem, map[string]any{"path": "/f", "block_size": "4KB"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	var states []connector.SplitState
	readAll(t, r, func(_ []byte, s []connector.SplitState) {
		if states == nil {
			states = s
		}
	})
	for _, call := range []vfs.Call{vfs.CallStat, vfs.CallOpen, vfs.CallFileStat, vfs.CallRead, vfs.CallSeek} {
		for nth := 1; ; nth++ {
			failing := vfs.Fail(mem, vfs.Rule{Call: call, Nth: nth})
			r, err := openSource(t, failing, map[string]any{"path": "/f"}, states)
			if err == nil {
				_, err = readUntilError(t, r, nil)
				if bad := r.Close(); bad != nil {
					t.Error(bad)
				}
			}
			if failing.Failed() == 0 {
				break
			}
			if err == nil || err == io.EOF {
				t.Errorf("%s number %d failed and nothing was said", call, nth)
			}
		}
	}
}
