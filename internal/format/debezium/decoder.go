package debezium

import (
	"bytes"
	"slices"

	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/sqlstate"
)

// The images that a row can be of, as sources of values: before and after, and both in the envelope.
const images = 4

// decoder makes changes of what another decoder reads.
type decoder struct {
	inner codec.Decoder
	spec  codec.DecodeSpec
	need  []bool
	block *codec.Block

	src   [][images]*batch.Column // for each column its images
	from  []uint8                 // for each row: the image, and the row of it
	rows  []uint16
	kinds []batch.Change
	late  []int64
	cols  []*batch.Column
	out   batch.Batch
	res   codec.Result
}

func newDecoder(rows codec.Format, spec codec.DecodeSpec) (codec.Decoder, error) {
	d := &decoder{spec: spec, need: make([]bool, spec.Schema.Len()), out: batch.Batch{Cols: make([]*batch.Column, spec.Schema.Len())}}
	d.cols = make([]*batch.Column, len(d.need))
	for i, f := range spec.Schema.Fields {
		if d.need[i] = spec.Needs(i); d.need[i] {
			d.cols[i] = batch.NewColumn(spec.Pool, f.Type)
		}
	}
	d.src = make([][images]*batch.Column, len(d.need))
	inner := codec.DecodeSpec{
		Schema: messages(spec.Schema, spec.Upserts), Need: needs(spec.Need), Strict: spec.Strict, Origin: true, Pool: spec.Pool,
	}
	if spec.Times != nil {
		inner.Times = times(spec.Times)
	}
	var err error
	d.inner, err = rows.NewDecoder(inner)
	return d, err
}

// Begin takes a block.
func (d *decoder) Begin(block *codec.Block) error {
	d.block = block
	return d.inner.Begin(block)
}

// Lines are those that were passed, as codec.LineCounter says; 0 if the rows' format does not count them.
func (d *decoder) Lines() int {
	if l, ok := d.inner.(codec.LineCounter); ok {
		return l.Lines()
	}
	return 0
}

// Decode makes the changes of the next messages. An update with both images is two rows, and counted as two records.
func (d *decoder) Decode() (*batch.Batch, *codec.Result, error) {
	b, res, err := d.inner.Decode()
	if err != nil {
		return nil, nil, err
	}
	d.res = codec.Result{Records: res.Records, Filtered: res.Filtered, Rejects: d.res.Rejects[:0], More: res.More, Top: res.Top}
	d.from, d.rows, d.kinds = d.from[:0], d.rows[:0], d.kinds[:0]
	d.takeRejects(res.Rejects)
	d.bind(b)
	found := len(d.res.Rejects)
	for i := range b.Rows() {
		d.message(b, b.Row(i))
	}
	if found > 0 && len(d.res.Rejects) > found {
		slices.SortStableFunc(d.res.Rejects, func(a, b codec.Reject) int { return a.Record - b.Record })
	}
	d.finish(b)
	return &d.out, &d.res, nil
}

// takeRejects takes what the rows' decoder rejects, but for tombstones: a null in the place of a message means nothing.
func (d *decoder) takeRejects(rejects []codec.Reject) {
	for _, r := range rejects {
		if string(bytes.TrimSpace(d.block.Buf.Data[r.Start:r.End])) == "null" {
			d.res.Filtered++
		} else {
			d.res.Rejects = append(d.res.Rejects, r)
		}
	}
}

// bind finds the columns of all images.
func (d *decoder) bind(b *batch.Batch) {
	envelope := b.Cols[payload]
	for i, c := range [images]*batch.Column{b.Cols[before], b.Cols[after], envelope.Child(before), envelope.Child(after)} {
		for k, need := range d.need {
			if need {
				d.src[k][i] = c.Child(k)
			}
		}
	}
}

