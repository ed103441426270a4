package cli

import (
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// leaveProgram leaves the program to the machine's cache of files: what of it is needed yet comes back from there when it is touched, and most of what begins a run is not. Where memory counts that is a third of what an idle process has.
// It is a wish; nothing comes of what the kernel says to it.
func leaveProgram() {
	text, err := os.ReadFile("/proc/self/smaps")
	if err != nil {
		return
	}
	path, err := os.Executable()
	if err != nil {
		return
	}
	for _, m := range untouched(string(text), path) {
		_, _, _ = unix.Syscall(unix.SYS_MADVISE, m.start, m.end-m.start, unix.MADV_DONTNEED)
	}
}

// mapping is a range of addresses.
type mapping struct{ start, end uintptr }

// untouched are the mappings of a file, by what the kernel says in smaps, that cannot be written to and of which no page was, in memory or swapped out: all of them can be read from the file again.
func untouched(smaps, path string) []mapping {
	var found []mapping
	var at mapping
	clean := false // no page that is in memory was written to
	for line := range strings.Lines(smaps) {
		fields := strings.Fields(line)
		if len(fields) < 2 {
			continue
		}
		if from, to, ok := strings.Cut(fields[0], "-"); ok {
			start, err := strconv.ParseUint(from, 16, 64)
			end, err2 := strconv.ParseUint(to, 16, 64)
			at, clean = mapping{}, false
			if err == nil && err2 == nil && len(fields) == 6 && fields[5] == path && strings.HasPrefix(fields[1], "r-") && strings.HasSuffix(fields[1], "p") {
				at = mapping{uintptr(start), uintptr(end)}
			}
			continue
		}
		switch {
		case fields[0] == "Anonymous:":
			clean = fields[1] == "0"
		case fields[0] == "Swap:" && fields[1] == "0" && clean && at.end > 0:
			found = append(found, at)
		}
	}
	return found
}
