package cli_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"

	"wire.example/wire/internal/foundation/clock"
)

// typist is a person at wire sql, on a terminal.
type typist struct {
	t      *testing.T
	ctx    context.Context
	tty    *os.File
	run    *exec.Cmd
	chunks chan []byte
	seen   bytes.Buffer // what was printed and not expected yet
}

// sit starts wire sql with its history in the folder state.
func sit(t *testing.T, state string, args ...string) *typist {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	t.Cleanup(cancel)
	p := &typist{t: t, ctx: ctx, run: exec.CommandContext(ctx, "wire", append([]string{"sql"}, args...)...), chunks: make(chan []byte, 1000)}
	p.run.Env = append(os.Environ(), "XDG_STATE_HOME="+state, "TERM=xterm")
	var err error
	if p.tty, err = pty.StartWithSize(p.run, &pty.Winsize{Rows: 24, Cols: 100}); err != nil {
		t.Skip("no terminals here:", err)
	}
	t.Cleanup(func() { p.tty.Close() })
	go func() {
		defer close(p.chunks)
		for {
			chunk := make([]byte, 4096)
			n, err := p.tty.Read(chunk)
			if n > 0 {
				p.chunks <- chunk[:n]
			}
			if err != nil {
				return
			}
		}
	}()
	p.expect("wire=> ")
	return p
}

// types presses keys.
func (p *typist) types(keys string) {
	p.t.Helper()
	if _, err := p.tty.WriteString(keys); err != nil {
		p.t.Fatal(err)
	}
}

// expect waits until text is printed, and returns what was printed before it.
func (p *typist) expect(text string) (before string) {
	p.t.Helper()
	for {
		if before, after, ok := strings.Cut(p.seen.String(), text); ok {
			p.seen.Reset()
			p.seen.WriteString(after)
			return before
		}
		select {
		case chunk, ok := <-p.chunks:
			if !ok {
				p.t.Fatalf("it ended before it printed %q: %q", text, p.seen.String())
			}
			p.seen.Write(chunk)
		case <-p.ctx.Done():
			p.t.Fatalf("it did not print %q: %q", text, p.seen.String())
		}
	}
}

// leaves waits for the end, and checks the exit code.
func (p *typist) leaves(want int) {
	p.t.Helper()
	for chunk := range p.chunks {
		p.seen.Write(chunk)
	}
	err := p.run.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		p.t.Fatal(err)
	}
	if got := p.run.ProcessState.ExitCode(); got != want {
		p.t.Errorf("exit code %d, want %d: %s", got, want, p.seen.String())
	}
}

func TestPromptAnswers(t *testing.T) {
	p := sit(t, t.TempDir())
	p.types("SELECT 40 +\r")
	p.expect("wire-> ")
	p.types("2 AS answer;\r")
	p.expect("42\r\n")
	p.expect("wire=> ")
	p.types("SELECT 'a\r")
	p.expect("wire'> ")
	p.types("b', (\r")
	p.expect("wire(> ")
	p.types("7 * 6 + 1);\r")
	p.expect("43")
	p.expect("wire=> ")
	p.types("SELECT nothing;\r")
	p.expect("42703")
	p.expect("wire=> ")
	p.types("SELECT 1 +\r")
	p.expect("wire-> ")
	p.types("\\timing on\r")
	p.expect("Timing is on.")
	p.expect("wire-> ")
	p.types("99; SELECT 55 + 1;\r")
	p.expect("100\r\n")
	p.expect("Time: ")
	p.expect("56\r\n")
	p.expect("Time: ")
	p.expect("wire=> ")
	p.types("\\q\r")
	p.leaves(0)
}

func TestPromptEnds(t *testing.T) {
	for name, keys := range map[string]string{"control D": "\x04", "command": "\\q\r", "word": "exit;\r", "within a statement": "SELECT\r\x04"} {
		t.Run(name, func(t *testing.T) {
			p := sit(t, t.TempDir())
			p.types("SELECT 1/0;\r")
			p.expect("22012")
			p.expect("wire=> ")
			p.types(keys)
			p.leaves(0)
		})
	}
	t.Run("terminated", func(t *testing.T) {
		p := sit(t, t.TempDir())
		if err := p.run.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		p.leaves(-1) // by the signal
	})
}

func TestPromptCancels(t *testing.T) {
	p := sit(t, t.TempDir())
	p.types("SELECT 1 +\r")
	p.expect("wire-> ")
	p.types("2\x03")
	p.expect("^C\r\n")
	p.expect("wire=> ")
	p.types("SELECT 3 + 4;\r")
	p.expect("7\r\n")
	p.expect("wire=> ")
	p.types("SELECT count(*) FROM generate_series(1, 1000000000000) AS s(n);\r")
	p.expect("s(n);\r\n")
	again := clock.System().NewTicker(100 * time.Millisecond)
	defer again.Stop()
	// The terminal is no longer raw once the statement runs; before that, Ctrl-C is a key that is read at the next prompt.
	// A terminal drops what it has not shown yet when Ctrl-C is typed: what comes after one gets the time to be read.
	for !strings.Contains(p.seen.String(), "57014") {
		select {
		case chunk := <-p.chunks:
			p.seen.Write(chunk)
		case <-again.C():
			p.types("\x03")
		case <-p.ctx.Done():
			t.Fatalf("it was not cancelled: %q", p.seen.String())
		}
	}
	p.expect("wire=> ")
	p.types("\x15SELECT 5 + 6;\r")
	p.expect("11\r\n")
	p.expect("wire=> ")
	p.types("\x04")
	p.leaves(0)
}

