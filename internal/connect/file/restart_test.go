package file_test

import (
	"testing"

	"wire.example/wire/internal/foundation/vfs"
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
