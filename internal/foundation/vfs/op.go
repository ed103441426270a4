package vfs

import (
	"fmt"
	"strings"
)

// Call names a method of FS or File.
type Call string

// The calls of FS; OpenFile and Open are both CallOpen.
const (
	CallOpen            Call = "open"
	CallStat            Call = "stat"
	CallLstat           Call = "lstat"
	CallReadDir         Call = "readdir"
	CallMkdirAll        Call = "mkdirall"
	CallRemove          Call = "remove"
	CallRename          Call = "rename"
	CallRenameNoReplace Call = "renamenoreplace"
	CallLink            Call = "link"
	CallSyncDir         Call = "syncdir"
	CallLock            Call = "lock"
)

// The calls of File; Name is not one of them. ReadAt is CallRead too.
const (
	CallRead     Call = "read"
	CallWrite    Call = "write"
	CallSeek     Call = "seek"
	CallFileStat Call = "filestat"
	CallTruncate Call = "truncate"
	CallSync     Call = "sync"
	CallClose    Call = "close"
)

// Op is one call and its outcome.
type Op struct {
	Call    Call
	Path    string
	NewPath string // of a rename or link
	Flag    int    // of an open: the flags of package os
	Offset  int64  // of a read or write: where it began; of a truncation: the new size
	Length  int    // of a read or write: the bytes asked for
	Done    int    // of a read or write: the bytes that passed
	Hash    uint64 // of a read or write: xxh3 of the bytes that passed
	Err     error
}

// Changes reports whether the call alters files or names, or makes them durable. An open that creates does.
func (o Op) Changes() bool {
	switch o.Call {
	case CallOpen:
		return o.Flag&changingFlags != 0
	case CallMkdirAll, CallRemove, CallRename, CallRenameNoReplace, CallLink, CallSyncDir, CallLock, CallWrite, CallTruncate, CallSync:
		return true
	default:
		return false
	}
}

// String is the call in one line: "write out.part 0+12", "rename out.part out", "sync out.part: input/output error".
func (o Op) String() string {
	var b strings.Builder
	b.WriteString(string(o.Call) + " " + o.Path)
	switch o.Call {
	case CallRename, CallRenameNoReplace, CallLink:
		b.WriteString(" " + o.NewPath)
	case CallRead, CallWrite:
		fmt.Fprintf(&b, " %d+%d", o.Offset, o.Done)
	case CallTruncate:
		fmt.Fprintf(&b, " %d", o.Offset)
	default:
	}
	if o.Err != nil {
		b.WriteString(": " + underlying(o.Err).Error())
	}
	return b.String()
}
