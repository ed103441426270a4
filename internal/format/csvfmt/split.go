package csvfmt

import (
	"fmt"
	"slices"
	"unsafe"

	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/codec"
)

// cell is a field's text, for headers and samples.
type cell struct {
	text   []byte
	quoted bool
}

// splitRecords takes apart whole records, comments and blank lines left out, all of them text. Slow and simple: for headers and samples.
func splitRecords(s syntax, data []byte) ([][]cell, error) {
	records, err := splitFields(s, data)
	if err != nil {
		return nil, err
	}
	for i, record := range records {
		for _, c := range record {
			if bad := codec.CheckText(c.text); bad != nil {
				return nil, fmt.Errorf("record %d: %w", i+1, bad)
			}
		}
	}
	return records, nil
}

// splitFields does what splitRecords does, whatever bytes the fields have.
func splitFields(s syntax, data []byte) ([][]cell, error) {
	d := &decoder{format: &format{syntax: s}, words: s.outsideWords(), spec: codec.DecodeSpec{Pool: &batch.Pool{}}}
	d.size = len(data)
	d.text = d.copies.Text(d.spec.Pool, nil, slices.Clip(data))
	d.data = d.text.Data
	d.p = unsafe.Pointer(unsafe.SliceData(d.data))
	if d.size >= len(byteOrderMark) && string(data[:len(byteOrderMark)]) == byteOrderMark {
		d.pos = len(byteOrderMark)
	}
	var records [][]cell
	for d.pos < d.size {
		if next := d.passLine(at(d.p, d.pos)); next > 0 {
			d.pos = next
			continue
		}
		var cells []cell
		end := d.recordEnd(d.pos)
		for {
			t, bad := d.next(d.pos)
			if bad != nil {
				return nil, fmt.Errorf("record %d: %w", len(records)+1, bad)
			}
			text := d.data[t.start:t.end]
			if t.escaped {
				text = s.appendUnescaped(nil, text)
			}
			cells = append(cells, cell{text: text, quoted: t.quoted})
			if d.pos = t.after + 1; at(d.p, t.after) != s.delimiter {
				break
			}
		}
		records = append(records, cells)
		d.pos = end + 1
	}
	return records, nil
}
