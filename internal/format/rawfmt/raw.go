package rawfmt

import (
	"bytes"
	"errors"
	"fmt"

	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sqlstate"
)

// The only columns of the two formats.
const (
	LineColumn = "line"
	DataColumn = "data"
)

// batchRows is how many rows a batch gets.
const batchRows = 2048

var errNoData = errors.New("raw: the block has no bytes")

// NewLines returns the format raw. It takes no options.
func NewLines() codec.Format { return &format{name: LineColumn, kind: schema.Text} }

// NewBytes returns the format bytes: every block is one row, cut where the source cuts. It takes no options.
func NewBytes() codec.Format { return &format{name: DataColumn, kind: schema.Bytes} }

type format struct {
	name string
	kind schema.Kind
}

// FixedSchema returns the format's one column.
func (f *format) FixedSchema() *schema.Schema {
	return schema.New(schema.Field{Name: f.name, Type: schema.Of(f.kind), NotNull: true})
}

// MediaType says that lines are text, and that of bytes nothing is known.
func (f *format) MediaType() string {
	if f.kind == schema.Text {
		return "text/plain"
	}
	return "application/octet-stream"
}

// oneColumn checks that s is one column of the format's type, whatever its name.
func (f *format) oneColumn(s *schema.Schema) error {
	if s.Len() != 1 || s.Fields[0].Type.Kind != f.kind {
		return fmt.Errorf("this format has one %s column; the rows have (%s)", f.kind, s)
	}
	return nil
}

// NewDecoder returns a decoder of lines or blocks.
func (f *format) NewDecoder(spec codec.DecodeSpec) (codec.Decoder, error) {
	if err := f.oneColumn(spec.Schema); err != nil {
		return nil, err
	}
	if spec.Times != nil {
		return nil, errors.New("this format has no column that could be an event time")
	}
	d := &decoder{spec: spec, lines: f.kind == schema.Text, typ: spec.Schema.Fields[0].Type}
	d.out.Cols = make([]*batch.Column, 1)
	if spec.Needs(0) || spec.Strict {
		d.col = batch.NewColumn(spec.Pool, d.typ)
		d.out.Cols[0] = d.col
	}
	return d, nil
}

// NewEncoder returns an encoder of one TEXT or BYTEA column. A changelog is refused: there is no place for the kind of change.
func (f *format) NewEncoder(spec codec.EncodeSpec) (codec.Encoder, error) {
	if spec.Changelog {
		return nil, errors.New("this format cannot hold a changelog; use json or csv, or emit final results only")
	}
	if err := f.oneColumn(spec.Schema); err != nil {
		return nil, err
	}
	return &encoder{lines: f.kind == schema.Text}, nil
}

// NewFramer cuts at lines, or anywhere.
func (f *format) NewFramer() codec.Framer {
	if f.kind == schema.Text {
		return codec.NewLineFramer()
	}
	return anywhere{}
}

// anywhere takes all bytes at hand as one record.
type anywhere struct{}

func (anywhere) Cut(data []byte, _ bool) int { return len(data) }

func (anywhere) Skip(data []byte) (n int, found bool) { return len(data), true }

// decoder makes views over the block.
type decoder struct {
	spec   codec.DecodeSpec
	typ    schema.Type
	lines  bool
	col    *batch.Column
	out    batch.Batch
	origin batch.Origin
	res    codec.Result
	block  *codec.Block
	pos    int
	record int
}

// Begin takes a block.
func (d *decoder) Begin(block *codec.Block) error {
	if block.Buf == nil {
		return errNoData
	}
	d.block, d.pos, d.record = block, 0, 0
	return nil
}

// Decode fills the batch with the next rows of the block.
func (d *decoder) Decode() (*batch.Batch, *codec.Result, error) {
	d.res = codec.Result{Rejects: d.res.Rejects[:0]}
	d.origin = batch.Origin{
		Block: d.block.Buf, Name: d.block.Name, Offset: d.block.Offset,
		Starts: d.origin.Starts[:0], Ends: d.origin.Ends[:0], Lines: d.origin.Lines[:0],
	}
	buffer := uint32(0)
	if d.col != nil {
		d.col.Reset(batchRows)
		buffer = d.col.AddBuffer(d.block.Buf)
	}
	data, row := d.block.Buf.Data, 0
	for d.pos < len(data) && row < batchRows {
		start, end, next := d.next(data)
		if bad := d.check(data[start:end]); bad != nil {
			d.res.Rejects = append(d.res.Rejects, codec.Reject{Record: d.record, Start: start, End: end, Column: d.spec.Schema.Fields[0].Name, Err: bad})
		} else {
			if d.col != nil {
				d.col.Views()[row] = batch.MakeView(data, buffer, start, end-start)
			}
			d.note(start, end)
			row++
		}
		d.res.Records++
		d.record++
		d.pos = next
	}
	d.res.More = d.pos < len(data)
	if d.col != nil {
		d.col.Resize(row)
	}
	d.out.Len, d.out.Origin = row, nil
	if d.spec.Origin {
		d.out.Origin = &d.origin
	}
	return &d.out, &d.res, nil
}

func (d *decoder) note(start, end int) {
	if d.spec.Origin {
		d.origin.Starts = append(d.origin.Starts, uint32(start))  //nolint:gosec // blocks are below 4 GiB
		d.origin.Ends = append(d.origin.Ends, uint32(end))        //nolint:gosec // blocks are below 4 GiB
		d.origin.Lines = append(d.origin.Lines, uint32(d.record)) //nolint:gosec // blocks are below 4 GiB
	}
}

// next returns the record at pos and where the one after it begins.
func (d *decoder) next(data []byte) (start, end, next int) {
	next = len(data)
	if !d.lines || d.block.Oversize != nil {
		return d.pos, next, next
	}
	if i := bytes.IndexByte(data[d.pos:], '\n'); i >= 0 {
		next = d.pos + i + 1
	}
	return d.pos, codec.TrimLineEnd(data, d.pos, next), next
}

func (d *decoder) check(value []byte) *sqlstate.Error {
	switch {
	case d.block.Oversize != nil:
		return codec.ErrOversize(d.block.Oversize)
	case !d.lines:
		return nil
	}
	if bad := codec.CheckText(value); bad != nil {
		return bad
	}
	if _, bad := codec.FitVarchar(value, d.typ); bad != nil {
		return bad
	}
	return nil
}

// encoder appends the values as they are, lines with a line feed.
type encoder struct {
	lines bool
	bad   []codec.RowError
}

// Encode appends the rows of b that count. NULL, and a line feed within a line, are errors: they could not be read back.
func (e *encoder) Encode(dst []byte, ends []int, b *batch.Batch) ([]byte, []int, []codec.RowError) {
	e.bad = e.bad[:0]
	for i := range b.Rows() {
		row := b.Row(i)
		if b.Cols[0] == nil || b.Cols[0].IsNull(row) {
			e.bad = append(e.bad, codec.RowError{Row: row, Err: sqlstate.New(sqlstate.NullValueNotAllowed, "null value cannot be written in this format")})
			continue
		}
		value := b.Cols[0].Bytes(row)
		if e.lines && bytes.IndexByte(value, '\n') >= 0 {
			e.bad = append(e.bad, codec.RowError{Row: row, Err: sqlstate.New(sqlstate.InvalidParameterValue, "a line feed cannot be part of a line")})
			continue
		}
		dst = append(dst, value...)
		if e.lines {
			dst = append(dst, '\n')
		}
		ends = append(ends, len(dst))
	}
	return dst, ends, e.bad
}
