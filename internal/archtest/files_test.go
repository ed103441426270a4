package archtest

import (
	"bytes"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const (
	maxGoFileLines = 900
	maxFileBytes   = 1 << 20
)

// largeFiles may exceed maxFileBytes, each for the reason given.
var largeFiles = map[string]string{}

// foreignWords must not be in any file: they are true on one machine only. Written in two halves so that this file passes.
var foreignWords = regexp.MustCompile(strings.Join([]string{
	`proxy\.` + `golang\.org`, `sum\.` + `golang\.org`, `goproxy\.` + `(io|cn)`,
	`registry\.` + `npmjs\.org`, `registry\.` + `yarnpkg\.com`, `files\.` + `pythonhosted\.org`, `pypi\.` + `org`,
	`repo1\.` + `maven\.org`, `repo\.` + `maven\.apache\.org`, `index\.` + `crates\.io`, `deb\.` + `debian\.org`, `archive\.` + `ubuntu\.com`,
	`/work` + `/(main|shared)\b`, `/root` + `/go\b`, `/tmp` + `/(brief|bash_jobs)`,
}, "|"))

func TestEveryPackageIsDocumented(t *testing.T) {
	documented, hasCode := map[string]bool{}, map[string]bool{}
	for _, f := range goFiles(t) {
		if f.isTest {
			continue
		}
		hasCode[f.pkg] = true
		if mayHoldPackageComment(f) && f.syntax.Doc.Text() != "" {
			documented[f.pkg] = true
		}
	}
	for pkg := range hasCode {
		if !documented[pkg] {
			t.Errorf("%s: no doc.go with a package comment; say in a few sentences what the package is for and what it promises", pkg)
		}
	}
}

func TestPackageCommentsStandInDocOnly(t *testing.T) {
	for _, f := range goFiles(t) {
		if !f.isTest && !mayHoldPackageComment(f) && f.syntax.Doc != nil && !generated(f) {
			t.Errorf("%s: package comment outside doc.go; godoc would join the two", f.path)
		}
	}
}

func TestNoGoFileIsTooLong(t *testing.T) {
	for _, f := range goFiles(t) {
		lines := bytes.Count(read(t, f.path), []byte{'\n'})
		if lines > maxGoFileLines && !generated(f) {
			t.Errorf("%s has %d lines, more than %d; split it by subject", f.path, lines, maxGoFileLines)
		}
	}
}

func TestNoFileIsTooLarge(t *testing.T) {
	walk(t, func(name string, entry fs.DirEntry) {
		info, err := entry.Info()
		if err != nil {
			t.Fatal(err)
		}
		if info.Size() > maxFileBytes && largeFiles[name] == "" && !isProduct(name) {
			t.Errorf("%s has %d bytes, more than %d; make it when it is needed, or list it in largeFiles with a reason", name, info.Size(), maxFileBytes)
		}
	})
}

func TestNoForeignWord(t *testing.T) {
	walk(t, func(name string, entry fs.DirEntry) {
		info, err := entry.Info()
		if err != nil {
			t.Fatal(err)
		}
		if info.Size() <= maxFileBytes && !isProduct(name) {
			report(t, wordBreaches(name, read(t, name)))
		}
	})
}

func TestForeignWordsAreFound(t *testing.T) {
	bad := []string{"see /work" + "/main/x.go", "https://proxy." + "golang.org/", `"resolved": "https://registry.` + `npmjs.org/vite"`}
	for _, text := range bad {
		if got := wordBreaches("f", []byte("first\n"+text)); len(got) != 1 || !strings.HasPrefix(got[0], "f:2: ") {
			t.Errorf("%q: breaches %q, want one at line 2", text, got)
		}
	}
	good := []string{"https://go.dev/doc", "a network/main stream", "/tmp/out.jsonl"}
	for _, text := range good {
		if got := wordBreaches("f", []byte(text)); len(got) != 0 {
			t.Errorf("%q: breaches %q, want none", text, got)
		}
	}
}

// wordBreaches lists the foreign words of one file with their lines.
func wordBreaches(name string, text []byte) []string {
	var breaches []string
	for _, at := range foreignWords.FindAllIndex(text, -1) {
		line := 1 + bytes.Count(text[:at[0]], []byte{'\n'})
		breaches = append(breaches, fmt.Sprintf("%s:%d: %q says where it was written, not what Wire is", name, line, text[at[0]:at[1]]))
	}
	return breaches
}

// mayHoldPackageComment allows doc.go and, for a command, main.go.
func mayHoldPackageComment(f goFile) bool {
	base := path.Base(f.path)
	return base == "doc.go" || base == "main.go" && f.syntax.Name.Name == "main"
}

// isProduct knows the files that make targets leave in the tree and git ignores.
func isProduct(name string) bool {
	return slices.Contains([]string{"cover.out", "cover.html", "test.log"}, name) ||
		slices.Contains([]string{".test", ".pprof"}, path.Ext(name))
}

// generated reports Go's mark of generated code.
func generated(f goFile) bool {
	for _, group := range f.syntax.Comments {
		for _, comment := range group.List {
			if strings.HasPrefix(comment.Text, "// Code generated ") && strings.HasSuffix(comment.Text, " DO NOT EDIT.") {
				return true
			}
		}
	}
	return false
}
