package file

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"wire.example/wire/internal/foundation/clock"
	"wire.example/wire/internal/foundation/fault"
	"wire.example/wire/internal/foundation/vfs"
	"wire.example/wire/sdk/connector"
)

// stateVersion is the version of sinkState.
const stateVersion = 2

// sinkState is what Prepare returns. docs: README.md of this folder, "What is stored".
type sinkState struct {
	Version  int         `json:"version"`
	Path     string      `json:"path"` // the option
	Numbered bool        `json:"numbered"`
	Next     int64       `json:"next"`               // the number of the next part
	Finished []partState `json:"finished,omitempty"` // closed; this epoch's Commit gives them their names
	Open     []partState `json:"open,omitempty"`     // go on, or get their names at the final Commit
}

// endless refuses an input that never ends if there is to be a single file.
func (c *SinkConfig) endless() error {
	if c.rolls() {
		return nil
	}
	return fmt.Errorf("the input never ends, so %s would never appear: say when a part is full with roll_every, roll_size or roll_rows", c.Path)
}

func openSink(fsys vfs.FS, clk clock.Reader, env connector.SinkEnv, config *SinkConfig) (*sink, error) {
	if env.Unbounded {
		if err := config.endless(); err != nil {
			return nil, err
		}
	}
	if env.Log == nil {
		env.Log = slog.New(slog.DiscardHandler)
	}
	s := &sink{
		fs: fsys, clock: clk, env: env, config: config, layout: newLayout(config), next: 1,
		open: map[string]*part{}, unsynced: map[string]bool{}, kept: map[string]bool{},
	}
	var err error
	if len(config.PartitionBy) > 0 {
		if s.partitioner, err = newPartitioner(config.PartitionBy, env.Schema); err != nil {
			return nil, err
		}
	}
	if s.press, err = newCompressor(codecOf(config.Compression, config.Path)); err != nil {
		return nil, err
	}
	if env.Restore == nil {
		err = s.start()
	} else {
		err = s.restore()
	}
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// start begins without a state.
func (s *sink) start() error {
	found, err := s.survey()
	if err != nil {
		return err
	}
	switch {
	case found.published == "" || s.config.IfExists == "replace":
	case s.config.IfExists == "append":
		s.next = found.last + 1
	case s.layout.numbered:
		return fmt.Errorf("%s exists already; remove the parts of the earlier run, or set if_exists: append to add others", found.published)
	default:
		return fmt.Errorf("%s exists already; remove it, or set if_exists: replace", found.published)
	}
	if err := s.sweep(found.leftovers); err != nil {
		return err
	}
	if s.header, err = headerOf(s.env); err != nil {
		return err
	}
	if s.partitioner != nil {
		return nil
	}
	_, err = s.begin("") // now, so that an empty result has a file too
	return err
}

// survey looks at what there is. A single file needs no look at its directory: its part has one name, which is written anew.
func (s *sink) survey() (survey, error) {
	var found survey
	if s.layout.numbered {
		err := s.layout.look(s.fs, s.layout.root, 0, &found)
		return found, err
	}
	_, err := s.fs.Stat(s.config.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return found, nil
	}
	found.published = s.config.Path
	return found, err
}

// sweep removes hidden parts that no state speaks of.
func (s *sink) sweep(leftovers []string) error {
	for _, path := range leftovers {
		s.env.Log.Info("removing the part of a run that ended before it was prepared", "sink", s.env.Name, "part", path)
		if err := s.fs.Remove(path); err != nil {
			return fmt.Errorf("a part of an earlier run: %w", err)
		}
	}
	return nil
}

// restore goes on from a state: what it finished gets its names, what was open goes on where it was durable, all else is removed.
func (s *sink) restore() error {
	var st sinkState
	if err := json.Unmarshal(s.env.Restore, &st); err != nil {
		return fmt.Errorf("stored state: %w", err)
	}
	switch {
	case st.Version != stateVersion:
		return fmt.Errorf("stored state has version %d; this release reads %d", st.Version, stateVersion)
	case st.Path != s.config.Path || st.Numbered != s.layout.numbered:
		return fmt.Errorf("stored state is of %q (parts: %t), not of %q (parts: %t); start without it to write elsewhere",
			st.Path, st.Numbered, s.config.Path, s.layout.numbered)
	}
	if err := s.layout.owns(slices.Concat(st.Finished, st.Open)); err != nil {
		return fmt.Errorf("stored state: %w", err)
	}
	if err := s.publish(st.Finished); err != nil {
		return err
	}
	s.next = max(st.Next, 1)
	for _, p := range st.Open {
		s.kept[p.Part] = true
	}
	for _, p := range st.Open {
		if err := s.resume(p); err != nil {
			return err
		}
	}
	var err error
	if s.header, err = headerOf(s.env); err != nil {
		return err
	}
	found, err := s.survey()
	if err != nil {
		return err
	}
	return s.sweep(slices.DeleteFunc(found.leftovers, func(path string) bool { return s.kept[path] }))
}

// resume opens a part again, cut to what was durable. A part that the final Commit has named is left alone.
func (s *sink) resume(p partState) error {
	f, err := s.fs.OpenFile(p.Part, os.O_RDWR, 0o644)
	if errors.Is(err, fs.ErrNotExist) && s.published(p) == nil {
		s.done = s.done || !s.layout.numbered
		return nil
	}
	if err != nil {
		return fmt.Errorf("the part that the stored state continues: %w", err)
	}
	if err := continuePart(f, p); err != nil {
		return errors.Join(err, f.Close())
	}
	s.open[p.Dir] = &part{partState: p, file: f, press: s.press, room: s.room(), dirty: true}
	return nil
}

func continuePart(f vfs.File, p partState) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if info.Size() < p.Length {
		return fmt.Errorf("%s has %d bytes, but %d were durable: it was changed or replaced", p.Part, info.Size(), p.Length)
	}
	tail, err := hashTail(f, p.Length)
	if err != nil {
		return err
	}
	if tail != p.Tail {
		return fmt.Errorf("the end of %s, before byte %d, is not what was durable: it was changed or replaced", p.Part, p.Length)
	}
	if err := f.Truncate(p.Length); err != nil {
		return err
	}
	_, err = f.Seek(p.Length, io.SeekStart)
	return err
}

