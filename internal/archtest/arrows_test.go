package archtest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// areas are the parts of Wire by level. A package imports its own area and areas of lower levels; areas of one level are siblings and
// do not import each other. The order is the one in which a reader meets them: everything can be understood from below.
var areas = []struct {
	folder string
	level  int
}{
	{"sdk", 0},
	{"client", 1}, // public: sees the HTTP API and the sdk, never the inside
	{"internal/foundation", 1},
	{"internal/telemetry", 2},
	{"internal/security", 2},
	{"internal/config", 2},
	{"internal/expr", 3},
	{"internal/format", 3},
	{"internal/connect", 3},
	{"internal/state", 3},
	{"internal/operator", 4},
	{"internal/plan", 5},
	{"internal/sql", 6},
	{"internal/spec", 6},
	{"internal/flow", 7},
	{"internal/control", 7},
	{"internal/engine", 8},
	{"internal/node", 9},
	{"embed", 10},
	{"internal/server", 10},
	{"internal/cli", 11},
	{"cmd", 12},
	{"internal/testserver", 13},
	{"internal/sim", 13},
	{"internal/archtest", 13},
	{"bench", 13},
	{"test", 13},
	{"tools", 13},
}

// testOnly are packages that only test files, and each other, may import: they link testing code or start servers.
var testOnly = []string{"sdk/sdktest", "internal/operator/optest", "internal/state/store/storetest", "internal/testserver", "internal/sim", "internal/archtest", "test"}

// sdkLevels orders the public floor inside, by the same rule as areas.
var sdkLevels = map[string]int{
	"sdk":           9, // documentation only
	"sdk/sqlstate":  0,
	"sdk/jsonb":     1,
	"sdk/numeric":   1,
	"sdk/temporal":  1,
	"sdk/schema":    2,
	"sdk/batch":     3,
	"sdk/codec":     4,
	"sdk/connector": 5, // a source hands its blocks to a decoder
	"sdk/udf":       5,
	"sdk/sdktest":   6,
}

// sdkLibraries are the dependencies that the sdk may show to whoever builds a connector: small, stable, without dependencies.
var sdkLibraries = []string{"github.com/zeebo/xxh3"}

// sdkTestLibraries may be imported by the sdk's tests and by sdk/sdktest.
var sdkTestLibraries = []string{
	"github.com/cockroachdb/apd/v3", // witness for numeric
	"github.com/google/go-cmp", "go.uber.org/goleak", "pgregory.net/rapid",
}

// bans are arrows that levels alone would allow.
var bans = []struct{ from, to, reason string }{
	{"internal/operator", "internal/connect", "an operator does no I/O; sources and sinks are stages of flow"},
	{"internal/operator", "internal/format", "an operator sees batches, never bytes"},
	{"cmd", "sdk", "main only calls internal/cli"},
}

// oneFolderEach are areas whose folders do not import each other, so that one can be read, tested and removed alone.
var oneFolderEach = []string{"internal/connect", "internal/format"}

// arrowExceptions are single arrows that break a rule above, each with the reason why that is right.
var arrowExceptions = map[string]string{
	"internal/format/jsonfmt -> internal/connect/generate/nexmark": "benchmarks decode the events that the generator deals; the format itself does not know it",
}

func TestImportsPointDownwards(t *testing.T) {
	for _, f := range goFiles(t) {
		report(t, arrowBreaches(f))
	}
}

func TestOnlyNodeKnowsBothPlanes(t *testing.T) {
	planes := map[string][]string{} // package -> imported planes
	for _, f := range goFiles(t) {
		for _, imported := range f.imports {
			pkg, _ := local(imported)
			for _, plane := range []string{"internal/flow", "internal/control"} {
				if under(pkg, plane) && !f.isTest && !slices.Contains(planes[f.pkg], plane) {
					planes[f.pkg] = append(planes[f.pkg], plane)
				}
			}
		}
	}
	for pkg, imported := range planes {
		if len(imported) == 2 && !under(pkg, "internal/node") && !isTestOnly(pkg) {
			t.Errorf("%s imports flow and control; only internal/node joins the data plane and the control plane", pkg)
		}
	}
}

