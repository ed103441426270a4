// Package stdin reads records from the standard input of the process.
//
// A goroutine does nothing but read; Poll takes what it has read, so that a barrier need not wait for the next line. The input can be read
// once: a position counts its bytes, but nobody can go back to it.
package stdin
