package sdktest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/connector"
	"wire.example/wire/sdk/schema"
)

// The toys keep every law; a fault breaks one.

// toyFormat is lines of one BIGINT column, n, with the kind of change before it in a changelog.
type toyFormat struct{ fault string }

func (f toyFormat) NewDecoder(spec codec.DecodeSpec) (codec.Decoder, error) {
	return &toyDecoder{toyFormat: f, spec: spec, col: batch.NewColumn(spec.Pool, schema.Of(schema.Int64))}, nil
}

func (f toyFormat) NewEncoder(spec codec.EncodeSpec) (codec.Encoder, error) {
	return toyEncoder{f, spec}, nil
}

func (f toyFormat) NewFramer() codec.Framer { return toyFramer{f, codec.NewLineFramer()} }

type toyFramer struct {
	toyFormat
	codec.Framer
}

func (f toyFramer) Cut(data []byte, last bool) int {
	if f.fault == "cuts anywhere" {
		return len(data)
	}
	return f.Framer.Cut(data, last)
}

func (f toyFramer) Skip(data []byte) (int, bool) {
	n, found := f.Framer.Skip(data)
	if f.fault == "skips too little" && found && n > 1 {
		n--
	}
	return n, found
}

type toyEncoder struct {
	toyFormat
	spec codec.EncodeSpec
}

func (e toyEncoder) Encode(dst []byte, ends []int, b *batch.Batch) ([]byte, []int, []codec.RowError) {
	if e.fault == "forgets dst" {
		dst = nil
	}
	for i := range b.Rows() {
		row := b.Row(i)
		if e.fault == "ignores selections" {
			row = i
		}
		if e.spec.Changelog && b.Kinds != nil && e.fault != "forgets kinds" {
			dst = append(append(dst, b.Kinds[row].String()...), ' ')
		}
		if !b.Cols[0].IsNull(row) {
			dst = codec.AppendText(dst, b.Cols[0], row)
		}
		dst = append(dst, '\n')
		ends = append(ends, len(dst))
	}
	return dst, ends, nil
}

type toyDecoder struct {
	toyFormat
	spec   codec.DecodeSpec
	col    *batch.Column
	out    batch.Batch
	origin batch.Origin
	block  *codec.Block
	first  []byte
	lost   []*batch.Buffer
}

func (d *toyDecoder) Begin(block *codec.Block) error {
	d.block = block
	if d.first == nil {
		d.first = bytes.Clone(block.Buf.Data)
	}
	if d.fault == "leaks" {
		d.lost = append(d.lost, d.spec.Pool.NewBuffer(1000))
	}
	return nil
}

func (d *toyDecoder) Decode() (*batch.Batch, *codec.Result, error) {
	data, res := d.block.Buf.Data, &codec.Result{}
	if d.block.Oversize != nil && d.fault != "does not know over-long records" {
		d.col.Reset(0)
		d.out = batch.Batch{Cols: []*batch.Column{d.col}}
		res.Records, res.Rejects = 1, []codec.Reject{{End: len(data), Err: codec.ErrOversize(d.block.Oversize)}}
		return &d.out, res, nil
	}
	if d.fault == "remembers the first block" {
		data = d.first
	}
	lines := bytes.SplitAfter(data, []byte("\n"))
	if len(lines[len(lines)-1]) == 0 {
		lines = lines[:len(lines)-1]
	}
	d.col.Reset(len(lines))
	d.out.Kinds = nil
	d.origin = batch.Origin{Block: d.block.Buf, Name: d.block.Name, Offset: d.block.Offset}
	row, at := 0, 0
	for i, line := range lines {
		end := codec.TrimLineEnd(data, at, at+len(line))
		d.line(res, i, row, at, end)
		if d.out.Len > row {
			row++
		}
		at += len(line)
	}
	d.finish(res, row, len(lines))
	return &d.out, res, nil
}

