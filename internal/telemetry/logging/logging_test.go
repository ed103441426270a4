package logging

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/url"
	"os"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestParseFormat(t *testing.T) {
	for in, want := range map[string]Format{"": Auto, "auto": Auto, "text": Text, "json": JSON} {
		if got, err := ParseFormat(in); got != want || err != nil {
			t.Errorf("ParseFormat(%q) = %q, %v", in, got, err)
		}
	}
	_, err := ParseFormat("xml")
	if err == nil || err.Error() != `unknown log format "xml": want auto, text or json` {
		t.Errorf("got %v", err)
	}
}

func TestFormatFollowsTheWriter(t *testing.T) {
	for _, test := range []struct {
		format           Format
		terminal, colour bool
		wantJSON         bool
		wantColour       bool
	}{
		{Auto, false, false, true, false},
		{Auto, true, true, false, true},
		{Auto, true, false, false, false},
		{Text, false, false, false, false},
		{Text, true, true, false, true},
		{JSON, true, true, true, false},
		{"", false, false, true, false},
		{"nonsense", true, false, false, false},
	} {
		var out bytes.Buffer
		slog.New(handler(&out, test.format, slog.LevelInfo, test.terminal, test.colour)).Warn("hello", "rows", 7)
		if got := json.Valid(out.Bytes()); got != test.wantJSON {
			t.Errorf("%+v: JSON %v: %s", test, got, out.String())
		}
		if got := strings.Contains(out.String(), "\x1b["); got != test.wantColour {
			t.Errorf("%+v: colour %v: %q", test, got, out.String())
		}
	}
}

func TestNewOnABufferWritesJSON(t *testing.T) {
	var out bytes.Buffer
	level := new(slog.LevelVar)
	log := New(&out, Auto, level)
	log.Debug("not yet")
	if out.Len() != 0 {
		t.Errorf("below the level: %s", out.String())
	}
	level.Set(slog.LevelDebug)
	log.Debug("now", "rows", 7)
	var line map[string]any
	if err := json.Unmarshal(out.Bytes(), &line); err != nil {
		t.Fatal(err)
	}
	if line["msg"] != "now" || line["level"] != "DEBUG" || line["rows"] != 7.0 || line["time"] == nil {
		t.Errorf("line %v", line)
	}
}

func TestTextIsReadable(t *testing.T) {
	var out bytes.Buffer
	New(&out, Text, slog.LevelInfo).Info("sink opened", "path", "out/a b.json", "err", errors.New("no space"))
	if !strings.HasSuffix(out.String(), ` INF sink opened path="out/a b.json" err="no space"`+"\n") {
		t.Errorf("got %q", out.String())
	}
}

// openTerminal opens the master side of a pseudo-terminal, which is a terminal itself.
func openTerminal(t *testing.T) *os.File {
	t.Helper()
	f, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skipf("needs /dev/ptmx: %v", err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func TestTerminalIsRecognised(t *testing.T) {
	if !isTerminal(openTerminal(t)) {
		t.Error("a terminal is not taken for one")
	}
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	if isTerminal(null) || isTerminal(io.Discard) {
		t.Error("what is no terminal is taken for one")
	}
}

// splitWriter is a terminal by its descriptor, while what is written can be read.
type splitWriter struct {
	bytes.Buffer
	terminal *os.File
}

func (w *splitWriter) Fd() uintptr { return w.terminal.Fd() }

func TestNoColor(t *testing.T) {
	for value, want := range map[string]bool{"": true, "1": false} {
		t.Setenv("NO_COLOR", value)
		out := &splitWriter{terminal: openTerminal(t)}
		New(out, Auto, slog.LevelInfo).Error("broken")
		if got := strings.Contains(out.String(), "\x1b["); got != want || strings.HasPrefix(out.String(), "{") {
			t.Errorf("NO_COLOR=%q: %q", value, out.String())
		}
	}
}

func TestSecretsAreNotWritten(t *testing.T) {
	const secret = "hunter2"
	address, err := url.Parse("postgres://wire:" + secret + "@db/x")
	if err != nil {
		t.Fatal(err)
	}
	attrs := map[string]any{
		"password":      secret,
		"db_password":   secret,
		"accessToken":   secret,
		"client-secret": secret,
		"Authorization": "Bearer " + secret,
		"X-Api-Key":     []byte(secret),
		"credentials":   map[string]string{"x": secret},
		"url":           address,
		"dsn":           "connect to postgres://wire:" + secret + "@db/x failed",
		"err":           errors.New("dial https://u:" + secret + "@host: refused"),
		"secrets":       slog.GroupValue(slog.String("mine", secret)),
		"lazy":          valuer{slog.GroupValue(slog.String("token", secret))},
	}
	for key, value := range attrs {
		for _, format := range []Format{Text, JSON} {
			var out bytes.Buffer
			New(&out, format, slog.LevelInfo).With(key, value).WithGroup("g").Info("m", key, value)
			if strings.Contains(out.String(), secret) || strings.Contains(out.String(), "aHVudGVyMg") {
				t.Errorf("%s as %s: %s", key, format, out.String())
			}
			if !strings.Contains(out.String(), "redacted") && key != "url" {
				t.Errorf("%s as %s was dropped: %s", key, format, out.String())
			}
		}
	}
}

// valuer is a value that is made when it is logged.
type valuer struct{ value slog.Value }

func (v valuer) LogValue() slog.Value { return v.value }

func TestOthersAreWritten(t *testing.T) {
	var nowhere *url.URL
	var out bytes.Buffer
	New(&out, JSON, slog.LevelInfo).Info("m", "token_count", 7, "tokenizer", "x", "secretary", "y", "url", "http://h:80/p?a=b@c:d",
		"nil", nowhere, "user", "a@b:c")
	for _, want := range []string{
		`"token_count":7`, `"tokenizer":"x"`, `"secretary":"y"`, `"url":"http://h:80/p?a=b@c:d"`, `"nil":`, `"user":"a@b:c"`,
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("missing %s in %s", want, out.String())
		}
	}
}

func TestWithoutPassword(t *testing.T) {
	for in, want := range map[string]string{
		"":                               "",
		"plain":                          "plain",
		"a://b":                          "a://b",
		"a://u@b/c":                      "a://u@b/c",
		"a://u:p@b/c":                    "a://u:[redacted]@b/c",
		"a://u:p@q@b?x":                  "a://u:[redacted]@b?x",
		"a://:p@b":                       "a://:[redacted]@b",
		"x a://u:p@b and c://v:w@d:80 y": "x a://u:[redacted]@b and c://v:[redacted]@d:80 y",
		"://://u:p@h":                    "://://u:[redacted]@h",
		"a://h/p@u:x":                    "a://h/p@u:x",
	} {
		if got := withoutPassword(in); got != want {
			t.Errorf("withoutPassword(%q) = %q, want %q", in, got, want)
		}
	}
}

// Text without a user in a URL stays as it is, byte by byte.
func TestWithoutPasswordKeepsOtherText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`[a-z:/ ?#]{0,40}`).Draw(t, "text")
		if got := withoutPassword(text); got != text {
			t.Fatalf("%q became %q", text, got)
		}
	})
}
