package pipelines_test

import (
	"fmt"
	"regexp"
	"testing"
)

// axis is a property of scripts that streams have: the first of its values whose pattern is found in a script's text is the script's, the last if none is.
type axis struct {
	name   string
	values []trait
}

// trait is a value of an axis and what shows it; one without a pattern is that of all others.
type trait struct {
	name string
	in   *regexp.Regexp
}

func traits(name string, pairs ...string) axis {
	a := axis{name: name}
	for i := 0; i < len(pairs); i += 2 {
		t := trait{name: pairs[i]}
		if pairs[i+1] != "" {
			t.in = regexp.MustCompile(`(?is)` + pairs[i+1])
		}
		a.values = append(a.values, t)
	}
	return a
}

// of is the script's value.
func (a *axis) of(text string) string {
	for _, v := range a.values {
		if v.in == nil || v.in.MatchString(text) {
			return v.name
		}
	}
	return ""
}

// The axes of streams.
func streamAxes() (window, emission, lateness, join, kind axis) {
	window = traits("window", "HOP", `\bHOP\s*\(`, "CUMULATE", `\bCUMULATE\s*\(`, "SESSION", `\bSESSION\s*\(`, "TUMBLE", `\bTUMBLE\s*\(`, "none", "")
	emission = traits("emission", "every", `EMIT EVERY`, "update", `EMIT (ON UPDATE|CHANGES)`, "close", "")
	lateness = traits("lateness", "allowed", `ALLOWED LATENESS`, "none", "")
	join = traits("join",
		"temporal", `FOR SYSTEM_TIME AS OF`, "window", `JOIN.*window_start = `, "anti", `NOT (EXISTS|IN)`, "semi", `\b(EXISTS|IN) \(SELECT`, "interval", `JOIN.*\.ts BETWEEN`,
		"left", `LEFT JOIN`, "right", `RIGHT JOIN`, "full", `FULL JOIN`, "inner", `\bJOIN\b`, "none", "")
	kind = traits("change", "debezium", `debezium-json`, "upsert", `changes = 'upsert'`, "changelog", `changelog = true`, "append", "")
	return window, emission, lateness, join, kind
}

// specials are what is special about time, and what shows it in a script or its input.
func specials() []trait {
	return traits("",
		"splits that are idle", `idle_timeout = `, "splits that are aligned", `max_drift = `, "splits that are silent", `follow = true`, "times that are NULL", `"ts":null`,
		"windows before 1970", `"ts":"19[0-6]`, "clocks that are set forward and back", `2021-03-28T03.*2021-10-31T02`).values
}

// cells are how many scripts there are of each combination of properties, and how many there are in all.
func cells(t *testing.T) (count map[string]int, scripts int) {
	t.Helper()
	window, emission, lateness, join, kind := streamAxes()
	count = map[string]int{}
	for _, g := range readGroups(t) {
		for _, c := range g.cases {
			if c.exit == 2 {
				continue // a mistake
			}
			scripts++
			how := fmt.Sprintf("%s, %s, lateness %s", window.of(c.script), emission.of(c.script), lateness.of(c.script))
			of, changed := "join "+join.of(c.script), "change "+kind.of(c.script)
			for _, cell := range []string{how + "; " + of, how + "; " + changed, of + "; " + changed} {
				count[cell]++
			}
			text := c.script
			for _, input := range c.input {
				text += input
			}
			for _, s := range specials() {
				if s.in.MatchString(text) {
					count[s.name]++
				}
			}
		}
	}
	return count, scripts
}

// TestEveryCellHasAScript: of the properties that streams have, each combination that makes sense is that of a script: every window with every emission and lateness, each of these with every
// join and with every kind of change; every join with every kind of change; and what is special about time.
func TestEveryCellHasAScript(t *testing.T) {
	window, emission, lateness, join, kind := streamAxes()
	var needed []string
	for _, w := range window.values[:len(window.values)-1] { // the last is none
		for _, e := range emission.values {
			for _, l := range lateness.values {
				how := fmt.Sprintf("%s, %s, lateness %s", w.name, e.name, l.name)
				for _, j := range join.values {
					needed = append(needed, how+"; join "+j.name)
				}
				for _, k := range kind.values {
					needed = append(needed, how+"; change "+k.name)
				}
			}
		}
	}
	for _, j := range join.values {
		for _, k := range kind.values {
			needed = append(needed, "join "+j.name+"; change "+k.name)
		}
	}
	for _, s := range specials() {
		needed = append(needed, s.name)
	}
	count, scripts := cells(t)
	t.Logf("%d scripts, %d cells", scripts, len(needed))
	for _, cell := range needed {
		if count[cell] == 0 {
			t.Errorf("no script: %s", cell)
		}
	}
	const fewest = 400
	if scripts < fewest {
		t.Errorf("%d scripts of streams, of %d", scripts, fewest)
	}
}