// message adds the changes of message row of b.
func (d *decoder) message(b *batch.Batch, row int) {
	old, now, what, first := b.Cols[before], b.Cols[after], b.Cols[operation], uint8(0)
	if envelope := b.Cols[payload]; !envelope.IsNull(row) {
		old, now, what, first = envelope.Child(before), envelope.Child(after), envelope.Child(operation), 2
	}
	if what.IsNull(row) {
		d.reject(b, row, names()[operation], sqlstate.New(sqlstate.NullValueNotAllowed, "the message does not say what was done"))
		return
	}
	switch op := what.Bytes(row); string(op) {
	case "c", "r":
		if d.has(b, now, after, op, row) {
			d.put(first+after, row, batch.Insert)
		}
	case "u":
		switch {
		case !d.has(b, now, after, op, row):
		case d.spec.Upserts && old.IsNull(row):
			d.put(first+after, row, batch.UpdateAfter)
		case d.has(b, old, before, op, row):
			d.put(first+before, row, batch.UpdateBefore)
			d.put(first+after, row, batch.UpdateAfter)
			d.res.Records++
		}
	case "d":
		if d.has(b, old, before, op, row) {
			d.put(first+before, row, batch.Delete)
		}
	default:
		d.reject(b, row, names()[operation], sqlstate.Errorf(sqlstate.InvalidTextRepresentation, "\"%s\" is no change of a row", codec.Shown(op)).
			WithHint("Changes are c (create), r (read), u (update) and d (delete)."))
	}
}

// has reports whether a message has the image that its operation needs, and rejects it otherwise.
func (d *decoder) has(b *batch.Batch, c *batch.Column, image int, op []byte, row int) bool {
	if !c.IsNull(row) {
		return true
	}
	name := names()[image]
	err := sqlstate.Errorf(sqlstate.NullValueNotAllowed, "a message with op \"%s\" needs %s", op, name)
	if image == before {
		err = err.WithHint("Let the database write whole old rows (PostgreSQL: REPLICA IDENTITY FULL), or declare the PRIMARY KEY and changes = 'upsert'.")
	}
	d.reject(b, row, name, err)
	return false
}

func (d *decoder) reject(b *batch.Batch, row int, column string, err *sqlstate.Error) {
	o, at := b.Origin, b.OriginRow(row)
	d.res.Rejects = append(d.res.Rejects, codec.Reject{Record: o.RecordNumber(at), Start: int(o.Starts[at]), End: int(o.Ends[at]), Column: column, Err: err})
}

func (d *decoder) put(image uint8, row int, kind batch.Change) {
	d.from, d.rows, d.kinds = append(d.from, image), append(d.rows, uint16(row)), append(d.kinds, kind) //nolint:gosec // a row number of a batch
}

// finish fills in the batch: b is what the rows' decoder made.
func (d *decoder) finish(b *batch.Batch) {
	for k, need := range d.need {
		if !need {
			continue
		}
		d.fill(k)
		d.out.Cols[k] = d.cols[k]
	}
	d.out.Len, d.out.Sel, d.out.Kinds, d.out.Before = len(d.rows), nil, nil, nil
	if slices.ContainsFunc(d.kinds, func(k batch.Change) bool { return k != batch.Insert }) {
		batch.PairKinds(d.kinds)
		d.out.Kinds = d.kinds
	}
	if b.Before != nil {
		d.late = d.late[:0]
		for _, row := range d.rows {
			d.late = append(d.late, b.Before[row])
		}
		d.out.Before = d.late
	}
	d.out.Origin, d.out.OriginRows = nil, nil
	if d.spec.Origin {
		d.out.Origin, d.out.OriginRows = b.Origin, d.rows
	}
}

// fill fills column k: where all rows are of one image, without asking each of which.
func (d *decoder) fill(k int) {
	for _, image := range d.from {
		if image != d.from[0] {
			d.cols[k].Interleave(d.src[k][:], d.from, d.rows)
			return
		}
	}
	image := uint8(after)
	if len(d.from) > 0 {
		image = d.from[0]
	}
	d.cols[k].Gather(d.src[k][image], d.rows)
}
