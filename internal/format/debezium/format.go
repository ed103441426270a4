package debezium

import (
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/schema"
)

// Options are what a user may set; README.md tells more.
type Options struct {
	// Epoch is the unit of dates and times that are numbers: s, ms, us or ns. Empty: numbers are refused.
	Epoch string `doc:"Unit of dates and times that are numbers: since 1970, for TIME since midnight. Without it they are refused." enum:"s,ms,us,ns" option:"epoch" yaml:"epoch"`
	// Coerce accepts numbers and booleans in quotes.
	Coerce bool `default:"false" doc:"Accept numbers and booleans in quotes." option:"coerce" yaml:"coerce" tuning:"true"`
	// Strict checks the values of columns that nothing reads, too.
	Strict bool `default:"false" doc:"Check every declared column, needed or not." option:"strict" yaml:"strict" tuning:"true"`
}

// New returns the format, whose rows are written and read by rows: a format of JSON lines, with the options that concern it.
func New(rows codec.Format) codec.Format { return &format{rows: rows} }

type format struct{ rows codec.Format }

// NewDecoder returns a decoder of changes.
func (f *format) NewDecoder(spec codec.DecodeSpec) (codec.Decoder, error) {
	return newDecoder(f.rows, spec)
}

// NewEncoder returns an encoder of changes.
func (f *format) NewEncoder(spec codec.EncodeSpec) (codec.Encoder, error) {
	return newEncoder(f.rows, spec)
}

// NewFramer returns a framer of lines.
func (f *format) NewFramer() codec.Framer { return f.rows.NewFramer() }

// MediaType is that of the rows.
func (f *format) MediaType() string {
	if m, ok := f.rows.(codec.MediaTyper); ok {
		return m.MediaType()
	}
	return ""
}

// The members of a message, and their places in the schema by which it is read.
const (
	before = iota
	after
	operation
	payload // all of them again, in an envelope
	members
)

// names are those of the members.
func names() [members]string { return [members]string{"before", "after", "op", "payload"} }

// messages is the schema by which messages with rows of s are read.
func messages(s *schema.Schema, upserts bool) *schema.Schema {
	old := make([]schema.Field, s.Len())
	for i, f := range s.Fields {
		old[i] = f
		if upserts { // what is taken away may have its key alone
			old[i].NotNull = false
		}
	}
	n := names()
	inner := []schema.Field{
		{Name: n[before], Type: schema.RowOf(old...)}, {Name: n[after], Type: schema.RowOf(s.Fields...)}, {Name: n[operation], Type: schema.Of(schema.Text)},
	}
	return schema.New(append(inner[:len(inner):len(inner)], schema.Field{Name: n[payload], Type: schema.RowOf(inner...)})...)
}

// needs is what is to be read of messages of whose rows need is to be read.
func needs(need []codec.Need) []codec.Need {
	if len(need) == 0 {
		return nil
	}
	inner := []codec.Need{{Read: true, Members: clone(need)}, {Read: true, Members: clone(need)}, {Read: true}}
	return append(inner, codec.Need{Read: true, Members: []codec.Need{{Read: true, Members: clone(need)}, {Read: true, Members: clone(need)}, {Read: true}}})
}

func clone(need []codec.Need) []codec.Need {
	out := make([]codec.Need, len(need))
	for i, n := range need {
		out[i] = n.Clone()
	}
	return out
}

// times are the paths of rows, in messages: those of the new row first.
func times(paths [][]int) [][]int {
	var out [][]int
	for _, image := range [][]int{{after}, {before}, {payload, after}, {payload, before}} {
		for _, path := range paths {
			out = append(out, append(image[:len(image):len(image)], path...))
		}
	}
	return out
}
