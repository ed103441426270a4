package slt

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Extension ends the names of files that are run; included files end in IncludeExtension.
const (
	Extension        = ".slt"
	IncludeExtension = ".inc"
)

// Find returns the files under paths, each a file or a folder, in the order of their names.
func Find(paths ...string) ([]string, error) {
	var found []string
	for _, path := range paths {
		err := filepath.WalkDir(path, func(name string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() && (filepath.Ext(name) == Extension || name == path) {
				found = append(found, name)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	slices.Sort(found)
	return slices.Compact(found), nil
}

// Script is a file with the files that it includes.
type Script struct {
	File *File
	// Steps are the statements and queries in the order in which they run, those of included files in their places, up to a halt.
	Steps []Step
}

// Step is a statement or query of a script.
type Step struct {
	*Record
	Path      string // of the file that holds the record
	Threshold int    // in force here
	Included  bool   // the record belongs to another file: its answer is not made here
}

// Where is the step's path and line.
func (s *Step) Where() string { return fmt.Sprintf("%s:%d", s.Path, s.Line) }

// maxDepth bounds includes within includes.
const maxDepth = 5

// Load reads a file and what it includes.
func Load(path string) (*Script, error) {
	f, err := read(path)
	if err != nil {
		return nil, err
	}
	l := loader{script: &Script{File: f}}
	if _, err := l.add(f, 0); err != nil {
		return nil, err
	}
	return l.script, nil
}

func read(path string) (*File, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if strings.Contains(string(text), "\r") {
		return nil, fmt.Errorf("%s: lines end in carriage returns", path)
	}
	return Parse(path, text)
}

type loader struct {
	script    *Script
	threshold int
}

// add appends f's steps and reports whether it halted.
func (l *loader) add(f *File, depth int) (halted bool, err error) {
	for i := range f.Records {
		r := &f.Records[i]
		switch r.Kind {
		case Verbatim:
		case Threshold:
			l.threshold = r.Number
		case Halt:
			return true, nil
		case Include:
			if depth == maxDepth {
				return false, fmt.Errorf("%s:%d: includes are more than %d deep", f.Path, r.Line, maxDepth)
			}
			included, err := read(filepath.Join(filepath.Dir(f.Path), r.Text))
			if err != nil {
				return false, fmt.Errorf("%s:%d: %w", f.Path, r.Line, err)
			}
			if halted, err := l.add(included, depth+1); halted || err != nil {
				return halted, err
			}
		case Statement, Query:
			l.script.Steps = append(l.script.Steps, Step{Record: r, Path: f.Path, Threshold: l.threshold, Included: depth > 0})
		}
	}
	return false, nil
}
