package cli

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"
)

func TestReferencesAreHiddenWhereverALogHoldsThem(t *testing.T) {
	var r references
	r.note("hunter2", "KEY")
	r.note("abc", "SHORT")
	var b bytes.Buffer
	log := r.wrap(slog.New(slog.NewTextHandler(&b, nil)))
	log.With("with", "hunter2").WithGroup("g").Info("say hunter2", "text", "x-hunter2", "error", errors.New("hunter2 is wrong"), "n", 7, "short", "abc")
	got := b.String()
	if strings.Contains(got, "hunter2") || strings.Count(got, "${KEY}") != 4 || !strings.Contains(got, "g.n=7") || !strings.Contains(got, "g.short=abc") {
		t.Error(got)
	}
}

func TestALogWithoutReferencesIsLeftAlone(t *testing.T) {
	log := slog.New(slog.DiscardHandler)
	if (&references{}).wrap(log) != log {
		t.Error("it was wrapped")
	}
}
