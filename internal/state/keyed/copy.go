package keyed

import (
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// rowNumber is a row of a batch, or an element of its arrays.
type rowNumber interface{ uint16 | int32 }

// appendRows appends the values of src at rows to dst, which has src's type. Long text is copied into dst's own buffer. A nil src appends NULLs.
func appendRows[R rowNumber](dst, src *batch.Column, rows []R) {
	at := dst.Len()
	dst.Resize(at + len(rows))
	if src == nil || src.Kind() == schema.Null {
		for i := range rows {
			dst.PutNull(at + i)
		}
		return
	}
	if src.HasNulls() {
		for i, row := range rows {
			if src.IsNull(int(row)) {
				dst.SetNull(at + i)
			}
		}
	}
	switch kind := src.Kind(); {
	case kind == schema.Bool:
		from, to := src.Bits(), dst.Bits()
		for i, row := range rows {
			to.Put(at+i, from.Get(int(row)))
		}
	case kind == schema.Array:
		appendArrays(dst, src, at, rows)
	case kind == schema.Row:
		for i := range src.Type().Fields {
			if kid := dst.Child(i); kid != nil {
				kid.Resize(at)
				appendMembers(kid, src.Child(i), src, rows)
			}
		}
	case kind.IsVariable():
		appendText(dst, src, at, rows)
	case kind == schema.Numeric:
		appendScales(dst, src, at, rows)
		copyValues[batch.UUID](dst, src, at, rows)
	default:
		appendFixed(dst, src, at, rows)
	}
}

// appendMembers appends a member of the rows of parent to dst. Where the whole row is NULL the member's value is undefined, and may not be followed.
func appendMembers[R rowNumber](dst, src, parent *batch.Column, rows []R) {
	if !parent.HasNulls() {
		appendRows(dst, src, rows)
		return
	}
	for from := 0; from < len(rows); {
		null, to := parent.IsNull(int(rows[from])), from+1
		for to < len(rows) && parent.IsNull(int(rows[to])) == null {
			to++
		}
		if null {
			appendRows(dst, nil, rows[from:to])
		} else {
			appendRows(dst, src, rows[from:to])
		}
		from = to
	}
}

func appendFixed[R rowNumber](dst, src *batch.Column, at int, rows []R) {
	switch src.Kind().Width() {
	case 2:
		copyValues[int16](dst, src, at, rows)
	case 4:
		copyValues[int32](dst, src, at, rows)
	case 8:
		copyValues[int64](dst, src, at, rows)
	case 16:
		copyValues[batch.UUID](dst, src, at, rows)
	}
}

func copyValues[T batch.Fixed, R rowNumber](dst, src *batch.Column, at int, rows []R) {
	from, to := batch.Values[T](src), batch.Values[T](dst)[at:]
	to = to[:len(rows)]
	for i, row := range rows {
		to[i] = from[row]
	}
}

// appendScales gives the appended rows of a NUMERIC column their scales: one for all as long as that is true.
func appendScales[R rowNumber](dst, src *batch.Column, at int, rows []R) {
	switch {
	case len(src.Scales()) == 0 && len(dst.Scales()) == 0 && src.Scale() == dst.Scale():
		return
	case len(src.Scales()) == 0 && at == 0:
		dst.SetScale(src.Scale())
		return
	}
	scales := dst.MutableScales()
	for i, row := range rows {
		scales[at+i] = src.ScaleAt(int(row))
	}
}

func appendText[R rowNumber](dst, src *batch.Column, at int, rows []R) {
	from, to := src.Views(), dst.Views()[at:]
	long := 0
	for i, row := range rows {
		v := from[row]
		switch {
		case src.IsNull(int(row)):
			v = batch.View{}
		case v.Len > batch.InlineLen:
			long += int(v.Len)
		}
		to[i] = v
	}
	if long > 0 {
		copyLong(dst, src, at, rows, long)
	}
}

// copyLong copies the long text of appended rows, of so many bytes, whose views are those of src.
func copyLong[R rowNumber](dst, src *batch.Column, at int, rows []R, long int) {
	if own := dst.Own(); own != nil {
		have := len(own.Data)
		if n := at + len(rows); cap(own.Data) < have+long && chunkRows/4 < n && n < chunkRows {
			// Most of a chunk is there: what the rest will take is known well enough, and twice as much would not be used.
			long = max(long, (have+long)/n*(chunkRows+chunkRows/16)-have)
		}
	}
	own, number := dst.OwnBuffer(long), dst.OwnNumber()
	views, data := dst.Views()[at:], own.Data
	for i, row := range rows {
		if v := &views[i]; v.Len > batch.InlineLen {
			v.Buf, v.Off = number, uint32(len(data))
			data = append(data, src.Bytes(int(row))...)
		}
	}
	own.Data = data
}

func appendArrays[R rowNumber](dst, src *batch.Column, at int, rows []R) {
	from, to := src.Offsets(), dst.Offsets()
	end := int(to[at])
	var elements []int32
	for i, row := range rows {
		if !src.IsNull(int(row)) {
			for e := from[row]; e < from[row+1]; e++ {
				elements = append(elements, e)
			}
		}
		to[at+i+1] = int32(end + len(elements))
	}
	appendRows(dst.Child(0), src.Child(0), elements)
}
