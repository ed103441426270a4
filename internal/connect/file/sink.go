package file

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"wire.example/wire/internal/foundation/fault"
	"wire.example/wire/internal/foundation/vfs"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/connector"
)

// SinkType returns the file sink over fsys.
func SinkType(fsys vfs.FS) *connector.SinkType {
	return &connector.SinkType{
		Name:      "file",
		Doc:       "Writes a file, which appears under its name, whole, when the run is done.",
		NewConfig: func() any { return &SinkConfig{} },
		Open: func(_ context.Context, env connector.SinkEnv, config any) (connector.Sink, error) {
			return openSink(fsys, env, config.(*SinkConfig))
		},
		Format: "json",
	}
}

// sinkState is what Prepare returns: the hidden part, how much of it is durable, and its name to be.
type sinkState struct {
	Version int    `json:"version"`
	Part    string `json:"part"`
	Target  string `json:"target"`
	Length  int64  `json:"length"` // bytes of Part that are fsynced
}

// stateVersion is the version of sinkState.
const stateVersion = 1

// sink writes one file: bytes go to the part, which the final commit renames to the target.
type sink struct {
	fs       vfs.FS
	env      connector.SinkEnv
	config   *SinkConfig
	part     vfs.File
	out      frameWriter // nil when bytes go to the part as they are
	length   int64       // bytes in the part
	inFrame  bool        // bytes were written to out since its frame began
	prepared bool
	done     bool // published; part is nil if that was before this run
}

// partName is the hidden name under which target is written, in the same directory.
func partName(target string) string {
	return filepath.Join(filepath.Dir(target), "."+filepath.Base(target)+".part")
}

func openSink(fsys vfs.FS, env connector.SinkEnv, config *SinkConfig) (*sink, error) {
	s := &sink{fs: fsys, env: env, config: config}
	if err := s.checkTarget(); err != nil {
		return nil, err
	}
	if err := fsys.MkdirAll(filepath.Dir(config.Path), 0o755); err != nil {
		return nil, err
	}
	if err := s.openPart(); err != nil {
		return nil, err
	}
	out, err := compress(countWriter{s}, codecOf(config.Compression, config.Path))
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	s.out = out
	if s.length == 0 {
		if err := s.header(); err != nil {
			return nil, errors.Join(err, s.Close())
		}
	}
	return s, nil
}

func (s *sink) checkTarget() error {
	_, err := s.fs.Stat(s.config.Path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case s.config.IfExists == "replace" || s.env.Restore != nil:
		return nil
	}
	return fmt.Errorf("%s exists already; remove it, or set if_exists: replace", s.config.Path)
}

// openPart makes a new part, or goes on with the one of the restored state, cut to what was durable.
func (s *sink) openPart() error {
	name := partName(s.config.Path)
	if s.env.Restore == nil {
		part, err := s.fs.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o644)
		s.part = part
		return err
	}
	var state sinkState
	if err := json.Unmarshal(s.env.Restore, &state); err != nil {
		return fmt.Errorf("stored state: %w", err)
	}
	if state.Version != stateVersion || state.Target != s.config.Path {
		return fmt.Errorf("stored state (version %d) is of %q, not of %q", state.Version, state.Target, s.config.Path)
	}
	part, err := s.fs.OpenFile(state.Part, os.O_RDWR, 0o644)
	if errors.Is(err, fs.ErrNotExist) && s.published(state) == nil {
		s.length, s.prepared, s.done = state.Length, true, true
		return nil
	}
	if err != nil {
		return fmt.Errorf("the part that the stored state continues: %w", err)
	}
	if err := continuePart(part, state.Length); err != nil {
		return errors.Join(err, part.Close())
	}
	s.part, s.length, s.prepared = part, state.Length, true
	return nil
}

