package main

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// floor asks that the statements of all matching files together are covered to at least percent.
type floor struct {
	name     string
	percent  float64
	patterns []string // empty: the whole module
}

// floorSet is a parsed floors file.
type floorSet struct {
	floors   []floor
	excludes []string
}

// verdict is a floor with what was measured.
type verdict struct {
	floor
	coverage
}

// passed holds for a group without statements: its packages do not exist yet.
func (v verdict) passed() bool { return v.coverage.percent() >= v.floor.percent }

// parseFloors reads the format described at the top of floors.txt. name appears in errors.
func parseFloors(name string, r io.Reader) (floorSet, error) {
	var set floorSet
	lines := bufio.NewScanner(r)
	for number := 1; lines.Scan(); number++ {
		text, _, _ := strings.Cut(lines.Text(), "#")
		fields := strings.Fields(text)
		if len(fields) == 0 {
			continue
		}
		if err := set.parseLine(fields); err != nil {
			return floorSet{}, fmt.Errorf("%s:%d: %w", name, number, err)
		}
	}
	if err := lines.Err(); err != nil {
		return floorSet{}, err
	}
	if len(set.floors) == 0 {
		return floorSet{}, fmt.Errorf("%s: no floor; the gate would pass anything", name)
	}
	return set, nil
}

func (s *floorSet) parseLine(fields []string) error {
	switch {
	case fields[0] == "floor" && len(fields) >= 3:
		percent, err := strconv.ParseFloat(fields[2], 64)
		if err != nil || percent < 0 || percent > 100 {
			return fmt.Errorf("floor %s: %q is not a percentage", fields[1], fields[2])
		}
		s.floors = append(s.floors, floor{name: fields[1], percent: percent, patterns: fields[3:]})
	case fields[0] == "exclude" && len(fields) >= 3:
		s.excludes = append(s.excludes, fields[2:]...)
	default:
		return fmt.Errorf("want \"floor NAME PERCENT [PATH...]\" or \"exclude REASON PATH...\", got %q", strings.Join(fields, " "))
	}
	return nil
}

// excluded takes a file's path inside the module.
func (s *floorSet) excluded(file string) bool { return matchesAny(s.excludes, file) }

// judge measures every floor over files, whose keys begin with the module's path.
func (s *floorSet) judge(module string, files map[string]coverage) []verdict {
	verdicts := make([]verdict, 0, len(s.floors))
	for _, f := range s.floors {
		v := verdict{floor: f}
		for file, c := range files {
			if len(f.patterns) == 0 || matchesAny(f.patterns, strings.TrimPrefix(file, module+"/")) {
				v.add(c)
			}
		}
		verdicts = append(verdicts, v)
	}
	return verdicts
}

// matchesAny understands a file, a package for its own files, and a package with /... for all below it as well.
func matchesAny(patterns []string, file string) bool {
	for _, pattern := range patterns {
		prefix, subtree := strings.CutSuffix(pattern, "/...")
		if file == pattern || packageOf(file) == prefix || subtree && strings.HasPrefix(file, prefix+"/") {
			return true
		}
	}
	return false
}