// publish gives parts their names and makes those durable.
func (s *sink) publish(parts []partState) error {
	dirs := map[string]bool{}
	for _, p := range parts {
		fault.Point("sink/file/before-rename")
		if err := s.rename(p); err != nil {
			return err
		}
		dirs[filepath.Dir(p.Target)] = true
	}
	fault.Point("sink/file/renamed")
	for _, dir := range slices.Sorted(maps.Keys(dirs)) {
		if err := s.fs.SyncDir(dir); err != nil {
			return explain(dir, err)
		}
	}
	return nil
}

func (s *sink) rename(p partState) error {
	rename := s.fs.RenameNoReplace
	if s.config.IfExists == "replace" {
		rename = s.fs.Rename
	}
	err := rename(p.Part, p.Target)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return s.published(p)
	case errors.Is(err, fs.ErrExist):
		return fmt.Errorf("%s has appeared since the run began; move it away and run again: %w", p.Target, err)
	default:
		return err
	}
}

// published checks, when the part is gone, that the target is what it became. It answers nil if so.
func (s *sink) published(p partState) (err error) {
	f, err := s.fs.Open(p.Target)
	if err != nil {
		return fmt.Errorf("neither %s nor %s is there: %w", p.Part, p.Target, err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if info.Size() != p.Length {
		return fmt.Errorf("%s has %d bytes, but %d were to be published", p.Target, info.Size(), p.Length)
	}
	tail, err := hashTail(f, p.Length)
	if err == nil && tail != p.Tail {
		err = fmt.Errorf("%s ends otherwise than the part that was to be published", p.Target)
	}
	return err
}
