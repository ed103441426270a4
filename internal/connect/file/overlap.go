package file

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// Overlaps reports whether a file of the one sink, hidden or not, could be one of the other's, by the paths as they are written: links are not followed.
func (c *SinkConfig) Overlaps(other any) bool {
	o, ok := other.(*SinkConfig)
	if !ok {
		return false
	}
	a, b := newLayout(c), newLayout(o)
	return sameFolders(a.folders(), b.folders()) && (a.read(b.sample()).ok || b.read(a.sample()).ok)
}

// sample is the name of one of the sink's files.
func (l *layout) sample() string { return filepath.Base(l.target("", 1)) }

// anyValue ends a folder whose name ends in a value of a partition column.
const anyValue = "=*/"

// folders are the names from the root of the file system to where the sink's files are.
func (l *layout) folders() []string {
	folders := strings.Split(absolute(l.root), string(filepath.Separator))
	for _, column := range l.columns {
		folders = append(folders, column+anyValue)
	}
	return folders
}

// sameFolders reports whether two lists of folders can be the same one.
func sameFolders(a, b []string) bool {
	return slices.EqualFunc(a, b, func(x, y string) bool {
		return x == y || isValue(x, y) || isValue(y, x)
	})
}

// isValue reports whether folder is one of those that pattern stands for.
func isValue(pattern, folder string) bool {
	column, ok := strings.CutSuffix(pattern, anyValue)
	return ok && strings.HasPrefix(folder, column+"=")
}

// absolute is path from the root of the file system, so that two ways to write a path are one; path itself where the working directory is unknown.
func absolute(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		return abs
	}
	return filepath.Clean(path)
}

// holds reports whether target is one of the names that the sink gives.
func (l *layout) holds(target string) bool {
	folders := strings.Split(filepath.Dir(absolute(target)), string(filepath.Separator))
	return sameFolders(l.folders(), folders) && l.read(filepath.Base(target)).ok
}

// spare notes what sinks have hidden that the pipeline has no more, and that are to be finished. A sink that begins anew among it would take their names, and is refused.
func (s *sink) spare() error {
	s.leaving = map[string]bool{}
	for _, state := range s.env.Leaving {
		var st sinkState
		if err := json.Unmarshal(state, &st); err != nil {
			return fmt.Errorf("stored state of a sink that is no more: %w", err)
		}
		for _, p := range slices.Concat(st.Finished, st.Open) {
			s.leaving[absolute(p.Part)] = true
			if s.env.Restore == nil && s.layout.holds(p.Target) {
				return fmt.Errorf("a sink that the pipeline has no more wrote to the same place, and has rows for %s that are not published yet, in %s; give the new one another path",
					p.Target, p.Part)
			}
		}
	}
	return nil
}
