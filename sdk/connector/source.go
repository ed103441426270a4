package connector

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"

	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sqlstate"
)

// Status is what a Poll found.
type Status uint8

// The answers of Poll.
const (
	// Ready: the block was filled.
	Ready Status = iota
	// Woken: wake fired before there was data; poll again.
	Woken
	// End: a bounded source has no more blocks. Every later Poll answers End.
	End
)

// SplitState is where one split stands: what Snapshot stores and Restore reads. Position belongs to the connector; it is a JSON object with
// a version of its own.
type SplitState struct {
	Split    string          `json:"split"`
	Position json.RawMessage `json:"position"`
}

// Reader deals the blocks of one source. All methods are called by one goroutine at a time, except that Close may be called at any time
// after the last Poll returned.
type Reader interface {
	// Poll fills block, whose Buf the caller provides empty, with at least one whole record and answers Ready. It blocks until there is
	// data, the input ends, wake can be received from, or ctx is done. A block larger than the buffer's capacity makes it grow.
	Poll(ctx context.Context, wake <-chan struct{}, block *codec.Block) (Status, error)
	// Snapshot returns the state of every known split just after the last block that Poll dealt.
	Snapshot() ([]SplitState, error)
	// Close releases what the reader holds. No block dealt is affected. After a run it is called when every Ack was.
	Close() error
}

// Acknowledger is an extra power of a Reader that wants to hear which epochs are durable. Idempotent.
type Acknowledger interface {
	Acknowledge(ctx context.Context, epoch int64) error
}

// Split is what a Reader knows of one of its splits.
type Split struct {
	// Number is Block.Split of its blocks, Name SplitState.Split of its state.
	Number int
	Name   string
	// Empty says that everything that was there when the split was last looked at has been dealt.
	Empty bool
	// Ended says that nothing of it will follow.
	Ended bool
}

// Splitter is an extra power of a Reader whose splits come and go. Splits appends them to dst as the last Poll found them, those that Snapshot tells of; it
// is called as Poll is. A Reader without it has the splits that its first Snapshot tells of, numbered from 0 in that order; if there is one, a Poll that
// answers Woken has found it empty.
type Splitter interface {
	Splits(dst []Split) []Split
}

// Progress is an extra power of a Reader that knows how large its input is. Safe for concurrent use; total is -1 when unknown.
type Progress interface {
	Progress() (done, total int64)
}

// Paced is an extra power of a source's configuration that may make its rows wait for their time. Unpaced returns one by which the same rows come at once: a
// planner looks at the first of them.
type Paced interface {
	Unpaced() any
}

// SourceEnv is what the engine gives a source.
type SourceEnv struct {
	// Name is the source's name in the pipeline, for messages.
	Name string
	// Framer makes the framer of one split. It is nil for sources that deal rows.
	Framer func() codec.Framer
	// MediaType is that of the format's records, or "" if the format has none.
	MediaType string
	// BlockBytes, if not 0, is how large a block is to get under load, whatever the connector's own options say: tests make it small, so that
	// a few rows are several blocks.
	BlockBytes int
	// MaxRecordBytes bounds one record.
	MaxRecordBytes int64
	// Restore holds the splits' states to go on from; empty at a first start.
	Restore []SplitState
	Log     *slog.Logger
}

// SourceType describes a source connector.
type SourceType struct {
	Name string
	// Doc is one sentence for a person who chooses.
	Doc string
	// NewConfig returns a pointer to the connector's config struct; Apply fills it.
	NewConfig func() any
	// Open starts reading.
	Open func(ctx context.Context, env SourceEnv, config any) (Reader, error)
	// Bounded says whether a source so configured ends by itself.
	Bounded func(config any) bool
	// Replayable says whether the source can go back to a position.
	Replayable bool
	// Rows is set for sources that deal rows themselves and take no format.
	Rows *RowSource
}

// RowSource is the part of a source that makes rows without a format.
type RowSource struct {
	Schema     func(config any) (*schema.Schema, error)
	NewDecoder func(config any, spec codec.DecodeSpec) (codec.Decoder, error)
	// Changes reports whether batches have Kinds; nil: never.
	Changes func(config any) bool
}

