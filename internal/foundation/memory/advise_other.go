//go:build !linux

package memory

import (
	"unsafe"

	"wire.example/wire/internal/foundation/limit"
)

// advise has nothing to ask for here.
func advise(*limit.Budget, unsafe.Pointer, int) {}
