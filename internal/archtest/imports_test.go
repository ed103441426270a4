package archtest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// bannedImports keeps libraries out of folders. Test files are exempt: a slow library is a good witness. An empty folder means all.
var bannedImports = []struct {
	library, folder, reason string
	exempt                  []string // packages, each with its reason beside it
}{
	{
		library: "encoding/json", folder: "sdk/batch",
		reason: "2,000 ns a row by reflection; batches are columns and meet JSON in internal/format/jsonfmt only",
	},
	{
		library: "encoding/json", folder: "sdk/codec",
		reason: "the contract of codecs must not suggest a map or an any per row",
	},
	{
		library: "encoding/json", folder: "internal/format",
		reason: "25 times slower than the schema-directed scanner of internal/format/jsonfmt",
	},
	{
		library: "encoding/json", folder: "internal/operator",
		reason: "an operator sees typed columns, never text",
	},
	{
		library: "encoding/json", folder: "internal/expr/eval",
		reason: "kernels work on typed columns; JSONB functions use the scanner in internal/expr/builtin",
	},
	{library: "math/rand", reason: "use math/rand/v2 with a seeded source that is handed in, so that a run can be replayed"},
	{library: "io/ioutil", reason: "deprecated: os and io have the same functions"},
	{library: "log", reason: "use log/slog with the logger that was handed in"},
	{library: "github.com/pkg/errors", reason: "use fmt.Errorf with %w, errors.Is and errors.As"},
	{
		library: "github.com/apache/arrow-go/v18/arrow/compute",
		reason:  "24 to 68 ns a row; the kernels of sdk/batch and internal/expr/eval take 1 to 4",
	},
	{library: "C", reason: "bin/wire is a static binary: CGO_ENABLED=0 must build"},
}

func TestNoBannedImport(t *testing.T) {
	for _, f := range goFiles(t) {
		report(t, importBreaches(f))
	}
}

func TestImportBansCatchBreaches(t *testing.T) {
	tests := []struct {
		file, library string
		test, breach  bool
	}{
		{file: "internal/format/jsonfmt/scan.go", library: "encoding/json", breach: true},
		{file: "internal/format/jsonfmt/scan_test.go", library: "encoding/json", test: true},
		{file: "internal/cli/summary.go", library: "encoding/json"},
		{file: "internal/cli/summary.go", library: "log", breach: true},
		{file: "internal/cli/summary.go", library: "log/slog"},
		{file: "internal/cli/summary.go", library: "math/rand", breach: true},
		{file: "internal/cli/summary.go", library: "math/rand/v2"},
	}
	for _, tt := range tests {
		f := goFile{path: tt.file, pkg: tt.file[:strings.LastIndexByte(tt.file, '/')], isTest: tt.test, imports: []string{tt.library}}
		if got := importBreaches(f); (len(got) > 0) != tt.breach {
			t.Errorf("%s importing %s: breaches %q, want a breach: %v", tt.file, tt.library, got, tt.breach)
		}
	}
}

// importBreaches lists the banned libraries that a file imports.
func importBreaches(f goFile) []string {
	if f.isTest {
		return nil
	}
	var breaches []string
	for _, ban := range bannedImports {
		inScope := ban.folder == "" || under(f.pkg, ban.folder)
		if inScope && slices.Contains(f.imports, ban.library) && !slices.Contains(ban.exempt, f.pkg) {
			breaches = append(breaches, fmt.Sprintf("%s imports %s: %s", f.path, ban.library, ban.reason))
		}
	}
	return breaches
}
