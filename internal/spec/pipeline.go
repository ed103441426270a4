package spec

// Text is a scalar and where it stands.
type Text struct {
	Value string
	Pos   Pos
	// Written is the text before references were expanded; "" if it has none. Messages show it instead of Value, which may be a secret.
	Written string
}

// Shown is the text for messages.
func (t Text) Shown() string {
	if t.Written != "" {
		return t.Written
	}
	return t.Value
}

// Pipeline is a pipeline file as it was written.
type Pipeline struct {
	Name        Text
	Parallelism int // 0: as many lanes as the machine has cores
	OnError     Text
	// Memory is what rows and state may take, a size.
	Memory Text
	// Compression is how state on disk is compressed: snappy, zstd or none.
	Compression Text
	// Emit is auto, final or changes.
	Emit       Text
	Sources    []Source
	Transforms []Transform
	Sinks      []Sink
	// DeadLetters is the sink of rejected rows, nil if there is none.
	DeadLetters *Sink
}

// Source is an entry of sources.
type Source struct {
	Name      Text
	Connector Text
	Format    Text
	Schema    []Column
	// Key is primary_key; Changes is append, changelog or upsert.
	Key       []Text
	Changes   Text
	EventTime Text
	Watermark Text
	OnError   Text
	// MaxRecord is max_record_bytes.
	MaxRecord Text
	Options   []Option
}

// Column is a declared column: its name, and the text of its type.
type Column struct {
	Name Text
	Type Text
}

// Option is an option of a connector or format, as a value of the kinds that connector.Apply takes.
type Option struct {
	Name  Text
	Value any
	Pos   Pos // of the value
}

// Transform is an entry of transforms: unnest, then filter, then select, or a split, or a query in SQL.
type Transform struct {
	Name    Text
	From    []Text
	Unnest  *Unnest
	Filter  Text
	Select  []Item
	Split   []Branch
	SQL     Text
	OnError Text
	Pos     Pos
}

// Unnest makes a row of each element of Array. As names the elements' column; empty: they take the array's place.
type Unnest struct {
	Array Text
	As    Text
}

// Item is an element of select: a star with names left out or changed, or a named expression.
type Item struct {
	Star   bool
	Except []Text
	Rename []Rename
	Name   Text
	Expr   Text
}

// Rename gives the column Old the name New.
type Rename struct {
	Old, New Text
}

// Branch is an output of a split: rows for which Cond holds leave by step.Name. An empty Cond takes what is left.
type Branch struct {
	Name Text
	Cond Text
}

// Sink is an entry of sinks.
type Sink struct {
	Name      Text
	From      []Text
	Connector Text
	Format    Text
	// Key is primary_key.
	Key     []Text
	OnError Text
	Options []Option
}
