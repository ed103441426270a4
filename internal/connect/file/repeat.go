package file

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"path/filepath"

	"wire.example/wire/internal/foundation/vfs"
)

// repeat goes on from a state of before the last one, of which part p was published since, with more rows perhaps. A numbered part stays as it is: the rows
// that come again go to parts of new numbers. A single file is written anew from as much of it as the state knows, and replaces it.
func (s *sink) repeat(p partState) error {
	err := s.read(p.Target, func(f vfs.File) error {
		info, err := f.Stat()
		if err != nil {
			return err
		}
		if err = p.verify(f); info.Size() < p.Length || errors.Is(err, errOtherBytes) {
			return fmt.Errorf("%s is gone, and %s does not begin with the %d bytes that were durable in it; %s", p.Part, p.Target, p.Length, waysOnNamed)
		}
		if err != nil || s.layout.numbered {
			return err
		}
		return s.again(f, p)
	})
	if errors.Is(err, fs.ErrNotExist) {
		return s.neither(p, err)
	}
	return err
}

// again begins the one part with what p knows of the target, whose file is f: it will take the target's place.
func (s *sink) again(f io.ReaderAt, p partState) error {
	var sums digest
	sums.begin(0)
	length, err := io.CopyBuffer(&sums, io.NewSectionReader(f, 0, math.MaxInt64), make([]byte, copyBytes))
	if err != nil {
		return err
	}
	base := sums.mark(length)
	n := p.Length
	p.Part, p.mark, p.Tail = filepath.Join(filepath.Dir(p.Target), filepath.Base(s.layout.hidden(p.Target))), mark{}, ""
	mine, err := s.create(p)
	if err != nil {
		return err
	}
	s.open[p.Dir] = mine // Close removes it
	s.base = &base
	return mine.copy(f, n)
}
