package batch

// Change is what a row of a changelog does to the result that the stream describes. The numbers are part of stored formats.
type Change uint8

// The kinds of change. Both halves of an update travel next to each other in one batch.
const (
	Insert       Change = 0 // +I
	UpdateBefore Change = 1 // -U: the old image, to be taken back
	UpdateAfter  Change = 2 // +U
	Delete       Change = 3 // -D
)

// String returns the sign and letter that outputs use: +I, -U, +U, -D.
func (c Change) String() string {
	return [4]string{"+I", "-U", "+U", "-D"}[c&3]
}

// Origin says where the rows of a batch came from, for raw output and dead letters. Row i of the batch that the decoder made is
// Block.Data[Starts[i]:Ends[i]].
type Origin struct {
	Block  *Buffer
	Starts []uint32
	Ends   []uint32
	// Name is the file, address or split that holds the record; Offset is the position of Block.Data[0] in it, in bytes; negative where records have none.
	Name   string
	Offset int64
	// Lines are the record numbers within the block, from 0; nil means that row i is record FirstRecord+i.
	Lines       []uint32
	FirstRecord int
}

// Record returns the raw bytes of row i, lent with the batch.
func (o *Origin) Record(i int) []byte { return o.Block.Data[o.Starts[i]:o.Ends[i]] }

// RecordNumber returns the number of row i's record within its block, from 0.
func (o *Origin) RecordNumber(i int) int {
	if o.Lines != nil {
		return int(o.Lines[i])
	}
	return o.FirstRecord + i
}

// Batch is rows as columns: a header over columns that it may or may not own. Copying the header is cheap.
type Batch struct {
	// Cols are the columns, all of Len rows; nil where nothing reads the column.
	Cols []*Column
	// Len is the number of physical rows, at most MaxRows.
	Len int
	// Sel are the rows that count, ascending; nil means all.
	Sel []uint16
	// Kinds are the kinds of change, one a physical row; nil means all inserts.
	Kinds []Change
	// Before is, for each physical row, what the watermark of the row's own split was just before the row, in µs since 1970-01-01, or
	// math.MinInt64 if there was none. It says whether a row of a source is late, whatever the pipeline has seen of other splits. nil means that
	// no row is: it was made by an operator, or nobody asks.
	Before []int64
	// Origin is where the rows came from, or nil; OriginRows maps each row to its row there, nil meaning the same number.
	Origin     *Origin
	OriginRows []uint16
}

// Rows returns how many rows count.
func (b *Batch) Rows() int {
	if b.Sel != nil {
		return len(b.Sel)
	}
	return b.Len
}

// Row returns the physical number of the i-th row that counts.
func (b *Batch) Row(i int) int {
	if b.Sel != nil {
		return int(b.Sel[i])
	}
	return i
}

// View makes b a header over the rows of src that sel names, sharing its columns for as long as src is lent. sel is borrowed.
func (b *Batch) View(src *Batch, sel []uint16) {
	b.Cols = append(b.Cols[:0], src.Cols...)
	b.Len, b.Sel, b.Kinds, b.Before = src.Len, sel, src.Kinds, src.Before
	b.Origin, b.OriginRows = src.Origin, src.OriginRows
}

// OriginRow returns the row of Origin that physical row i came from, or -1 if there is none.
func (b *Batch) OriginRow(i int) int {
	switch {
	case b.Origin == nil:
		return -1
	case b.OriginRows != nil:
		return int(b.OriginRows[i])
	default:
		return i
	}
}
