package archtest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

const (
	module = "wire.example/wire"
	root   = "../.."
)

// goFile is one source file. Paths are slash-separated and relative to the module root.
type goFile struct {
	path    string
	pkg     string // folder; "." for the module root
	isTest  bool
	imports []string
	syntax  *ast.File
}

// unbuilt are folders of the checkout that hold what commands produce, never what git tracks.
var unbuilt = map[string]bool{".git": true, "bin": true, "data": true, "out": true, "web/node_modules": true, ".idea": true, ".vscode": true}

// walk calls visit for every file of the repository.
func walk(t *testing.T, visit func(name string, entry fs.DirEntry)) {
	t.Helper()
	err := fs.WalkDir(os.DirFS(root), ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && unbuilt[name]:
			return fs.SkipDir
		case name == ".git": // a file in a worktree, which names a path of this machine
		case entry.Type().IsRegular():
			visit(name, entry)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// read returns a repository file's bytes.
func read(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// goFiles parses every Go file that belongs to the module: all but those under testdata.
func goFiles(t *testing.T) []goFile {
	t.Helper()
	var files []goFile
	walk(t, func(name string, _ fs.DirEntry) {
		if !strings.HasSuffix(name, ".go") || strings.Contains("/"+name, "/testdata/") {
			return
		}
		syntax, err := parser.ParseFile(token.NewFileSet(), name, read(t, name), parser.ImportsOnly|parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, newGoFile(t, name, syntax))
	})
	if len(files) == 0 {
		t.Fatal("no Go file found; is the module root two folders up?")
	}
	return files
}

func newGoFile(t *testing.T, name string, syntax *ast.File) goFile {
	t.Helper()
	f := goFile{path: name, pkg: path.Dir(name), isTest: strings.HasSuffix(name, "_test.go"), syntax: syntax}
	for _, spec := range syntax.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		f.imports = append(f.imports, imported)
	}
	return f
}

// local strips the module path from an import of Wire's own; ok is false for the standard library and for dependencies.
func local(imported string) (pkg string, ok bool) {
	if imported == module {
		return ".", true
	}
	return strings.CutPrefix(imported, module+"/")
}

// under reports whether pkg is folder or lies below it.
func under(pkg, folder string) bool {
	return pkg == folder || strings.HasPrefix(pkg, folder+"/")
}

// report fails t once for each breach.
func report(t *testing.T, breaches []string) {
	t.Helper()
	for _, breach := range breaches {
		t.Error(breach)
	}
}
