package registry

import (
	"wire.example/wire/internal/connect/blackhole"
	"wire.example/wire/internal/connect/file"
	"wire.example/wire/internal/foundation/vfs"
	"wire.example/wire/sdk/connector"
)

// New returns the connectors over fsys.
func New(fsys vfs.FS) *connector.Registry {
	return &connector.Registry{
		Sources: []*connector.SourceType{file.SourceType(fsys)},
		Sinks:   []*connector.SinkType{file.SinkType(fsys), blackhole.SinkType()},
	}
}
