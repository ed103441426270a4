package blackhole_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"wire.example/wire/internal/connect/blackhole"
	"wire.example/wire/sdk/connector"
)

// TestReadmeListsTheOptions: the table in README.md is what the code says.
func TestReadmeListsTheOptions(t *testing.T) {
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	var want strings.Builder
	for _, o := range connector.Describe(&blackhole.Config{}) {
		doc := o.Doc
		if len(o.Enum) > 0 {
			doc += " One of: " + strings.Join(o.Enum, ", ") + "."
		}
		fmt.Fprintf(&want, "| `%s` | %s | %s | %s |\n", o.Name, o.Type, o.Default, doc)
	}
	if want.Len() == 0 {
		want.WriteString("no options")
	}
	if !strings.Contains(string(text), want.String()) {
		t.Errorf("README.md lacks this table:\n%s", want.String())
	}
}
