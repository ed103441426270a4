// Package memory holds large arrays without pointers: the garbage collector does not look into them, they grow by pieces that never move,
// and every byte of them is reserved in a budget first.
package memory
