package file

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"wire.example/wire/sdk/connector"

	"wire.example/wire/internal/foundation/fault"
)

// positionVersion is the version of the stored positions.
const positionVersion = 1

// position is what Snapshot stores without follow: everything before Offset of File, and all files before it, has been dealt. File is ""
// before the first block.
type position struct {
	Version int    `json:"version"`
	File    string `json:"file,omitempty"`
	Offset  int64  `json:"offset"`          // bytes, uncompressed
	Files   int    `json:"files,omitempty"` // how many files there are up to File; 0 in positions that do not say
	ID      fileID `json:"id"`
	// End and Tail are what of the file must be as it was: the last bytes before End, which is Offset of a plain file, and of a compressed one its size when it
	// was opened. Tail is "" in positions that do not say.
	End  int64  `json:"end,omitempty"`
	Tail string `json:"tail,omitempty"`
}

// noteTail notes the end of what was read of the file being read.
func (s *sequence) noteTail() error {
	f := s.file
	if f == nil || !f.regular || s.last.File != f.path {
		return nil
	}
	end := s.last.Offset
	if !f.seekable {
		end = f.id.Size
	}
	if s.last.Tail != "" && s.last.End == end {
		return nil
	}
	tail, err := hashTail(f.raw, end)
	if err != nil {
		return fmt.Errorf("%s: %w", f.path, err)
	}
	s.last.End, s.last.Tail = end, tail
	return nil
}

// restore opens the file of a stored position and goes to its offset.
func (s *sequence) restore(states []connector.SplitState) error {
	if len(states) != 1 || states[0].Split != splitName {
		return errors.New("the stored positions are of a run with follow: true, where every file has its own; set follow again, or begin anew with --fresh")
	}
	var p position
	if err := json.Unmarshal(states[0].Position, &p); err != nil {
		return fmt.Errorf("stored position: %w", err)
	}
	if p.Version != positionVersion {
		return fmt.Errorf("stored position has version %d; this release reads %d", p.Version, positionVersion)
	}
	s.last = p
	if p.File == "" {
		return nil
	}
	i := slices.Index(s.paths, p.File)
	if i < 0 {
		return fmt.Errorf("the position to resume from is in %q, which is not among the files of path %q any more", p.File, s.config.Path)
	}
	if p.Files > 0 && i >= p.Files {
		return fmt.Errorf("%d files have appeared before %q, in the order of their names, since the position to resume from was taken, and would never be read: "+
			"move them out of %q and read them by a run of their own; the first files are %q", i+1-p.Files, p.File, s.config.Path, s.paths[:min(i, shownPaths)])
	}
	if err := s.verify(p); err != nil && !fault.Weak("source/file/verify") {
		return err
	}
	s.next = i
	return s.open(p.File, p.Offset)
}

// shownPaths is how many files a message names.
const shownPaths = 3

// verify refuses to resume in a file that is not the one the position was taken in.
func (s *sequence) verify(p position) (err error) {
	if info, err := s.fs.Stat(p.File); err != nil || !info.Mode().IsRegular() {
		return errors.Join(err, fmt.Errorf("%s is no regular file: what was read of it before byte %d cannot be read again; begin anew with --fresh",
			p.File, p.Offset))
	}
	f, err := s.fs.Open(p.File)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	now, err := identify(f)
	if err != nil {
		return err
	}
	if least := max(p.ID.Size, p.End); now.Size < least {
		return fmt.Errorf("%s is shorter than when the stored position was taken: it has %d bytes and had %d, %d of which (uncompressed) were read; it was cut or written anew: "+
			"put back the file that it was, or begin anew with --fresh", p.File, now.Size, least, p.Offset)
	}
	head, err := hashHead(f, p.ID.HeadLen)
	if err != nil {
		return err
	}
	if head != p.ID.Head {
		return fmt.Errorf("%s is not the file that the stored position was taken in: its beginning differs; put that file back, or begin anew with --fresh to read the new one", p.File)
	}
	if p.Tail == "" {
		return nil
	}
	tail, err := hashTail(f, p.End)
	if err == nil && tail != p.Tail {
		err = fmt.Errorf("%s is not the file that the stored position was taken in: the bytes before byte %d differ; put that file back, or begin anew with --fresh to read the new one",
			p.File, p.End)
	}
	return err
}
