// Package edits runs pipelines that are edited half-way: part of the input by one text of the pipeline, the rest by another one that goes on from its checkpoint. docs/guide/editing.md
// says what becomes of the state; a case here is a row there.
package edits
