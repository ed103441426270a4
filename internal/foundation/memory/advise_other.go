//go:build !linux

package memory

import "unsafe"

// advise has nothing to ask for here.
func advise(unsafe.Pointer, int) {}
