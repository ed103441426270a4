package prompt_test

import (
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"wire.example/wire/internal/cli/prompt"
	"wire.example/wire/internal/foundation/vfs"
)

func TestPath(t *testing.T) {
	for _, test := range []struct{ state, home, want string }{
		{"/state", "/home/a", "/state/wire/history"},
		{"", "/home/a", "/home/a/.local/state/wire/history"},
		{"", "", ""},
	} {
		got := prompt.Path(func(name string) string {
			return map[string]string{"XDG_STATE_HOME": test.state, "HOME": test.home}[name]
		})
		if got != filepath.FromSlash(test.want) {
			t.Errorf("%v: %q", test, got)
		}
	}
}

func open(t interface{ Fatal(args ...any) }, fsys vfs.FS, path string) *prompt.History {
	h, err := prompt.OpenHistory(fsys, path)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// TestHistoryComesBack adds any statements, and finds them again.
func TestHistoryComesBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		fsys := vfs.NewMem()
		h := open(t, fsys, "/state/wire/history")
		newest := ""
		var want []string
		for _, s := range rapid.SliceOf(rapid.StringMatching(`[ab\\n\n' ]{0,6}`)).Draw(t, "statements") {
			if err := h.Add(s); err != nil {
				t.Fatal(err)
			}
			if s = strings.TrimSpace(s); s != "" && s != newest {
				newest = s
				want = append(want, s)
			}
		}
		h = open(t, fsys, "/state/wire/history")
		if h.Len() != len(want) {
			t.Fatalf("%d statements, want %q", h.Len(), want)
		}
		for i, s := range want {
			if got := h.At(len(want) - 1 - i); got != s {
				t.Fatalf("%q, want %q", got, s)
			}
		}
	})
}

func TestHistoryIsBounded(t *testing.T) {
	path := filepath.Join(t.TempDir(), "wire", "history")
	h := open(t, vfs.OS(), path)
	for i := range prompt.MaxHistory + 5 {
		if err := h.Add(fmt.Sprintf("SELECT %d;", i)); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 { // the second reads what the first cut
		if h.Len() != prompt.MaxHistory || h.At(h.Len()-1) != "SELECT 5;" {
			t.Errorf("%d statements, the oldest %q", h.Len(), h.At(h.Len()-1))
		}
		h = open(t, vfs.OS(), path)
	}
	content, err := vfs.ReadFile(vfs.OS(), path)
	if lines := strings.Count(string(content), "\n"); err != nil || lines != prompt.MaxHistory {
		t.Errorf("%d lines, %v", lines, err)
	}
	info, err := vfs.OS().Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Error(info, err)
	}
}

func TestHistoryWithoutFile(t *testing.T) {
	fsys := vfs.NewMem()
	if err := vfs.WriteFile(fsys, "/state", nil); err != nil {
		t.Fatal(err)
	}
	broken, err := prompt.OpenHistory(fsys, "/state/wire/history")
	if err == nil {
		t.Error("a file is no folder")
	}
	for _, h := range []*prompt.History{broken, open(t, fsys, "")} {
		if err := h.Add("SELECT 1;"); err != nil || h.Len() != 1 {
			t.Error(h.Len(), err)
		}
	}
	if _, err := fsys.Stat("/state/wire"); err == nil {
		t.Error("it wrote", fs.ErrExist)
	}
}

func TestHoldsSecret(t *testing.T) {
	for statement, want := range map[string]bool{
		"CREATE SOURCE s WITH (connector = 'http', token = 'x');":       true,
		"CREATE SOURCE s WITH (token /* mine */ = E'x')":                true,
		"CREATE SOURCE s WITH (PASSWORD='x')":                           true,
		"CREATE SOURCE s WITH (client_secret = $$x$$)":                  true,
		`CREATE SOURCE s WITH ("Api_Key" = 'x')`:                        true,
		"CREATE SOURCE s WITH (headers = (Authorization = 'Bearer x'))": true,
		"SET my.password TO 'x'":                                        true,
		"SELECT * FROM t WHERE 'token' = 'x'":                           true,
		"CREATE SOURCE s WITH (token = 'x":                              true,
		"CREATE SOURCE s WITH (token = 'x', \x00":                       true,
		"SELECT token FROM t WHERE name = 'x'":                          false,
		"SELECT count(token), 'x' FROM t":                               false,
		"CREATE SOURCE s WITH (path = 'secret.csv')":                    false,
		"SELECT 1":  false,
		"SELECT 'x": false,
	} {
		if got := prompt.HoldsSecret(statement); got != want {
			t.Errorf("%q: %v", statement, got)
		}
	}
}
