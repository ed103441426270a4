package file_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"wire.example/wire/internal/foundation/vfs"
)

// TestStatesOfEarlierVersions goes on from what each version left when it was killed after its second epoch was published, and before its commit.
func TestStatesOfEarlierVersions(t *testing.T) {
	const root = "../../../test/upgrade/sinks"
	for _, version := range []string{"2", "3"} {
		for name, options := range map[string]map[string]any{
			"parts":  {"path": "/out/f.txt", "roll_rows": int64(4)},
			"single": {"path": "/out/f.txt"},
			"gzip":   {"path": "/out/f.txt.gz", "partition_by": "k", "roll_rows": int64(2)},
		} {
			for _, contested := range []bool{false, true} {
				t.Run(fmt.Sprint(version, " ", name, " ", contested), func(t *testing.T) {
					dir := filepath.Join(root, "file-"+version+"-"+name)
					mem := loaded(t, filepath.Join(dir, "files"))
					state, err := os.ReadFile(filepath.Join(dir, "state.json"))
					if err != nil {
						t.Fatal(err)
					}
					s := &story{t: t, options: options, clock: clk(), generation: 2, contested: contested, state: state, done: 4}
					if err := errors.Join(s.run(mem), sameRows(t, mem, options), noParts(t, mem)); err != nil {
						t.Fatal(err)
					}
				})
			}
		}
	}
}

// loaded is a file system with the files below dir.
func loaded(t *testing.T, dir string) *vfs.Mem {
	t.Helper()
	mem := vfs.NewMem()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		to := "/" + filepath.ToSlash(path[len(dir)+1:])
		return errors.Join(mem.MkdirAll(filepath.Dir(to), 0o755), vfs.WriteFile(mem, to, content))
	})
	if err != nil {
		t.Fatal(err)
	}
	return mem
}

// TestAStateOfNoVersion is refused, as is one of a version to come.
func TestAStateOfNoVersion(t *testing.T) {
	for _, state := range []string{`{}`, `{"version":1,"path":"/out/f.txt"}`, `{"version":4,"path":"/out/f.txt"}`} {
		s := &story{t: t, options: map[string]any{"path": "/out/f.txt"}, clock: clk(), state: json.RawMessage(state)}
		if _, err := s.open(vfs.NewMem()); err == nil {
			t.Errorf("%s was taken", state)
		}
	}
}
