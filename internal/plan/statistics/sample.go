package statistics

import (
	"context"
	"log/slog"

	"wire.example/wire/internal/plan/logical"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/connector"
	"wire.example/wire/sdk/schema"
)

// The bounds of a sample.
const (
	// SampleRows is about how many rows a sample has.
	SampleRows = 20_000
	// blockBytes is how much is read at a time.
	blockBytes = 1 << 20
	// endless is how many rows a source is taken to have that never ends.
	endless = 1_000_000_000
	// firstBuffer is the size of the buffer that is read into.
	firstBuffer = 64 << 10
)

// Sample reads the beginning of s. It answers nil where s waits for rows to come, cannot be read twice, or its beginning cannot be read.
func Sample(ctx context.Context, s *logical.Source) *logical.Statistics {
	if !s.Type.Replayable || !s.Type.Bounded(s.Config) && s.Format != nil {
		return nil
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	sampler, err := open(ctx, s)
	if err != nil {
		return nil
	}
	defer sampler.close()
	if err := sampler.read(ctx); err != nil {
		return nil
	}
	return sampler.statistics()
}

// sampler reads a source and counts.
type sampler struct {
	source  *logical.Source
	pool    *batch.Pool
	reader  connector.Reader
	decoder codec.Decoder
	block   codec.Block
	rows    int64
	ended   bool
	columns []column
}

// column counts the values of one column.
type column struct {
	hasher *keyed.Hasher
	// seen is how often each hash came: once, or more.
	seen  map[uint64]bool
	once  int
	nulls int64
	bytes int64
	// fresh is how many values of the first batch no row before them in it had, of first in number.
	fresh, first int
}

func open(ctx context.Context, s *logical.Source) (*sampler, error) {
	m := &sampler{source: s, pool: &batch.Pool{}}
	env := connector.SourceEnv{
		Name: s.Name, BlockBytes: blockBytes, MaxRecordBytes: s.MaxRecordBytes, Log: slog.New(slog.DiscardHandler),
	}
	spec := codec.DecodeSpec{Schema: s.Schema, Upserts: s.Changes == logical.Upsert, Pool: m.pool}
	config := s.Config
	if p, ok := config.(connector.Paced); ok {
		config = p.Unpaced()
	}
	var err error
	if s.Format != nil {
		env.Framer = s.Format.NewFramer
		m.decoder, err = s.Format.NewDecoder(spec)
	} else {
		m.decoder, err = s.Type.Rows.NewDecoder(config, spec)
	}
	if err != nil {
		return nil, err
	}
	if m.reader, err = s.Type.Open(ctx, env, config); err != nil {
		return nil, err
	}
	for i := range s.Schema.Fields {
		m.columns = append(m.columns, column{hasher: keyed.NewHasher([]int{i}), seen: map[uint64]bool{}})
	}
	return m, nil
}

func (m *sampler) close() {
	_ = m.reader.Close() // nothing was written
	if m.block.Buf != nil {
		m.block.Buf.Release()
	}
}

// read counts the rows of the first blocks.
func (m *sampler) read(ctx context.Context) error {
	if m.source.Format != nil {
		m.block.Buf = m.pool.NewBuffer(firstBuffer)
	}
	for m.rows < SampleRows {
		if m.block.Buf != nil {
			m.block.Buf.Reset()
		}
		m.block.Oversize = nil
		status, err := m.reader.Poll(ctx, nil, &m.block)
		if err != nil {
			return err
		}
		if status == connector.End {
			m.ended = true
			return nil
		}
		if status == connector.Ready && m.block.Oversize == nil {
			if err := m.decode(); err != nil {
				return err
			}
		}
	}
	return nil
}

// decode counts the rows of the block at hand, bad ones left out.
func (m *sampler) decode() error {
	if err := m.decoder.Begin(&m.block); err != nil {
		return err
	}
	for more := true; more; {
		b, res, err := m.decoder.Decode()
		if err != nil {
			return err
		}
		more = res.More
		if b == nil || b.Rows() == 0 {
			continue
		}
		m.rows += int64(b.Rows())
		for i := range m.columns {
			m.columns[i].count(b, b.Cols[i])
		}
	}
	return nil
}

func (c *column) count(b *batch.Batch, values *batch.Column) {
	hashes, rows, nulls := c.hasher.HashPresent(b)
	if c.first == 0 {
		defer func() { c.fresh, c.first = len(c.seen), len(hashes) }()
	}
	c.nulls += int64(len(nulls))
	for _, h := range hashes {
		again, known := c.seen[h]
		switch {
		case !known:
			c.seen[h] = false
			c.once++
		case !again:
			c.seen[h] = true
			c.once--
		}
	}
	if values.Kind().IsVariable() {
		c.bytes += int64(values.TextBytes(rows)) + int64(len(rows)*schema.Text.Width())
	}
}

// statistics draws conclusions from the sample.
func (m *sampler) statistics() *logical.Statistics {
	out := &logical.Statistics{Rows: float64(m.rows), Exact: m.ended && m.source.Format == nil, Columns: make([]logical.ColumnStatistics, len(m.columns))}
	if !m.ended {
		done, total := int64(0), int64(-1)
		if p, ok := m.reader.(connector.Progress); ok {
			done, total = p.Progress()
		}
		if !m.source.Type.Bounded(m.source.Config) {
			done, total = 1, endless/max(1, m.rows)
		}
		if done <= 0 || total < done {
			return nil
		}
		out.Rows *= float64(total) / float64(done)
	}
	for i := range m.columns {
		out.Columns[i] = m.columns[i].statistics(m.source.Schema.Fields[i].Type, float64(m.rows), out.Rows)
	}
	return out
}

// statistics estimates from a sample of n rows of all. The number of different values is that of Haas and Stokes, "Estimating the Number of
// Classes in a Finite Population", 1998 (Duj1), as PostgreSQL's ANALYZE has it.
func (c *column) statistics(typ schema.Type, n, all float64) logical.ColumnStatistics {
	s := logical.ColumnStatistics{Width: float64(max(1, typ.Kind.Width()))}
	present := n - float64(c.nulls)
	if n == 0 || present == 0 {
		return s
	}
	s.Nulls = float64(c.nulls) / n
	if typ.Kind.IsVariable() {
		s.Width = float64(c.bytes) / present
	}
	s.Fresh = float64(c.fresh) / float64(max(1, c.first))
	d, f1 := float64(len(c.seen)), float64(c.once)
	population := all * (1 - s.Nulls)
	s.Distinct = present * d / (present - f1 + f1*present/population)
	return s
}
