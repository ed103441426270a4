package vfs

import (
	"errors"
	"io/fs"
	"os"
)

// OS returns the file system of the machine.
func OS() FS {
	return osFS{}
}

type osFS struct{}

func (osFS) Open(name string) (File, error) {
	return opened(os.Open(name))
}

func (osFS) OpenFile(name string, flag int, perm fs.FileMode) (File, error) {
	return opened(os.OpenFile(name, flag, perm))
}

// opened keeps a nil *os.File from becoming a File that is not nil.
func opened(f *os.File, err error) (File, error) {
	if err != nil {
		return nil, err
	}
	return f, nil
}

func (osFS) Stat(name string) (fs.FileInfo, error)        { return os.Stat(name) }
func (osFS) Lstat(name string) (fs.FileInfo, error)       { return os.Lstat(name) }
func (osFS) ReadDir(name string) ([]fs.DirEntry, error)   { return os.ReadDir(name) }
func (osFS) MkdirAll(name string, perm fs.FileMode) error { return os.MkdirAll(name, perm) }
func (osFS) Remove(name string) error                     { return os.Remove(name) }
func (osFS) Rename(oldName, newName string) error         { return os.Rename(oldName, newName) }
func (osFS) Link(oldName, newName string) error           { return os.Link(oldName, newName) }

func (osFS) RenameNoReplace(oldName, newName string) error {
	if err := renameNoReplace(oldName, newName); err != nil {
		return &os.LinkError{Op: "rename", Old: oldName, New: newName, Err: err}
	}
	return nil
}

func (osFS) SyncDir(name string) (err error) {
	dir, err := os.Open(name)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, dir.Close()) }()
	return dir.Sync()
}

func (osFS) Lock(name string) (File, error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, filePerm)
	if err != nil {
		return nil, err
	}
	if err := lockFile(f); err != nil {
		return nil, errors.Join(&fs.PathError{Op: "lock", Path: name, Err: err}, f.Close())
	}
	return f, nil
}

// linkThenRemove renames a file without replacing another where the kernel has no call for it. A crash in between leaves both names.
func linkThenRemove(oldName, newName string) error {
	if err := os.Link(oldName, newName); err != nil {
		return underlying(err)
	}
	return underlying(os.Remove(oldName))
}

// underlying strips what os wraps around an error number.
func underlying(err error) error {
	var link *os.LinkError
	var path *fs.PathError
	switch {
	case errors.As(err, &link):
		return link.Err
	case errors.As(err, &path):
		return path.Err
	default:
		return err
	}
}
