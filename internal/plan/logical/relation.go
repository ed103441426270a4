package logical

import (
	"slices"

	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/sdk/schema"
)

// The nodes of this file are relational. Their parameters are columns of their inputs, by number: what a key, an argument or a condition
// computes, a Project below them has computed. Only a Join's condition is an expression.

// SortKey is a column that rows are ordered by.
type SortKey struct {
	Column           int
	Desc, NullsFirst bool
}

// JoinKind says which rows a Join yields.
type JoinKind uint8

// The kinds.
const (
	// Inner yields the pairs for which the condition is true.
	Inner JoinKind = iota
	// Left yields these, and each row of the left that is in no pair, with NULLs; Right and Full accordingly.
	Left
	Right
	Full
	// Semi yields the rows of the left that are in a pair, Anti those that are in none.
	Semi
	Anti
	// Mark yields every row of the left, and behind it whether it is in a pair: true, false, or NULL where the condition is unknown for
	// some row of the right and true for none.
	Mark
	// Single is Left that fails where a row of the left is in two pairs.
	Single
)

// String returns the kind as plans show it.
func (k JoinKind) String() string {
	return [...]string{"inner", "left", "right", "full", "semi", "anti", "mark", "single"}[k]
}

// KeepsLeftOnly reports whether the columns of the right are not among those of the join.
func (k JoinKind) KeepsLeftOnly() bool { return k == Semi || k == Anti || k == Mark }

// LeftNullable reports whether columns of the left may become NULL.
func (k JoinKind) LeftNullable() bool { return k == Right || k == Full }

// RightNullable reports whether columns of the right may become NULL.
func (k JoinKind) RightNullable() bool { return k == Left || k == Full || k == Single }

// KeyPair is a column of each side of a join that must be equal; both have one type. NullSafe takes NULLs as equal. Otherwise a NULL is equal to
// nothing; in a Mark join, if Unknown, it makes the mark NULL instead.
type KeyPair struct {
	Left, Right int
	NullSafe    bool
	Unknown     bool
}

// Strategy is how a join is carried out.
type Strategy uint8

// The strategies. Undecided is hash, or a nested loop where there are no keys.
const (
	Undecided Strategy = iota
	// HashJoin hashes the build side, both sides dealt by key.
	HashJoin
	// BroadcastJoin gives the whole build side to every task; the other side stays where it is.
	BroadcastJoin
	// MergeJoin joins inputs that are ordered by the keys.
	MergeJoin
	// NestedLoop compares every pair.
	NestedLoop
	// ChangingJoin keeps both sides and hands on what changes.
	ChangingJoin
	// IntervalJoin keeps rows of both sides until event time has passed what they can meet.
	IntervalJoin
	// WindowJoin joins the rows of one window when it closes.
	WindowJoin
	// TemporalJoin joins rows to the version of a table that was valid at their time.
	TemporalJoin
)

// String returns the strategy as plans show it.
func (s Strategy) String() string {
	return [...]string{
		"join", "hash join", "broadcast join", "merge join", "nested loop", "changing join", "interval join", "window join", "temporal join",
	}[s]
}

// Join pairs the rows of two inputs. Its columns are the left's and then the right's, for Semi and Anti the left's, for Mark the left's
// and a BOOLEAN. If Dependent, the right's expressions may refer to the left's columns by bind.Outer; optimize.Decorrelate leaves none.
type Join struct {
	Step
	Left, Right Node
	Kind        JoinKind
	Keys        []KeyPair
	// Condition is what else a pair must meet, over the columns of the left and then the right, or nil.
	Condition *bind.Expr
	// AsOf is the time, over the columns of the left, at which a row sees the rows of the right, a table with a key; nil where all its rows are seen.
	AsOf      *bind.Expr
	Dependent bool
	// Guarded says that what may fail in the condition is evaluated only for pairs of rows, never for a row of one side alone.
	Guarded bool
	// Strategy and BuildLeft, which side is kept, are set by optimize.
	Strategy  Strategy
	BuildLeft bool
	// Bounds are those of an IntervalJoin; Window are, for a WindowJoin, the places in Keys of the window's start and end. Lags are how far, in µs, the
	// times of the sides may be behind the watermark. TTLs are how long, in µs of processing time, rows of the sides are kept, 0 being for ever.
	// Set by optimize.
	Bounds   *TimeBounds
	Window   [2]int
	Width    int64 // how far the ends of windows are apart at least, in µs; 0 if that is not known
	Lags     [2]int64
	TTLs     [2]int64
	Appends  [2]bool // of a ChangingJoin: nothing of the side is taken back
	Unique   [2]bool // of a ChangingJoin: no two rows of the side are equal in the keys
	Temporal *Temporal
	// Endless says that a side of the join has no end. Set by optimize.
	Endless bool
	// Order is, for MergeJoin, the order of the left's keys, which is that of the right's.
	Order []SortKey
	// Dated says that the rows that go through keep the watermark of their split. Set by optimize.
	Dated bool
	// Need says which of its columns are read above; nil means all. Set by optimize.
	Need []bool
	out  *schema.Schema
}

