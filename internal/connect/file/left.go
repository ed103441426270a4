package file

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"slices"

	"wire.example/wire/internal/foundation/vfs"
	"wire.example/wire/sdk/connector"
)

// finishLeft gives the parts of a sink that is no more their names: those that were finished, and those that would have gone on, as far as they were durable.
func finishLeft(fsys vfs.FS, state json.RawMessage) error {
	var st sinkState
	if err := json.Unmarshal(state, &st); err != nil {
		return fmt.Errorf("stored state: %w", err)
	}
	config := &SinkConfig{Path: st.Path, IfExists: map[bool]string{true: "replace"}[st.Replace]}
	s := &sink{fs: fsys, config: config, layout: newLayout(config), env: connector.SinkEnv{Log: slog.New(slog.DiscardHandler)}}
	if st.Numbered {
		config.RollRows = 1
		s.layout = newLayout(config)
	}
	if _, err := s.readState(state); err != nil {
		return fmt.Errorf("stored state: %w", err)
	}
	for _, p := range st.Open {
		if err := s.cut(p); err != nil {
			return err
		}
	}
	return (&publication{sink: s, base: st.Base, recovery: true}).publish(slices.Concat(st.Finished, st.Open))
}

// cut takes from an open part what was not durable.
func (s *sink) cut(p partState) error {
	f, err := s.fs.OpenFile(p.Part, os.O_RDWR, 0)
	if errors.Is(err, fs.ErrNotExist) { // published already, or publish says that it is not
		return nil
	}
	if err != nil {
		return explain(p.Part, err)
	}
	if err = p.long(f); err == nil {
		if err = f.Truncate(p.Length); err == nil {
			err = f.Sync()
		}
	}
	return errors.Join(err, f.Close())
}

// sweepLeft removes the parts of a finished pipeline that runs have left which were superseded.
func sweepLeft(fsys vfs.FS, env connector.SinkEnv, config *SinkConfig) error {
	s := &sink{fs: fsys, config: config, layout: newLayout(config), env: env}
	s.layout.owner = ownerOf(env.Lineage, env.Generation)
	return s.removeFormer()
}
