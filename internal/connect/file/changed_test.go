package file_test

import (
	"bytes"
	"strings"
	"testing"

	"wire.example/wire/internal/foundation/vfs"
	"wire.example/wire/sdk/connector"
)

// TestWhatWasReadMustBeAsItWas: a run goes on in a file that has grown, and refuses one that is another before the position, however alike.
func TestWhatWasReadMustBeAsItWas(t *testing.T) {
	whole := content(200_000, 1)
	pack := map[string]func([]byte) []byte{
		"/f": func(plain []byte) []byte { return plain }, "/f.gz": func(plain []byte) []byte { return gzipped(t, plain) },
		"/f.zst": func(plain []byte) []byte { return zstandard(t, plain) },
	}
	for path, packed := range pack {
		fsys := vfs.NewMem()
		put(t, fsys, path, packed(whole))
		options := map[string]any{"path": path, "block_size": "4KB"}
		r, err := openSource(t, fsys, options, nil)
		if err != nil {
			t.Fatal(err)
		}
		var states []connector.SplitState
		read := 0
		readAll(t, r, func(all []byte, s []connector.SplitState) {
			if len(all) < 100_000 {
				states, read = s, len(all)
			}
		})
		flipped := bytes.Clone(whole)
		flipped[read-10] ^= 1
		for name, test := range map[string]struct {
			now  []byte
			want string // in the error
		}{
			"as it was":   {packed(whole), ""},
			"grown":       {append(packed(whole), packed([]byte("one more\n"))...), ""},
			"cut":         {packed(whole)[:len(packed(whole))-1], path + " is shorter than when the stored position was taken: it has "},
			"one bit":     {packed(flipped), "differ"},
			"other lines": {packed(append(bytes.Clone(whole[:5000]), content(250_000, 2)...)), "differ"},
		} {
			put(t, fsys, path, test.now)
			r, err := openSource(t, fsys, options, states)
			if test.want != "" {
				if err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "or begin anew with --fresh") {
					t.Errorf("%s, %s: %v", path, name, err)
				}
				continue
			}
			if err != nil {
				t.Fatal(path, name, err)
			}
			want := whole[read:]
			if name == "grown" {
				want = append(bytes.Clone(want), "one more\n"...)
			}
			if got := readAll(t, r, nil); !bytes.Equal(got, want) {
				t.Errorf("%s, %s: %d bytes, want %d", path, name, len(got), len(want))
			}
		}
	}
}

// TestFilesOfOneSizeAreToldApart: the end of a file that was read to its end is not taken for that of the next one, which is as long.
func TestFilesOfOneSizeAreToldApart(t *testing.T) {
	fsys := vfs.NewMem()
	if err := fsys.MkdirAll("/in", 0o755); err != nil {
		t.Fatal(err)
	}
	put(t, fsys, "/in/1", []byte("one\n"))
	put(t, fsys, "/in/2", []byte("two\n"))
	options := map[string]any{"path": "/in"}
	r, err := openSource(t, fsys, options, nil)
	if err != nil {
		t.Fatal(err)
	}
	var states []connector.SplitState
	readAll(t, r, func(_ []byte, s []connector.SplitState) { states = s })
	again, err := openSource(t, fsys, options, states)
	if err != nil {
		t.Fatal(err)
	}
	if got := readAll(t, again, nil); len(got) > 0 {
		t.Errorf("read again: %q", got)
	}
}

// TestPositionsWithoutAnEndAreTaken: those of earlier releases do not say what stood before them.
func TestPositionsWithoutAnEndAreTaken(t *testing.T) {
	fsys := vfs.NewMem()
	put(t, fsys, "/f", []byte("one\ntwo\n"))
	for _, stored := range []string{
		`{"version":1,"file":"/f","offset":4,"files":1,"id":{"device":0,"inode":2,"size":8,"head_len":0,"head":"2d06800538d394c2"}}`,
	} {
		r, err := openSource(t, fsys, map[string]any{"path": "/f"}, []connector.SplitState{{Split: "files", Position: []byte(stored)}})
		if err != nil {
			t.Fatal(err)
		}
		if got := readAll(t, r, nil); string(got) != "two\n" {
			t.Errorf("%q", got)
		}
	}
}

// TestAFollowedFileThatWasWrittenAnewWhileNobodyLooked is read from its beginning, though it is longer and begins as it did.
func TestAFollowedFileThatWasWrittenAnewWhileNobodyLooked(t *testing.T) {
	head := strings.Repeat("the same beginning\n", 300)
	for name, test := range map[string]struct {
		now  string
		want []string
	}{
		"grown":        {head + "one\ntwo\n", []string{"app.log: two"}},
		"written anew": {head + "ONE\ntwo\n", append(strings.Split(strings.TrimSuffix(strings.ReplaceAll(head, "the", "app.log: the"), "\n"), "\n"), "app.log: ONE", "app.log: two")},
	} {
		fsys := vfs.NewMem()
		if err := fsys.MkdirAll("/logs", 0o755); err != nil {
			t.Fatal(err)
		}
		f := follow(t, fsys, "/logs/app.log", nil)
		f.add("/logs/app.log", head+"one\n")
		f.tick()
		f.got = nil
		states := f.close()
		put(t, fsys, "/logs/app.log", []byte(test.now))
		f = follow(t, fsys, "/logs/app.log", states)
		f.wants(test.want...)
		if name == "written anew" {
			f.logged("it was written anew: the bytes before byte 5704 have changed")
		}
		f.close()
	}
}