func TestPromptInsertsAtOnce(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "out.jsonl")
	p := sit(t, dir)
	p.types("CREATE SINK out WITH (connector = 'file', path = '" + path + "', format = 'json');\r")
	p.expect("CREATE SINK\r\n")
	p.expect("wire=> ")
	p.types("INSERT INTO out SELECT 17 AS n;\r")
	p.expect("INSERT")
	p.expect("wire=> ")
	content, err := os.ReadFile(path)
	if err != nil || strings.TrimSpace(string(content)) != `{"n":17}` {
		t.Errorf("%q, %v", content, err)
	}
	p.types("\x04")
	p.leaves(0)
}

func TestPromptCompletes(t *testing.T) {
	p := sit(t, t.TempDir())
	p.types("CREA\tTA\tcustomers (customer_key INT, country TEXT);\r")
	p.expect("CREATE TABLE\r\n")
	p.expect("wire=> ")
	p.types("INS\tIN\tcu\tVALUES (12, 'DE');\r")
	p.expect("INSERT 0 1")
	p.expect("wire=> ")
	p.types("SEL\tcustomer_k FROM customers;" + strings.Repeat("\x1b[D", len(" FROM customers;")) + "\t\r")
	p.expect("12\r\n")
	p.expect("wire=> ")
	p.types("SELECT c\t")
	p.expect("coalesce(")
	p.types("\x03")
	p.expect("^C")
	p.expect("wire=> ")
	p.types("\x04")
	p.leaves(0)
}

func TestPromptRemembers(t *testing.T) {
	state := t.TempDir()
	p := sit(t, state)
	p.types("SELECT 700\r")
	p.expect("wire-> ")
	p.types("  + 70;\r")
	p.expect("770\r\n")
	p.expect("wire=> ")
	p.types("CREATE SOURCE s WITH (connector = 'http', token = 'hush');\r")
	p.expect("wire=> ")
	p.types("SELECT 5000 + 500;\r")
	p.expect("5500\r\n")
	p.expect("wire=> ")
	p.types("\x04")
	p.leaves(0)
	path := filepath.Join(state, "wire", "history")
	content, err := os.ReadFile(path)
	if want := "SELECT 700\\n  + 70;\nSELECT 5000 + 500;\n"; err != nil || string(content) != want {
		t.Errorf("history %q, %v; want %q", content, err, want)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Error(info.Mode(), err)
	}
	p = sit(t, state)
	p.types("\x1b[A\r")
	p.expect("5500\r\n")
	p.expect("wire=> ")
	p.types("\x1b[A\x1b[A\r")
	p.expect("770\r\n")
	p.expect("wire=> ")
	p.types("500\x12\r")
	p.expect("5500\r\n")
	p.expect("wire=> ")
	p.types("\x04")
	p.leaves(0)
}

// TestPromptTakesPastes pastes what has tabs and several statements, and a line that is too long.
func TestPromptTakesPastes(t *testing.T) {
	p := sit(t, t.TempDir(), "--output", "csv")
	p.types("\x1b[200~SELECT 'x\ty' AS tab,\r\t8 * 8 AS n;\rSELECT 9 * 9;\r\x1b[201~")
	p.expect("tab,n\r\nx")
	p.expect("y,64\r\n")
	p.expect("81\r\n")
	p.expect("wire=> ")
	p.types("\x1b[A\x1b[A\r") // the first, on one line
	p.expect("␤")
	p.expect("tab,n\r\nx")
	p.expect("wire=> ")
	p.types("SELECT '" + strings.Repeat("x", 5000) + "';\r")
	p.expect("at most 4095 characters")
	p.expect("wire=> ")
	p.types("SELECT 6 * 6;\r")
	p.expect("36\r\n")
	p.expect("wire=> ")
	p.types("\x04")
	p.leaves(0)
}

// TestPromptIncludes carries out a file, of which one statement fails.
func TestPromptIncludes(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "script.sql")
	script := "CREATE SINK out WITH (connector = 'file', path = '" + filepath.Join(dir, "out.csv") + "', format = 'csv');\n" +
		"INSERT INTO out SELECT 1 AS n;\nSELECT oops;\nINSERT INTO out SELECT 2 AS n;\nSELECT 3 + 8;\n"
	if err := os.WriteFile(path, []byte(script), 0o600); err != nil {
		t.Fatal(err)
	}
	p := sit(t, dir)
	p.types("\\i " + path + "\r")
	p.expect("42703")
	p.expect("11\r\n")
	p.expect("wire=> ")
	content, err := os.ReadFile(filepath.Join(dir, "out.csv"))
	if lines := strings.Count(string(content), "\n"); err != nil || lines != 3 {
		t.Errorf("%q, %v", content, err)
	}
	p.types("\\nothing\r")
	p.expect("unknown command")
	p.expect("wire=> ")
	p.types("\\d\r")
	p.expect("out")
	p.expect("wire=> ")
	p.types("help\r")
	p.expect("\\timing")
	p.expect("wire=> ")
	p.types("quit\r")
	p.leaves(0)
}

func TestRowsChangeOnATerminal(t *testing.T) {
	p := sit(t, t.TempDir())
	p.types("CREATE SOURCE g WITH (connector = 'generate', kind = 'sequence', rows = 2000, rate = 1500);\r")
	p.expect("CREATE SOURCE")
	p.types("SET emit = 'changes';\r")
	p.expect("SET\r\n")
	p.types("SELECT n % 3 AS k, count(*) AS c FROM g GROUP BY 1;\r")
	shown := p.expect("(3 rows, ") // as they are drawn, once or often
	shown += p.expect(" 1 | 667\r\n")
	if shown += p.expect("changes)"); !strings.Contains(shown, "\x1b[?7l") {
		t.Errorf("the rows were not drawn in place: %q", shown)
	}
	p.types("\\q\r")
	p.leaves(0)
}
