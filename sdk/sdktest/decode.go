package sdktest

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sqlstate"
)

// drawPieces draws how large the reads of an input are.
func drawPieces(t *rapid.T) func() int {
	sizes := rapid.SliceOfN(rapid.IntRange(1, 200), 1, 8).Draw(t, "sizes of reads")
	next := 0
	return func() int {
		next++
		return sizes[next%len(sizes)]
	}
}

func blocksDoNotMatter(t testing.TB, f Format) {
	rapid.Check(t, func(t *rapid.T) {
		w := f.draw(t, f.drawSchema(t), 40)
		in := input{f: f.Format, data: w.data, piece: drawPieces(t)}
		blocks := in.blocks(t, rapid.IntRange(1, 300).Draw(t, "block size"))
		lanes := make([]codec.Decoder, rapid.IntRange(1, 3).Draw(t, "lanes"))
		for i := range lanes {
			lanes[i] = newDecoder(t, f.Format, codec.DecodeSpec{Schema: w.schema})
		}
		whole := &reading{}
		var before []int // rows before each block
		for _, block := range blocks {
			before = append(before, len(whole.rows))
			whole.add(t, lanes[rapid.IntRange(0, len(lanes)-1).Draw(t, "lane")], block)
		}
		whole.mustBe(t, w.rows)
		k := rapid.IntRange(0, len(blocks)-1).Draw(t, "block to begin with")
		again := input{f: f.Format, data: w.data, from: blocks[k].Offset, piece: in.piece}
		rest, d := &reading{}, newDecoder(t, f.Format, codec.DecodeSpec{Schema: w.schema})
		for _, block := range again.blocks(t, 100) {
			rest.add(t, d, block)
		}
		rest.mustBe(t, w.rows[before[k]:])
	})
}

// mixed is good records, as written, and bad ones between them.
type mixed struct {
	written
	good []int // numbers of the good records, in order
	bad  []Bad
	at   []int // numbers of the bad ones
}

// drawMixed draws rows of BadSchema, and bad records from among choices in between.
func (f Format) drawMixed(t *rapid.T, choices []Bad) mixed {
	w := f.draw(t, f.BadSchema, 8)
	m := mixed{written: written{schema: w.schema, rows: w.rows, header: w.header, data: slices.Clone(w.data[:w.header])}}
	number := 0
	for i := range w.rows {
		for range rapid.IntRange(0, 2).Draw(t, "bad ones") {
			bad := rapid.SampledFrom(choices).Draw(t, "bad")
			m.bad, m.at = append(m.bad, bad), append(m.at, number)
			m.data = append(m.data, bad.Text...)
			number++
		}
		m.good = append(m.good, number)
		m.data = append(m.data, w.record(i)...)
		number++
	}
	return m
}

func rejectsLeaveOthersAlone(t testing.TB, f Format) {
	if len(f.Bad) == 0 {
		t.Skip("no bad records were given")
	}
	rapid.Check(t, func(t *rapid.T) {
		m := f.drawMixed(t, f.Bad)
		got := f.read(t, m.written, codec.DecodeSpec{Origin: true, Strict: true})
		if diff := Diff(m.rows, got.rows); diff != "" {
			t.Fatalf("the good rows among %q differ (-want +got):\n%s", m.data, short(diff))
		}
		if !slices.Equal(got.numbers, m.good) {
			t.Fatalf("the good rows say that they are records %v of %q, want %v", got.numbers, m.data, m.good)
		}
		if len(got.rejects) != len(m.bad) {
			t.Fatalf("%d rejects of %d bad records in %q", len(got.rejects), len(m.bad), m.data)
		}
		for i, r := range got.rejects {
			bad := m.bad[i]
			if r.number != m.at[i] || r.text != strings.TrimRight(bad.Text, "\r\n") {
				t.Fatalf("reject %d says that it is record %d, %q; want record %d, %q", i, r.number, r.text, m.at[i], bad.Text)
			}
			if r.Column != bad.Column || !strings.Contains(r.Err.Message, bad.Message) {
				t.Fatalf("%q is rejected for column %q: %v; want column %q: %s", bad.Text, r.Column, r.Err, bad.Column, bad.Message)
			}
		}
	})
}

