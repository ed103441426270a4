package registry

import (
	"wire.example/wire/internal/connect/blackhole"
	"wire.example/wire/internal/connect/file"
	"wire.example/wire/internal/connect/generate"
	"wire.example/wire/internal/foundation/clock"
	"wire.example/wire/internal/foundation/vfs"
	"wire.example/wire/sdk/connector"
)

// New returns the connectors over fsys. clk paces sources that have a rate.
func New(fsys vfs.FS, clk clock.Clock) *connector.Registry {
	return &connector.Registry{
		Sources: []*connector.SourceType{file.SourceType(fsys), generate.SourceType(clk)},
		Sinks:   []*connector.SinkType{file.SinkType(fsys), blackhole.SinkType()},
	}
}
