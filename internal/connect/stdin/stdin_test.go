package stdin_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"testing/iotest"

	"go.uber.org/goleak"

	"wire.example/wire/internal/connect/stdin"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/connector"
	"wire.example/wire/sdk/sdktest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestConformance(t *testing.T) {
	var records []string
	for i := range 2000 {
		records = append(records, strings.Repeat("x", i%90)+"y")
	}
	typ := stdin.SourceType(strings.NewReader(""))
	// Each reader gets an input of its own: the process's can be read once.
	typ.Open = func(ctx context.Context, env connector.SourceEnv, config any) (connector.Reader, error) {
		in := strings.NewReader(strings.Join(records, "\n"))
		return stdin.SourceType(in).Open(ctx, env, config)
	}
	sdktest.SourceSuite(t, sdktest.Source{
		Type: typ, Records: records,
		Config: func(testing.TB) any { return typ.NewConfig() },
		Skip:   map[string]string{"ResumesAfterEveryBlock": "the standard input cannot be read again"},
	})
}

func open(t *testing.T, in io.Reader, restore ...connector.SplitState) (connector.Reader, error) {
	t.Helper()
	typ := stdin.SourceType(in)
	return typ.Open(t.Context(), connector.SourceEnv{Framer: codec.NewLineFramer, Restore: restore}, typ.NewConfig())
}

func mustOpen(t *testing.T, in io.Reader, restore ...connector.SplitState) connector.Reader {
	t.Helper()
	r, err := open(t, in, restore...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func poll(t *testing.T, r connector.Reader, wake <-chan struct{}) (string, connector.Status, error) {
	t.Helper()
	block := codec.Block{Buf: (&batch.Pool{}).NewBuffer(64)}
	status, err := r.Poll(t.Context(), wake, &block)
	return string(block.Buf.Data), status, err
}

func wantBlock(t *testing.T, r connector.Reader, want string) {
	t.Helper()
	if got, status, err := poll(t, r, nil); got != want || status != connector.Ready || err != nil {
		t.Errorf("block %q, status %v, %v; want %q", got, status, err, want)
	}
}

// send writes in a goroutine and returns what waits for it.
func send(w io.Writer, text string) (wait func()) {
	sent := make(chan struct{})
	go func() {
		_, _ = io.WriteString(w, text)
		close(sent)
	}()
	return func() { <-sent }
}

func TestALoneLineComesAtOnce(t *testing.T) {
	in, w := io.Pipe()
	r := mustOpen(t, in)
	for _, line := range []string{"one\n", "two\n"} {
		wait := send(w, line)
		wantBlock(t, r, line)
		wait()
	}
	wake := make(chan struct{}, 1)
	wake <- struct{}{}
	if _, status, err := poll(t, r, wake); status != connector.Woken || err != nil {
		t.Errorf("with nothing to read and woken: %v, %v", status, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := r.Poll(ctx, nil, &codec.Block{Buf: (&batch.Pool{}).NewBuffer(64)}); !errors.Is(err, context.Canceled) {
		t.Errorf("with a context that is done: %v", err)
	}
	wait := send(w, "the last has no line end")
	if _, status, err := poll(t, r, closeLater(w, wait)); status != connector.Ready || err != nil {
		t.Errorf("%v, %v", status, err)
	}
	if _, status, err := poll(t, r, nil); status != connector.End || err != nil {
		t.Errorf("at the end: %v, %v", status, err)
	}
	if done, total := r.(connector.Progress).Progress(); done != 32 || total != -1 {
		t.Errorf("progress %d of %d", done, total)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
}

// closeLater closes w when what is being sent was taken. It returns a channel that nobody sends on.
func closeLater(w io.Closer, wait func()) <-chan struct{} {
	go func() {
		wait()
		_ = w.Close()
	}()
	return nil
}

// TestAProcessPipeIsLetGo: Close does not wait for another line.
func TestAProcessPipeIsLetGo(t *testing.T) {
	in, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	r := mustOpen(t, in)
	if _, err := w.WriteString("one\n"); err != nil {
		t.Fatal(err)
	}
	wantBlock(t, r, "one\n")
	if err := errors.Join(r.Close(), r.Close()); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.Close(), in.Close()); err != nil {
		t.Fatal(err)
	}
}

func TestTheInputCannotBeReadAgain(t *testing.T) {
	r := mustOpen(t, strings.NewReader("one\ntwo\n"))
	before, err := r.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	wantBlock(t, r, "one\ntwo\n")
	middle, err := r.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := open(t, strings.NewReader(""), middle...); err == nil || !strings.Contains(err.Error(), "at byte 8 of a standard input that is gone") {
		t.Errorf("%v", err)
	}
	r = mustOpen(t, strings.NewReader("three\n"), before...) // nothing had been read
	wantBlock(t, r, "three\n")
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{"nonsense", `{"version":2}`} {
		if _, err := open(t, strings.NewReader(""), connector.SplitState{Position: json.RawMessage(bad)}); err == nil {
			t.Errorf("%s was taken", bad)
		}
	}
}

func TestOneSourceOnly(t *testing.T) {
	typ := stdin.SourceType(strings.NewReader("x\n"))
	env := connector.SourceEnv{Framer: codec.NewLineFramer}
	bad := env
	bad.Restore = []connector.SplitState{{Position: json.RawMessage("nonsense")}}
	if _, err := typ.Open(t.Context(), bad, typ.NewConfig()); err == nil {
		t.Error("nonsense was taken")
	}
	r, err := typ.Open(t.Context(), env, typ.NewConfig()) // a failed open takes nothing
	if err != nil {
		t.Fatal(err)
	}
	if _, err := typ.Open(t.Context(), env, typ.NewConfig()); err == nil || !strings.Contains(err.Error(), "can have one source stdin") {
		t.Errorf("the second: %v", err)
	}
	if typ.Replayable || !typ.Bounded(typ.NewConfig()) {
		t.Error("it ends, and cannot be replayed")
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := open(t, nil); err == nil {
		t.Error("no input was opened")
	}
}

func TestReadErrors(t *testing.T) {
	r := mustOpen(t, io.MultiReader(strings.NewReader("one\n"), iotest.ErrReader(io.ErrUnexpectedEOF)))
	wantBlock(t, r, "one\n")
	if _, _, err := poll(t, r, nil); !errors.Is(err, io.ErrUnexpectedEOF) || !strings.HasPrefix(err.Error(), "standard input: ") {
		t.Errorf("%v", err)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
}
