// Package evolve says what becomes of a pipeline's state when the pipeline is edited. Describe makes of a physical plan a description that can be stored: what
// each source reads, and of each step with state which rows made it, how they were computed, and how it is laid out. Compare finds for each step of a plan the
// step of an earlier one that it goes on from, whatever their names and places are, and says whether the state is kept, transformed or lost, and why; Follow makes
// a plan ready to go on. docs/guide/editing.md has the kinds of edits, docs/format/plan.md the bytes of a description.
package evolve
