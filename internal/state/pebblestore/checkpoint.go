package pebblestore

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	"wire.example/wire/internal/foundation/vfs"
	"wire.example/wire/internal/state/store"
)

// names are what tables are known by: those of a checkpoint keep theirs, new ones get one with this store's life.
type names struct {
	life  string
	known map[uint64]string
	// counts are those of the tables of the last checkpoint, which need not be read again.
	counts map[uint64][]store.Count
}

// newNames draws a life that no other store has.
func newNames() *names {
	return &names{life: strings.ToLower(rand.Text()[:16]), known: map[uint64]string{}}
}

func (n *names) of(number uint64) string {
	if name, ok := n.known[number]; ok {
		return name
	}
	return fmt.Sprintf("%s-%d%s", n.life, number, tableSuffix)
}

// numberOf reads Pebble's number of a table from its file name.
func numberOf(name string) (uint64, error) {
	return strconv.ParseUint(strings.TrimSuffix(name, tableSuffix), 10, 64)
}

// Checkpoint links tables and logs into dir and packs what Pebble keeps beside them. Tables are synced since they were written; the pack and dir are here.
func (s *Store) Checkpoint(ctx context.Context, dir string) ([]store.File, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := s.begin(); err != nil {
		return nil, err
	}
	defer s.end()
	s.writing.Lock()
	defer s.writing.Unlock()
	if err := s.failures.take(); err != nil {
		return nil, err
	}
	files, err := s.checkpoint(ctx, dir)
	if err == nil {
		err = s.failures.check()
	}
	if err != nil {
		return nil, fmt.Errorf("checkpoint of the state store into %s: %w", dir, wrapped(err))
	}
	s.counters.checkpoints.Add(1)
	return files, nil
}

func (s *Store) checkpoint(ctx context.Context, dir string) (files []store.File, err error) {
	if err := s.fs.vacant(dir); err != nil {
		return nil, err
	}
	if err := s.finishLog(); err != nil {
		return nil, err
	}
	if err := s.db.Checkpoint(dir); err != nil {
		return nil, err
	}
	defer func() {
		err = errors.Join(err, s.fs.memory.RemoveAll(dir))
		s.fs.forgetDir(dir) // it is the caller's
	}()
	p := &pack{}
	if p.files, err = packDir(s.fs.memory, dir); err != nil {
		return nil, err
	}
	entries, err := s.disk.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	counts := map[uint64][]store.Count{}
	for _, entry := range entries {
		info, err := entry.Info()
		if err != nil {
			return nil, err
		}
		number, err := numberOf(entry.Name())
		if err != nil {
			return nil, err
		}
		t := table{number: number, size: info.Size(), name: s.names.of(number)}
		p.tables = append(p.tables, t)
		f := store.File{Name: t.name, Path: filepath.Join(dir, entry.Name()), Size: t.size}
		var known bool
		if f.Counts, known = s.names.counts[number]; !known {
			if f.Counts, err = s.countsOf(ctx, f.Path); err != nil {
				return nil, err
			}
		}
		f.Sum, f.Summed = s.fs.sumOf(f.Path)
		counts[number] = f.Counts
		files = append(files, f)
	}
	s.names.counts = counts
	for i := range s.logs.all {
		one := &s.logs.all[i]
		path := filepath.Join(dir, filepath.Base(one.path))
		if one.counts == nil {
			if one.counts, err = countLog(s.disk, one.path); err != nil {
				return nil, err
			}
		}
		if err := s.disk.Link(one.path, path); err != nil {
			return nil, err
		}
		p.logs = append(p.logs, logged{size: one.size, name: one.name})
		f := store.File{Name: one.name, Path: path, Size: one.size, Counts: one.counts}
		f.Sum, f.Summed = s.fs.sumOf(one.path)
		files = append(files, f)
	}
	content := appendPack(p)
	path := filepath.Join(dir, packName)
	if err := vfs.WriteFile(s.disk, path, content); err != nil {
		return nil, err
	}
	if err := errors.Join(s.disk.SyncDir(dir), s.disk.SyncDir(filepath.Dir(dir))); err != nil {
		return nil, err
	}
	return append(files, store.File{Name: packName, Path: path, Size: int64(len(content)), Small: true}), nil
}
