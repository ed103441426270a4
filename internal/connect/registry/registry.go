package registry

import (
	"io"

	"wire.example/wire/internal/connect/blackhole"
	"wire.example/wire/internal/connect/file"
	"wire.example/wire/internal/connect/generate"
	"wire.example/wire/internal/connect/http"
	"wire.example/wire/internal/connect/stdin"
	"wire.example/wire/internal/connect/stdout"
	"wire.example/wire/internal/foundation/clock"
	"wire.example/wire/internal/foundation/vfs"
	"wire.example/wire/sdk/connector"
)

// Environment is what connectors reach of the process and the machine.
type Environment struct {
	FS     vfs.FS
	Clock  clock.Clock
	Stdin  io.Reader
	Stdout io.Writer
}

// New returns the connectors over env.
func New(env Environment) *connector.Registry {
	return &connector.Registry{
		Sources: []*connector.SourceType{file.SourceType(env.FS, env.Clock), generate.SourceType(env.Clock), http.SourceType(env.Clock), stdin.SourceType(env.Stdin)},
		Sinks:   []*connector.SinkType{file.SinkType(env.FS, env.Clock), http.SinkType(env.Clock), stdout.SinkType(env.Stdout), blackhole.SinkType()},
	}
}
