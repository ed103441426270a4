package file

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"wire.example/wire/internal/foundation/fault"
	"wire.example/wire/internal/foundation/vfs"
)

// takeOver goes on with the durable bytes of a former owner's part in a file of its own: he may wake and write to his. His stays until a state of this
// run is published, for until then a restart needs it.
func (s *sink) takeOver(his vfs.File, p partState) error {
	state := p
	state.Part = filepath.Join(filepath.Dir(p.Part), filepath.Base(s.layout.hidden(p.Target)))
	if state.Part == p.Part {
		return fmt.Errorf("internal error: %s is taken over by its own generation", p.Part)
	}
	if err := p.long(his); err != nil {
		return err
	}
	state.mark = mark{}
	mine, err := s.create(state)
	if err != nil {
		return err
	}
	s.open[p.Dir] = mine // Close removes it
	if err := mine.copy(his, p.Length); err != nil {
		return err
	}
	if p.Tail != "" {
		err = p.verifyTail(mine.file)
	} else if hex(mine.sums.total()) != p.Sum {
		err = errOtherBytes
	}
	if errors.Is(err, errOtherBytes) {
		return p.changed()
	}
	mine.Tail = ""
	s.superseded = append(s.superseded, p.Part)
	return err
}

// copy appends the first n bytes of from.
func (p *part) copy(from io.ReaderAt, n int64) error {
	buf := make([]byte, copyBytes)
	for at := int64(0); at < n; {
		got, err := from.ReadAt(buf[:min(int64(len(buf)), n-at)], at)
		at += int64(got)
		if err := p.out(buf[:got]); err != nil {
			return explain(p.Part, err)
		}
		fault.Point("sink/file/half-copied")
		if err != nil && at < n {
			return fmt.Errorf("copying into %s: %w", p.Part, err)
		}
	}
	return nil
}

// extend begins the one part with the bytes of the target, which is there: it will take the target's place.
func (s *sink) extend(target string) (err error) {
	f, err := s.fs.Open(target)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	base, header := mark{Sum: hex(0), Chain: hex(0)}, s.header
	if info.Size() > 0 {
		if err := s.endsLine(f, info.Size()); err != nil {
			return err
		}
		s.header = nil
	}
	p, err := s.begin("")
	s.header = header
	if err != nil {
		return err
	}
	if err := p.copy(f, info.Size()); err != nil {
		return err
	}
	if info.Size() > 0 {
		base = p.sums.mark(p.Length)
	}
	s.base = &base
	return nil
}

// endsLine refuses to append to half a line.
func (s *sink) endsLine(f io.ReaderAt, size int64) error {
	if s.press != nil {
		return nil
	}
	var last [1]byte
	if _, err := f.ReadAt(last[:], size-1); err != nil {
		return err
	}
	if last[0] != '\n' {
		return fmt.Errorf("%s does not end with a line end, so that a row that is appended would become part of its last line; end the line, or write elsewhere",
			s.config.Path)
	}
	return nil
}
