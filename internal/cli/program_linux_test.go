package cli

import (
	"os"
	"regexp"
	"slices"
	"strconv"
	"testing"
)

// Only what nobody can have written to is left: not data, not what the loader has changed, not other files.
func TestWhatOfAProgramIsLeft(t *testing.T) {
	const smaps = `00400000-0132d000 r-xp 00000000 fe:00 1234                              /usr/bin/wire
Size:              15540 kB
Rss:               12300 kB
Anonymous:             0 kB
Swap:                  0 kB
0132d000-02393000 r--p 00f2d000 fe:00 1234                              /usr/bin/wire
Rss:               13300 kB
Anonymous:             0 kB
Swap:                  0 kB
02393000-0239a000 r--p 01f93000 fe:00 1234                              /usr/bin/wire
Rss:                  28 kB
Anonymous:            28 kB
Swap:                  0 kB
02393000-0239a000 r--p 01f93000 fe:00 1234                              /usr/bin/wire
Rss:                   0 kB
Anonymous:             0 kB
Swap:                 28 kB
0239a000-0239b000 r--p 01f93000 fe:00 1234                              /usr/bin/wire
Anonymous:             0 kB
0239a000-02427000 rw-p 01f9a000 fe:00 1234                              /usr/bin/wire
Rss:                 500 kB
Anonymous:             0 kB
Swap:                  0 kB
c000000000-c004000000 rw-p 00000000 00:00 0 
Anonymous:             0 kB
Swap:                  0 kB
7f0000000000-7f0000002000 r-xp 00000000 fe:00 99                        /usr/lib/other
Anonymous:             0 kB
Swap:                  0 kB
`
	want := []mapping{{0x400000, 0x132d000}, {0x132d000, 0x2393000}}
	if got := untouched(smaps, "/usr/bin/wire"); !slices.Equal(got, want) {
		t.Errorf("%x are left, want %x", got, want)
	}
}

// The program is less resident afterwards, and goes on.
func TestAProgramIsLeft(t *testing.T) {
	resident := func() int {
		text, err := os.ReadFile("/proc/self/status")
		if err != nil {
			t.Fatal(err)
		}
		all := regexp.MustCompile(`Rss(?:File|Shmem):\s+(\d+) kB`).FindAllSubmatch(text, -1) // files of a file system in memory count as the latter
		if all == nil {
			t.Skip("the kernel does not say what is resident of files")
		}
		sum := 0
		for _, m := range all {
			n, err := strconv.Atoi(string(m[1]))
			if err != nil {
				t.Fatal(err)
			}
			sum += n
		}
		return sum
	}
	before := resident()
	leaveProgram()
	if after := resident(); after > before*3/4 {
		t.Errorf("%d of %d kB of the program are resident", after, before)
	}
}
