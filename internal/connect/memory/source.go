package memory

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync/atomic"

	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/connector"
	"wire.example/wire/sdk/schema"
)

// Rows configures a source: what it deals. Nothing of it may change while a pipeline runs; any number of pipelines may read it at the same time.
type Rows struct {
	// Name is what messages about a row call its origin, "" for the source's own name.
	Name string
	// Schema are the columns of every batch. There may be none: SELECT 1 reads one row of them.
	Schema *schema.Schema
	// Batches are the rows in order. No column is nil. With Kinds they are changes.
	Batches []*batch.Batch
}

// SourceType returns the source, whose config is a *Rows.
func SourceType() *connector.SourceType {
	return &connector.SourceType{
		Name:      "memory",
		Doc:       "Deals rows that lie in memory.",
		NewConfig: func() any { return &Rows{Schema: schema.New()} },
		Open: func(_ context.Context, env connector.SourceEnv, config any) (connector.Reader, error) {
			return openReader(env, config.(*Rows))
		},
		Bounded:    func(any) bool { return true },
		Replayable: true,
		Rows: &connector.RowSource{
			Schema: func(config any) (*schema.Schema, error) { return config.(*Rows).Schema, nil },
			NewDecoder: func(config any, spec codec.DecodeSpec) (codec.Decoder, error) {
				return newDecoder(config.(*Rows), spec), nil
			},
			Changes: func(config any) bool {
				return slices.ContainsFunc(config.(*Rows).Batches, func(b *batch.Batch) bool { return b.Kinds != nil })
			},
		},
	}
}

// position is what Snapshot stores: the batches from Next on have not been dealt.
type position struct {
	Version int `json:"version"`
	Next    int `json:"next"`
}

const (
	positionVersion = 1
	split           = "rows"
)

type reader struct {
	rows *Rows
	name string
	next atomic.Int64
}

func openReader(env connector.SourceEnv, rows *Rows) (*reader, error) {
	r := &reader{rows: rows, name: rows.Name}
	if r.name == "" {
		r.name = env.Name
	}
	if len(env.Restore) == 0 {
		return r, nil
	}
	var p position
	if err := json.Unmarshal(env.Restore[0].Position, &p); err != nil {
		return nil, fmt.Errorf("stored position: %w", err)
	}
	if len(env.Restore) != 1 || p.Version != positionVersion || p.Next < 0 || p.Next > len(rows.Batches) {
		return nil, fmt.Errorf("stored position (version %d, batch %d) is none in these %d batches", p.Version, p.Next, len(rows.Batches))
	}
	r.next.Store(int64(p.Next))
	return r, nil
}

// Poll deals the next batch. It never waits.
func (r *reader) Poll(ctx context.Context, _ <-chan struct{}, block *codec.Block) (connector.Status, error) {
	if err := ctx.Err(); err != nil {
		return connector.End, err
	}
	next := r.next.Load()
	if next == int64(len(r.rows.Batches)) {
		return connector.End, nil
	}
	block.Name, block.First, block.Count = r.name, next, 1
	r.next.Store(next + 1)
	return connector.Ready, nil
}

// Snapshot returns the number of batches dealt.
func (r *reader) Snapshot() ([]connector.SplitState, error) {
	p, err := json.Marshal(position{Version: positionVersion, Next: int(r.next.Load())})
	return []connector.SplitState{{Split: split, Position: p}}, err
}

// Progress counts batches.
func (r *reader) Progress() (done, total int64) { return r.next.Load(), int64(len(r.rows.Batches)) }

// Close has nothing to release.
func (r *reader) Close() error { return nil }

// decoder lends the batches as they are, without the columns that nothing reads.
type decoder struct {
	rows *Rows
	spec codec.DecodeSpec
	next int
	out  batch.Batch
	res  codec.Result
	// times are those of out, if they are asked for.
	times *codec.Times
}

func newDecoder(rows *Rows, spec codec.DecodeSpec) *decoder {
	return &decoder{rows: rows, spec: spec, times: codec.NewTimes(&spec)}
}

// Begin takes the number of a batch.
func (d *decoder) Begin(block *codec.Block) error {
	d.next = int(block.First)
	d.times.Begin()
	return nil
}

// Decode lends the batch.
func (d *decoder) Decode() (*batch.Batch, *codec.Result, error) {
	b := d.rows.Batches[d.next]
	d.out.View(b, b.Sel)
	for i := range d.out.Cols {
		if !d.spec.Needs(i) {
			d.out.Cols[i] = nil
		}
	}
	d.out.Before = nil
	d.res = codec.Result{Records: b.Rows()}
	d.times.Batch(&d.out, b.Cols, &d.res)
	return &d.out, &d.res, nil
}
