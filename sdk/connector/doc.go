// Package connector is the contract between Wire and the world: how a source hands over blocks of records, and how a sink takes encoded rows
// and makes them durable.
//
// A source is one Reader that deals blocks, each tagged with its split; it may do I/O and block, but nothing else: decoding happens in
// lanes. A sink is one ordered writer fed by encoders that run in the lanes. Sinks work by Prepare and Commit, so that what belongs to an
// epoch appears whole or not at all. Options of a connector are a Go struct with tags (see Describe): documents, JSON Schema, defaults and
// error messages all come from it.
package connector
