package cli_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"wire.example/wire/internal/flow"
	"wire.example/wire/internal/state/checkpoint"
)

// rewrite changes what the newest manifest in a state directory says of where key groups are, and returns its path.
func rewrite(t *testing.T, dir string, change func(*flow.StateRecord)) string {
	t.Helper()
	names := files(t, filepath.Join(dir, "manifests"))
	path := filepath.Join(dir, "manifests", slices.Max(names))
	m, err := checkpoint.Decode([]byte(text(t, path)))
	if err != nil {
		t.Fatal(err)
	}
	var body map[string]json.RawMessage
	var states map[string]flow.StateRecord
	unpack := func(data []byte, into any) {
		t.Helper()
		if err := json.Unmarshal(data, into); err != nil {
			t.Fatal(err)
		}
	}
	pack := func(v any) []byte {
		t.Helper()
		data, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	unpack(m.Body, &body)
	unpack(body["states"], &states)
	for step, record := range states {
		change(&record)
		states[step] = record
	}
	body["states"] = pack(states)
	m.Body = pack(body)
	data, err := m.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestKeyGroupsThatAreNowhere: a start refuses a checkpoint that does not say of each key group where its state is, names step and range, and what else may be done; that is done then. One of an earlier release says nothing
// of them and goes on.
func TestKeyGroupsThatAreNowhere(t *testing.T) {
	const step = "out.group"
	gap := func(r *flow.StateRecord) {
		r.Groups = []flow.GroupRange{{From: 0, To: 99, Part: "store"}, {From: 110, To: 255, Part: "store"}}
	}
	// stopped is a pipeline with two checkpoints, and what it writes at the end.
	stopped := func(t *testing.T) {
		t.Helper()
		t.Chdir(counted(t))
		wire(t, 0, often("p.sql", "--stop-after", "5")...)
		wire(t, 0, often("p.sql", "--stop-after", "2")...)
	}
	for _, test := range []struct {
		name   string
		change func(*flow.StateRecord)
		says   string // "" if it goes on
	}{
		{"as it is", func(*flow.StateRecord) {}, ""},
		{"of an earlier release", func(r *flow.StateRecord) { r.Groups = nil }, ""},
		{"in pieces", func(r *flow.StateRecord) {
			r.Groups = []flow.GroupRange{{From: 100, To: 255, Part: "store"}, {From: 0, To: 99, Part: "store"}}
		}, ""},
		{"a gap", gap, "no range has key groups 100-109"},
		{"twice", func(r *flow.StateRecord) { r.Groups = append(r.Groups, flow.GroupRange{From: 7, To: 7, Part: "store"}) }, "the ranges 0-255 and 7-7 both have key group 7"},
		{"nowhere", func(r *flow.StateRecord) { r.Groups[0].Part = "elsewhere" }, `the range 0-255 is in part "elsewhere" of the files, of which there are none`},
	} {
		t.Run(test.name, func(t *testing.T) {
			stopped(t)
			path := rewrite(t, ".wire/p", test.change)
			if test.says == "" {
				wire(t, 0, often("p.sql")...)
				if rows := strings.Count(text(t, "out/o.jsonl"), "\n"); rows < 2000 {
					t.Errorf("%d rows", rows)
				}
				return
			}
			before := files(t, ".wire/p")
			_, errOut := wire(t, 1, often("p.sql")...)
			says := path + `: checkpoint is damaged: state of step "` + step + `": ` + test.says
			if !strings.Contains(errOut, "the newest checkpoint in .wire/p cannot be used: "+says+"\nRestore the file from a backup, or go on from an older checkpoint") {
				t.Error(errOut)
			}
			if after := files(t, ".wire/p"); !slices.Equal(after, before) {
				t.Errorf("the start that was refused left %q, and there were %q", after, before)
			}
			for _, look := range []string{"checkpoint verify", "state ls"} {
				out, errOut := wire(t, 1, append(strings.Fields(look), "p.sql")...)
				if !strings.Contains(out+errOut, says+"\n") {
					t.Errorf("%s: %s%s", look, out, errOut)
				}
			}
			_, since, found := strings.Cut(errOut, "--accept-duplicates-since ")
			if !found {
				t.Fatal(errOut)
			}
			wire(t, 0, often("p.sql", "--accept-duplicates-since", strings.Fields(since)[0], "--stop-after", "1")...)
			rewrite(t, ".wire/p", gap)
			wire(t, 0, often("p.sql", "--fresh", "--stop-after", "1")...)
		})
	}
}

// TestShowSaysWhereKeyGroupsAre, as they are written, also where that is wrong.
func TestShowSaysWhereKeyGroupsAre(t *testing.T) {
	t.Chdir(counted(t))
	wire(t, 0, often("p.sql", "--stop-after", "5")...)
	out, _ := wire(t, 0, "checkpoint", "show", "p.sql", "--json")
	var shown struct {
		Body struct {
			States map[string]flow.StateRecord `json:"states"`
		} `json:"body"`
	}
	if err := json.Unmarshal([]byte(out), &shown); err != nil || !slices.Equal(shown.Body.States["out.group"].Groups, []flow.GroupRange{{From: 0, To: 255, Part: "store"}}) {
		t.Errorf("%v\n%s", err, out)
	}
	const header = "\nSTEP       OPERATOR  KEY GROUPS  PART\n"
	for _, test := range []struct {
		change func(*flow.StateRecord)
		want   string
	}{
		{func(*flow.StateRecord) {}, "out.group  0         0-255       store\n"},
		{func(r *flow.StateRecord) { r.Groups = nil }, "out.group  0         0-255       store\n"},
		{func(r *flow.StateRecord) {
			r.Groups = []flow.GroupRange{{From: 9, To: 7, Part: "x"}, {From: 1, To: 1, Part: "store"}}
		}, "out.group  0         9-7         x\nout.group  0         1-1         store\n"},
	} {
		rewrite(t, ".wire/p", test.change)
		if out, _ := wire(t, 0, "checkpoint", "show", "p.sql"); !strings.Contains(out, header+test.want) {
			t.Errorf("%q is not in\n%s", test.want, out)
		}
	}
}