// SinkEnv is what the engine gives a sink.
type SinkEnv struct {
	Name   string
	Schema *schema.Schema
	// NewEncoder makes an encoder of the sink's format; nil for sinks without one.
	NewEncoder func() (codec.Encoder, error)
	// MediaType is that of the format's records, or "" if the format has none.
	MediaType string
	Pool      *batch.Pool
	// Restore is the state that Prepare returned for the last published epoch, or nil at a first start. The Commits of that epoch and of those before
	// it may not have happened: Open does what is left of them, or leaves it to a Commit of the same state, which follows if the epoch was the
	// final one.
	Restore json.RawMessage
	// Lineage names the history that epochs belong to: a pipeline from its first start, or from the one at which its state was given up. Empty for a
	// run without state. Generation counts the owners of a lineage: nobody who owned it before has as high a one. 0 without state.
	Lineage    string
	Generation int64
	// Abandoned are lineages of the same pipeline whose state was given up: nobody goes on with what they left.
	Abandoned []string
	// Contested says that a former owner may still be alive, stopped perhaps, and go on at any moment, in the middle of any call: what he has
	// open is not written, and what he does later must do no harm. It holds from a take-over until an epoch of a later generation is
	// published: a run that goes on from a state of before a take-over is contested, whoever made the take-over.
	Contested bool
	// Repeats says that Restore is the state of an older epoch than the last published one, and that somebody accepted that rows come again that a sink was
	// given after it: what became of them since is no reason to refuse the state.
	Repeats bool
	// Leaving are states, as Prepare returned them, of sinks of the same connector that the pipeline has no more, and that are not finished yet
	// (SinkType.Finish): what they speak of is left alone.
	Leaving []json.RawMessage
	// Unbounded says that the input never ends.
	Unbounded bool
	// Changelog says that rows may be updated and deleted: batches may have Kinds. Never of a sink that takes Inserts only.
	Changelog bool
	Log       *slog.Logger
}

// SinkType describes a sink connector.
type SinkType struct {
	Name      string
	Doc       string
	NewConfig func() any
	Open      func(ctx context.Context, env SinkEnv, config any) (Sink, error)
	// Format is the default format, or "" if the sink takes none.
	Format string
	// OwnFormats are formats that the connector writes itself, such as a table on a terminal: the name is then its option "format".
	OwnFormats []string
	// Columns returns the columns whose values the sink itself reads (to choose a partition, say); nil if there are none. They are in the
	// batches that reach a chunk even where rows are written as raw records.
	Columns func(config any) []string
	// Endless returns what keeps the sink from an input that never ends, so that it is known before the run; nil if there is nothing. Open
	// refuses the same (SinkEnv.Unbounded).
	Endless func(config any) error
	// Changes returns which changelogs the sink takes with config beyond what its format can say; nil means Inserts.
	Changes func(config any) Changes
	// Finish publishes all that a sink of a pipeline has left which has no such sink any more, by the state of its last published epoch alone; its input has ended with that. Idempotent.
	// nil: nothing is ever left behind.
	Finish func(ctx context.Context, state json.RawMessage) error
	// Sweep removes what runs of a finished pipeline have left that were superseded, and went on for a while after all was published: nobody goes on with it. env has the Name, the Lineage, the Generation of who asks,
	// who owns the pipeline alone, and the Log. What runs of a later generation, or of other pipelines, have is left alone. Idempotent. nil: nothing is ever left behind.
	Sweep func(ctx context.Context, env SinkEnv, config any) error
	// Remote sinks get a queue and a goroutine of their own, so that lanes go on while they wait for their target.
	Remote bool
}

// Changes says what kinds of rows a sink takes, or a format can write.
type Changes uint8

// What is taken.
const (
	// Inserts: rows only come to be. A batch with kinds other than batch.Insert never comes.
	Inserts Changes = iota
	// Upserts: rows with a key, of which the last one counts; batch.Delete takes the row with that key away. No batch.UpdateBefore comes.
	Upserts
	// Changelog: rows are given and taken back, in full.
	Changelog
)

// Exclusive is an extra power of a sink's config whose target must not be shared: two sinks of a pipeline with the same Target would spoil each
// other's output, and are refused. Target begins with the kind of place, so that it is unlike those of other connectors, and holds no secret.
type Exclusive interface {
	Target() string
}

// Overlapping is an extra power of an Exclusive config: Overlaps reports whether a sink with it and one with other, which may be of any connector, could
// write what has the same name although their Targets differ, as where one writes a file and the other one all files of a pattern. Symmetric.
type Overlapping interface {
	Exclusive
	Overlaps(other any) bool
}

