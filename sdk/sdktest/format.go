package sdktest

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/schema"
)

// Format describes a format to FormatSuite.
type Format struct {
	Format codec.Format
	// Types are the column types that the format carries. Default: Types().
	Types []schema.Type
	// Schema, if set, is the only one that the format takes.
	Schema *schema.Schema
	// Values says which values the format carries.
	Values Values
	// Bad are records of the schema BadSchema that must be rejected.
	BadSchema *schema.Schema
	Bad       []Bad
	// Changelog, if set, reads what an encoder of Format writes with EncodeSpec.Changelog. It may be Format itself.
	Changelog codec.Format
	// Skip names laws that the format cannot keep, each with the reason.
	Skip map[string]string
}

// Bad is a record that must be rejected, the record alone.
type Bad struct {
	// Text is the whole record, its end included.
	Text string
	// Column is what Reject.Column must say.
	Column string
	// Message, if not "", is what the error must say.
	Message string
	// Lazy says that only a decoder to which the column is needed, or that is strict, must notice.
	Lazy bool
}

// FormatSuite checks that a format keeps the contracts of sdk/codec, over schemas and rows that it draws:
//
//   - DecodeUndoesEncode: rows come back as they were, extremes, NULLs and any text included.
//   - EncodeAppends: dst is kept, ends are the ends of the rows that count, a selection leaves out the others.
//   - BlocksDoNotMatter: the same rows come whatever the sizes of reads and blocks, whatever decoder gets a block, and when reading
//     begins at any block in the middle.
//   - RejectsLeaveOthersAlone: bad records between good ones are rejected, with their number, bytes and column, and the good rows stay.
//   - OnlyWhatIsNeeded: columns that are not needed are nil, the others as ever; a strict decoder notices what is wrong anywhere.
//   - OriginIsTheRecord: a row's record, decoded alone, is the row.
//   - FiltersCount: a decoder that drops rows drops only such as fail the conditions, and counts them.
//   - TimesOfEveryRow: the event time of every row counts, of those that are dropped, too; each row knows what it was just before it.
//   - ChangelogsComeBack: kinds of change survive writing and reading, and the halves of an update stay together, whatever the sizes of blocks.
//   - FramersCutRecords: Cut never splits a record, chunks of any size give the same records, Skip ends at the end of a record.
//   - MemoryIsReused: blocks decoded one after the other in the same memory do not mix, and take no more of it in the end than at first.
//   - AnyBytes: bytes of any kind, and records that were damaged, break nothing, and every record is counted once.
//   - OversizeIsOneReject: a block that is the beginning of an over-long record becomes one reject.
//
// Run it with the build tag poison, too: memory that was given back then reads as garbage.
func FormatSuite(t *testing.T, f Format) {
	t.Helper()
	runLaws(t, formatLaws(), f.withDefaults(), f.Skip)
}

func formatLaws() []law[Format] {
	return []law[Format]{
		{"DecodeUndoesEncode", decodeUndoesEncode},
		{"EncodeAppends", encodeAppends},
		{"BlocksDoNotMatter", blocksDoNotMatter},
		{"RejectsLeaveOthersAlone", rejectsLeaveOthersAlone},
		{"OnlyWhatIsNeeded", onlyWhatIsNeeded},
		{"OriginIsTheRecord", originIsTheRecord},
		{"FiltersCount", filtersCount},
		{"TimesOfEveryRow", timesOfEveryRow},
		{"ChangelogsComeBack", changelogsComeBack},
		{"FramersCutRecords", framersCutRecords},
		{"MemoryIsReused", memoryIsReused},
		{"AnyBytes", anyBytes},
		{"OversizeIsOneReject", oversizeIsOneReject},
	}
}

func (f Format) withDefaults() Format {
	if f.Types == nil {
		f.Types = Types()
	}
	return f
}

func (f Format) drawSchema(t *rapid.T) *schema.Schema {
	if f.Schema != nil {
		return f.Schema
	}
	return DrawSchema(t, f.Types)
}

// written is rows and the bytes that stand for them.
type written struct {
	schema *schema.Schema
	rows   []string
	header int // length of what stands before the first record
	data   []byte
	ends   []int // of each row's record in data
}

// draw draws up to most rows of s, and writes them.
func (f Format) draw(t *rapid.T, s *schema.Schema, most int) written {
	b := f.Values.DrawBatch(t, &batch.Pool{}, s, rapid.IntRange(1, most).Draw(t, "rows"))
	return f.write(t, s, b)
}

func (f Format) write(t rapid.TB, s *schema.Schema, b *batch.Batch) written {
	t.Helper()
	e := f.encoder(t, codec.EncodeSpec{Schema: s})
	w := written{schema: s, rows: Rows(b)}
	if h, ok := e.(codec.Header); ok {
		w.data = h.AppendHeader(nil)
		w.header = len(w.data)
	}
	var bad []codec.RowError
	w.data, w.ends, bad = e.Encode(w.data, nil, b)
	if len(bad) > 0 {
		t.Fatalf("row %d cannot be written: %v", bad[0].Row, bad[0].Err)
	}
	if len(w.ends) != b.Rows() || w.ends[len(w.ends)-1] != len(w.data) {
		t.Fatalf("%d rows end at %v, in %d bytes", b.Rows(), w.ends, len(w.data))
	}
	return w
}

// record returns the bytes of record i.
func (w *written) record(i int) []byte {
	if i == 0 {
		return w.data[w.header:w.ends[0]]
	}
	return w.data[w.ends[i-1]:w.ends[i]]
}

