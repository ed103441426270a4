package generate

import (
	"slices"

	"wire.example/wire/internal/connect/generate/nexmark"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/schema"
)

// batchRows is how many rows a batch gets: enough to spread the cost of a batch, few enough that its columns stay in the cache.
const batchRows = 1024

// newDecoder returns the maker of a config's rows.
func newDecoder(c *Config, spec codec.DecodeSpec) (codec.Decoder, error) {
	base := maker{fields: spec.Schema.Fields, origin: spec.Origin, times: codec.NewTimes(&spec), cols: newColumns(spec.Pool, spec.Schema.Fields, spec.NeedTimes())}
	base.out.Cols = slices.Clone(base.cols)
	for i := range base.out.Cols {
		if !spec.Needs(i) {
			base.out.Cols[i] = nil
		}
	}
	switch {
	case c.Kind == kindSequence:
		return &sequence{base}, nil
	case c.Table != "":
		return newTable(c, base)
	default:
		return newCombined(c, base)
	}
}

// newColumns makes the columns of fields that need, nil meaning all, says are read; the others, and members that are not read, are nil.
func newColumns(pool *batch.Pool, fields []schema.Field, need []codec.Need) []*batch.Column {
	cols := make([]*batch.Column, len(fields))
	for i, f := range fields {
		if len(need) > 0 && !need[i].Read {
			continue
		}
		cols[i] = batch.NewColumn(pool, f.Type)
		if len(need) == 0 || need[i].Members == nil {
			continue
		}
		for k, member := range need[i].Members {
			if !member.Read {
				cols[i].Child(k).Release()
				cols[i].SetChild(k, nil)
			}
		}
	}
	return cols
}

// maker is what all kinds share: the block's range of positions and the batch.
type maker struct {
	out    batch.Batch
	fields []schema.Field
	cols   []*batch.Column // of out, and those that only the event time is read from
	times  *codec.Times
	res    codec.Result
	origin bool
	where  batch.Origin
	name   string
	next   int64 // position
	left   int   // positions of the block that are not done
	record int   // rows made of the block
}

// Begin takes a block.
func (m *maker) Begin(block *codec.Block) error {
	m.name, m.next, m.left, m.record = block.Name, block.First, block.Count, 0
	m.times.Begin()
	if m.origin {
		m.where = batch.Origin{Block: batch.WrapBuffer(m.text()), Starts: m.where.Starts, Ends: m.where.Ends, Name: m.name, Offset: -1}
	}
	return nil
}

// begin makes the columns of the batch rows long.
func (m *maker) begin(rows int) {
	for _, c := range m.cols {
		if c != nil {
			c.Reset(rows)
		}
	}
}

// text is memory for the records of a block.
func (m *maker) text() []byte {
	if m.where.Block == nil {
		return nil
	}
	return m.where.Block.Data[:0]
}

// end completes a batch of rows rows and steps over the positions done.
func (m *maker) end(rows, positions int) {
	m.next += int64(positions)
	m.left -= positions
	m.out.Len = rows
	m.res = codec.Result{Records: rows, More: m.left > 0}
	m.times.Batch(&m.out, m.cols, &m.res)
	if m.origin {
		m.note(rows)
	}
	m.record += rows
}

// note says where the rows come from. Their records are JSON of the columns that are made; they lie nowhere but in the block's text, which has those of its earlier batches, too.
func (m *maker) note(rows int) {
	o := &m.where
	o.Starts, o.Ends = o.Starts[:0], o.Ends[:0]
	text := o.Block.Data
	for row := range rows {
		o.Starts = append(o.Starts, uint32(len(text))) //nolint:gosec // some hundred bytes for each of a thousand rows
		text = appendRecord(text, m.fields, m.cols, row)
		o.Ends = append(o.Ends, uint32(len(text))) //nolint:gosec // the same
	}
	o.Block.Data, o.FirstRecord = text, m.record
	m.out.Origin = o
}

// sequence makes the numbers from 0.
type sequence struct{ maker }

// Decode makes the next batch.
func (s *sequence) Decode() (*batch.Batch, *codec.Result, error) {
	rows := min(s.left, batchRows)
	s.begin(rows)
	if c := s.cols[0]; c != nil {
		for i := range c.Int64s() {
			c.Int64s()[i] = s.next + int64(i)
		}
	}
	s.end(rows, rows)
	return &s.out, &s.res, nil
}

// combined makes Nexmark's combined stream: event_type, and one of person, auction and bid; the other two are NULL.
type combined struct {
	maker
	generator *nexmark.Generator
	members   [3]columns // by kind
}

func newCombined(c *Config, base maker) (codec.Decoder, error) {
	g, err := nexmark.NewGenerator(c.nexmark())
	if err != nil {
		return nil, err
	}
	m := &combined{maker: base, generator: g}
	var want nexmark.Want
	for kind := range m.members {
		if parent := base.cols[1+kind]; parent != nil {
			for k := range parent.Type().Fields {
				m.members[kind] = append(m.members[kind], parent.Child(k))
			}
			want[kind] = m.members[kind].wanted()
		}
	}
	g.Want(want)
	return m, nil
}

// Decode makes the next batch.
func (m *combined) Decode() (*batch.Batch, *codec.Result, error) {
	rows := min(m.left, batchRows)
	m.begin(rows)
	m.nullify()
	cols := m.cols
	for i := range rows {
		event := m.generator.At(uint64(m.next) + uint64(i)) //nolint:gosec // positions are not negative
		if cols[0] != nil {
			cols[0].Int32s()[i] = int32(event.Kind)
		}
		if c := cols[1+int(event.Kind)]; c != nil {
			c.Valid().Set(i)
			m.members[event.Kind].fill(i, event)
		}
	}
	for kind, members := range m.members {
		for _, c := range members {
			if c != nil {
				c.CopyValid(cols[1+kind])
			}
		}
	}
	m.end(rows, rows)
	return &m.out, &m.res, nil
}

// nullify makes every event and its members NULL.
func (m *combined) nullify() {
	for kind, members := range m.members {
		if parent := m.cols[1+kind]; parent != nil {
			parent.SetAllNull()
		}
		for _, c := range members {
			if c != nil {
				c.SetAllNull()
			}
		}
	}
}

// table makes the rows of one of Nexmark's tables and steps over the positions of the others.
type table struct {
	maker
	generator *nexmark.Generator
	kind      nexmark.Kind
}

func newTable(c *Config, base maker) (codec.Decoder, error) {
	g, err := nexmark.NewGenerator(c.nexmark())
	if err != nil {
		return nil, err
	}
	t := &table{maker: base, generator: g, kind: c.kind()}
	var want nexmark.Want
	want[t.kind] = columns(base.cols).wanted()
	g.Want(want)
	return t, nil
}

// Decode makes the next batch, which is empty if the block has no event of the table.
func (t *table) Decode() (*batch.Batch, *codec.Result, error) {
	t.begin(min(t.left, batchRows))
	rows, done := 0, 0
	for ; done < t.left && rows < batchRows; done++ {
		n := t.generator.NumberAt(uint64(t.next) + uint64(done)) //nolint:gosec // positions are not negative
		if nexmark.KindOf(n) != t.kind {
			continue
		}
		columns(t.cols).fill(rows, t.generator.Event(n))
		rows++
	}
	for _, c := range t.cols {
		if c != nil {
			c.Resize(rows)
		}
	}
	t.end(rows, done)
	return &t.out, &t.res, nil
}
