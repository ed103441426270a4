package vfs

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// MkdirAll creates a directory and its missing parents.
func (m *Mem) MkdirAll(name string, perm fs.FileMode) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	dir := m.root
	for element := range strings.SplitSeq(filepath.Clean("/" + name)[1:], "/") {
		if element == "" {
			continue
		}
		next := dir.entries[element]
		if next == nil {
			next = m.newNode(fs.ModeDir | perm.Perm())
			m.change(dir, renaming{element: next})
		}
		if !next.mode.IsDir() {
			return &fs.PathError{Op: "mkdir", Path: name, Err: syscall.ENOTDIR}
		}
		dir = next
	}
	return nil
}

// Remove removes a file or an empty directory. Open handles keep the file.
func (m *Mem) Remove(name string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	at, err := m.existing(name)
	switch {
	case err == nil && at.node == m.root:
		err = syscall.EBUSY
	case err == nil && len(at.node.entries) > 0:
		err = syscall.ENOTEMPTY
	}
	if err != nil {
		return &fs.PathError{Op: "remove", Path: name, Err: err}
	}
	m.change(at.dir, renaming{at.name: nil})
	return nil
}

// Rename moves a name, replacing a file of the new one. It replaces no directory, not even an empty one: package os has it so.
func (m *Mem) Rename(oldName, newName string) error {
	return m.rename(oldName, newName, func(target *node) bool { return !target.mode.IsDir() })
}

// RenameNoReplace moves a name to one that is free.
func (m *Mem) RenameNoReplace(oldName, newName string) error {
	return m.rename(oldName, newName, func(*node) bool { return false })
}

func (m *Mem) rename(oldName, newName string, replaceable func(target *node) bool) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.move(oldName, newName, replaceable); err != nil {
		return &os.LinkError{Op: "rename", Old: oldName, New: newName, Err: err}
	}
	return nil
}

// move renames unless the new name's node is not replaceable. Within a directory a crash sees both changes or neither; across two it may
// see either alone, as POSIX allows. The checks come in the kernel's order.
func (m *Mem) move(oldName, newName string, replaceable func(target *node) bool) error {
	from, err := m.find(oldName)
	if err != nil {
		return err
	}
	to, err := m.find(newName)
	if err != nil {
		return err
	}
	switch {
	case from.node == nil: // told only now: the kernel too resolves both directories first
		return syscall.ENOENT
	case to.node != nil && !replaceable(to.node):
		return syscall.EEXIST
	case from.node == to.node: // two names of one file: POSIX leaves both
		return nil
	case from.node == m.root || from.node.holds(to.dir):
		return syscall.EINVAL
	case to.node != nil && from.node.mode.IsDir():
		return syscall.ENOTDIR
	case from.dir == to.dir:
		m.change(from.dir, renaming{from.name: nil, to.name: from.node})
	default:
		m.change(to.dir, renaming{to.name: from.node})
		m.change(from.dir, renaming{from.name: nil})
	}
	return nil
}

// holds reports whether other is n or lies below it.
func (n *node) holds(other *node) bool {
	if n == other {
		return true
	}
	for _, child := range n.entries {
		if child.holds(other) {
			return true
		}
	}
	return false
}

// Link gives a file a second name.
func (m *Mem) Link(oldName, newName string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	from, err := m.existing(oldName)
	var to place
	if err == nil {
		to, err = m.find(newName)
	}
	switch {
	case err != nil:
	case to.node != nil:
		err = syscall.EEXIST
	case from.node.mode.IsDir():
		err = syscall.EPERM
	}
	if err != nil {
		return &os.LinkError{Op: "link", Old: oldName, New: newName, Err: err}
	}
	m.change(to.dir, renaming{to.name: from.node})
	return nil
}
