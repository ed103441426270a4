package flow_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"sync"

	"wire.example/wire/internal/plan/physical"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/connector"
	"wire.example/wire/sdk/schema"
)

// feed is an endless source of event times that a test puts into splits while it runs.
type feed struct {
	mu     sync.Mutex
	splits []feedSplit
	blocks [][]int64 // dealt
	some   chan struct{}
	polls  int
	closed bool
	plain  bool // it does not tell of its splits
	single bool // bounded, and never idle
}

type feedSplit struct {
	name    string
	waiting [][]int64
	ended   bool
}

func newFeed(splits ...string) *feed {
	f := &feed{some: make(chan struct{}, 1)}
	for _, name := range splits {
		f.splits = append(f.splits, feedSplit{name: name})
	}
	return f
}

func (f *feed) signal() {
	select {
	case f.some <- struct{}{}:
	default:
	}
}

// put makes a block of a split wait, whose number may be the next one.
func (f *feed) put(split int, times ...int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if split == len(f.splits) {
		f.splits = append(f.splits, feedSplit{name: fmt.Sprintf("late %d", split)})
	}
	f.splits[split].waiting = append(f.splits[split].waiting, times)
	f.signal()
}

// end ends a split, or all of the source for -1.
func (f *feed) end(split int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if split < 0 {
		f.closed = true
	} else {
		f.splits[split].ended = true
	}
	f.signal()
}

// polled returns how often the source was asked.
func (f *feed) polled() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.polls
}

// take returns the next block; its split is -1 if there is none, -2 if none will come.
func (f *feed) take() (split, number int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i := range f.splits {
		if s := &f.splits[i]; len(s.waiting) > 0 {
			f.blocks = append(f.blocks, s.waiting[0])
			s.waiting = s.waiting[1:]
			return i, len(f.blocks) - 1
		}
	}
	if f.closed {
		return -2, 0
	}
	return -1, 0
}

type feedReader struct{ f *feed }

// feedSplitter tells of its splits.
type feedSplitter struct{ feedReader }

func (r feedSplitter) Splits(dst []connector.Split) []connector.Split {
	r.f.mu.Lock()
	defer r.f.mu.Unlock()
	for i, s := range r.f.splits {
		dst = append(dst, connector.Split{Number: i, Name: s.name, Empty: len(s.waiting) == 0, Ended: s.ended})
	}
	return dst
}

func (r feedReader) Poll(ctx context.Context, wake <-chan struct{}, block *codec.Block) (connector.Status, error) {
	r.f.mu.Lock()
	r.f.polls++
	r.f.mu.Unlock()
	for {
		select {
		case <-wake:
			return connector.Woken, nil
		default:
		}
		split, number := r.f.take()
		switch {
		case split == -2:
			return connector.End, nil
		case split >= 0:
			block.Name, block.Split, block.First, block.Count = "feed", split, int64(number), 1
			return connector.Ready, nil
		}
		select {
		case <-r.f.some:
		case <-wake:
			return connector.Woken, nil
		case <-ctx.Done():
			return connector.End, ctx.Err()
		}
	}
}

func (r feedReader) Snapshot() ([]connector.SplitState, error) {
	r.f.mu.Lock()
	defer r.f.mu.Unlock()
	var states []connector.SplitState
	for _, s := range r.f.splits {
		states = append(states, connector.SplitState{Split: s.name, Position: json.RawMessage(strconv.Itoa(len(r.f.blocks)))})
	}
	return states, nil
}

func (r feedReader) Close() error { return nil }

func (f *feed) sourceType() *connector.SourceType {
	return &connector.SourceType{
		Name: "feed", NewConfig: func() any { return f },
		Open: func(context.Context, connector.SourceEnv, any) (connector.Reader, error) {
			if f.plain {
				return feedReader{f}, nil
			}
			return feedSplitter{feedReader{f}}, nil
		},
		Bounded: func(any) bool { return f.single },
		Rows: &connector.RowSource{
			NewDecoder: func(_ any, spec codec.DecodeSpec) (codec.Decoder, error) {
				return &feedDecoder{f: f, times: codec.NewTimes(&spec), col: batch.NewColumn(spec.Pool, schema.Of(schema.Timestamp))}, nil
			},
		},
	}
}

type feedDecoder struct {
	f     *feed
	times *codec.Times
	col   *batch.Column
	out   batch.Batch
	res   codec.Result
	rows  []int64
}

func (d *feedDecoder) Begin(block *codec.Block) error {
	d.f.mu.Lock()
	d.rows = d.f.blocks[block.First]
	d.f.mu.Unlock()
	d.times.Begin()
	return nil
}

func (d *feedDecoder) Decode() (*batch.Batch, *codec.Result, error) {
	d.col.Reset(len(d.rows))
	copy(d.col.Int64s(), d.rows)
	d.out = batch.Batch{Cols: []*batch.Column{d.col}, Len: len(d.rows)}
	d.res = codec.Result{Records: len(d.rows)}
	d.times.Batch(&d.out, d.out.Cols, &d.res)
	return &d.out, &d.res, nil
}

// source is a source of the feed, without anything behind it.
func (f *feed) source(name string) *physical.Source {
	return &physical.Source{Name: name, Type: f.sourceType(), Config: f, Dated: true}
}
