package registry_test

import (
	"os"
	"strings"
	"testing"

	"wire.example/wire/internal/format/registry"
	"wire.example/wire/sdk/connector"
)

// TestFormats makes every format from its options' defaults, and looks for the page that tells of it by its name.
func TestFormats(t *testing.T) {
	pages := map[string]string{"json": "jsonfmt", "csv": "csvfmt", "debezium-json": "debezium", "lines": "rawfmt", "bytes": "rawfmt"}
	for _, f := range registry.New() {
		config := f.NewConfig()
		if err := connector.Apply(config, nil); len(err) > 0 {
			t.Fatalf("%s: %v", f.Name, err)
		}
		format, err := f.New(config)
		if err != nil || format.NewFramer() == nil {
			t.Errorf("%s: %v", f.Name, err)
		}
		if f.Doc == "" || !strings.HasSuffix(f.Doc, ".") {
			t.Errorf("%s: %q is no sentence", f.Name, f.Doc)
		}
		page, err := os.ReadFile("../" + pages[f.Name] + "/README.md")
		if err != nil {
			t.Fatal(err)
		}
		title, _, _ := strings.Cut(string(page), "\n")
		if !strings.Contains(title, f.Name) {
			t.Errorf("the page of %s has the title %q", f.Name, title)
		}
		delete(pages, f.Name)
	}
	if len(pages) > 0 {
		t.Errorf("not listed: %v", pages)
	}
}

// TestPasses: JSON lines may be written as they came, unless either side has kinds of change in them.
func TestPasses(t *testing.T) {
	f := registry.New()[0]
	plain, changes := f.NewConfig(), f.NewConfig()
	if err := connector.Apply(changes, map[string]any{"changelog": true}); len(err) > 0 {
		t.Fatal(err)
	}
	if !f.Passes(plain, plain) || f.Passes(plain, changes) || f.Passes(changes, plain) {
		t.Error("the wrong pipelines keep their lines")
	}
}
