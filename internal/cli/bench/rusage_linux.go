package bench

import (
	"os"
	"strings"
)

// maxrssUnit is the unit of Rusage.Maxrss: KiB on Linux.
const maxrssUnit = 1024

// processor returns the name of the machine's processor.
func processor() string {
	text, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return "unknown"
	}
	for line := range strings.Lines(string(text)) {
		if name, found := strings.CutPrefix(line, "model name"); found {
			return strings.Trim(name, "\t :\n")
		}
	}
	return "unknown"
}
