package prompt

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"unicode/utf8"

	"golang.org/x/term"
)

// ErrInterrupted is ReadLine's when Ctrl-C was typed.
var ErrInterrupted = errors.New("interrupted")

// ErrTooLong is ReadLine's for a line that was cut, since the terminal takes no longer one.
var ErrTooLong = fmt.Errorf("a line has at most %d characters here; write it to a file and type \\i FILE", maxLine-1)

// maxLine is where golang.org/x/term cuts lines, in characters.
const maxLine = 4096

// The keys that x/term leaves to the completion.
const (
	keyInterrupt = 3
	keyTab       = '\t'
	keySearch    = 18 // Ctrl-R
)

// Completer returns the words that may stand at the end of before, with after behind them, and where in before the word begins.
type Completer func(before, after string) (from int, words []string)

// Editor reads lines from a terminal. It belongs to one goroutine.
type Editor struct {
	// Complete is asked at a Tab. It must be set.
	Complete Completer

	in       *os.File
	out      *os.File
	history  *History
	terminal *term.Terminal

	interrupted bool
	recalled    bool   // a statement of several lines was taken from the history
	sought      string // what Ctrl-R looks for
	found       string // what it found last
	foundAt     int    // and where
}

// NewEditor returns an Editor on a terminal.
func NewEditor(in, out *os.File, history *History) *Editor {
	e := &Editor{in: in, out: out, history: history}
	e.renew()
	return e
}

// renew forgets the line that was being typed.
func (e *Editor) renew() {
	e.terminal = term.NewTerminal(stream{e}, "")
	e.terminal.AutoCompleteCallback = e.key
	e.terminal.History = recall{e}
	e.interrupted = false
	e.resize()
}

// stream is the terminal as x/term reads and writes it.
type stream struct{ *Editor }

// Read notes Ctrl-C, which x/term does not tell from the end, and follows the window's size.
func (s stream) Read(p []byte) (int, error) {
	s.resize()
	n, err := s.in.Read(p)
	for _, c := range p[:n] {
		s.interrupted = s.interrupted || c == keyInterrupt
	}
	s.resize()
	return n, err
}

func (s stream) Write(p []byte) (int, error) { return s.out.Write(p) }

func (e *Editor) resize() {
	width, height, err := term.GetSize(descriptor(e.out))
	if err != nil || width < 1 || height < 1 {
		width, height = 80, 24
	}
	_ = e.terminal.SetSize(width, height) // what cannot be drawn now fails when the line is read
}

func descriptor(f *os.File) int { return int(f.Fd()) } //nolint:gosec // a descriptor fits an int

// recall is the history as x/term asks for it: one line a statement.
type recall struct{ *Editor }

// Add does nothing: whole statements are added, not lines.
func (recall) Add(string) {}

// Len is the number of statements.
func (r recall) Len() int { return r.history.Len() }

// At shows a statement on one line.
func (r recall) At(back int) string { return r.shown(r.history.At(back)) }

// shown puts signs in the place of line feeds and tabs; ReadLine puts them back.
func (e *Editor) shown(statement string) string {
	line := strings.NewReplacer("\n", "␤", "\t", "␉").Replace(statement)
	e.recalled = e.recalled || line != statement
	return line
}

// ReadLine returns the next line, without its line feed. The error is io.EOF at Ctrl-D, ErrInterrupted, ErrTooLong, or of the terminal.
func (e *Editor) ReadLine(prompt string) (string, error) {
	before, err := term.MakeRaw(descriptor(e.in))
	if err != nil {
		return "", err
	}
	restore := func() { _ = term.Restore(descriptor(e.in), before) } // there is nobody to tell
	defer restore()
	defer restoreOnSignal(restore)()
	e.recalled, e.found = false, ""
	e.terminal.SetPrompt(prompt)
	e.terminal.SetBracketedPasteMode(true)
	defer e.terminal.SetBracketedPasteMode(false)
	line, err := e.terminal.ReadLine()
	switch {
	case errors.Is(err, io.EOF) && e.interrupted:
		e.renew()
		_, err = io.WriteString(e.out, "^C\r\n")
		return "", errors.Join(ErrInterrupted, err)
	case errors.Is(err, io.EOF):
		_, err = io.WriteString(e.out, "\r\n")
		return "", errors.Join(io.EOF, err)
	case err != nil && !errors.Is(err, term.ErrPasteIndicator):
		return "", err
	case utf8.RuneCountInString(line) == maxLine:
		return "", ErrTooLong
	}
	if e.recalled {
		line = strings.NewReplacer("␤", "\n", "␉", "\t").Replace(line)
	}
	return line, nil
}

