package stdout

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"syscall"

	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/connector"
)

// Config are the options of the stdout sink.
type Config struct {
	Format      string `option:"format" doc:"table: rows under a header, in aligned columns, for people; other formats are those that every sink has." enum:"table"`
	MaxWidth    int    `option:"max_column_width" doc:"table: the widest a column gets, in characters; a longer value is cut and ends in …." default:"60" tuning:"true"`
	HeaderEvery int    `option:"header_every" doc:"table: repeat the header after so many rows; 0 means only when a column gets wider." default:"500" tuning:"true"`
	Null        string `option:"null_string" doc:"table: what a NULL looks like." default:"NULL" tuning:"true"`
}

// Validate checks what the tags cannot.
func (c *Config) Validate() error {
	if c.MaxWidth < 4 || c.MaxWidth > 10_000 {
		return &connector.OptionError{Name: "max_column_width", Message: "max_column_width must be between 4 and 10000"}
	}
	if c.HeaderEvery < 0 {
		return &connector.OptionError{Name: "header_every", Message: "header_every must be 0 (never) or more"}
	}
	return nil
}

// SinkType returns the stdout sink, which writes to out.
func SinkType(out io.Writer) *connector.SinkType {
	return &connector.SinkType{
		Name:      "stdout",
		Doc:       "Writes to the standard output, each row at once, as records of a format or as a table.",
		NewConfig: func() any { return &Config{} },
		Open: func(_ context.Context, env connector.SinkEnv, config any) (connector.Sink, error) {
			return open(out, env, config.(*Config))
		},
		Format:     "json",
		OwnFormats: []string{tableFormat},
		Changes:    changes,
	}
}

// tableFormat is the format that the sink writes itself.
const tableFormat = "table"

// changes says that a table shows changes; what else is written depends on its format.
func changes(config any) connector.Changes {
	if config.(*Config).Format == tableFormat {
		return connector.Changelog
	}
	return connector.Inserts
}

// stateVersion is the version of state.
const stateVersion = 1

// state is what Prepare stores: how many rows were written. It says what was done; nothing depends on it.
type state struct {
	Version int   `json:"version"`
	Rows    int64 `json:"rows"`
}

// sink writes each chunk as it comes.
type sink struct {
	out   io.Writer
	env   connector.SinkEnv
	table *table // nil: rows of a format
	state state
	begun bool // the header is out
}

func open(out io.Writer, env connector.SinkEnv, config *Config) (*sink, error) {
	if out == nil {
		return nil, errors.New("there is no standard output")
	}
	s := &sink{out: out, env: env, state: state{Version: stateVersion}}
	if env.Restore != nil {
		if err := json.Unmarshal(env.Restore, &s.state); err != nil {
			return nil, fmt.Errorf("stored state: %w", err)
		}
		if s.state.Version != stateVersion {
			return nil, fmt.Errorf("stored state has version %d; this release reads %d", s.state.Version, stateVersion)
		}
	}
	if config.Format == tableFormat {
		s.table = newTable(env.Schema, config)
		s.table.changelog, s.table.changes = env.Changelog, env.Changelog
	}
	return s, nil
}

// NewChunk returns a chunk of encoded rows or of cells.
func (s *sink) NewChunk() (connector.Chunk, error) {
	if s.table != nil {
		return s.table.newChunk(), nil
	}
	encoder, err := s.env.NewEncoder()
	if err != nil {
		return nil, err
	}
	return connector.NewRows(encoder), nil
}

// Write brings the chunk's rows out at once.
func (s *sink) Write(_ context.Context, chunk connector.Chunk) error {
	rows, _ := chunk.Size()
	if rows == 0 {
		return nil
	}
	s.state.Rows += int64(rows)
	if s.table != nil {
		s.begun = true
		return s.put(s.table.lines(chunk.(*cells)))
	}
	if err := s.begin(); err != nil {
		return err
	}
	return s.put(chunk.(*connector.Rows).Data)
}

// begin writes what the output begins with, once.
func (s *sink) begin() error {
	if s.begun {
		return nil
	}
	s.begun = true
	if s.table != nil {
		return s.put(s.table.page())
	}
	encoder, err := s.env.NewEncoder()
	if err != nil {
		return err
	}
	if h, ok := encoder.(codec.Header); ok {
		return s.put(h.AppendHeader(nil))
	}
	return nil
}

func (s *sink) put(text []byte) error {
	if len(text) == 0 {
		return nil
	}
	_, err := s.out.Write(text)
	return explain(err)
}

// explain tells a reader who has gone from an error.
func explain(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, syscall.EPIPE), errors.Is(err, io.ErrClosedPipe):
		return fmt.Errorf("standard output: %w: %w", connector.ErrDownstreamClosed, err)
	default:
		return fmt.Errorf("standard output: %w", err)
	}
}

// Flush empties the writer's own buffer, if it has one.
func (s *sink) Flush(context.Context) error {
	if f, ok := s.out.(interface{ Flush() error }); ok {
		return explain(f.Flush())
	}
	return nil
}

// Prepare makes an empty result show its header.
func (s *sink) Prepare(ctx context.Context, _ int64) (json.RawMessage, error) {
	if err := s.begin(); err != nil {
		return nil, err
	}
	if err := s.Flush(ctx); err != nil {
		return nil, err
	}
	return json.Marshal(s.state)
}

// Commit has nothing to do: rows were visible when they were written.
func (s *sink) Commit(context.Context, int64, json.RawMessage, bool) error { return nil }

// Close leaves the standard output open.
func (s *sink) Close() error { return nil }
