package generate

import (
	"wire.example/wire/internal/connect/generate/nexmark"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/codec"
)

// newDecoder returns the maker of a config's rows.
func newDecoder(c *Config, spec codec.DecodeSpec) (codec.Decoder, error) {
	cols := make([]*batch.Column, len(spec.Schema.Fields))
	for i, f := range spec.Schema.Fields {
		if len(spec.Need) == 0 || spec.Need[i].Read {
			cols[i] = batch.NewColumn(spec.Pool, f.Type)
		}
	}
	base := maker{out: batch.Batch{Cols: cols}}
	if c.Kind == "sequence" {
		return &sequence{base}, nil
	}
	g, err := nexmark.NewGenerator(c.nexmark())
	if err != nil {
		return nil, err
	}
	return &events{maker: base, generator: g}, nil
}

// maker is what both kinds share: the block's range and the batch.
type maker struct {
	out  batch.Batch
	res  codec.Result
	next int64
	left int
}

// Begin takes a block.
func (m *maker) Begin(block *codec.Block) error {
	m.next, m.left = block.First, block.Count
	return nil
}

// take begins a batch of the next rows and returns the number of the first.
func (m *maker) take() (first int64, rows int) {
	rows = min(m.left, batch.MaxRows)
	first = m.next
	m.next += int64(rows)
	m.left -= rows
	m.out.Len = rows
	for _, c := range m.out.Cols {
		if c != nil {
			c.Reset(rows)
		}
	}
	m.res = codec.Result{Records: rows, More: m.left > 0}
	return first, rows
}

// sequence makes the numbers from 0.
type sequence struct{ maker }

// Decode makes the next batch.
func (s *sequence) Decode() (*batch.Batch, *codec.Result, error) {
	first, _ := s.take()
	if c := s.out.Cols[0]; c != nil {
		for i := range c.Int64s() {
			c.Int64s()[i] = first + int64(i)
		}
	}
	return &s.out, &s.res, nil
}

// events makes Nexmark's combined stream: event_type, and one of person, auction and bid; the other two are NULL.
type events struct {
	maker
	generator *nexmark.Generator
}

// Decode makes the next batch.
func (e *events) Decode() (*batch.Batch, *codec.Result, error) {
	first, rows := e.take()
	cols := e.out.Cols
	for _, c := range cols[1:] {
		if c != nil {
			c.SetAllNull()
			for k := range c.Type().Fields {
				c.Child(k).SetAllNull()
			}
		}
	}
	for i := range rows {
		event := e.generator.At(uint64(first + int64(i)))
		if cols[0] != nil {
			cols[0].Int32s()[i] = int32(event.Kind)
		}
		if c := cols[1+int(event.Kind)]; c != nil {
			c.Valid().Set(i)
			fillEvent(row{c, i}, event)
		}
	}
	return &e.out, &e.res, nil
}

// row writes the members of one row of a ROW column.
type row struct {
	column *batch.Column
	i      int
}

func (r row) number(member int, v int64) {
	c := r.column.Child(member)
	c.Int64s()[r.i] = v
	c.Valid().Set(r.i)
}

func (r row) text(member int, v []byte) {
	c := r.column.Child(member)
	c.SetBytes(r.i, v)
	c.Valid().Set(r.i)
}

func fillEvent(r row, e *nexmark.Event) {
	switch e.Kind {
	case nexmark.KindPerson:
		p := &e.Person
		r.number(0, p.ID)
		for k, text := range [][]byte{p.Name, p.EmailAddress, p.CreditCard, p.City, p.State} {
			r.text(1+k, text)
		}
		r.number(6, p.DateTime)
		r.text(7, p.Extra)
	case nexmark.KindAuction:
		a := &e.Auction
		r.number(0, a.ID)
		r.text(1, a.ItemName)
		r.text(2, a.Description)
		for k, n := range [6]int64{a.InitialBid, a.Reserve, a.DateTime, a.Expires, a.Seller, a.Category} {
			r.number(3+k, n)
		}
		r.text(9, a.Extra)
	default:
		b := &e.Bid
		r.number(0, b.Auction)
		r.number(1, b.Bidder)
		r.number(2, b.Price)
		r.text(3, b.Channel)
		r.text(4, b.URL)
		r.number(5, b.DateTime)
		r.text(6, b.Extra)
	}
}
