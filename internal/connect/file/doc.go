// Package file reads and writes files.
//
// A source is one ordered sequence: the files that its path names, in the order of their names, each read once from its beginning or from a
// stored position. A position names the file by path, identity (device and inode), size and a hash of its first bytes, so that a
// file that was replaced is noticed. A sink writes one file under a hidden temporary name, which Prepare makes durable and the final Commit
// renames.
package file