// Clash says where two sinks of a pipeline, with the configs a and b, would spoil each other's output; "" if they would not.
func Clash(a, b any) string {
	x, exclusive := a.(Exclusive)
	y, both := b.(Exclusive)
	if !exclusive || !both {
		return ""
	}
	if x.Target() == y.Target() {
		return x.Target()
	}
	if o, ok := a.(Overlapping); ok && o.Overlaps(b) {
		return x.Target() + " and " + y.Target()
	}
	return ""
}

// Own reports whether the connector itself writes the format called name.
func (t *SinkType) Own(name string) bool { return slices.Contains(t.OwnFormats, name) }

// Chunk is rows in the form in which a sink writes them. A lane fills its chunk by Encode, the sink's writer drains it in Write. One goroutine
// at a time.
type Chunk interface {
	// Encode adds the rows of b that count. It reports rows that cannot be encoded; the others are added.
	Encode(b *batch.Batch) []codec.RowError
	// Size returns the rows and bytes held.
	Size() (rows int, bytes int64)
	// Reset empties the chunk.
	Reset()
}

// RowsError is what Write, Flush and Prepare of a sink return for rows that the target refused for good. All other rows are where they would
// be had the call returned nil; a Flush or Prepare is called again. Each row is reported once, at the latest by the Prepare after its Write.
// What becomes of the rows is the pipeline's policy.
type RowsError struct {
	Rows []RefusedRow
}

// RefusedRow is a row that the target refused: its bytes as they were sent, and why.
type RefusedRow struct {
	Raw []byte
	Err *sqlstate.Error
}

// Error tells of the first row.
func (e *RowsError) Error() string {
	first := e.Rows[0]
	shown := first.Raw[:min(len(first.Raw), shownBytes)]
	if len(e.Rows) == 1 {
		return fmt.Sprintf("a row was refused: %s: %s", first.Err.Message, shown)
	}
	return fmt.Sprintf("%d rows were refused; the first: %s: %s", len(e.Rows), first.Err.Message, shown)
}

// shownBytes is how much of a row an error message shows.
const shownBytes = 200

// ErrDownstreamClosed is in the error of a sink whose reader has gone, as in "wire run … | head": the run ends, and nobody did wrong.
var ErrDownstreamClosed = errors.New("the reader of the output has gone")

// MaxUnconfirmed is how many epochs may be prepared and not committed at any time.
const MaxUnconfirmed = 3

// Sink takes the rows of one step, in order. NewChunk may be called from any goroutine, and Commit while another is in Write, Flush or Prepare of
// what follows; all else by one at a time. How a sink says that single rows were refused: RowsError.
//
// An epoch is prepared, then published, which is not the sink's business, then committed. Epochs are prepared one after the other and committed in
// the same order, but later: up to MaxUnconfirmed may be published and not committed. An epoch that is not published is never committed: it is given up, its
// Prepare interrupted by ctx if it is under way, and what it had is in the state of the next one; or the run ends.
type Sink interface {
	NewChunk() (Chunk, error)
	// Write takes what chunk holds, in the order of the calls. It does not keep the chunk.
	Write(ctx context.Context, chunk Chunk) error
	// Flush makes everything written so far delivered, in the sense that the connector's page gives the word.
	Flush(ctx context.Context) error
	// Prepare makes everything written so far durable but not visible, and returns the state from which Commit and a restart go on: a JSON object
	// with a version inside. It speaks of all that the Commits of earlier epochs have not done yet, so that the state of the last published epoch
	// is enough for a restart.
	Prepare(ctx context.Context, epoch int64) (json.RawMessage, error)
	// Commit makes visible what Prepare of epoch stored, by its state alone: the Sink may be another one, in another process. final says that the
	// input ended and nothing follows. Idempotent, also when later epochs were committed since.
	Commit(ctx context.Context, epoch int64, state json.RawMessage, final bool) error
	// Close releases what the sink holds, leaving uncommitted work as the last Prepare left it, or nothing of it if there was none. It removes
	// nothing that a state speaks of which Prepare returned, or which was restored.
	Close() error
}

// Summarizer is an extra power of a sink that has something to say at the end of a run: blackhole's checksum.
type Summarizer interface {
	Summary() map[string]string
}