// drawNeed draws which columns are needed.
func drawNeed(t *rapid.T, s *schema.Schema) []codec.Need {
	need := make([]codec.Need, s.Len())
	for i := range need {
		need[i].Read = rapid.Bool().Draw(t, "needed")
	}
	return need
}

// project returns rows of b with only the columns that need names.
func project(b *batch.Batch, need []codec.Need) *batch.Batch {
	p := *b
	p.Cols = slices.Clone(b.Cols)
	for i := range p.Cols {
		if !need[i].Read {
			p.Cols[i] = nil
		}
	}
	return &p
}

func onlyWhatIsNeeded(t testing.TB, f Format) {
	rapid.Check(t, func(t *rapid.T) {
		s := f.drawSchema(t)
		need := drawNeed(t, s)
		b := f.Values.DrawBatch(t, &batch.Pool{}, s, rapid.IntRange(1, 10).Draw(t, "rows"))
		w := f.write(t, s, b)
		spec := codec.DecodeSpec{Need: need, Strict: rapid.Bool().Draw(t, "strict")}
		got := f.read(t, w, spec)
		got.mustBe(t, Rows(project(b, need)))
	})
	if len(f.Bad) == 0 {
		return
	}
	lazy := slices.DeleteFunc(slices.Clone(f.Bad), func(b Bad) bool { return !b.Lazy })
	hard := slices.DeleteFunc(slices.Clone(f.Bad), func(b Bad) bool { return b.Lazy })
	rapid.Check(t, func(t *rapid.T) {
		nothing := make([]codec.Need, f.BadSchema.Len())
		if len(lazy) > 0 {
			m := f.drawMixed(t, lazy)
			strict := f.read(t, m.written, codec.DecodeSpec{Need: nothing, Strict: true})
			if len(strict.rejects) != len(m.bad) || len(strict.rows) != len(m.rows) {
				t.Fatalf("strict, %d of %d bad records of %q are rejected", len(strict.rejects), len(m.bad), m.data)
			}
		}
		if len(hard) > 0 {
			m := f.drawMixed(t, hard)
			if got := f.read(t, m.written, codec.DecodeSpec{Need: nothing}); len(got.rejects) != len(m.bad) || len(got.rows) != len(m.rows) {
				t.Fatalf("nothing needed, %d of %d bad records of %q are rejected", len(got.rejects), len(m.bad), m.data)
			}
		}
	})
}

func originIsTheRecord(t testing.TB, f Format) {
	rapid.Check(t, func(t *rapid.T) {
		w := f.draw(t, f.drawSchema(t), 10)
		got := f.read(t, w, codec.DecodeSpec{Origin: true})
		got.mustBe(t, w.rows)
		if len(got.origins) != len(w.rows) {
			t.Fatalf("%d rows, %d records", len(w.rows), len(got.origins))
		}
		for i, record := range got.origins {
			written := w.record(i)
			if got.numbers[i] != i || !bytes.HasPrefix(written, []byte(record)) || len(bytes.TrimRight(written[len(record):], "\r\n")) > 0 {
				t.Fatalf("row %d comes from record %d, %q, want %q", i, got.numbers[i], record, written)
			}
			alone := written[:len(written):len(written)]
			one := f.read(t, writtenOf(w, alone), codec.DecodeSpec{})
			one.mustBe(t, w.rows[i:i+1])
		}
	})
}

// writtenOf is one record under the header of w.
func writtenOf(w written, record []byte) written {
	return written{schema: w.schema, header: w.header, data: append(slices.Clone(w.data[:w.header]), record...)}
}

func filtersCount(t testing.TB, f Format) {
	rapid.Check(t, func(t *rapid.T) {
		s := f.drawSchema(t)
		b := f.Values.DrawBatch(t, &batch.Pool{}, s, rapid.IntRange(1, 15).Draw(t, "rows"))
		w := f.write(t, s, b)
		var filter []codec.Condition
		for range rapid.IntRange(1, 2).Draw(t, "conditions") {
			if c, ok := drawCondition(t, s); ok {
				filter = append(filter, c)
			}
		}
		got := f.read(t, w, codec.DecodeSpec{Filter: filter, Origin: true})
		if got.records != b.Len || len(got.rejects) > 0 {
			t.Fatalf("%d records of %d, rejects %+v", got.records, b.Len, got.rejects)
		}
		next := 0
		for row, text := range w.rows {
			switch kept := next < len(got.rows) && got.numbers[next] == row; {
			case kept && got.rows[next] != text:
				t.Fatalf("row %d is %s, want %s", row, got.rows[next], text)
			case kept:
				next++
			case meets(b, filter, row):
				t.Fatalf("row %d, %s, was dropped, but meets %+v", row, text, filter)
			}
		}
		if next != len(got.rows) {
			t.Fatalf("%d rows too many under %+v", len(got.rows)-next, filter)
		}
	})
}

