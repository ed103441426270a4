// Package codec is the contract between bytes and columns: a Decoder turns the records of a block into batches, an Encoder turns batches
// into bytes, a Framer finds where records end. Formats (JSON lines, CSV, …) implement it; sources, sinks and the engine call it.
//
// Decoders and encoders belong to one lane (goroutine); a pipeline makes as many as it has lanes. A framer belongs to the reader of one
// split, since where a record ends may depend on what came before.
package codec
