package vfs

import (
	"errors"

	"golang.org/x/sys/unix"
)

// renameNoReplace uses renameat2(2), and link(2) on file systems that lack its flag.
func renameNoReplace(oldName, newName string) error {
	err := unix.Renameat2(unix.AT_FDCWD, oldName, unix.AT_FDCWD, newName, unix.RENAME_NOREPLACE)
	if !errors.Is(err, unix.EINVAL) && !errors.Is(err, unix.ENOSYS) {
		return err
	}
	linkErr := linkThenRemove(oldName, newName)
	if errors.Is(linkErr, unix.EPERM) { // a directory, which has no links: what rename said is the reason
		return err
	}
	return linkErr
}
