package spec_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"wire.example/wire/internal/connect/registry"
	formats "wire.example/wire/internal/format/registry"
	"wire.example/wire/internal/foundation/clock"
	"wire.example/wire/internal/foundation/vfs"
	"wire.example/wire/internal/spec"
)

// expand knows USER and file:secret; everything else is unknown.
func expand(reference string) (string, error) {
	switch reference {
	case "USER":
		return "ada", nil
	case "file:secret":
		return "hunter2", nil
	}
	return "", errors.New("there is no such variable")
}

func catalog() spec.Catalog {
	r := registry.New(registry.Environment{FS: vfs.OS(), Clock: clock.System()})
	r.Formats = formats.New()
	return spec.Catalog{Registry: r}
}

// TestBad compares the messages for each testdata/bad/*.yaml with the .txt beside it. To rewrite them: WIRE_REWRITE=1.
func TestBad(t *testing.T) {
	files, err := filepath.Glob("testdata/bad/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal(err, len(files))
	}
	for _, path := range files {
		t.Run(filepath.Base(path), func(t *testing.T) {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			_, err = spec.Compile(filepath.Base(path), string(text), expand, catalog())
			if err == nil {
				t.Fatal("no mistake was found")
			}
			golden := strings.TrimSuffix(path, ".yaml") + ".txt"
			if os.Getenv("WIRE_REWRITE") != "" {
				if err := os.WriteFile(golden, []byte(err.Error()+"\n"), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, readErr := os.ReadFile(golden)
			if readErr != nil {
				t.Fatal(readErr)
			}
			if diff := cmp.Diff(string(want), err.Error()+"\n"); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func text(value string, line, column int) spec.Text {
	return spec.Text{Value: value, Pos: spec.Pos{Line: line, Column: column}}
}

func TestParse(t *testing.T) {
	source := `name: p-${USER}
parallelism: 2
on_error: drop
dead_letters: {connector: file, path: dead.jsonl}
sources:
  a:
    connector: file
    path: [x, 1]
    follow: true
    ratio: 0.5
    headers: {k: v}
    token: ${file:secret}
    format: json
    schema: {b: BIGINT, c: "NUMERIC(10,2)"}
    event_time: b
    watermark: 4s
    on_error: fail
    max_record_bytes: 1MB
transforms:
  t:
    from: [a, b]
    filter: b > 1
    select: ["*", {except: [c]}, {d: b + 1}, e]
    on_error: dead_letter
  s: {from: t, split: {big: b > 5, rest: else}}
sinks:
  out: {from: s.big, connector: blackhole, format: json, on_error: drop, empty: }
`
	p, err := spec.Parse("p.yaml", source, expand)
	if err != nil {
		t.Fatal(err)
	}
	if p.Name.Value != "p-ada" || p.Parallelism != 2 || p.OnError.Value != "drop" || p.DeadLetters.Connector.Value != "file" {
		t.Errorf("head: %+v", p)
	}
	a := p.Sources[0]
	if diff := cmp.Diff([]spec.Column{
		{Name: text("b", 14, 14), Type: text("BIGINT", 14, 17)},
		{Name: text("c", 14, 25), Type: text("NUMERIC(10,2)", 14, 28)},
	}, a.Schema); diff != "" {
		t.Error(diff)
	}
	options := map[string]any{}
	for _, o := range a.Options {
		options[o.Name.Value] = o.Value
	}
	want := map[string]any{
		"path": []any{"x", uint64(1)}, "follow": true, "ratio": 0.5, "headers": map[string]any{"k": "v"}, "token": "hunter2",
	}
	if diff := cmp.Diff(want, options); diff != "" {
		t.Error(diff)
	}
	if a.EventTime.Value != "b" || a.Watermark.Value != "4s" || a.OnError.Value != "fail" || a.MaxRecord.Value != "1MB" || a.Format.Value != "json" {
		t.Errorf("source: %+v", a)
	}
	checkTransforms(t, p)
}

func checkTransforms(t *testing.T, p *spec.Pipeline) {
	t.Helper()
	tr := p.Transforms[0]
	if len(tr.From) != 2 || tr.Filter.Value != "b > 1" || tr.OnError.Value != "dead_letter" || len(tr.Select) != 3 {
		t.Fatalf("transform: %+v", tr)
	}
	if !tr.Select[0].Star || tr.Select[0].Except[0].Value != "c" {
		t.Errorf("star: %+v", tr.Select[0])
	}
	if tr.Select[1].Name.Value != "d" || tr.Select[1].Expr.Value != "b + 1" || tr.Select[2].Expr.Value != "e" {
		t.Errorf("items: %+v", tr.Select[1:])
	}
	split := p.Transforms[1].Split
	if len(split) != 2 || split[0].Cond.Value != "b > 5" || split[1].Cond.Value != "" {
		t.Errorf("split: %+v", split)
	}
	sink := p.Sinks[0]
	if sink.From[0].Value != "s.big" || sink.Connector.Value != "blackhole" || sink.Options[0].Value != nil {
		t.Errorf("sink: %+v", sink)
	}
}

func TestSecretsAreNotEchoed(t *testing.T) {
	_, err := spec.Parse("p.yaml", "name: x\nparallelism: ${file:secret}\n", expand)
	if err == nil {
		t.Fatal("no mistake was found")
	}
	if strings.Contains(err.Error(), "hunter2") {
		t.Errorf("the message holds the secret: %v", err)
	}
}

func TestLargeFilesAreRefused(t *testing.T) {
	if _, err := spec.Parse("p.yaml", strings.Repeat("#", 2<<20), nil); err == nil || !strings.Contains(err.Error(), "at most") {
		t.Error(err)
	}
}

// FuzzParse: whatever the text, Parse answers, and an error has a message.
func FuzzParse(f *testing.F) {
	files, err := filepath.Glob("testdata/bad/*.yaml")
	if err != nil {
		f.Fatal(err)
	}
	for _, path := range files {
		text, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	f.Add("name: x\nsources: {a: {connector: file, schema: {b: BIGINT}}}\nsinks: {o: {from: a}}\n")
	f.Fuzz(func(t *testing.T, text string) {
		p, err := spec.Parse("f.yaml", text, expand)
		if p == nil || err != nil && err.Error() == "" {
			t.Fatalf("%v %v", p, err)
		}
	})
}
