package file_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"wire.example/wire/internal/connect/file"
	"wire.example/wire/internal/foundation/vfs"
)

// TestASinkThatIsNoMoreIsFinished: all that was durable gets its names, from the state alone, and however often; what is not what was durable is an error that names it.
func TestASinkThatIsNoMoreIsFinished(t *testing.T) {
	const one, two = "# header\np,1\np,2\n", "# header\np,3\n"
	for name, test := range map[string]struct {
		files map[string]string // "" removes
		want  string            // in the error; "" for none
	}{
		"as it was":                {},
		"one published":            {files: map[string]string{partOne: "", "/out/f-000001": one}},
		"both published":           {files: map[string]string{partOne: "", "/out/f-000001": one, partTwo: "", "/out/f-000002": two}},
		"more was not durable":     {files: map[string]string{partTwo: two + "p,4 and more"}},
		"open, with another byte":  {map[string]string{partTwo: strings.Replace(two, "3", "7", 1)}, partTwo},
		"open, cut":                {map[string]string{partTwo: two[:9]}, partTwo},
		"both gone":                {map[string]string{partTwo: ""}, partTwo},
		"the name is another's":    {map[string]string{"/out/f-000002": "x"}, "/out/f-000002 has appeared"},
		"published, and rewritten": {map[string]string{partOne: "", "/out/f-000001": "x"}, "/out/f-000001 is not what it became"},
	} {
		t.Run(name, func(t *testing.T) {
			mem, s := left(t)
			for path, content := range test.files {
				var err error
				if content == "" {
					err = mem.Remove(path)
				} else {
					err = vfs.WriteFile(mem, path, []byte(content))
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			finish := file.SinkType(mem, clk()).Finish
			for range 2 {
				err := finish(t.Context(), s.state)
				if test.want != "" {
					if err == nil || !strings.Contains(err.Error(), test.want) {
						t.Fatalf("%v, should say %q", err, test.want)
					}
					continue
				}
				if err != nil {
					t.Fatal(err)
				}
				for path, want := range map[string]string{"/out/f-000001": one, "/out/f-000002": two} {
					if got, err := vfs.ReadFile(mem, path); err != nil || string(got) != want {
						t.Errorf("%s is %q, %v", path, got, err)
					}
				}
			}
		})
	}
}

// TestOneFileOfASinkThatIsNoMore: it replaces what has its name only where the sink was to.
func TestOneFileOfASinkThatIsNoMore(t *testing.T) {
	for _, how := range []string{"replace", "append", "error"} {
		mem := vfs.NewMem()
		if how != "error" {
			if err := errors.Join(mem.MkdirAll("/out", 0o755), vfs.WriteFile(mem, "/out/f", []byte("was\n"))); err != nil {
				t.Fatal(err)
			}
		}
		s := &story{t: t, options: map[string]any{"path": "/out/f", "if_exists": how}, clock: clk(), generation: 1}
		sink, err := s.open(mem)
		if err != nil {
			t.Fatal(err)
		}
		putPairs(t, sink, "p,1")
		state, err := sink.Prepare(t.Context(), 1)
		if err != nil {
			t.Fatal(err)
		}
		finish := file.SinkType(mem, clk()).Finish
		want := map[string]string{"replace": "# header\np,1\n", "append": "was\np,1\n", "error": "# header\np,1\n"}[how]
		for range 2 {
			if err := finish(t.Context(), state); err != nil {
				t.Fatalf("%s: %v", how, err)
			}
		}
		if got, err := vfs.ReadFile(mem, "/out/f"); err != nil || string(got) != want {
			t.Errorf("%s: %q, %v", how, got, err)
		}
	}
	for _, damaged := range []string{"", "{}", `{"version":9,"path":"/out/f"}`, `{"version":3,"path":"/out/f","open":[{"part":"/etc/.f.part","target":"/etc/f"}]}`} {
		if err := file.SinkType(vfs.NewMem(), clk()).Finish(t.Context(), json.RawMessage(damaged)); err == nil {
			t.Errorf("%q: %v", damaged, err)
		}
	}
}
