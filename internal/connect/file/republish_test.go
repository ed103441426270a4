package file_test

import (
	"encoding/json"
	"errors"
	"io/fs"
	"strings"
	"testing"

	"wire.example/wire/internal/connect/file"
	"wire.example/wire/internal/foundation/vfs"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/connector"
)

// prepared writes two rows and prepares them; the sink is closed without a commit, as a crash leaves it.
func prepared(t *testing.T, fsys vfs.FS, options map[string]any) json.RawMessage {
	t.Helper()
	s, err := openSink(t, fsys, options, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := write(t.Context(), s, "one", "two"); err != nil {
		t.Fatal(err)
	}
	state, err := s.Prepare(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return state
}

// TestACrashBeforeTheRenameIsMended: the manifest of the last epoch is stored, the rename has not happened.
func TestACrashBeforeTheRenameIsMended(t *testing.T) {
	fsys := vfs.NewMem()
	options := map[string]any{"path": "/f.txt"}
	state := prepared(t, fsys, options)
	if _, err := fsys.Stat("/f.txt"); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("the target is there before the commit: %v", err)
	}
	s, err := openSink(t, fsys, options, state)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := epoch(t.Context(), s, 2, true); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if got, err := vfs.ReadFile(fsys, "/f.txt"); err != nil || string(got) != "# header\none\ntwo\n" {
		t.Errorf("%q, %v", got, err)
	}
}

func TestAPartThatWasCutIsRefused(t *testing.T) {
	fsys := vfs.NewMem()
	options := map[string]any{"path": "/f.txt"}
	state := prepared(t, fsys, options)
	put(t, fsys, "/.f.txt.part", []byte("# he"))
	if _, err := openSink(t, fsys, options, state); err == nil {
		t.Error("a part shorter than what was durable was continued")
	}
	if err := fsys.Remove("/.f.txt.part"); err != nil {
		t.Fatal(err)
	}
	if _, err := openSink(t, fsys, options, state); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a part that is gone: %v", err)
	}
}

// TestACommitChecksWhatIsThere: committing again is harmless only if the target is what was published.
func TestACommitChecksWhatIsThere(t *testing.T) {
	for name, target := range map[string]string{"another file": "something else", "nothing": ""} {
		fsys := vfs.NewMem()
		options := map[string]any{"path": "/f.txt"}
		state := prepared(t, fsys, options)
		s, err := openSink(t, fsys, options, state)
		if err != nil {
			t.Fatal(err)
		}
		if err := fsys.Remove("/.f.txt.part"); err != nil {
			t.Fatal(err)
		}
		if target != "" {
			put(t, fsys, "/f.txt", []byte(target))
		}
		if err := s.Commit(t.Context(), 1, state, true); err == nil {
			t.Errorf("%s under the target's name was taken for the result", name)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestATargetThatAppearsMeanwhileIsNotReplaced: only if_exists: replace may overwrite, however late the other file comes.
func TestATargetThatAppearsMeanwhileIsNotReplaced(t *testing.T) {
	fsys := vfs.NewMem()
	s, err := openSink(t, fsys, map[string]any{"path": "/f.txt"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	put(t, fsys, "/f.txt", []byte("another's\n"))
	if _, err := epoch(t.Context(), s, 1, true); !errors.Is(err, fs.ErrExist) {
		t.Errorf("%v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if got, err := vfs.ReadFile(fsys, "/f.txt"); err != nil || string(got) != "another's\n" {
		t.Errorf("%q, %v", got, err)
	}
}

func TestASinkClosedBeforeAnyEpochLeavesNothing(t *testing.T) {
	fsys := vfs.NewMem()
	s, err := openSink(t, fsys, map[string]any{"path": "/out/f.txt"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := write(t.Context(), s, "one"); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if left, err := fsys.ReadDir("/out"); err != nil || len(left) != 0 {
		t.Errorf("%v left, %v", left, err)
	}
}

// unmakeable is a file system in which no directory can be made, as in /proc.
type unmakeable struct{ vfs.FS }

func (unmakeable) MkdirAll(dir string, _ fs.FileMode) error {
	return &fs.PathError{Op: "mkdir", Path: dir, Err: fs.ErrNotExist}
}

func TestADirectoryThatCannotBeMadeIsNoOtherRuns(t *testing.T) {
	s, err := openSink(t, unmakeable{vfs.NewMem()}, map[string]any{"path": "/out/f.txt"}, nil)
	if err == nil {
		err = errors.Join(write(t.Context(), s, "one"), s.Close())
	}
	if err == nil || !strings.Contains(err.Error(), "directory /out cannot be made: mkdir /out") || strings.Contains(err.Error(), "another run") {
		t.Errorf("%v", err)
	}
}

func TestAnEncoderThatCannotBeMade(t *testing.T) {
	fsys := vfs.NewMem()
	broken := errors.New("no such format")
	typ := file.SinkType(fsys, clk())
	config := typ.NewConfig()
	if mistakes := connector.Apply(config, map[string]any{"path": "/out/f.txt"}); len(mistakes) > 0 {
		t.Fatal(mistakes[0])
	}
	env := connector.SinkEnv{NewEncoder: func() (codec.Encoder, error) { return nil, broken }}
	if _, err := typ.Open(t.Context(), env, config); !errors.Is(err, broken) {
		t.Errorf("%v", err)
	}
	if _, err := fsys.Stat("/out"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the directory was made before it was known that rows can be written: %v", err)
	}
}
