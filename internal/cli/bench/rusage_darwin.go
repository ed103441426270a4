package bench

import "syscall"

// maxrssUnit is the unit of Rusage.Maxrss: bytes on macOS.
const maxrssUnit = 1

// processor returns the name of the machine's processor.
func processor() string {
	name, err := syscall.Sysctl("machdep.cpu.brand_string")
	if err != nil {
		return "unknown"
	}
	return name
}
