package file

import (
	"cmp"
	"path/filepath"
	"strings"
	"time"

	"wire.example/wire/sdk/connector"
)

// SourceConfig are the options of the file source.
type SourceConfig struct {
	Path        string          `option:"path" doc:"File, directory (all files in it) or glob such as logs/*.jsonl." required:"true"`
	Compression string          `option:"compression" doc:"How the files are compressed; auto goes by their ending (.gz, .zst)." enum:"auto,none,gzip,zstd" default:"auto"`
	Follow      bool            `option:"follow" doc:"Go on when the files end: wait for more lines, for new files and for files that were rotated or emptied." default:"false"`
	PollEvery   time.Duration   `option:"poll_every" doc:"With follow: how often to look for changes that the operating system did not report." default:"250ms" tuning:"true"`
	BlockSize   connector.Bytes `option:"block_size" doc:"Size of the blocks in which a file is read under load." default:"512KB" tuning:"true"`
}

// Validate checks what the tags cannot.
func (c *SourceConfig) Validate() error {
	switch {
	case c.BlockSize < 4<<10 || c.BlockSize > 64<<20:
		return &connector.OptionError{Name: "block_size", Message: "block_size must be between 4KB and 64MB"}
	case c.Follow && c.PollEvery < 10*time.Millisecond:
		return &connector.OptionError{Name: "poll_every", Message: "poll_every must be 10ms or more"}
	case c.Follow && codecOf(c.Compression, c.Path) != "none":
		return &connector.OptionError{Name: "follow", Message: "follow reads files that grow, and a compressed file cannot be read while it grows; leave follow out, or name the file that is written before it is compressed"}
	}
	return nil
}

// blockBytes is how large blocks get: what the engine insists on, else the option.
func (c *SourceConfig) blockBytes(env connector.SourceEnv) int {
	return cmp.Or(env.BlockBytes, int(c.BlockSize))
}

// SinkConfig are the options of the file sink.
type SinkConfig struct {
	Path        string          `option:"path" doc:"The file to write; with parts (roll_… or partition_by), what their names are made of: out/a.csv gives out/a-000001.csv." required:"true"`
	Compression string          `option:"compression" doc:"How to compress; auto goes by the path's ending (.gz, .zst)." enum:"auto,none,gzip,zstd" default:"auto"`
	IfExists    string          `option:"if_exists" doc:"What to do when output is there already: refuse to start (error), replace the file when the run is done (replace), or add to it, or to the parts that are there (append)." enum:"error,replace,append" default:"error" tuning:"true"`
	RollSize    connector.Bytes `option:"roll_size" doc:"Begin a new part when one has this size, as it lies on disk." tuning:"true"`
	RollEvery   time.Duration   `option:"roll_every" doc:"Begin a new part when one is this old, counted from its first row." tuning:"true"`
	RollRows    int64           `option:"roll_rows" doc:"Begin a new part when one has this many rows." tuning:"true"`
	PartitionBy []string        `option:"partition_by" doc:"Columns by whose values rows go into directories: [dt, hm] gives dt=…/hm=…/."`
	MaxOpen     int             `option:"max_open_partitions" doc:"How many partitions may have an open part; beyond, the one not written for longest is closed." default:"64" tuning:"true"`
}

// Validate checks what the tags cannot.
func (c *SinkConfig) Validate() error {
	base := filepath.Base(c.Path)
	switch {
	case base == "." || base == ".." || strings.HasSuffix(c.Path, "/"):
		return &connector.OptionError{Name: "path", Message: "path must name a file, not a directory: out/rows.jsonl, for instance"}
	case c.RollSize < 0 || c.RollRows < 0:
		return &connector.OptionError{Name: "roll_rows", Message: "roll_size and roll_rows must be more than 0; leave them out not to roll"}
	case c.MaxOpen < 1 || c.MaxOpen > 4096:
		return &connector.OptionError{Name: "max_open_partitions", Message: "max_open_partitions must be between 1 and 4096"}
	case c.parts() && c.IfExists == "replace":
		return &connector.OptionError{Name: "if_exists", Message: "if_exists: replace is for a single file; with parts use append, or another directory"}
	}
	return nil
}

// Target is the file or, of numbered parts, what they have in common.
func (c *SinkConfig) Target() string {
	if l := newLayout(c); l.numbered {
		dirs := ""
		for _, column := range l.columns {
			dirs = filepath.Join(dirs, column+"=*")
		}
		return "file " + filepath.Join(l.root, dirs, l.base+"-*"+l.ext)
	}
	return "file " + filepath.Clean(c.Path)
}

// rolls reports whether a part can come to its end before the input does.
func (c *SinkConfig) rolls() bool { return c.RollSize > 0 || c.RollEvery > 0 || c.RollRows > 0 }

// parts reports whether output is numbered parts rather than one file.
func (c *SinkConfig) parts() bool { return c.rolls() || len(c.PartitionBy) > 0 }

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
