// Package checkpoint keeps the state directory of one pipeline: who owns it, the manifests of its checkpoints, and the files that they need.
//
// A manifest is published under the next number by a call that cannot overwrite; that is the commit point of its epoch. Two owners compete for the
// same name, and whoever loses is fenced. Whoever starts or takes over claims a number with a copy of the newest manifest, under a generation of
// his own; whoever has published looks whether a higher number exists before he commits anything, so that a process that slept while his number
// was taken, used and deleted is fenced, too. Files are immutable and carry lineage, generation and epoch in their names; retention deletes
// manifests first, and then files that no kept manifest needs.
//
// What to recover from, which generation comes next, who is fenced and what may be deleted are pure functions (Recover, NextGeneration, Superseded,
// Retention). The bytes are drawn in docs/format/checkpoint.md.
package checkpoint
