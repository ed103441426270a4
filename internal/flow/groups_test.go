package flow_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"wire.example/wire/internal/flow"
)

// manifestOf has state of a step in ranges, and of another one that says nothing of them.
func manifestOf(ranges []flow.GroupRange) *flow.Manifest {
	return &flow.Manifest{States: map[string]flow.StateRecord{"old.group": {Number: 1}, "counts.group": {Number: 4, Groups: ranges}}}
}

// stored are ranges in the store, by their ends.
func stored(ends ...int) []flow.GroupRange {
	ranges := []flow.GroupRange{}
	for i := 0; i < len(ends); i += 2 {
		ranges = append(ranges, flow.GroupRange{From: ends[i], To: ends[i+1], Part: flow.StorePart})
	}
	return ranges
}

func TestRangesOfKeyGroups(t *testing.T) {
	other := func(part string) []flow.GroupRange {
		ranges := stored(0, 99, 100, 255)
		ranges[1].Part = part
		return ranges
	}
	for _, test := range []struct {
		name   string
		ranges []flow.GroupRange
		want   string // "" if nothing is wrong
	}{
		{"of an earlier release", nil, ""},
		{"one range", stored(0, 255), ""},
		{"one for each end", stored(0, 0, 1, 254, 255, 255), ""},
		{"in another order", stored(200, 255, 0, 127, 128, 199), ""},
		{"none", stored(), "no range has key groups 0-255"},
		{"the first is missing", stored(1, 255), "no range has key group 0"},
		{"the last is missing", stored(0, 254), "no range has key group 255"},
		{"a gap", stored(0, 99, 110, 255), "no range has key groups 100-109"},
		{"two gaps", stored(110, 199, 0, 99), "no range has key groups 100-109"},
		{"one is in two ranges", stored(0, 100, 100, 255), "the ranges 0-100 and 100-255 both have key group 100"},
		{"a range in another one", stored(0, 255, 7, 9), "the ranges 0-255 and 7-9 both have key groups 7-9"},
		{"a range twice", stored(0, 255, 0, 255), "the ranges 0-255 and 0-255 both have key groups 0-255"},
		{"below 0", stored(-1, 255), "from -1 to 255 is no range of key groups, which are 0-255"},
		{"above 255", stored(0, 256), "from 0 to 256 is no range of key groups, which are 0-255"},
		{"far above", stored(0, 255, 1<<62, 1<<62), "is no range of key groups"},
		{"the wrong way round", stored(0, 99, 255, 100), "from 255 to 100 is no range of key groups, which are 0-255"},
		{"a part that there is not", other("nowhere"), `the range 100-255 is in part "nowhere" of the files, of which there are none`},
		{"a part without a name", other(""), `the range 100-255 is in part "" of the files, of which there are none`},
		{"a part of a later release", other("store of 7"), `the range 100-255 is in part "store of 7" of the files, and this release of Wire reads part "store" alone`},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := manifestOf(test.ranges).CheckGroups(func(part string) bool { return part == "store of 7" })
			var wrong *flow.GroupsError
			switch {
			case test.want == "" && err != nil:
				t.Error(err)
			case test.want == "":
			case !errors.As(err, &wrong) || wrong.Step != "counts.group" || !strings.HasPrefix(err.Error(), `state of step "counts.group": `) || !strings.Contains(err.Error(), test.want):
				t.Errorf("%v, want %s", err, test.want)
			case wrong.Foreign != strings.Contains(test.want, "this release"):
				t.Errorf("foreign %t: %v", wrong.Foreign, err)
			}
		})
	}
}

// TestAnyPartitionOfKeyGroups is read, in any order; not so if one group is taken out of it, or is in it twice: that one is named.
func TestAnyPartitionOfKeyGroups(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		begins := append(rapid.SliceOfNDistinct(rapid.IntRange(1, 255), 0, 40, rapid.ID).Draw(t, "begins"), 0, 256)
		slices.Sort(begins)
		var ends []int
		for i := range begins[1:] {
			ends = append(ends, begins[i], begins[i+1]-1)
		}
		ranges := rapid.Permutation(stored(ends...)).Draw(t, "order")
		if err := manifestOf(ranges).CheckGroups(nil); err != nil {
			t.Fatal(err)
		}

		group := rapid.IntRange(0, 255).Draw(t, "group")
		var without []flow.GroupRange
		for _, r := range ranges {
			for _, part := range [][2]int{{r.From, min(r.To, group-1)}, {max(r.From, group+1), r.To}} {
				if part[0] <= part[1] {
					without = append(without, stored(part[0], part[1])...)
				}
			}
		}
		named := func(how string, ranges []flow.GroupRange, want string) {
			err := manifestOf(ranges).CheckGroups(nil)
			if err == nil || !strings.Contains(err.Error(), `step "counts.group"`) || !strings.HasSuffix(err.Error(), want) {
				t.Fatalf("key group %d %s: %v, want %s", group, how, err, want)
			}
		}
		named("is missing", rapid.Permutation(without).Draw(t, "order without it"), fmt.Sprintf("no range has key group %d", group))
		twice := append(slices.Clone(ranges), stored(group, group)...)
		named("is there twice", rapid.Permutation(twice).Draw(t, "order with it twice"), fmt.Sprintf(" both have key group %d", group))
	})
}

// TestWhatIsNoListOfRangesIsNoPanic: a list that is empty, or of something else, is not one that is absent.
func TestWhatIsNoListOfRangesIsNoPanic(t *testing.T) {
	for text, want := range map[string]string{
		`{}`:                                    "",
		`{"groups":null}`:                       "",
		`{"groups":[]}`:                         "no range has key groups 0-255",
		`{"groups":[{}]}`:                       `the range 0-0 is in part ""`,
		`{"groups":[null]}`:                     `the range 0-0 is in part ""`,
		`{"groups":[{"part":"store"}]}`:         "no range has key groups 1-255",
		`{"groups":7}`:                          "cannot unmarshal",
		`{"groups":[{"from":1e99}]}`:            "cannot unmarshal",
		`{"groups":[{"from":0.5}]}`:             "cannot unmarshal",
		`{"groups":[{"from":0,"to":"all"}]}`:    "cannot unmarshal",
		`{"groups":[{"to":255,"part":"x"}]}`:    `part "x"`,
		`{"groups":[{"to":-9,"part":"store"}]}`: "is no range",
	} {
		var m flow.Manifest
		err := json.Unmarshal([]byte(`{"states":{"s":`+text+`}}`), &m)
		if err == nil {
			err = m.CheckGroups(func(string) bool { return false })
		}
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}
