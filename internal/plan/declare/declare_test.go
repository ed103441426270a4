package declare_test

import (
	"slices"
	"testing"

	"wire.example/wire/internal/connect/registry"
	formats "wire.example/wire/internal/format/registry"
	"wire.example/wire/internal/foundation/clock"
	"wire.example/wire/internal/foundation/vfs"
	"wire.example/wire/internal/plan/declare"
	"wire.example/wire/sdk/connector"
)

func connectors() *connector.Registry {
	r := registry.New(registry.Environment{FS: vfs.NewMem(), Clock: clock.System()})
	r.Formats = formats.New()
	return r
}

// written is a declaration whose places are the words themselves.
func written(name, connector, format string, options ...string) *declare.Declaration[string] {
	word := func(text string) declare.Word[string] { return declare.Word[string]{Text: text, At: text} }
	d := &declare.Declaration[string]{Name: word(name), Connector: word(connector), Format: word(format), Keys: []string{"schema"}}
	for i := 0; i < len(options); i += 2 {
		d.Options = append(d.Options, declare.Option[string]{Name: word(options[i]), Value: options[i+1], At: options[i] + "'s value"})
	}
	return d
}

func TestSources(t *testing.T) {
	tests := []struct {
		name string
		d    *declare.Declaration[string]
		want []declare.Mistake[string]
	}{
		{"right", written("a", "file", "csv", "path", "x", "delimiter", ";"), nil},
		{"by default", written("a", "file", "", "path", "x", "coerce", "true"), nil},
		{"rows", written("a", "generate", "", "rows", "5"), nil},
		{"no connector", written("a", "", ""), []declare.Mistake[string]{{"a", `source "a" needs a connector, such as connector: file`}}},
		{"near", written("a", "flie", ""), []declare.Mistake[string]{{"flie", `unknown connector "flie"; did you mean "file"?`}}},
		{"a sink", written("a", "blackhole", ""), []declare.Mistake[string]{
			{"blackhole", `"blackhole" is a connector for sinks only; sources have: file, generate, http, stdin`},
		}},
		{"a format too many", written("a", "generate", "json"), []declare.Mistake[string]{
			{"json", "connector generate makes rows itself and takes no format"},
		}},
		{"everything", written("a", "file", "jsn", "follow", "perhaps", "shcema", "x"), []declare.Mistake[string]{
			{"jsn", `unknown format "jsn"; did you mean "json"?`},
			{"a", `a: option "path" is required: File, directory (all files in it) or glob such as logs/*.jsonl.`},
			{"follow's value", `a: option "follow" must be a boolean, not "perhaps"`},
		}},
		{"a key among options", written("a", "file", "", "path", "x", "shcema", "x"), []declare.Mistake[string]{
			{"shcema", `unknown option "shcema"; did you mean "schema"?`},
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			source, got := declare.ReadSource(connectors(), test.d)
			slices.SortFunc(got, func(a, b declare.Mistake[string]) int { return slices.Index(test.want, a) - slices.Index(test.want, b) })
			if !slices.Equal(got, test.want) {
				t.Errorf("%q, want %q", got, test.want)
			}
			if len(test.want) == 0 && (source.Type == nil || source.Config == nil || (source.Format == nil) != (source.Type.Rows != nil)) {
				t.Errorf("%+v", source)
			}
		})
	}
}

func TestSinks(t *testing.T) {
	sink, mistakes := declare.ReadSink(connectors(), written("s", "stdout", "table", "max_column_width", "9"))
	if len(mistakes) != 0 || sink.Format != nil || sink.Type.Name != "stdout" {
		t.Errorf("a format of the connector's own: %+v, %v", sink, mistakes)
	}
	sink, mistakes = declare.ReadSink(connectors(), written("s", "file", "csv", "path", "x", "header", "false"))
	if len(mistakes) != 0 || sink.Format == nil || sink.Format.Type.Name != "csv" {
		t.Errorf("%+v, %v", sink, mistakes)
	}
	for _, test := range []struct {
		d    *declare.Declaration[string]
		want declare.Mistake[string]
	}{
		{written("s", "blackhole", "json"), declare.Mistake[string]{At: "json", Message: "connector blackhole takes no format"}},
		{written("s", "generate", ""), declare.Mistake[string]{
			At: "generate", Message: `"generate" is a connector for sources only; sinks have: file, http, stdout, blackhole`,
		}},
		{written("s", "", ""), declare.Mistake[string]{At: "s", Message: `sink "s" needs a connector, such as connector: file`}},
	} {
		if _, got := declare.ReadSink(connectors(), test.d); !slices.Equal(got, []declare.Mistake[string]{test.want}) {
			t.Errorf("%q, want %q", got, test.want)
		}
	}
}
