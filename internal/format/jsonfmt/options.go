package jsonfmt

import (
	"errors"
	"fmt"

	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/temporal"
)

// Options are what a user may set; README.md tells more.
type Options struct {
	// Epoch is the unit of dates and times that are numbers: s, ms, us or ns. Empty: numbers are refused.
	Epoch string `doc:"Unit of dates and times that are numbers: since 1970, for TIME since midnight. Without it they are refused." enum:"s,ms,us,ns" option:"epoch" yaml:"epoch"`
	// Coerce accepts numbers and booleans in quotes.
	Coerce bool `default:"false" doc:"Accept numbers and booleans in quotes." option:"coerce" yaml:"coerce" tuning:"true"`
	// Strict checks the values of columns that nothing reads, too.
	Strict bool `default:"false" doc:"Check every declared column, needed or not." option:"strict" yaml:"strict" tuning:"true"`
	// Changelog reads the kind of change from the member OpField, which must be one of +I, -U, +U, -D.
	Changelog bool `default:"false" doc:"Read the kind of change (+I, -U, +U, -D) of each row." option:"changelog" yaml:"changelog"`
	// OpField is the member that holds the kind of change.
	OpField string `default:"op" doc:"Member that holds the kind of change." option:"op_field" yaml:"op_field"`
	// Deleted is the member that is true in rows that take the row with their key away; empty: there is none.
	Deleted string `doc:"Member that is true where a row takes the one with its key away (a source with changes = 'upsert')." option:"deleted_field" yaml:"deleted_field"`
}

// defaultOpField is the name of the member that holds the kind of change.
const defaultOpField = "op"

// New returns the format with options.
func New(options Options) (codec.Format, error) {
	f := &format{options: options}
	switch options.Epoch {
	case "":
	case "s":
		f.unit = temporal.Second
	case "ms":
		f.unit = temporal.Millisecond
	case "us":
		f.unit = temporal.Microsecond
	case "ns":
		f.unit, f.finer = temporal.Microsecond, 3
	default:
		return nil, fmt.Errorf("option epoch: %q is no unit; write s, ms, us or ns", options.Epoch)
	}
	if f.finer == 0 {
		f.epoch = f.unit
	}
	if options.Changelog && options.Deleted != "" {
		return nil, errors.New("option deleted_field: with changelog, the kind of change says which rows are deleted; leave one of them out")
	}
	if f.options.OpField == "" {
		f.options.OpField = defaultOpField
	}
	return f, nil
}

type format struct {
	options Options
	unit    int64 // µs a unit, times 10^finer; 0: numbers are refused
	finer   int
	epoch   int64 // unit, if that is whole µs
}

// NewDecoder returns a decoder of JSON lines.
func (f *format) NewDecoder(spec codec.DecodeSpec) (codec.Decoder, error) {
	return newDecoder(f, spec)
}

// NewEncoder returns an encoder of JSON lines. A column named like the member for the kind of change is refused.
func (f *format) NewEncoder(spec codec.EncodeSpec) (codec.Encoder, error) {
	return newEncoder(f, spec)
}

// MediaType returns the usual name of JSON lines; none is registered.
func (f *format) MediaType() string { return "application/x-ndjson" }

// NewFramer returns a framer of lines, which keeps the halves of updates together.
func (f *format) NewFramer() codec.Framer {
	if f.options.Changelog {
		return &pairFramer{Framer: codec.NewLineFramer(), format: f}
	}
	return codec.NewLineFramer()
}

// Infer proposes a schema for a sample of whole lines.
func (f *format) Infer(sample []byte) (*schema.Schema, error) { return infer(sample) }