func continuePart(part vfs.File, length int64) error {
	info, err := part.Stat()
	if err != nil {
		return err
	}
	if info.Size() < length {
		return fmt.Errorf("%s has %d bytes, but %d were durable: it was changed or replaced", part.Name(), info.Size(), length)
	}
	if err := part.Truncate(length); err != nil {
		return err
	}
	_, err = part.Seek(length, 0)
	return err
}

func (s *sink) header() error {
	encoder, err := s.env.NewEncoder()
	if err != nil {
		return err
	}
	if h, ok := encoder.(codec.Header); ok {
		return s.write(h.AppendHeader(nil))
	}
	return nil
}

// NewChunk returns a chunk of encoded rows.
func (s *sink) NewChunk() (connector.Chunk, error) {
	encoder, err := s.env.NewEncoder()
	if err != nil {
		return nil, err
	}
	return connector.NewRows(encoder), nil
}

// Write appends the chunk's rows to the part.
func (s *sink) Write(_ context.Context, chunk connector.Chunk) error {
	return s.write(chunk.(*connector.Rows).Data)
}

func (s *sink) write(data []byte) error {
	if len(data) == 0 {
		return nil
	}
	if s.done {
		return fmt.Errorf("%s is published already and takes no more rows; remove the stored state to write it anew", s.config.Path)
	}
	if s.out == nil {
		_, err := countWriter{s}.Write(data)
		return err
	}
	s.inFrame = true
	_, err := s.out.Write(data)
	return err
}

// countWriter writes to the part and counts.
type countWriter struct{ s *sink }

func (w countWriter) Write(p []byte) (int, error) {
	n, err := w.s.part.Write(p)
	w.s.length += int64(n)
	return n, err
}

// Flush ends the compressor's frame and fsyncs the part.
func (s *sink) Flush(context.Context) error {
	if s.done {
		return nil
	}
	if s.inFrame {
		if err := s.out.Close(); err != nil {
			return err
		}
		s.out.Reset(countWriter{s})
		s.inFrame = false
	}
	return s.part.Sync()
}

// Prepare makes the part and its hidden name durable.
func (s *sink) Prepare(ctx context.Context, _ int64) (json.RawMessage, error) {
	fault.Point("sink/file/before-prepare")
	if err := s.Flush(ctx); err != nil {
		return nil, err
	}
	if err := s.fs.SyncDir(filepath.Dir(s.config.Path)); err != nil {
		return nil, err
	}
	s.prepared = true
	return json.Marshal(sinkState{Version: stateVersion, Part: partName(s.config.Path), Target: s.config.Path, Length: s.length})
}

// Commit gives the part its name when nothing follows. Done before: the part is gone and the target has the recorded size.
func (s *sink) Commit(_ context.Context, _ int64, state json.RawMessage, final bool) error {
	if !final || s.done {
		return nil
	}
	var st sinkState
	if err := json.Unmarshal(state, &st); err != nil {
		return err
	}
	fault.Point("sink/file/before-rename")
	if err := s.publish(st); err != nil {
		return err
	}
	s.done = true
	return s.fs.SyncDir(filepath.Dir(st.Target))
}

func (s *sink) publish(st sinkState) error {
	rename := s.fs.RenameNoReplace
	if s.config.IfExists == "replace" {
		rename = s.fs.Rename
	}
	err := rename(st.Part, st.Target)
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return s.published(st)
}

// published checks, when the part is gone, that the target is what it became. It answers nil if so.
func (s *sink) published(st sinkState) error {
	info, err := s.fs.Stat(st.Target)
	if err != nil {
		return fmt.Errorf("neither %s nor %s is there: %w", st.Part, st.Target, err)
	}
	if info.Size() != st.Length {
		return fmt.Errorf("%s has %d bytes, but %d were to be published", st.Target, info.Size(), st.Length)
	}
	return nil
}

// Close closes the part. A part that no Prepare made durable is removed.
func (s *sink) Close() error {
	if s.part == nil {
		return nil // published before this run
	}
	err := s.part.Close()
	if !s.prepared {
		err = errors.Join(err, s.fs.Remove(s.part.Name()))
	}
	return err
}