// line decodes line i, from at to end, as row; it makes out longer if there was one.
func (d *toyDecoder) line(res *codec.Result, i, row, at, end int) {
	text := d.block.Buf.Data[min(at, end):end]
	d.out.Len = row
	if d.fault == "remembers the first block" {
		text = d.first[at:end]
	}
	for kind := batch.Insert; kind <= batch.Delete; kind++ {
		if after, ok := bytes.CutPrefix(text, []byte(kind.String()+" ")); ok {
			text, d.out.Kinds = after, append(d.out.Kinds, kind)
		}
	}
	if len(text) == 0 {
		d.col.SetNull(row)
	} else if bad := codec.SetText(d.col, row, text); bad != nil && d.needed() {
		r := codec.Reject{Record: i, Start: at, End: end, Column: "n", Err: bad}
		switch d.fault {
		case "loses the number of rejects":
			r.Record = 0
		case "loses the bytes of rejects":
			r.Start, r.End = 0, 0
		case "loses the column of rejects":
			r.Column = ""
		case "stops at rejects":
			d.out.Len = -1
		}
		res.Rejects = append(res.Rejects, r)
		if d.fault == "takes bad records along" {
			d.out.Len = row + 1
		}
		return
	} else if bad != nil {
		d.col.Int64s()[row] = 0
	}
	for _, c := range d.spec.Filter {
		v := d.col.Int64s()[row]
		if d.fault == "filters too much" || d.col.IsNull(row) || !c.Op.Holds(compare(v, c.Int)) {
			d.col.MutableValid().Set(row)
			res.Filtered++
			return
		}
	}
	if d.fault != "miscounts origins" {
		d.origin.Lines = append(d.origin.Lines, uint32(i))
	}
	d.origin.Starts, d.origin.Ends = append(d.origin.Starts, uint32(at)), append(d.origin.Ends, uint32(end))
	if d.fault == "points at other records" {
		d.origin.Starts[row] = d.origin.Starts[0]
	}
	d.out.Len = row + 1
}

func (d *toyDecoder) needed() bool {
	return d.spec.Needs(0) || d.spec.Strict && d.fault != "is never strict"
}

func (d *toyDecoder) finish(res *codec.Result, rows, lines int) {
	d.col.Resize(rows)
	d.out.Len, d.out.Cols, d.out.Origin = rows, []*batch.Column{d.col}, nil
	if !d.spec.Needs(0) && d.fault != "decodes what is not needed" {
		d.out.Cols[0] = nil
	}
	if d.spec.Origin {
		d.out.Origin = &d.origin
	}
	res.Records = lines
	if d.fault == "miscounts" {
		res.Records = rows
	}
	if d.fault == "breaks at zero bytes" && bytes.IndexByte(d.block.Buf.Data, 0) >= 0 {
		res.Records = -1
	}
}

// toySource deals the numbers below 100, ten in a block.
type toySource struct{ fault string }

type toyReader struct {
	fault string
	next  int64
	polls int
	ended bool
}

type toyPosition struct {
	Version int   `json:"version,omitempty"`
	Next    int64 `json:"next"`
}

func (s toySource) describe() Source {
	var records []string
	for i := range 100 {
		records = append(records, fmt.Sprint(i))
	}
	return Source{Records: records, Config: func(failing) any { return nil }, Type: &connector.SourceType{
		Name: "toy", Replayable: true, Bounded: func(any) bool { return s.fault != "waits" && s.fault != "waits deaf" },
		Rows: &connector.RowSource{},
		Open: func(_ context.Context, env connector.SourceEnv, _ any) (connector.Reader, error) {
			r := &toyReader{fault: s.fault}
			if len(env.Restore) == 0 {
				return r, nil
			}
			var p toyPosition
			if err := json.Unmarshal(env.Restore[0].Position, &p); err != nil && s.fault != "takes any position" {
				return nil, err
			}
			if p.Version != 1 && s.fault != "takes any position" && s.fault != "has no version" {
				return nil, fmt.Errorf("position of version %d", p.Version)
			}
			r.next = p.Next
			return r, nil
		},
	}}
}

func (r *toyReader) Poll(ctx context.Context, wake <-chan struct{}, block *codec.Block) (connector.Status, error) {
	r.polls++
	if r.next >= 100 {
		return r.end(ctx, wake)
	}
	if r.fault == "fails when it is woken" && len(wake) > 0 {
		return connector.End, errors.New("woken")
	}
	block.Name, block.First, block.Count = "toy", r.next, 10
	if r.fault == "swaps blocks" && r.next == 10 {
		block.First = 20
	}
	r.next += 10
	if r.fault == "skips when it is woken" && len(wake) > 0 && r.next == 50 {
		r.next += 10
	}
	return connector.Ready, nil
}

func (r *toyReader) end(ctx context.Context, wake <-chan struct{}) (connector.Status, error) {
	switch {
	case r.fault == "waits deaf" && ctx.Err() != nil:
		return connector.Woken, nil //nolint:nilerr // that is its fault
	case r.fault == "waits" || r.fault == "waits deaf":
		select {
		case <-ctx.Done():
			if r.fault == "waits deaf" {
				return connector.Woken, nil
			}
			return connector.End, ctx.Err()
		case <-wake:
			return connector.Woken, nil
		}
	case r.fault == "begins again" && r.ended:
		r.next = 0
	}
	r.ended = true
	return connector.End, nil
}

func (r *toyReader) Snapshot() ([]connector.SplitState, error) {
	p := toyPosition{Version: 1, Next: r.next}
	switch r.fault {
	case "is behind":
		p.Next = max(0, p.Next-1)
	case "has no version":
		p.Version = 0
	}
	text, err := json.Marshal(p)
	split := "all"
	if r.fault == "has no split" {
		split = ""
	}
	return []connector.SplitState{{Split: split, Position: text}}, err
}

