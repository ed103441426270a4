package codec

import "wire.example/wire/sdk/schema"

// Format makes decoders, encoders and framers from one set of options. It is immutable and safe for concurrent use.
type Format interface {
	NewDecoder(spec DecodeSpec) (Decoder, error)
	NewEncoder(spec EncodeSpec) (Encoder, error)
	NewFramer() Framer
}

// MediaTyper is an extra power of a format: the media type (RFC 6838) of a stream of its records, without parameters.
type MediaTyper interface {
	MediaType() string
}

// Inferrer is an extra power of a format: it proposes a schema for a sample of whole records.
type Inferrer interface {
	Infer(sample []byte) (*schema.Schema, error)
}

// Fixed is an extra power of a format whose schema does not depend on the user: raw lines have one TEXT column, raw bytes one BYTEA.
type Fixed interface {
	FixedSchema() *schema.Schema
}

// FormatType describes a format to users and makes it.
type FormatType struct {
	Name string
	// Doc is one sentence for a person who chooses.
	Doc string
	// NewConfig returns a pointer to the format's options struct, with tags as connectors' have them.
	NewConfig func() any
	// New makes the format from a config that NewConfig made and the options filled.
	New func(config any) (Format, error)
	// Passes reports whether records of a source with config from may be written unchanged by a sink with config to: a pipeline that only
	// filters then keeps the records' bytes. nil: never.
	Passes func(from, to any) bool
	// Changes reports whether a sink's config can write kinds of change (EncodeSpec.Changelog), Reads whether a source's reads them, so that its batches
	// have Kinds. nil: never.
	Changes, Reads func(config any) bool
}
