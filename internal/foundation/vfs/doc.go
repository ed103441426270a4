// Package vfs is how Wire touches files whose loss would matter.
//
// FS and File hold the calls that sources, sinks and checkpoints need, each with what it promises about durability. OS is the machine's
// file system; NewMem one in memory that can tell what a power failure would leave; Record and Fail wrap another FS to note every call,
// or to make chosen calls fail. One conformance suite runs against them all.
//
// The rule of durability, the same for each FS: File.Sync makes a file's content durable, SyncDir makes the names in one directory
// durable, and nothing else promises either. A new file therefore needs both, and a new directory needs SyncDir of its parent.
package vfs
