package vfs

import "unsafe"

// DirectAlign is what offsets, lengths and addresses of writes to a file opened with Direct are multiples of, in bytes.
const DirectAlign = 4 << 10

// DirectBuffer returns an empty buffer of the given capacity, a multiple of DirectAlign, at an address that is one.
func DirectBuffer(capacity int) []byte {
	b := make([]byte, capacity+DirectAlign)
	past := int(uintptr(unsafe.Pointer(&b[0])) % DirectAlign)
	from := (DirectAlign - past) % DirectAlign
	return b[from : from : from+capacity]
}
