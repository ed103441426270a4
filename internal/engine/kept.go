package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"path/filepath"
	"slices"
	"strings"

	"wire.example/wire/internal/flow"
	"wire.example/wire/internal/foundation/fault"
	"wire.example/wire/internal/foundation/vfs"
	"wire.example/wire/internal/state/checkpoint"
	"wire.example/wire/internal/state/pebblestore"
	"wire.example/wire/internal/state/store"
)

// Kept is the state of a checkpoint, restored into scratch for somebody who looks at it while the pipeline may run.
type Kept struct {
	Checkpoint *checkpoint.Manifest
	// Manifest is what the runtime kept.
	Manifest *flow.Manifest
	look     *checkpoint.Look
	fs       vfs.FS
	store    store.Store // nil: no step has state in it
}

// OpenKept restores the store of a checkpoint in the state directory dir, and verifies all its files: a *checkpoint.DamagedError otherwise, or
// checkpoint.ErrRemoved. The caller closes it.
func OpenKept(ctx context.Context, fsys vfs.FS, dir string, m *checkpoint.Manifest) (*Kept, error) {
	k := &Kept{Checkpoint: m, fs: fsys}
	var err error
	if k.Manifest, err = bodyOf(m); err != nil {
		return nil, err
	}
	if err := groupsOf(m, k.Manifest); err != nil {
		return nil, fmt.Errorf("%s: %w", m.Path(dir), err)
	}
	if m.Store.Kind == "" {
		return k, nil
	}
	if err := readable(m); err != nil {
		return nil, err
	}
	if k.look, err = checkpoint.NewLook(ctx, fsys, dir, m, flow.StorePart); err != nil {
		return nil, err
	}
	opened, err := pebblestore.Open(ctx, pebblestore.Options{FS: fsys, Dir: filepath.Join(k.look.Dir(), "store"), From: k.look.Paths, Memory: defaultStoreMemory, Late: true})
	if err != nil {
		return nil, errors.Join(err, k.look.Close())
	}
	k.store = opened
	return k, nil
}

// bodyOf is what the runtime kept in a checkpoint.
func bodyOf(m *checkpoint.Manifest) (*flow.Manifest, error) {
	body := &flow.Manifest{}
	if err := json.Unmarshal(m.Body, body); err != nil {
		return nil, fmt.Errorf("checkpoint %d: %w", m.Epoch, err)
	}
	if body.Version > flow.ManifestVersion {
		return nil, fmt.Errorf("checkpoint %d was written by a later release: its manifest has version %d, and this one reads up to %d", m.Epoch, body.Version, flow.ManifestVersion)
	}
	return body, nil
}

// readable refuses a store of another kind.
func readable(m *checkpoint.Manifest) error {
	if m.Store != storeFormat() {
		return fmt.Errorf("the state of checkpoint %d is stored as %s, version %d, which this release does not read", m.Epoch, m.Store.Kind, m.Store.Version)
	}
	return nil
}

// Reader reads the store; nil: there is none. The caller closes it before k.
func (k *Kept) Reader() store.Reader {
	if k.store == nil {
		return nil
	}
	return k.store.Reader()
}

// Count reads every entry of every file of the store and compares how many there are of each table with what the checkpoint says: a *store.CorruptError names a file that has more or fewer. Files of
// earlier releases say nothing.
func (k *Kept) Count(ctx context.Context) error {
	if k.look == nil {
		return nil
	}
	for i, f := range k.Checkpoint.FilesOf(flow.StorePart) {
		if len(f.Counts) == 0 {
			continue
		}
		file := store.File{Name: f.Name, Path: k.look.Paths[i], Size: f.Size, Small: f.Small}
		var err error
		if file.Counts, err = pebblestore.Count(ctx, k.fs, file); err != nil {
			return err
		}
		counted := countsOf(file)
		if !slices.Equal(counted, f.Counts) && !fault.Weak("checkpoint/counts") {
			return &store.CorruptError{File: f.Stored, Offset: -1, Reason: fmt.Sprintf("it has other entries than were counted when it was written: %s, should be %s", k.countsText(counted), k.countsText(f.Counts))}
		}
	}
	return nil
}

// countsText names steps and tables.
func (k *Kept) countsText(counts []checkpoint.Count) string {
	if len(counts) == 0 {
		return "none"
	}
	words := make([]string, len(counts))
	for i, c := range counts {
		name := fmt.Sprintf("operator %d", c.Operator)
		for step, s := range k.Manifest.States {
			if s.Number == c.Operator {
				name = fmt.Sprintf("step %q", step)
			}
		}
		words[i] = fmt.Sprintf("%d values and %d removals of %s, %s", c.Puts, c.Deletes, name, flow.TableName(c.Table))
	}
	return strings.Join(words, "; ")
}

// Table is what a checkpoint keeps of one table of a step.
type Table struct {
	Step    string `json:"step"`
	Table   string `json:"table"`
	Entries int64  `json:"entries"`
	Bytes   int64  `json:"bytes"` // of keys and values, not compressed
	number  uint8
}

// Tables reads all entries and counts them, by step and table.
func (k *Kept) Tables(ctx context.Context) ([]Table, error) { return k.tables(ctx, true) }

// errThere ends the search for an entry.
var errThere = errors.New("there is one")

// tables finds the tables that have entries, and counts these.
func (k *Kept) tables(ctx context.Context, counted bool) ([]Table, error) {
	if k.store == nil {
		return nil, nil
	}
	r := k.store.Reader()
	var tables []Table
	for _, step := range slices.Sorted(maps.Keys(k.Manifest.States)) {
		for table := range math.MaxUint8 + 1 {
			space := store.Space{Operator: k.Manifest.States[step].Number, Table: uint8(table)} //nolint:gosec // up to 255
			t := Table{Step: step, Table: flow.TableName(space.Table), number: space.Table}
			there := false
			err := r.Scan(space, 0, math.MaxUint64, func(_ int64, _ uint64, key, value []byte) error {
				if there = true; !counted {
					return errThere
				}
				t.Entries++
				t.Bytes += int64(len(key) + len(value))
				if t.Entries&0xfff == 0 {
					return ctx.Err()
				}
				return nil
			})
			if err != nil && !errors.Is(err, errThere) {
				return nil, errors.Join(fmt.Errorf("step %q, %s: %w", step, t.Table, err), r.Close())
			}
			if there {
				tables = append(tables, t)
			}
		}
	}
	return tables, r.Close()
}

// Close closes the store and removes the scratch.
func (k *Kept) Close() error {
	var err error
	if k.store != nil {
		err = k.store.Close()
	}
	if k.look != nil {
		err = errors.Join(err, k.look.Close())
	}
	return err
}
