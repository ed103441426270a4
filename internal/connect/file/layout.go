package file

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"

	"wire.example/wire/internal/foundation/vfs"
)

// numberDigits is the least number of digits in a part's name.
const numberDigits = 6

// layout knows the names of a sink's files.
type layout struct {
	path string // as given
	root string // the directory of path
	base string // of a numbered part, up to the number; of a single file, its whole name
	ext  string // behind the number, with its dots
	// numbered says that output is parts base-NNNNNN.ext, in directories one level deep for each of columns.
	numbered bool
	columns  []string // names of the partition columns, encoded
}

func newLayout(c *SinkConfig) layout {
	l := layout{path: c.Path, root: filepath.Dir(c.Path), base: filepath.Base(c.Path), numbered: c.parts()}
	if !l.numbered {
		return l
	}
	name, packed := l.base, ""
	if ext := filepath.Ext(name); ext == ".gz" || ext == ".zst" || ext == ".zstd" {
		name, packed = strings.TrimSuffix(name, ext), ext
	}
	ext := filepath.Ext(name)
	if ext == name { // .hidden has no ending
		ext = ""
	}
	l.base, l.ext = strings.TrimSuffix(name, ext), ext+packed
	for _, column := range c.PartitionBy {
		l.columns = append(l.columns, string(appendPercent(nil, []byte(column))))
	}
	return l
}

// target is the name of part number in the partition directory dir, "" for none. A single file ignores both.
func (l *layout) target(dir string, number int64) string {
	if !l.numbered {
		return l.path
	}
	return filepath.Join(l.root, dir, fmt.Sprintf("%s-%0*d%s", l.base, numberDigits, number, l.ext))
}

// owns checks that parts of a state are files that this sink could have written: nothing else may be renamed or cut.
func (l *layout) owns(parts []partState) error {
	for _, p := range parts {
		target := l.target(p.Dir, p.Number)
		if p.Dir != "" && !filepath.IsLocal(p.Dir) || p.Target != target || p.Part != hidden(target) || p.Length < 0 {
			return fmt.Errorf("%q and %q (%d bytes) are no part of %s", p.Part, p.Target, p.Length, l.path)
		}
	}
	return nil
}

// hidden is the name of target until it is published, in the same directory.
func hidden(target string) string {
	return filepath.Join(filepath.Dir(target), "."+filepath.Base(target)+".part")
}

// number is that of a part called name, published or hidden.
func (l *layout) number(name string) (n int64, isHidden, ok bool) {
	if rest, found := strings.CutPrefix(name, "."); found && strings.HasSuffix(rest, ".part") {
		name, isHidden = strings.TrimSuffix(rest, ".part"), true
	}
	if !l.numbered {
		return 0, isHidden, name == l.base
	}
	name, ok = strings.CutPrefix(name, l.base+"-")
	if !ok {
		return 0, false, false
	}
	digits, ok := strings.CutSuffix(name, l.ext)
	if !ok || len(digits) < numberDigits {
		return 0, false, false
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	return n, isHidden, err == nil && n > 0
}

// survey is what is there of a sink's files before it starts.
type survey struct {
	published string // one of the published files, "" for none
	last      int64  // the largest number of a published part
	leftovers []string
}

// look walks the sink's directories, from root down one level for each partition column.
func (l *layout) look(fsys vfs.ReadFS, dir string, depth int, found *survey) error {
	entries, err := fsys.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		switch {
		case depth < len(l.columns):
			if !e.IsDir() || !strings.HasPrefix(e.Name(), l.columns[depth]+"=") {
				continue
			}
			if err := l.look(fsys, path, depth+1, found); err != nil {
				return err
			}
		default:
			found.note(l, path)
		}
	}
	return nil
}

func (s *survey) note(l *layout, path string) {
	n, isHidden, ok := l.number(filepath.Base(path))
	switch {
	case !ok:
	case isHidden:
		s.leftovers = append(s.leftovers, path)
	default:
		s.published = path
		s.last = max(s.last, n)
	}
}

// makeDir creates dir and returns the directories whose names for it are not durable yet: the parents of those that it made.
func makeDir(fsys vfs.FS, dir string) (unsynced []string, err error) {
	for d := dir; ; d = filepath.Dir(d) {
		_, err := fsys.Stat(d)
		if err == nil {
			break
		}
		if !errors.Is(err, fs.ErrNotExist) || filepath.Dir(d) == d {
			return nil, err
		}
		unsynced = append(unsynced, filepath.Dir(d))
	}
	return unsynced, fsys.MkdirAll(dir, 0o755)
}