// NewJoin returns a join, with its schema.
func NewJoin(step Step, kind JoinKind, left, right Node, keys []KeyPair, condition *bind.Expr) *Join {
	j := &Join{Step: step, Left: left, Right: right, Kind: kind, Keys: keys, Condition: condition}
	j.out = joinSchema(kind, left.Schema(), right.Schema())
	return j
}

func joinSchema(kind JoinKind, left, right *schema.Schema) *schema.Schema {
	fields := make([]schema.Field, 0, left.Len()+right.Len())
	fields = appendFields(fields, left, kind.LeftNullable())
	switch {
	case kind == Mark:
		fields = append(fields, schema.Field{Name: "mark", Type: schema.Of(schema.Bool)})
	case !kind.KeepsLeftOnly():
		fields = appendFields(fields, right, kind.RightNullable())
	}
	return schema.New(fields...)
}

func appendFields(fields []schema.Field, from *schema.Schema, nullable bool) []schema.Field {
	for _, f := range from.Fields {
		if nullable {
			f.NotNull = false
		}
		fields = append(fields, f)
	}
	return fields
}

// Sort orders rows, and may keep only some of them. An answer's order is that of the last Sort before its sink.
type Sort struct {
	Step
	Input Node
	Keys  []SortKey
	// Limit is how many rows are kept after Offset were passed over; NoLimit means all. WithTies keeps those that are equal to the last, too.
	Limit, Offset int64
	WithTies      bool
	// Partition, if not nil, makes limit and offset hold for each value of these columns; the order is then no promise.
	Partition []int
	// Rank is the column that is added, if any, and Call the call that it comes from.
	Rank Rank
	Call WindowCall
	// Changing says that what is kept is handed on as it changes; Retracts that rows are taken back; Timed that rows are handed on in order when event
	// time has passed their first key, which may be Lag µs behind the watermark; TTL how long, in µs of processing time, a partition that is not touched is
	// kept. Set by optimize.
	Changing, Retracts, Timed bool
	// First and Last say that of rows that are equal in the keys the one that came first, or last, comes first.
	First, Last bool
	Lag, TTL    int64
	out         *schema.Schema
}

// NewSort is n with its columns.
func NewSort(n Sort) *Sort {
	n.out = nil
	if n.Rank != NoRank {
		rank := schema.Field{Name: n.Rank.String(), Type: schema.Of(schema.Int64), NotNull: true}
		n.out = schema.New(append(slices.Clone(n.Input.Schema().Fields), rank)...)
	}
	return &n
}

// NoLimit is the Limit that keeps everything.
const NoLimit int64 = -1

// Limit keeps some rows: those after Offset others, in the order in which they come.
type Limit struct {
	Step
	Input         Node
	Limit, Offset int64
}

// Temporal says how a TemporalJoin finds the version of a row.
type Temporal struct {
	// Left is the column of the left with the time; Right the column of the right with the time of a version. Processing says that it is the version of
	// when a row is processed, which no column says.
	Left, Right int
	Processing  bool
	// Key are the columns of the right by which versions replace each other; Upsert says that they do so without the old one being taken back.
	Key    []int
	Upsert bool
}

// SetKind is what a SetOp keeps.
type SetKind uint8

// The kinds. A Union is a node of its own.
const (
	Intersect SetKind = iota
	Except
)

// String returns the operation as SQL writes it.
func (k SetKind) String() string { return [...]string{"INTERSECT", "EXCEPT"}[k] }

// SetOp compares two inputs, whose columns have the same types, by whole rows.
type SetOp struct {
	Step
	Kind        SetKind
	All         bool
	Left, Right Node
	// Changing says that rows are handed on as they change; TTL how long, in µs of processing time, those that are not touched are kept. Set by optimize.
	Changing bool
	TTL      int64
}

// Schema is the left's.
func (n *SetOp) Schema() *schema.Schema { return n.Left.Schema() }

// Schema is what NewJoin made.
func (n *Join) Schema() *schema.Schema { return n.out }

// Schema is the input's.
func (n *Sort) Schema() *schema.Schema {
	if n.out != nil {
		return n.out
	}
	return n.Input.Schema()
}

// Schema is the input's.
func (n *Limit) Schema() *schema.Schema { return n.Input.Schema() }

// Inputs are both sides.
func (n *Join) Inputs() []Node { return []Node{n.Left, n.Right} }

// Inputs are the one.
func (n *Sort) Inputs() []Node { return []Node{n.Input} }

// Inputs are the one.
func (n *Limit) Inputs() []Node { return []Node{n.Input} }

// Inputs are both sides.
func (n *SetOp) Inputs() []Node { return []Node{n.Left, n.Right} }

// AtMostOneRow reports whether the scan certainly reads one row at most.
func (n *Scan) AtMostOneRow() bool {
	s := n.Source.Statistics
	return s != nil && s.Exact && s.Rows <= 1
}
