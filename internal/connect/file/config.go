package file

import (
	"strings"

	"wire.example/wire/sdk/connector"
)

// SourceConfig are the options of the file source.
type SourceConfig struct {
	Path        string          `option:"path" doc:"File, directory (all files in it) or glob such as logs/*.jsonl." required:"true"`
	Compression string          `option:"compression" doc:"How the files are compressed; auto goes by their ending (.gz, .zst)." enum:"auto,none,gzip,zstd" default:"auto"`
	BlockSize   connector.Bytes `option:"block_size" doc:"Size of the blocks in which a file is read under load." default:"256KB"`
}

// Validate checks what the tags cannot.
func (c *SourceConfig) Validate() error {
	if c.BlockSize < 4<<10 || c.BlockSize > 64<<20 {
		return &connector.OptionError{Name: "block_size", Message: "block_size must be between 4KB and 64MB"}
	}
	return nil
}

// SinkConfig are the options of the file sink.
type SinkConfig struct {
	Path        string `option:"path" doc:"The file to write." required:"true"`
	Compression string `option:"compression" doc:"How to compress; auto goes by the path's ending (.gz, .zst)." enum:"auto,none,gzip,zstd" default:"auto"`
	IfExists    string `option:"if_exists" doc:"What to do when the file is there already: refuse to start (error), or replace it when the run is done." enum:"error,replace" default:"error"`
}

// codecOf resolves compression "auto" by the ending of path.
func codecOf(compression, path string) string {
	switch {
	case compression != "auto" && compression != "":
		return compression
	case strings.HasSuffix(path, ".gz"):
		return "gzip"
	case strings.HasSuffix(path, ".zst"), strings.HasSuffix(path, ".zstd"):
		return "zstd"
	default:
		return "none"
	}
}
