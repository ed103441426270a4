package file

import (
	"errors"
	"fmt"
	"io"

	"github.com/zeebo/xxh3"

	"wire.example/wire/internal/foundation/vfs"
)

// headBytes is how much of a file's beginning its identity hashes.
const headBytes = 4 << 10

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
	head, err := readHead(f, n)
	return hashOf(head), err
}

// readHead returns the first n bytes, fewer if the file has fewer.
func readHead(f io.ReaderAt, n int) ([]byte, error) {
	head := make([]byte, n)
	read, err := f.ReadAt(head, 0)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return head[:read], err
}

func hashOf(data []byte) string { return fmt.Sprintf("%016x", xxh3.Hash(data)) }
