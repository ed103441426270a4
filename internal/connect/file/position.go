package file

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/zeebo/xxh3"

	"wire.example/wire/internal/foundation/vfs"
	"wire.example/wire/sdk/connector"
)

// positionVersion is the version of the stored position.
const positionVersion = 1

// headBytes is how much of a file's beginning its identity hashes.
const headBytes = 4 << 10

// position is what Snapshot stores: everything before Offset of File, and all files before it, has been dealt. File is "" before the first
// block.
type position struct {
	Version int    `json:"version"`
	File    string `json:"file,omitempty"`
	Offset  int64  `json:"offset"` // bytes, uncompressed
	ID      fileID `json:"id"`
}

// fileID tells whether a path still leads to the file it led to: the same inode and the same beginning. Head hashes the first HeadLen bytes,
// at most headBytes; Size is that at the time, which may only have grown.
type fileID struct {
	Device  uint64 `json:"device"`
	Inode   uint64 `json:"inode"`
	Size    int64  `json:"size"`
	HeadLen int    `json:"head_len"`
	Head    string `json:"head"`
}

func identify(f vfs.File) (fileID, error) {
	info, err := f.Stat()
	if err != nil {
		return fileID{}, err
	}
	id := fileID{Size: info.Size(), HeadLen: int(min(info.Size(), headBytes))}
	if node, ok := vfs.Identity(info); ok {
		id.Device, id.Inode = node.Device, node.Inode
	}
	id.Head, err = hashHead(f, id.HeadLen)
	return id, err
}

func hashHead(f io.ReaderAt, n int) (string, error) {
	head := make([]byte, n)
	read, err := f.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	return fmt.Sprintf("%016x", xxh3.Hash(head[:read])), nil
}

// restore opens the file of a stored position and goes to its offset.
func (s *source) restore(states []connector.SplitState) error {
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
	if err := s.verify(p); err != nil {
		return err
	}
	s.next = i
	return s.open(p.File, p.Offset)
}

// verify refuses to resume in a file that is not the one the position was taken in.
func (s *source) verify(p position) (err error) {
	f, err := s.fs.Open(p.File)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	now, err := identify(f)
	if err != nil {
		return err
	}
	head, err := hashHead(f, p.ID.HeadLen)
	if err != nil {
		return err
	}
	if head != p.ID.Head || now.Size < p.ID.Size {
		return fmt.Errorf("%s is not the file that the stored position was taken in: its beginning or its size differs; start without it to read the new file", p.File)
	}
	return nil
}