func drawCondition(t *rapid.T, s *schema.Schema) (codec.Condition, bool) {
	c := codec.Condition{Column: rapid.IntRange(0, s.Len()-1).Draw(t, "column"), Op: codec.CompareOp(rapid.Uint8Range(0, 5).Draw(t, "op"))}
	switch k := s.Fields[c.Column].Type.Kind; {
	case k == schema.Text:
		c.IsText, c.Text = true, rapid.SampledFrom([]string{"", "a", "NULL", "é", "long enough for a view of its own"}).Draw(t, "constant")
	case k.IsInteger() || k.IsDatetime():
		c.Int = rapid.SampledFrom([]int64{0, 1, -1, 100, 40_000, 1e15}).Draw(t, "constant")
	default:
		return c, false
	}
	return c, true
}

// meets reports whether row of b meets every condition of filter.
func meets(b *batch.Batch, filter []codec.Condition, row int) bool {
	for _, c := range filter {
		col := b.Cols[c.Column]
		if col.IsNull(row) {
			return false
		}
		var order int
		switch col.Kind() {
		case schema.Text:
			order = bytes.Compare(col.Bytes(row), []byte(c.Text))
		case schema.Int16:
			order = compare(int64(col.Int16s()[row]), c.Int)
		case schema.Int32, schema.Date:
			order = compare(int64(col.Int32s()[row]), c.Int)
		default:
			order = compare(col.Int64s()[row], c.Int)
		}
		if !c.Op.Holds(order) {
			return false
		}
	}
	return true
}

func compare(a, b int64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func memoryIsReused(t testing.TB, f Format) {
	rapid.Check(t, func(t *rapid.T) {
		s := f.drawSchema(t)
		pool := &batch.Pool{}
		d := newDecoder(t, f.Format, codec.DecodeSpec{Schema: s, Pool: pool, Origin: true})
		buf := pool.NewBuffer(64)
		inputs := make([]written, 3)
		for i := range inputs {
			inputs[i] = f.draw(t, s, 5)
		}
		var after []int64
		for round := range 6 {
			w := inputs[round%len(inputs)]
			for _, block := range (input{f: f.Format, data: w.data}).blocks(t, len(w.data)+1) {
				buf.Reset()
				buf.Grow(len(block.Buf.Data) + 64)
				buf.Data = append(buf.Data, block.Buf.Data...)
				block.Buf = buf
				got := &reading{}
				got.add(t, d, block)
				got.mustBe(t, w.rows)
			}
			after = append(after, pool.Stats().Bytes)
		}
		if after[5] > after[2] {
			t.Fatalf("%d bytes lent after each block was decoded once, %d when decoded again", after[2], after[5])
		}
	})
}

func oversizeIsOneReject(t testing.TB, f Format) {
	rapid.Check(t, func(t *rapid.T) {
		w := f.draw(t, f.drawSchema(t), 3)
		start := w.record(0)
		block := &codec.Block{
			Name: "input", Buf: batch.WrapBuffer(slices.Clone(start)), Oversize: &codec.Oversize{Length: 1 << 40, Limit: 1 << 20}, FileHeader: w.data[:w.header:w.header],
		}
		d, got := newDecoder(t, f.Format, codec.DecodeSpec{Schema: w.schema}), &reading{}
		got.add(t, d, block)
		if len(got.rejects) != 1 || got.records != 1 || got.rejects[0].Err.Code != sqlstate.ProgramLimitExceeded {
			t.Fatalf("%d records, %d rows, rejects %+v", got.records, len(got.rows), got.rejects)
		}
		for _, next := range (input{f: f.Format, data: w.data}).blocks(t, len(w.data)+1) { // and then goes on
			after := &reading{}
			after.add(t, d, next)
			after.mustBe(t, w.rows)
		}
	})
}
