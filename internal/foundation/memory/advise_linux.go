package memory

import (
	"unsafe"

	"golang.org/x/sys/unix"

	"wire.example/wire/internal/foundation/limit"
)

const (
	// hugePage is the size of a huge page on machines that have pages of 4 KiB.
	hugePage = 2 << 20
	// worthwhile is the least memory that huge pages are asked for.
	worthwhile = 512 << 10
	// plenty is how much of the budget must be left: the kernel gives huge pages to what the garbage collector has returned of the memory around, too, which then is resident again.
	plenty = 128 << 20
)

// advise asks for huge pages where the n bytes at p lie: random access to large arrays then costs half as much. The pages at both ends may hold other
// memory of the Go heap, whose arenas begin and end at multiples of a huge page. It is a wish; what the kernel says to it does not matter. Where memory is
// short nothing is asked for.
func advise(budget *limit.Budget, p unsafe.Pointer, n int) {
	if n < worthwhile || budget.Available() < plenty {
		return
	}
	lead := int(uintptr(p) & (hugePage - 1))
	whole := (lead + n + hugePage - 1) &^ (hugePage - 1)
	_, _, _ = unix.Syscall(unix.SYS_MADVISE, uintptr(p)-uintptr(lead), uintptr(whole), unix.MADV_HUGEPAGE)
}
