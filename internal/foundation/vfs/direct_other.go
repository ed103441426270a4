//go:build !linux

package vfs

// Direct is a flag of OpenFile: what is written goes to the device past the page cache. Each write begins at a multiple of DirectAlign, in the file and in memory, and is as long as one; file systems that
// cannot do that refuse the flag with EINVAL. 0 where the machine has no such flag.
const Direct = 0
