package sdktest

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"wire.example/wire/sdk/connector"
)

// OptionsOnPage checks that README.md of the package under test has the table of config's options as the code describes them, one line an
// option; where there are none, the words "no options".
func OptionsOnPage(t *testing.T, config any) {
	t.Helper()
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	if table := optionsTable(config); !strings.Contains(string(text), table) {
		t.Errorf("README.md lacks this table:\n%s", table)
	}
}

func optionsTable(config any) string {
	var b strings.Builder
	for _, o := range connector.Describe(config) {
		doc, byDefault := o.Doc, o.Default
		if o.Required {
			byDefault = "(required)"
		}
		if len(o.Enum) > 0 {
			doc += " One of: " + strings.Join(o.Enum, ", ") + "."
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", o.Name, o.Type, byDefault, doc)
	}
	if b.Len() == 0 {
		return "no options"
	}
	return b.String()
}