// restoreOnSignal gives the terminal back when the program is told to end, and then lets it end. The function that it returns stops that.
func restoreOnSignal(restore func()) (stop func()) {
	signals, done, ended := make(chan os.Signal, 1), make(chan struct{}), make(chan struct{})
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGHUP)
	go func() {
		defer close(ended)
		select {
		case got := <-signals:
			restore()
			signal.Reset(got)
			if self, err := os.FindProcess(os.Getpid()); err == nil {
				_ = self.Signal(got) // it ends the program
			}
		case <-done:
		}
	}()
	return func() {
		signal.Stop(signals)
		close(done)
		<-ended
	}
}

// key carries out a key that x/term does not know.
func (e *Editor) key(line string, at int, key rune) (changed string, to int, ok bool) {
	switch key {
	case keyTab:
		changed, to = e.tab(line, at)
		return changed, to, true
	case keySearch:
		changed = e.search(line)
		return changed, len(changed), true
	}
	return "", 0, false
}

// search returns the newest statement that has line in it or, if that is what it found before, the next older one.
func (e *Editor) search(line string) string {
	from := 0
	if e.found != "" && line == e.found {
		from = e.foundAt + 1
	} else {
		e.sought = line
	}
	for i := from; i < e.history.Len(); i++ {
		if entry := e.shown(e.history.At(i)); entry != line && strings.Contains(entry, e.sought) {
			e.found, e.foundAt = entry, i
			return entry
		}
	}
	return line
}

// tab completes the word before the cursor as far as it is certain; if it is no further, it lists what is possible.
func (e *Editor) tab(line string, at int) (changed string, to int) {
	from, words := e.Complete(line[:at], line[at:])
	if len(words) == 0 {
		return line, at
	}
	word := shared(words)
	switch {
	case len(words) == 1 && !strings.HasSuffix(word, "(") && !strings.HasPrefix(line[at:], " "):
		word += " "
	case len(words) > 1 && utf8.RuneCountInString(word) <= utf8.RuneCountInString(line[from:at]):
		width, _, err := term.GetSize(descriptor(e.out))
		if err != nil || width < 1 {
			width = 80
		}
		_, _ = io.WriteString(e.terminal, columns(words, width)) // what cannot be written fails when the line is read
		return line, at
	}
	return line[:from] + word + line[at:], from + len(word)
}

// shared is the beginning that words have in common but for case, as the first has it.
func shared(words []string) string {
	first := []rune(words[0])
	n := len(first)
	for _, w := range words[1:] {
		i := 0
		for _, r := range w {
			if i == n || !strings.EqualFold(string(r), string(first[i])) {
				break
			}
			i++
		}
		n = min(n, i)
	}
	return string(first[:n])
}

// maxListed is how many words are listed.
const maxListed = 120

// columns lists words in as many columns as fit, down each.
func columns(words []string, width int) string {
	more := len(words) - maxListed
	words = words[:min(len(words), maxListed)]
	widest := 0
	for _, w := range words {
		widest = max(widest, utf8.RuneCountInString(w)+2)
	}
	across := max(1, width/widest)
	down := (len(words) + across - 1) / across
	var b strings.Builder
	for row := range down {
		line := ""
		for i := row; i < len(words); i += down {
			line += fmt.Sprintf("%-*s", widest, words[i])
		}
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	if more > 0 {
		fmt.Fprintf(&b, "and %d more: type a letter\n", more)
	}
	return b.String()
}