func TestArrowRulesCatchBreaches(t *testing.T) {
	tests := []struct {
		file, imported string
		test           bool
		want           string // empty: allowed
	}{
		{file: "sdk/batch/batch.go", imported: module + "/sdk/schema"},
		{file: "sdk/batch/batch.go", imported: "github.com/zeebo/xxh3"},
		{file: "sdk/batch/batch.go", imported: "encoding/binary"},
		{file: "sdk/batch/batch.go", imported: module + "/sdk/codec", want: "sdk's own order"},
		{file: "sdk/codec/codec.go", imported: module + "/sdk/connector", want: "sdk's own order"},
		{file: "sdk/extra/extra.go", imported: module + "/sdk/schema", want: "no place in the sdk"},
		{file: "sdk/batch/batch.go", imported: module + "/internal/foundation/clock", want: "upwards"},
		{file: "sdk/batch/batch.go", imported: "github.com/spf13/cobra", want: "not one of the sdk's libraries"},
		{file: "sdk/batch/batch.go", imported: "pgregory.net/rapid", want: "not one of the sdk's libraries"},
		{file: "sdk/batch/batch_test.go", imported: "pgregory.net/rapid", test: true},
		{file: "sdk/schema/schema_test.go", imported: module + "/sdk/batch", test: true},
		{file: "internal/foundation/vfs/vfs.go", imported: module + "/internal/foundation/fault"},
		{file: "internal/foundation/vfs/vfs.go", imported: module + "/internal/telemetry", want: "upwards"},
		{file: "internal/expr/eval/eval.go", imported: module + "/internal/expr/ast"},
		{file: "internal/expr/eval/eval.go", imported: module + "/internal/state/keyed", want: "siblings"},
		{file: "internal/format/jsonfmt/scan.go", imported: module + "/internal/connect/file", want: "siblings"},
		{file: "internal/format/jsonfmt/scan.go", imported: module + "/internal/format/csvfmt", want: "another folder of internal/format"},
		{file: "internal/connect/http/sink.go", imported: module + "/internal/connect/file", want: "another folder of internal/connect"},
		{file: "internal/connect/registry/list.go", imported: module + "/internal/connect/file"},
		{file: "internal/operator/filter/filter.go", imported: module + "/internal/connect/file", want: "does no I/O"},
		{file: "internal/flow/task/task.go", imported: module + "/internal/control/raft", want: "siblings"},
		{file: "internal/node/node.go", imported: module + "/internal/control/raft"},
		{file: "internal/flow/task/task.go", imported: module + "/internal/cli", want: "upwards"},
		{file: "client/client.go", imported: module + "/internal/foundation/clock", want: "siblings"},
		{file: "internal/cli/run.go", imported: module + "/internal/testserver", want: "only tests"},
		{file: "internal/cli/run_test.go", imported: module + "/internal/testserver", test: true},
		{file: "internal/cli/run.go", imported: module + "/sdk/sdktest", want: "only tests"},
		{file: "internal/novel/novel.go", imported: module + "/sdk/batch", want: "no level"},
	}
	for _, tt := range tests {
		f := goFile{path: tt.file, pkg: tt.file[:strings.LastIndexByte(tt.file, '/')], isTest: tt.test, imports: []string{tt.imported}}
		got := strings.Join(arrowBreaches(f), "\n")
		if (tt.want == "") != (got == "") || !strings.Contains(got, tt.want) {
			t.Errorf("%s importing %s: breaches %q, want %q", tt.file, tt.imported, got, tt.want)
		}
	}
}