func (f Format) encoder(t rapid.TB, spec codec.EncodeSpec) codec.Encoder {
	t.Helper()
	e, err := f.Format.NewEncoder(spec)
	if err != nil {
		t.Fatalf("encoder of (%s): %v", spec.Schema, err)
	}
	return e
}

func newDecoder(t rapid.TB, f codec.Format, spec codec.DecodeSpec) codec.Decoder {
	t.Helper()
	if spec.Pool == nil {
		spec.Pool = &batch.Pool{}
	}
	d, err := f.NewDecoder(spec)
	if err != nil {
		t.Fatalf("decoder of (%s): %v", spec.Schema, err)
	}
	return d
}

func decodeUndoesEncode(t testing.TB, f Format) {
	rapid.Check(t, func(t *rapid.T) {
		w := f.draw(t, f.drawSchema(t), 20)
		got := f.read(t, w, codec.DecodeSpec{})
		got.mustBe(t, w.rows)
	})
}

func encodeAppends(t testing.TB, f Format) {
	rapid.Check(t, func(t *rapid.T) {
		s := f.drawSchema(t)
		b := f.Values.DrawBatch(t, &batch.Pool{}, s, rapid.IntRange(2, 10).Draw(t, "rows"))
		whole := f.write(t, s, b)
		var picked []byte
		for row := range b.Len {
			if rapid.Bool().Draw(t, "counts") {
				b.Sel = append(b.Sel, uint16(row)) //nolint:gosec // below 10
				picked = append(picked, whole.record(row)...)
			}
		}
		if b.Sel == nil {
			b.Sel = []uint16{}
		}
		const before = "what was there"
		data, ends, bad := f.encoder(t, codec.EncodeSpec{Schema: s}).Encode([]byte(before), []int{7}, b)
		if len(bad) > 0 || string(data) != before+string(picked) {
			t.Fatalf("%d of %d rows written as %q, errors %v, want %q", len(b.Sel), b.Len, data, bad, before+string(picked))
		}
		if len(ends) != 1+len(b.Sel) || ends[0] != 7 || len(ends) > 1 && ends[len(ends)-1] != len(data) {
			t.Fatalf("ends %v after %d rows in %d bytes", ends, len(b.Sel), len(data))
		}
	})
}

func changelogsComeBack(t testing.TB, f Format) {
	if f.Changelog == nil {
		t.Skip("no format that reads changelogs was given")
	}
	rapid.Check(t, func(t *rapid.T) {
		s := f.drawSchema(t)
		b := f.Values.DrawBatch(t, &batch.Pool{}, s, rapid.IntRange(1, 10).Draw(t, "rows"))
		for range b.Len {
			b.Kinds = append(b.Kinds, rapid.SampledFrom([]batch.Change{batch.Insert, batch.UpdateBefore, batch.UpdateAfter, batch.Delete}).Draw(t, "kind"))
		}
		e := f.encoder(t, codec.EncodeSpec{Schema: s, Changelog: true})
		w := written{schema: s, rows: Rows(b)}
		if h, ok := e.(codec.Header); ok {
			w.data = h.AppendHeader(nil)
		}
		w.data, _, _ = e.Encode(w.data, nil, b)
		reading := f
		reading.Format = f.Changelog
		got := reading.read(t, w, codec.DecodeSpec{})
		reading.readInPieces(t, w, got.rows)
		got.rows, w.rows = signed(got.rows), signed(w.rows)
		got.mustBe(t, w.rows)
	})
}

// readInPieces reads a changelog in blocks of any size, and from any block on, and must get rows.
func (f Format) readInPieces(t *rapid.T, w written, rows []string) {
	size := rapid.IntRange(1, len(w.data)+1).Draw(t, "block bytes")
	blocks := input{f: f.Format, data: w.data, piece: drawPieces(t)}.blocks(t, size)
	d := newDecoder(t, f.Format, codec.DecodeSpec{Schema: w.schema})
	r, counts, rows := &reading{}, make([]int, len(blocks)), plainly(rows)
	for i, block := range blocks {
		counts[i] = len(r.rows)
		r.add(t, d, block)
	}
	r.rows = plainly(r.rows)
	r.mustBe(t, rows)
	if len(blocks) == 0 {
		return
	}
	k := rapid.IntRange(0, len(blocks)-1).Draw(t, "block to begin with")
	tail := &reading{}
	for _, block := range (input{f: f.Format, data: w.data, from: blocks[k].Offset}).blocks(t, size) {
		tail.add(t, d, block)
	}
	tail.rows = plainly(tail.rows)
	tail.mustBe(t, rows[counts[k]:])
}

// plainly are rows of a changelog as they are in a batch without kinds, if they come to be.
func plainly(rows []string) []string {
	out := make([]string, len(rows))
	for i, row := range rows {
		out[i] = strings.TrimPrefix(row, batch.Insert.String()+" ")
	}
	return out
}

// signed are rows of a changelog without the difference between a half of an update and a row on its own: where the halves are cut apart, they become
// a deletion and an insertion. An insertion has no kind in front, as in a batch without kinds.
func signed(rows []string) []string {
	out := make([]string, len(rows))
	for i, row := range rows {
		out[i] = row
		for k := batch.Insert; k <= batch.Delete; k++ {
			if rest, ok := strings.CutPrefix(row, k.String()+" "); ok {
				out[i] = rest
				if k == batch.UpdateBefore || k == batch.Delete {
					out[i] = batch.Delete.String() + " " + rest
				}
			}
		}
	}
	return out
}
