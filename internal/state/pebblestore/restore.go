package pebblestore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"strings"

	"wire.example/wire/internal/foundation/vfs"
	"wire.example/wire/internal/state/store"
)

// restore puts the files of a checkpoint where Pebble finds them.
func (s *Store) restore(ctx context.Context, from []string) error {
	p, paths, err := s.readPack(from)
	if err != nil {
		return err
	}
	for _, t := range p.tables {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := s.take(paths, t.name, t.size, filepath.Join(s.dir, fmt.Sprintf("%06d%s", t.number, tableSuffix))); err != nil {
			return err
		}
		s.names.known[t.number] = t.name
	}
	for _, l := range p.logs {
		s.logs.written++
		one := oneLog{path: s.logPath(s.logs.written), name: l.name, size: l.size, held: l.size}
		if err := s.take(paths, l.name, l.size, one.path); err != nil {
			return err
		}
		s.logs.add(one)
		s.pending.Store(true)
	}
	for name := range paths {
		return fmt.Errorf("%s is no part of the checkpoint of a state store", name)
	}
	return unpack(s.fs.memory, s.dir, p.files)
}

// take gives a file of the checkpoint, which is known by a name and has so many bytes, a name in the live directory.
func (s *Store) take(paths map[string]string, name string, size int64, to string) error {
	path, ok := paths[name]
	if !ok {
		return fmt.Errorf("file %s of a checkpoint of the state store is missing", name)
	}
	delete(paths, name)
	info, err := s.disk.Stat(path)
	if err != nil {
		return err
	}
	if info.Size() != size {
		return &store.CorruptError{File: path, Offset: -1, Reason: fmt.Sprintf("it has %d bytes instead of %d", info.Size(), size)}
	}
	return s.linkOrCopy(path, to)
}

// readPack reads the pack among the files and returns the paths of the others by name.
func (s *Store) readPack(from []string) (*pack, map[string]string, error) {
	paths := map[string]string{}
	at := ""
	for _, path := range from {
		if name := filepath.Base(path); name == packName {
			at = path
		} else {
			paths[name] = path
		}
	}
	if at == "" {
		return nil, nil, fmt.Errorf("a checkpoint of the state store has no file named %s: it has %s", packName, strings.Join(from, ", "))
	}
	content, err := vfs.ReadFile(s.disk, at)
	if err != nil {
		return nil, nil, err
	}
	p, err := parsePack(at, content)
	return p, paths, err
}

// linkOrCopy gives a table a name in the live directory.
func (s *Store) linkOrCopy(path, to string) error {
	err := s.disk.Link(path, to)
	if err == nil || errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrExist) {
		return err
	}
	return copyFile(s.disk, path, to)
}

// copyFile copies a table and syncs it: the next checkpoint links it.
func copyFile(fsys vfs.FS, path, to string) (err error) {
	from, err := fsys.Open(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, from.Close()) }()
	f, err := vfs.Create(fsys, to)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if _, err := io.Copy(f, from); err != nil {
		return err
	}
	return f.Sync()
}
