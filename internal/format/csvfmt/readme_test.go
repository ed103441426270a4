package csvfmt

import (
	"os"
	"slices"
	"strings"
	"testing"

	"wire.example/wire/sdk/connector"
)

// TestThePageShowsTheOptions compares README.md with the code, and runs its example.
func TestThePageShowsTheOptions(t *testing.T) {
	page, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, o := range connector.Describe(&Options{}) {
		shown := ""
		if o.Default != "" {
			shown = "`" + o.Default + "`"
		}
		want = append(want, "| `"+o.Name+"` | "+o.Type+" | "+shown+" | "+o.Doc+" |")
	}
	var got []string
	for line := range strings.Lines(string(page)) {
		if strings.HasPrefix(line, "| `") {
			got = append(got, strings.TrimSpace(line))
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("the table of README.md is\n%s\nthe options are\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	_, example, _ := strings.Cut(string(page), "## Example\n\n")
	example, _, _ = strings.Cut(example, "\n\ndeclared")
	file := strings.ReplaceAll(strings.TrimPrefix(example, "    "), "\n    ", "\n")
	rows, rejects, err := readFile(t, Options{Header: true}, columns("id:bigint", "name", "price:numeric"), file, 100, 1)
	if err != nil || len(rejects) > 0 || !slices.Equal(rows, []string{`1, "Smith, John", 9.50`, "2, NULL, NULL", `3, "", 100.00`}) {
		t.Errorf("%q, %q, %v", rows, rejects, err)
	}
}
