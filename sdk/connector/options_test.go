package connector_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"wire.example/wire/sdk/connector"
)

type config struct {
	Path    string            `option:"path" doc:"Where it is." required:"true"`
	Mode    string            `option:"mode" doc:"How." enum:"fast,safe" default:"safe"`
	Follow  bool              `option:"follow" doc:"Go on." default:"false"`
	Count   int               `option:"count" doc:"How many." default:"3"`
	Seed    uint64            `option:"seed" doc:"Seed."`
	Rate    float64           `option:"rate" doc:"Rate."`
	Wait    time.Duration     `option:"wait" doc:"Pause." default:"1s"`
	Size    connector.Bytes   `option:"size" doc:"Size." default:"64KB"`
	Names   []string          `option:"names" doc:"Names."`
	Headers map[string]string `option:"headers" doc:"Headers."`
	Token   string            `option:"token" doc:"Secret." secret:"true"`
	hidden  string
}

func (c *config) Validate() error {
	switch {
	case c.Count == 13:
		return &connector.OptionError{Name: "count", Message: "count cannot be 13"}
	case c.Count == 14:
		return errors.New("fourteen")
	}
	c.hidden = "validated"
	return nil
}

func TestApply(t *testing.T) {
	c := &config{}
	mistakes := connector.Apply(c, map[string]any{
		"path": "x", "mode": "fast", "follow": true, "count": int64(7), "seed": uint64(1 << 63), "rate": 0.25, "wait": "1h30m",
		"size": "1.5MiB", "names": []any{"a", int64(1), true}, "headers": map[string]any{"k": "v", "n": uint64(2)}, "token": "t",
	})
	if len(mistakes) > 0 {
		t.Fatal(mistakes[0])
	}
	want := &config{
		Path: "x", Mode: "fast", Follow: true, Count: 7, Seed: 1 << 63, Rate: 0.25, Wait: 90 * time.Minute, Size: 1536 << 10,
		Names: []string{"a", "1", "true"}, Headers: map[string]string{"k": "v", "n": "2"}, Token: "t", hidden: "validated",
	}
	if diff := cmp.Diff(want, c, cmp.AllowUnexported(config{})); diff != "" {
		t.Error(diff)
	}
	byDefault := &config{}
	if mistakes := connector.Apply(byDefault, map[string]any{"path": "x", "names": "one"}); len(mistakes) > 0 {
		t.Fatal(mistakes[0])
	}
	if byDefault.Mode != "safe" || byDefault.Count != 3 || byDefault.Wait != time.Second || byDefault.Size != 64<<10 || byDefault.Names[0] != "one" {
		t.Errorf("%+v", byDefault)
	}
}

func TestMistakesInOptions(t *testing.T) {
	tests := []struct {
		name, value any
		want        string
	}{
		{"path", nil, `option "path" has no value; leave it out or write a text`},
		{"path", []any{"a"}, `option "path" must be a text`},
		{"mode", "fats", `option "mode" cannot be "fats"; did you mean "fast"?`},
		{"mode", "quite else", `option "mode" cannot be "quite else"; it is one of fast, safe`},
		{"follow", "maybe", `option "follow" must be a boolean, not "maybe"`},
		{"count", "1.5", `option "count" must be an integer, not "1.5"`},
		{"count", int64(13), "count cannot be 13"},
		{"count", int64(14), "fourteen"},
		{"seed", int64(-1), `option "seed" must be an integer, not "-1"`},
		{"rate", "fast", `option "rate" must be a number, not "fast"`},
		{"wait", "4", `option "wait" must be a duration such as 500ms, 4s or 1h30m, not "4"`},
		{"wait", "-4s", `option "wait" must be a duration such as 500ms, 4s or 1h30m, not "-4s"`},
		{"size", "big", `option "size": "big" is not a size; write a number of bytes or one such as 64MB`},
		{"names", []any{"a", []any{}}, `option "names" must be a list of text`},
		{"headers", "x", `option "headers" must be a map of names to text`},
		{"headers", map[string]any{"a": nil}, `option "headers" has no value; leave it out or write a map of text`},
		{"paht", "x", `unknown option "paht"; did you mean "path"?`},
		{"zzzzzzzz", "x", `unknown option "zzzzzzzz"; known options: path, mode, follow, count, seed, rate, wait, size, names, headers, token`},
	}
	for _, test := range tests {
		values := map[string]any{"path": "x"}
		values[test.name.(string)] = test.value
		mistakes := connector.Apply(&config{}, values)
		if len(mistakes) != 1 || mistakes[0].Error() != test.want {
			t.Errorf("%v: %v gave %v, want %q", test.name, test.value, mistakes, test.want)
		}
	}
	all := connector.Apply(&config{}, map[string]any{"mode": "x", "count": "y"})
	if len(all) != 3 || !all[0].Missing || all[0].Error() != `option "path" is required: Where it is.` {
		t.Errorf("all mistakes at once: %v", all)
	}
}

func TestDescribe(t *testing.T) {
	options := connector.Describe(&config{})
	if len(options) != 11 {
		t.Fatalf("%d options", len(options))
	}
	types := map[string]string{}
	for _, o := range options {
		types[o.Name] = o.Type
	}
	want := map[string]string{
		"path": "text", "mode": "text", "follow": "boolean", "count": "integer", "seed": "integer", "rate": "number", "wait": "duration",
		"size": "size", "names": "list of text", "headers": "map of text", "token": "text",
	}
	if diff := cmp.Diff(want, types); diff != "" {
		t.Error(diff)
	}
	if !options[0].Required || !options[10].Secret || len(options[1].Enum) != 2 {
		t.Errorf("%+v", options)
	}
}

func TestParseBytes(t *testing.T) {
	for text, want := range map[string]connector.Bytes{
		"0": 0, "12": 12, "12B": 12, "1k": 1024, "1KB": 1024, "2 MiB": 2 << 20, "1.5gb": 3 << 29, "1T": 1 << 40,
	} {
		if got, err := connector.ParseBytes(text); err != nil || got != want {
			t.Errorf("%q is %d, %v; want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"", "-1", "KB", "1KKB", "9e99", "1XB", "NaN", "Inf", "nan MB"} {
		if got, err := connector.ParseBytes(text); err == nil {
			t.Errorf("%q was taken as %d", text, got)
		}
	}
}

func TestNearest(t *testing.T) {
	names := []string{"file", "http", "generate", "blackhole"}
	for typed, want := range map[string]string{
		"fiel": "file", "FILE": "file", "flie": "file", "htp": "http", "genrate": "generate", "blckhle": "blackhole", "kafka": "", "": "",
	} {
		if got := connector.Nearest(typed, names); got != want {
			t.Errorf("%q: %q, want %q", typed, got, want)
		}
	}
}

func TestRegistry(t *testing.T) {
	r := &connector.Registry{Sources: []*connector.SourceType{{Name: "a"}}, Sinks: []*connector.SinkType{{Name: "b"}}}
	if r.Source("a") == nil || r.Source("b") != nil || r.Sink("b") == nil || r.Sink("a") != nil {
		t.Error("a connector was not found, or found among the others")
	}
}