// arrowBreaches lists what is wrong with a file's imports.
func arrowBreaches(f goFile) []string {
	var breaches []string
	for _, imported := range f.imports {
		pkg, ours := local(imported)
		reason := ""
		switch {
		case ours && arrowExceptions[f.pkg+" -> "+pkg] != "":
		case ours:
			reason = localBreach(f, pkg)
		case under(f.pkg, "sdk"):
			reason = libraryBreach(f, imported)
		}
		if reason != "" {
			breaches = append(breaches, fmt.Sprintf("%s imports %s: %s", f.path, imported, reason))
		}
	}
	return breaches
}

// localBreach says why f may not import Wire's package pkg, or nothing.
func localBreach(f goFile, pkg string) string {
	if isTestOnly(pkg) {
		if f.isTest || isTestOnly(f.pkg) {
			return ""
		}
		return "only tests import this package"
	}
	from, fromLevel := areaOf(f.pkg)
	to, toLevel := areaOf(pkg)
	switch {
	case from == "" || to == "":
		return "a folder has no level yet; give it one in areas of internal/archtest and a rule in .golangci.yml"
	case from == to:
		return insideBreach(f, from, pkg)
	case fromLevel == toLevel:
		return "siblings do not import each other; what both need belongs below them"
	case fromLevel < toLevel:
		return fmt.Sprintf("imports point downwards, this one points upwards (%s is above %s)", to, from)
	}
	for _, ban := range bans {
		if under(f.pkg, ban.from) && under(pkg, ban.to) && !f.isTest {
			return ban.reason
		}
	}
	return ""
}

// insideBreach judges imports between packages of one area; tests are free there.
func insideBreach(f goFile, area, pkg string) string {
	if f.isTest {
		return ""
	}
	if area == "sdk" {
		from, fromKnown := sdkLevels[folderOf(f.pkg, area)]
		to, toKnown := sdkLevels[folderOf(pkg, area)]
		switch {
		case !fromKnown || !toKnown:
			return "this package has no place in the sdk's order yet; add it to sdkLevels of internal/archtest"
		case from <= to && folderOf(f.pkg, area) != folderOf(pkg, area):
			return "against the sdk's own order: sqlstate, numeric, temporal and jsonb, schema, batch, codec, connector, sdktest"
		}
	}
	if slices.Contains(oneFolderEach, area) {
		from, to := folderOf(f.pkg, area), folderOf(pkg, area)
		if from != to && from != area && from != area+"/registry" {
			return "this is another folder of " + area + "; what both need belongs below, and only the registry knows all"
		}
	}
	return ""
}

// libraryBreach judges an import that is not Wire's in a file of the sdk.
func libraryBreach(f goFile, imported string) string {
	host, _, _ := strings.Cut(imported, "/")
	if !strings.Contains(host, ".") { // the standard library has no dot in its first element
		return ""
	}
	matches := func(library string) bool { return under(imported, library) }
	testing := f.isTest || isTestOnly(f.pkg)
	if slices.ContainsFunc(sdkLibraries, matches) || testing && slices.ContainsFunc(sdkTestLibraries, matches) {
		return ""
	}
	return "not one of the sdk's libraries; whoever imports the sdk would get this dependency too"
}

// areaOf finds the area of a package; the module root is documentation at the bottom.
func areaOf(pkg string) (folder string, level int) {
	if pkg == "." {
		return ".", -1
	}
	for _, a := range areas {
		if under(pkg, a.folder) {
			return a.folder, a.level
		}
	}
	return "", 0
}

// folderOf cuts a package path to the area and one element below it.
func folderOf(pkg, area string) string {
	rest, below := strings.CutPrefix(pkg, area+"/")
	if !below {
		return area
	}
	first, _, _ := strings.Cut(rest, "/")
	return area + "/" + first
}

func isTestOnly(pkg string) bool {
	return slices.ContainsFunc(testOnly, func(folder string) bool { return under(pkg, folder) })
}
