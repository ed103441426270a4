// Package file reads and writes files; README.md says what users can rely on.
//
// The source is one of two readers. A sequence reads the files that there are in the order of their names, as one split; a position names
// the file by path, identity (device and inode), size and a hash of its first bytes, so that a file that was replaced is noticed. A follower
// reads files that grow, each a split: scan understands what happened to names (new, renamed, removed), reading understands what happened to
// content (grown, emptied, written anew). It compares a file with what was read of it after each read, before a row goes out.
//
// The sink writes parts under hidden names. Prepare makes them durable; Commit renames those that are full, the final one all.
package file
