package file_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"wire.example/wire/internal/connect/file"
	"wire.example/wire/sdk/connector"
)

// TestReadmeListsTheOptions: the tables in README.md are what the code says.
func TestReadmeListsTheOptions(t *testing.T) {
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, config := range []any{&file.SourceConfig{}, &file.SinkConfig{}} {
		var want strings.Builder
		want.WriteString("| option | type | default | meaning |\n|---|---|---|---|\n")
		for _, o := range connector.Describe(config) {
			doc, byDefault := o.Doc, o.Default
			if len(o.Enum) > 0 {
				doc += " One of: " + strings.Join(o.Enum, ", ") + "."
			}
			if o.Required {
				byDefault = "(required)"
			}
			fmt.Fprintf(&want, "| `%s` | %s | %s | %s |\n", o.Name, o.Type, byDefault, doc)
		}
		if !strings.Contains(string(text), want.String()) {
			t.Errorf("README.md lacks this table:\n%s", want.String())
		}
	}
}
