//go:build unix

package vfs

import (
	"errors"
	"io/fs"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// systemIdentity reads the ID from what the kernel said.
func systemIdentity(info fs.FileInfo) (ID, bool) {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return ID{}, false
	}
	return ID{Device: uint64(stat.Dev), Inode: stat.Ino}, true //nolint:unconvert,gosec // Dev is an int32 on macOS
}

// lockFile takes the advisory lock of flock(2), which belongs to the open file: a second open in this process conflicts too.
func lockFile(f *os.File) error {
	for {
		err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB) //nolint:gosec // a descriptor fits an int
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case errors.Is(err, unix.EWOULDBLOCK):
			return ErrLocked
		default:
			return err
		}
	}
}
