package logging

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/lmittmann/tint"
	"golang.org/x/term"
)

// Format is how lines are written.
type Format string

const (
	// Auto is Text on a terminal and JSON elsewhere; the default.
	Auto Format = "auto"
	// Text is for people: time, level, message, key=value.
	Text Format = "text"
	// JSON is one object a line.
	JSON Format = "json"
)

// ParseFormat reads what a user wrote; empty is Auto.
func ParseFormat(s string) (Format, error) {
	switch f := Format(s); f {
	case "":
		return Auto, nil
	case Auto, Text, JSON:
		return f, nil
	default:
		return "", fmt.Errorf("unknown log format %q: want auto, text or json", s)
	}
}

// New returns a logger that writes lines of at least level to w, each with one Write. A *slog.LevelVar as level can be changed later. Text
// is coloured only on a terminal, and not if the variable NO_COLOR is set to anything (https://no-color.org). A format that ParseFormat
// does not give counts as Auto. The logger is safe for concurrent use; w need not be.
func New(w io.Writer, format Format, level slog.Leveler) *slog.Logger {
	terminal := isTerminal(w)
	return slog.New(handler(w, format, level, terminal, terminal && os.Getenv("NO_COLOR") == ""))
}

// handler decides by what is known of w, without looking.
func handler(w io.Writer, format Format, level slog.Leveler, terminal, colour bool) slog.Handler {
	if format == JSON || format != Text && !terminal {
		return slog.NewJSONHandler(w, &slog.HandlerOptions{Level: level, ReplaceAttr: redact})
	}
	return tint.NewTextHandler(w, &tint.Options{
		Level:       level,
		ReplaceAttr: redact,
		TimeFormat:  time.StampMilli,
		NoColor:     !colour,
	})
}

// isTerminal reports whether w is an open terminal.
func isTerminal(w io.Writer) bool {
	f, ok := w.(interface{ Fd() uintptr })
	return ok && term.IsTerminal(int(f.Fd())) //nolint:gosec // a descriptor fits an int
}
