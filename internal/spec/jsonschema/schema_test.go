package jsonschema_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	validator "github.com/santhosh-tekuri/jsonschema/v6"

	connectors "wire.example/wire/internal/connect/registry"
	formats "wire.example/wire/internal/format/registry"
	"wire.example/wire/internal/foundation/clock"
	"wire.example/wire/internal/foundation/vfs"
	"wire.example/wire/internal/spec"
	"wire.example/wire/internal/spec/jsonschema"
	"wire.example/wire/sdk/connector"
)

// published is where the schema stands for editors.
const published = "../../../docs/pipeline.schema.json"

func registry() *connector.Registry {
	r := connectors.New(connectors.Environment{FS: vfs.OS(), Clock: clock.System()})
	r.Formats = formats.New()
	return r
}

// compile returns the schema, as a validator that knows the drafts reads it.
func compile(t *testing.T) *validator.Schema {
	t.Helper()
	text, err := jsonschema.For(registry())
	if err != nil {
		t.Fatal(err)
	}
	document, err := validator.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	c := validator.NewCompiler()
	if err := c.AddResource("pipeline.json", document); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("pipeline.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// check validates a pipeline file. ok is false if the text is no YAML.
func check(schema *validator.Schema, text []byte) (ok bool, invalid error) {
	asJSON, err := yaml.YAMLToJSON(text)
	ok = err == nil
	if ok {
		var value any
		value, invalid = validator.UnmarshalJSON(bytes.NewReader(asJSON))
		if invalid == nil {
			invalid = schema.Validate(value)
		}
	}
	return ok, invalid
}

func files(t *testing.T, pattern string) []string {
	t.Helper()
	list, err := filepath.Glob(pattern)
	if err != nil || len(list) == 0 {
		t.Fatal(pattern, err, len(list))
	}
	return list
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestThePublishedSchemaIsUpToDate(t *testing.T) {
	want, err := jsonschema.For(registry())
	if err != nil {
		t.Fatal(err)
	}
	if os.Getenv("WIRE_REWRITE") != "" {
		if err := os.WriteFile(published, want, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(read(t, published), want) {
		t.Error("docs/pipeline.schema.json is out of date: WIRE_REWRITE=1 go test ./internal/spec/jsonschema")
	}
}

func TestGoodPipelinesAreValid(t *testing.T) {
	schema := compile(t)
	for _, path := range append(files(t, "../../../examples/*.yaml"), files(t, "../testdata/plan/*.yaml")...) {
		if ok, invalid := check(schema, read(t, path)); !ok || invalid != nil {
			t.Errorf("%s: %v", path, invalid)
		}
	}
}

// structural are the files of ../testdata/bad whose form is wrong; the others are wrong in what they mean, or no YAML.
var structural = []string{
	"all-at-once", "changes", "comma", "comma-product", "compression", "cut-type", "empty", "format-and-option", "list", "max-record", "memory", "missing-option", "name-dot", "no-connector", "no-from", "no-name",
	"no-sinks",
	"no-sources", "nothing", "on-error", "parallelism", "sink-as-source", "split-and-filter", "three", "unknown-connector", "unknown-format",
	"unknown-key", "unknown-option", "watermark-alone", "watermark-duration", "wrong-enum", "wrong-option",
}

// fragments are files of ../testdata/bad that are not whole pipelines.
var fragments = []string{"except", "unclosed", "unset", "two-documents"}

func TestBadPipelinesAreInvalidIfTheirFormIsWrong(t *testing.T) {
	schema := compile(t)
	for _, path := range files(t, "../testdata/bad/*.yaml") {
		name := strings.TrimSuffix(filepath.Base(path), ".yaml")
		ok, invalid := check(schema, read(t, path))
		switch {
		case !ok || slices.Contains(fragments, name):
		case slices.Contains(structural, name) && invalid == nil:
			t.Errorf("%s is valid", name)
		case !slices.Contains(structural, name) && invalid != nil:
			t.Errorf("%s is invalid: %v", name, invalid)
		}
	}
}

// whole puts a source, a transform and a sink into a pipeline.
func whole(source, transform, sink string) string {
	return "name: p\nsources:\n  a: " + source + "\ntransforms:\n  t: " + transform + "\nsinks:\n  o: " + sink + "\n"
}

const (
	goodSource    = "{connector: file, path: x, schema: {n: BIGINT}}"
	goodTransform = "{from: a, filter: n > 1}"
	goodSink      = "{from: t, connector: blackhole}"
)

func TestForms(t *testing.T) {
	schema := compile(t)
	for _, test := range []struct {
		name, text string
		valid      bool
	}{
		{"plain", whole(goodSource, goodTransform, goodSink), true},
		{"a list for a text", whole("{connector: file, path: [x, 1], schema: {n: BIGINT}}", goodTransform, goodSink), false},
		{"an option in quotes", whole(`{connector: file, path: x, coerce: "true", schema: {n: BIGINT}}`, goodTransform, goodSink), true},
		{"options by reference", whole("{connector: generate, rows: \"${ROWS}\", kind: \"${KIND:-nexmark}\"}", goodTransform, goodSink), true},
		{"an option of another connector", whole("{connector: generate, path: x}", goodTransform, goodSink), false},
		{"an option of the format", whole("{connector: file, path: x, strict: true, schema: {n: BIGINT}}", goodTransform, goodSink), true},
		{"an option of another format", whole("{connector: file, path: x, format: lines, strict: true}", goodTransform, goodSink), false},
		{"a schema of a format that has one", whole("{connector: file, path: x, format: lines, schema: {n: BIGINT}}", goodTransform, goodSink), false},
		{"a schema of a source that has one", whole("{connector: generate, schema: {n: BIGINT}}", goodTransform, goodSink), false},
		{"a format of a source that takes none", whole("{connector: generate, format: json}", goodTransform, goodSink), false},
		{"a format of a sink that takes none", whole(goodSource, goodTransform, "{from: t, connector: blackhole, format: json}"), false},
		{"a number as text", whole("{connector: generate, rows: ten}", goodTransform, goodSink), false},
		{"a fraction for an integer", whole("{connector: generate, rows: 1.5}", goodTransform, goodSink), false},
		{"no value", whole("{connector: generate, rows: }", goodTransform, goodSink), false},
		{"a union", whole(goodSource, "{from: [a, a]}", goodSink), true},
		{"a union of one", whole(goodSource, "{from: [a]}", goodSink), false},
		{"select by map", whole(goodSource, "{from: a, select: {n: n + 1, one: 1}}", goodSink), true},
		{"select by list", whole(goodSource, `{from: a, select: ["*", {except: [n], rename: {n: m}}, {k: n + 1}, n]}`, goodSink), true},
		{"select by text", whole(goodSource, "{from: a, select: n}", goodSink), false},
		{"unnest by name", whole(goodSource, "{from: a, unnest: n}", goodSink), true},
		{"unnest by expression", whole(goodSource, "{from: a, unnest: {m: n}}", goodSink), true},
		{"unnest of two", whole(goodSource, "{from: a, unnest: {m: n, k: n}}", goodSink), false},
		{"split", whole(goodSource, "{from: a, split: {dear: n > 1, rest: else}}", goodSink), true},
		{"split with a condition", whole(goodSource, "{from: a, split: {dear: n > 1}, filter: n > 1}", goodSink), false},
		{"no transforms", "name: p\nsources:\n  a: " + goodSource + "\ntransforms:\nsinks:\n  o: {from: a, connector: blackhole}\n", true},
		{"dead letters", whole(goodSource, goodTransform, goodSink) + "on_error: dead_letter\ndead_letters: {connector: file, path: dead}\n", true},
		{"dead letters from", whole(goodSource, goodTransform, goodSink) + "dead_letters: {from: a, connector: file, path: dead}\n", false},
		{"parallelism", whole(goodSource, goodTransform, goodSink) + "parallelism: 256\n", true},
		{"too much parallelism", whole(goodSource, goodTransform, goodSink) + "parallelism: 257\n", false},
	} {
		if ok, invalid := check(schema, []byte(test.text)); !ok || (invalid == nil) != test.valid {
			t.Errorf("%s: valid YAML %v, %v\n%s", test.name, ok, invalid, test.text)
		}
		// The schema is no stricter than Wire itself about what is well-formed: only names and types of columns may be wrong there.
		if _, err := spec.Parse("p.yaml", test.text, nil); test.valid && err != nil {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}

// Every connector, format and option is in the schema, with its sentence.
func TestEverythingIsDescribed(t *testing.T) {
	text := string(read(t, published))
	quoted := func(s string) string {
		var b bytes.Buffer
		encoder := json.NewEncoder(&b)
		encoder.SetEscapeHTML(false)
		if err := encoder.Encode(s); err != nil {
			t.Fatal(err)
		}
		return strings.TrimSpace(b.String())
	}
	r := registry()
	var configs []any
	for _, s := range r.Sources {
		configs = append(configs, s.NewConfig())
	}
	for _, s := range r.Sinks {
		configs = append(configs, s.NewConfig())
	}
	for _, f := range r.Formats {
		configs = append(configs, f.NewConfig())
	}
	for _, config := range configs {
		for _, o := range connector.Describe(config) {
			if o.Name == "format" { // a sink with formats of its own gets the key format as an option; every entry describes the key
				continue
			}
			if !strings.Contains(text, quoted(o.Name)+": {") || !strings.Contains(text, quoted(o.Doc)) {
				t.Errorf("%T: option %s is not described", config, o.Name)
			}
		}
	}
}

// Durations and sizes are what their own parsers take.
func TestScalarsAreWhatTheOptionsTake(t *testing.T) {
	type config struct {
		Ratio float64 `option:"ratio" doc:"Ratio."`
	}
	schema := compile(t)
	for text, valid := range map[string]bool{
		"4s": true, "1h30m": true, "1.5h": true, "500ms": true, ".5s": true, "0": true, "4": false, "4 s": false, "four": false, "-4s": false, "": false,
	} {
		source := "{connector: file, path: x, schema: {n: BIGINT}, event_time: n, watermark: \"" + text + "\"}"
		if _, invalid := check(schema, []byte(whole(source, goodTransform, goodSink))); (invalid == nil) != valid {
			t.Errorf("watermark %q: %v", text, invalid)
		}
	}
	for _, text := range []string{"1", "64MB", "1.5 GiB", "12B", "2k", "3t", "big", "MB", "1XB", "-1", ""} {
		_, err := connector.ParseBytes(text)
		source := "{connector: file, path: x, schema: {n: BIGINT}, max_record_bytes: \"" + text + "\"}"
		if _, invalid := check(schema, []byte(whole(source, goodTransform, goodSink))); (invalid == nil) != (err == nil) {
			t.Errorf("size %q: %v, the schema says %v", text, err, invalid)
		}
	}
	for _, text := range []string{"1", "1.5", "-2", "1e6", ".5", "5.", "x", ""} {
		mistakes := connector.Apply(&config{}, map[string]any{"ratio": text})
		source := "{connector: generate, rate: \"" + text + "\"}"
		if _, invalid := check(schema, []byte(whole(source, goodTransform, goodSink))); (invalid == nil) != (len(mistakes) == 0) {
			t.Errorf("number %q: %v, the schema says %v", text, mistakes, invalid)
		}
	}
}
