package file_test

import (
	"log/slog"
	"strings"
	"syscall"
	"testing"

	"wire.example/wire/internal/connect/file"
	"wire.example/wire/internal/foundation/vfs"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/connector"
)

// TestACrashAfterTheRenameIsMended: the rename has happened, but nobody could note that the run was over.
func TestACrashAfterTheRenameIsMended(t *testing.T) {
	for _, ifExists := range []string{"error", "replace"} {
		fsys := vfs.NewMem()
		options := map[string]any{"path": "/f.txt", "if_exists": ifExists}
		state := prepared(t, fsys, options)
		if err := fsys.Rename("/.f.txt.part", "/f.txt"); err != nil {
			t.Fatal(err)
		}
		s, err := openSink(t, fsys, options, state)
		if err != nil {
			t.Fatalf("if_exists %s: %v", ifExists, err)
		}
		if err := write(t.Context(), s, "more"); err == nil {
			t.Errorf("if_exists %s: a published file took another row", ifExists)
		}
		if _, err := epoch(t.Context(), s, 2, true); err != nil {
			t.Fatalf("if_exists %s: %v", ifExists, err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if got, err := vfs.ReadFile(fsys, "/f.txt"); err != nil || string(got) != "# header\none\ntwo\n" {
			t.Errorf("if_exists %s: %q, %v", ifExists, got, err)
		}
	}
}

// TestALeftoverThatCannotBeRemoved is no error when all is published: it is named, and the output is there.
func TestALeftoverThatCannotBeRemoved(t *testing.T) {
	mem := vfs.NewMem()
	fsys := vfs.Fail(mem)
	var log strings.Builder
	typ := file.SinkType(fsys, clk())
	s, err := typ.Open(t.Context(), connector.SinkEnv{
		Name: "s", Schema: pairSchema(), NewEncoder: func() (codec.Encoder, error) { return pairEncoder{}, nil },
		Lineage: "l", Generation: 2, Log: slog.New(slog.NewTextHandler(&log, nil)),
	}, configured(t, typ.NewConfig(), map[string]any{"path": "/out/f"}))
	if err != nil {
		t.Fatal(err)
	}
	putPairs(t, s, "p,1")
	var own string
	for path := range contents(t, mem, "/out") {
		own = path
	}
	old := strings.Replace(own, "-2.part", "-1.part", 1)
	if err := vfs.WriteFile(mem, old, []byte("of a run that was superseded")); err != nil {
		t.Fatal(err)
	}
	fsys.Add(vfs.Rule{Call: vfs.CallRemove, Times: vfs.Forever, Err: syscall.EACCES})
	mustEpoch(t, s, 1, true)
	if !strings.Contains(log.String(), old) || !strings.Contains(log.String(), "could not be removed") {
		t.Errorf("%s is not named: %s", old, log.String())
	}
	sameContents(t, mem, "/out", map[string]string{"/out/f": "# header\np,1\n", old: "of a run that was superseded"})
}