func (r *toyReader) Progress() (done, total int64) {
	if r.fault == "goes back" && r.next == 50 {
		return 0, 100
	}
	if r.fault == "overshoots" {
		return r.next * 2, 100
	}
	return r.next, 100
}

func (r *toyReader) Close() error {
	if r.fault == "cannot be closed" {
		return errors.New("stuck")
	}
	return nil
}

// toyTarget is what a toySink writes to.
type toyTarget struct {
	shown []string
	open  []string // rows not prepared, with the fault that owners share them
}

// toySink keeps rows in memory, in its state when they are prepared, and shows them at the commit.
type toySink struct {
	fault  string
	target *toyTarget
	rows   []string
	done   int      // rows prepared, since the first start
	staged []string // the last ones, of which some may not be shown
	chunks []*connector.Rows
}

type toyState struct {
	Version int      `json:"version"`
	Done    int      `json:"done"` // rows shown once the state is committed
	Rows    []string `json:"rows"` // the last ones of these
}

// show makes rows visible that are not.
func (target *toyTarget) show(st toyState) bool {
	missing := st.Done - len(target.shown)
	if missing <= 0 {
		return false
	}
	target.shown = append(target.shown, st.Rows[max(len(st.Rows)-missing, 0):]...)
	return true
}

func toySinkOf(fault string) Sink {
	s := Sink{New: func(failing) Target {
		target := &toyTarget{}
		return Target{Config: target, Visible: func(failing) []string { return target.shown }}
	}}
	s.Type = &connector.SinkType{Name: "toy", Format: "toy", Open: func(_ context.Context, env connector.SinkEnv, config any) (connector.Sink, error) {
		var st toyState
		if env.Restore != nil {
			if err := json.Unmarshal(env.Restore, &st); err != nil || st.Version != 1 {
				if fault != "takes any state" {
					return nil, fmt.Errorf("state %s: %w", env.Restore, err)
				}
			}
		}
		sink := &toySink{fault: fault, target: config.(*toyTarget), done: st.Done}
		switch fault {
		case "repeats after a restart":
			sink.target.shown = append(sink.target.shown, st.Rows...)
		case "forgets what was prepared":
		default:
			sink.target.show(st)
		}
		return sink, nil
	}}
	return s
}

func (s *toySink) NewChunk() (connector.Chunk, error) { return connector.NewRows(lineEncoder{}), nil }

func (s *toySink) Write(_ context.Context, chunk connector.Chunk) error {
	rows := chunk.(*connector.Rows)
	if s.fault == "keeps chunks" {
		s.chunks = append(s.chunks, rows)
		return nil
	}
	s.take(rows)
	return nil
}

func (s *toySink) take(rows *connector.Rows) {
	for _, line := range splitLines(rows.Data) {
		if s.fault == "turns rows round" {
			s.rows = append([]string{line}, s.rows...)
		} else {
			s.rows = append(s.rows, line)
		}
		if s.fault == "shares what is open" {
			s.target.open = append(s.target.open, line)
		}
		if s.fault == "writes at once" {
			s.target.shown = append(s.target.shown, line)
		}
	}
}

func (s *toySink) Flush(context.Context) error {
	if s.fault == "shows at Flush" {
		s.target.shown = append(s.target.shown, s.rows...)
	}
	return nil
}

func (s *toySink) Prepare(context.Context, int64) (json.RawMessage, error) {
	for _, c := range s.chunks {
		s.take(c)
	}
	if s.fault == "fails when it is empty" && len(s.rows) == 0 {
		return nil, errors.New("no rows")
	}
	if s.fault == "shares what is open" {
		s.rows, s.target.open = s.target.open, nil
	}
	if s.done += len(s.rows); s.fault == "forgets earlier epochs" || len(s.target.shown)+len(s.rows) == s.done {
		s.staged = nil
	}
	s.staged = append(s.staged, s.rows...)
	st := toyState{Version: 1, Done: s.done, Rows: s.staged}
	if s.fault == "shows at Prepare" {
		s.target.shown = append(s.target.shown, s.rows...)
	}
	s.rows = nil
	return json.Marshal(st)
}

func (s *toySink) Commit(_ context.Context, _ int64, state json.RawMessage, _ bool) error {
	var st toyState
	if err := json.Unmarshal(state, &st); err != nil {
		return err
	}
	if s.fault == "commits what is written" {
		st.Rows, st.Done = append(st.Rows, s.rows...), st.Done+len(s.rows)
	}
	if !s.target.show(st) && s.fault == "commits twice" {
		s.target.shown = append(s.target.shown, st.Rows...)
	}
	return nil
}

func (s *toySink) Close() error {
	if s.fault == "shows at Close" {
		s.target.shown = append(s.target.shown, s.rows...)
	}
	return nil
}
