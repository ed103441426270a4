package file

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/zeebo/xxh3"

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
	owner    owner    // of the parts that are begun
}

// owner says who began a part: it stands in the part's hidden name, so that no run takes the part of another one for its own. The zero value is that of
// runs without state.
type owner struct {
	lineage    string // a hash of it, in hexadecimal digits
	generation int64
}

// ownerMark begins the owner in a hidden name.
const ownerMark = ".wire-"

func ownerOf(lineage string, generation int64) owner {
	if lineage == "" && generation == 0 {
		return owner{}
	}
	return owner{lineage: hex(xxh3.HashString(lineage))[:8], generation: generation}
}

func (o owner) String() string {
	if o == (owner{}) {
		return ""
	}
	return fmt.Sprintf("%s%s-%d", ownerMark, o.lineage, o.generation)
}

// cutOwner splits a hidden name, without its dot and ending, into the name to be published and the owner.
func cutOwner(name string) (string, owner) {
	i := strings.LastIndex(name, ownerMark)
	if i < 0 {
		return name, owner{}
	}
	lineage, number, _ := strings.Cut(name[i+len(ownerMark):], "-")
	generation, err := strconv.ParseInt(number, 10, 64)
	if err != nil || len(lineage) != 8 || generation < 0 {
		return name, owner{}
	}
	return name[:i], owner{lineage: lineage, generation: generation}
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
		n := l.read(filepath.Base(p.Part))
		if p.Dir != "" && !filepath.IsLocal(p.Dir) || p.Target != target || p.Length < 0 ||
			filepath.Join(filepath.Dir(target), filepath.Base(p.Part)) != p.Part || !n.ok || !n.hidden || n.number != p.Number && l.numbered {
			return fmt.Errorf("%q and %q (%d bytes) are no part of %s", p.Part, p.Target, p.Length, l.path)
		}
	}
	return nil
}

// hidden is the name of target until it is published, in the same directory.
func (l *layout) hidden(target string) string {
	return filepath.Join(filepath.Dir(target), "."+filepath.Base(target)+l.owner.String()+".part")
}

// partName is what the name of a file says, if it is one of the sink's.
type partName struct {
	ok     bool
	hidden bool
	owner  owner // of a hidden part
	number int64 // 0 of a single file
}

// read understands the name of a file.
func (l *layout) read(name string) partName {
	var n partName
	if rest, found := strings.CutPrefix(name, "."); found && strings.HasSuffix(rest, ".part") {
		n.hidden = true
		name, n.owner = cutOwner(strings.TrimSuffix(rest, ".part"))
	}
	if !l.numbered {
		n.ok = name == l.base
		return n
	}
	name, begins := strings.CutPrefix(name, l.base+"-")
	digits, ends := strings.CutSuffix(name, l.ext)
	if !begins || !ends || len(digits) < numberDigits {
		return n
	}
	var err error
	n.number, err = strconv.ParseInt(digits, 10, 64)
	n.ok = err == nil && n.number > 0
	return n
}

// survey is what is there of a sink's files before it starts.
type survey struct {
	published string // one of the published files, "" for none
	last      int64  // the largest number of a published part
	leftovers []leftover
}

// leftover is a hidden part.
type leftover struct {
	path  string
	owner owner
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
	n := l.read(filepath.Base(path))
	switch {
	case !n.ok:
	case n.hidden:
		s.leftovers = append(s.leftovers, leftover{path: path, owner: n.owner})
	default:
		s.published = path
		s.last = max(s.last, n.number)
	}
}
