// Package edits runs pipelines that are edited half-way: part of the input by one text of the pipeline, the rest by another one that goes on from its checkpoint. docs/guide/editing.md
// says what becomes of the state; a row there has cases here.
//
// State is in the manifest, in a store in memory and, as in what is shipped, in a state directory: there every run is killed before it comes to its end, and goes on with next to
// nothing of its state in memory (killed_test.go). Of large tables one case of four is, which WIRE_SEED draws; with WIRE_TEST_HEAVY=1 all are.
package edits
