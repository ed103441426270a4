// Package op is the contract of operators, from the first day the whole of it: batches, watermarks, timers, barriers, the end of input, and
// snapshots by key group.
//
// An operator is single-threaded and deterministic. It starts no goroutine, takes no lock, does no I/O and reads no clock. Whoever drives it
// (a lane or a task) first asks what it Needs for its input, fetches that, and then calls Apply, so that the driver's fetch is the only
// I/O. Apply answers "more" when it stopped after MaxRows emitted rows with input left; the driver hands on what was emitted and calls again
// with the same input. Only Operator is required; every other power is an interface of its own that an operator has if it needs it.
package op
