package prompt

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"wire.example/wire/internal/expr/parse"
	"wire.example/wire/internal/foundation/vfs"
)

// MaxHistory is how many statements are kept.
const MaxHistory = 10_000

// History is the statements that were typed, the newest last. It belongs to one goroutine; other programs may append to its file meanwhile.
type History struct {
	fs      vfs.FS
	path    string
	entries []string
}

// Path is where the history is kept for the environment that getenv reads, "" if that does not say.
func Path(getenv func(string) string) string {
	state := getenv("XDG_STATE_HOME")
	if state == "" {
		home := getenv("HOME")
		if home == "" {
			return ""
		}
		state = filepath.Join(home, ".local", "state")
	}
	return filepath.Join(state, "wire", "history")
}

// OpenHistory reads the file at path, each line a statement in which \n is a line feed and \\ a backslash, and cuts it to the newest
// MaxHistory. With an empty path nothing is read or written. The History can be used after an error, too: it is in memory only then.
func OpenHistory(fsys vfs.FS, path string) (*History, error) {
	h := &History{fs: fsys}
	if path == "" {
		return h, nil
	}
	if err := fsys.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return h, fmt.Errorf("history: %w", err)
	}
	content, err := vfs.ReadFile(fsys, path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return h, fmt.Errorf("history: %w", err)
	}
	for line := range strings.Lines(string(content)) {
		if entry := unescape(strings.TrimSuffix(line, "\n")); entry != "" {
			h.entries = append(h.entries, entry)
		}
	}
	h.path = path
	if surplus := len(h.entries) - MaxHistory; surplus > 0 {
		h.entries = slices.Clone(h.entries[surplus:])
		if err := h.rewrite(); err != nil {
			h.path = ""
			return h, fmt.Errorf("history: %w", err)
		}
	}
	return h, nil
}

// rewrite replaces the file by the entries.
func (h *History) rewrite() error {
	var b strings.Builder
	for _, e := range h.entries {
		b.WriteString(escape(e) + "\n")
	}
	fresh := fmt.Sprintf("%s.%d", h.path, os.Getpid())
	if err := h.write(fresh, os.O_TRUNC, b.String()); err != nil {
		return errors.Join(err, h.fs.Remove(fresh))
	}
	return h.fs.Rename(fresh, h.path)
}

func (h *History) write(path string, flag int, text string) (err error) {
	f, err := h.fs.OpenFile(path, os.O_WRONLY|os.O_CREATE|flag, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	_, err = f.Write([]byte(text))
	return err
}

// Add appends a statement, unless it is the newest already or holds a secret. After an error the history is in memory only.
func (h *History) Add(statement string) error {
	statement = strings.TrimSpace(statement)
	if statement == "" || len(h.entries) > 0 && h.entries[len(h.entries)-1] == statement || HoldsSecret(statement) {
		return nil
	}
	if h.entries = append(h.entries, statement); len(h.entries) > MaxHistory {
		h.entries = h.entries[1:]
	}
	if h.path == "" {
		return nil
	}
	if err := h.write(h.path, os.O_APPEND, escape(statement)+"\n"); err != nil {
		h.path = ""
		return fmt.Errorf("history: %w", err)
	}
	return nil
}

// Len is the number of statements.
func (h *History) Len() int { return len(h.entries) }

// At is a statement, 0 being the newest.
func (h *History) At(back int) string { return h.entries[len(h.entries)-1-back] }

// HoldsSecret tells whether statement gives an option whose name has password, secret, token or the like in it a string. A statement
// that cannot be read to its end does if it names one at all.
func HoldsSecret(statement string) bool {
	if !secretName(statement) {
		return false
	}
	tokens, open := lex(statement)
	if open >= 0 || len(tokens) == 0 || int(tokens[len(tokens)-1].End) < len(strings.TrimRight(statement, " \t\r\n")) {
		return true
	}
	for i := range tokens[1:] {
		t := tokens[i+1]
		if t.Kind != parse.String {
			continue
		}
		before := i
		if b := tokens[i]; before > 0 && (b.Is("=") || b.Is("=>") || b.Is(":=") || b.IsWord("to") || b.IsWord("as")) {
			before--
		}
		if b := tokens[before]; (b.Kind == parse.Ident || b.Kind == parse.String) && secretName(b.Text) {
			return true
		}
	}
	return false
}

// secretName tells whether name may be that of an option that holds a secret.
func secretName(name string) bool {
	name = strings.ToLower(name)
	return slices.ContainsFunc([]string{"password", "passwd", "secret", "token", "credential", "api_key", "apikey", "access_key", "authorization"},
		func(part string) bool { return strings.Contains(name, part) })
}

func escape(text string) string {
	return strings.NewReplacer(`\`, `\\`, "\n", `\n`, "\r", "").Replace(text)
}

func unescape(line string) string { return strings.NewReplacer(`\\`, `\`, `\n`, "\n").Replace(line) }
