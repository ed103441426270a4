package debezium

import (
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/codec"
)

// encoder writes a message for each change, and one for both halves of an update that stand next to each other.
type encoder struct {
	inner codec.Encoder
	// upserts says that an UpdateAfter comes alone, since nobody knows what it replaces.
	upserts bool
	plain   batch.Batch
	text    []byte
	ends    []int
}

func newEncoder(rows codec.Format, spec codec.EncodeSpec) (codec.Encoder, error) {
	inner, err := rows.NewEncoder(codec.EncodeSpec{Schema: spec.Schema})
	return &encoder{inner: inner, upserts: spec.Upserts}, err
}

// Encode appends the rows of b that count. The message of an update is where its first half ends; the second adds nothing.
func (e *encoder) Encode(dst []byte, ends []int, b *batch.Batch) ([]byte, []int, []codec.RowError) {
	e.plain.View(b, b.Sel)
	e.plain.Kinds = nil
	var bad []codec.RowError
	e.text, e.ends, bad = e.inner.Encode(e.text[:0], e.ends[:0], &e.plain)
	failed, at := bad, 0
	var old []byte // of an update whose second half comes next
	for i := range b.Rows() {
		row := b.Row(i)
		if len(failed) > 0 && failed[0].Row == row {
			failed = failed[1:]
			continue
		}
		object := e.object(at)
		at++
		switch kind := kindOf(b, row); {
		case old != nil:
			old = nil
		case kind == batch.UpdateBefore && e.hasOther(b, i) && len(bad) == 0:
			old = object
			dst = message(dst, old, e.object(at), 'u')
		case kind == batch.UpdateBefore || kind == batch.Delete:
			dst = message(dst, object, nil, 'd')
		case kind == batch.UpdateAfter && e.upserts:
			dst = message(dst, nil, object, 'u')
		default:
			dst = message(dst, nil, object, 'c')
		}
		ends = append(ends, len(dst))
	}
	return dst, ends, bad
}

// hasOther reports whether the second half of the update whose first half is the i-th row that counts comes next.
func (e *encoder) hasOther(b *batch.Batch, i int) bool {
	return i+1 < b.Rows() && b.Row(i+1) == b.Row(i)+1 && b.Kinds[b.Row(i+1)] == batch.UpdateAfter
}

func kindOf(b *batch.Batch, row int) batch.Change {
	if b.Kinds == nil {
		return batch.Insert
	}
	return b.Kinds[row]
}

// object returns the i-th object that the rows' encoder has written, without its line end.
func (e *encoder) object(i int) []byte {
	start := 0
	if i > 0 {
		start = e.ends[i-1]
	}
	return e.text[start : e.ends[i]-1]
}

func message(dst, old, now []byte, op byte) []byte {
	dst = image(append(dst, `{"before":`...), old)
	dst = image(append(dst, `,"after":`...), now)
	dst = append(dst, `,"op":"`...)
	return append(dst, op, '"', '}', '\n')
}

func image(dst, object []byte) []byte {
	if object == nil {
		return append(dst, "null"...)
	}
	return append(dst, object...)
}
