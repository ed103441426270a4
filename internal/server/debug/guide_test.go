package debug_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"wire.example/wire/internal/server/debug"
	"wire.example/wire/internal/telemetry/metrics"
)

// TestGuideNamesEveryFamily compares docs/guide/metrics.md with what is served.
func TestGuideNamesEveryFamily(t *testing.T) {
	text, err := os.ReadFile("../../../docs/guide/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	named := map[string]bool{}
	for _, name := range regexp.MustCompile("`(wire_[a-z_{},]+)`").FindAllStringSubmatch(string(text), -1) {
		before, rest, several := strings.Cut(name[1], "{")
		if !several {
			named[name[1]] = true
			continue
		}
		choices, after, _ := strings.Cut(rest, "}")
		for _, choice := range strings.Split(choices, ",") {
			named[before+choice+after] = true
		}
	}
	served := map[string]bool{}
	registry := metrics.NewRegistry()
	debug.Stalled(registry, "p")(time.Millisecond)
	for series := range startWith(t, registry).wire() {
		family, _, _ := strings.Cut(series, "{")
		for _, part := range []string{"_bucket", "_sum", "_count"} { // of a histogram
			family = strings.TrimSuffix(family, part)
		}
		served[family] = true
		if !named[family] {
			t.Errorf("the guide lacks %s", family)
		}
	}
	for family := range named {
		if !served[family] {
			t.Errorf("the guide names %s, which is not served", family)
		}
	}
}
