package main

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// errBelowFloor says that the profile is valid and that at least one floor was missed.
var errBelowFloor = errors.New("coverage is below a floor")

func main() {
	profilePath := flag.String("profile", "cover.out", "coverage profile written by go test -coverprofile")
	floorsPath := flag.String("floors", "tools/covergate/floors.txt", "floors and exclusions")
	root := flag.String("root", ".", "module root, which holds go.mod")
	flag.Parse()
	if err := run(os.Stdout, *root, *profilePath, *floorsPath); err != nil {
		fmt.Fprintln(os.Stderr, "covergate:", err)
		os.Exit(1)
	}
}

// run reads its three inputs, prints the report to w and returns errBelowFloor when a floor is missed.
func run(w io.Writer, root, profilePath, floorsPath string) error {
	module, err := modulePath(filepath.Join(root, "go.mod"))
	if err != nil {
		return err
	}
	floors, err := readFloors(floorsPath)
	if err != nil {
		return err
	}
	profile, err := readProfile(profilePath)
	if err != nil {
		return err
	}
	files := profile.files(func(file string) bool {
		local := strings.TrimPrefix(file, module+"/")
		return floors.excluded(local) || generated(filepath.Join(root, local))
	})
	verdicts := floors.judge(module, files)
	if err := printReport(w, module, byPackage(files), verdicts); err != nil {
		return err
	}
	for _, v := range verdicts {
		if !v.passed() {
			return errBelowFloor
		}
	}
	return nil
}

// readFloors parses the floors file at path.
func readFloors(path string) (floorSet, error) {
	f, err := os.Open(path)
	if err != nil {
		return floorSet{}, err
	}
	defer f.Close() //nolint:errcheck // opened for reading only
	return parseFloors(path, f)
}

// readProfile parses the coverage profile at path.
func readProfile(path string) (profile, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // opened for reading only
	return parseProfile(path, f)
}

// modulePath returns the path on the module line of a go.mod file.
func modulePath(goMod string) (string, error) {
	text, err := os.ReadFile(goMod)
	if err != nil {
		return "", err
	}
	for line := range strings.Lines(string(text)) {
		if path, ok := strings.CutPrefix(line, "module "); ok {
			return strings.TrimSpace(path), nil
		}
	}
	return "", fmt.Errorf("%s: no module line", goMod)
}

// generated reports whether the file carries Go's mark of generated code. A file that cannot be read counts as written by hand, so
// that a wrong -root cannot hide code from the gate.
func generated(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close() //nolint:errcheck // opened for reading only
	for lines := bufio.NewScanner(f); lines.Scan(); {
		line := lines.Text()
		if strings.HasPrefix(line, "// Code generated ") && strings.HasSuffix(line, " DO NOT EDIT.") {
			return true
		}
		if strings.HasPrefix(line, "package ") {
			return false
		}
	}
	return false
}
