// Package display shows people what a pipeline does: a block of live numbers while it runs, and its account at the end.
//
// Everything shown is a function of flow.Report snapshots and the times they were taken at, so it is tested without running anything. Live
// is the thin shell that takes snapshots by a clock and draws on a terminal; Log is the one for where there is none.
package display
