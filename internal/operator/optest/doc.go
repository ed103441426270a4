// Package optest drives operators in tests, as a pipeline would and worse: batches cut anywhere, inputs interleaved in any way, rows that no
// selection counts, memory that is overwritten after the call that lent it, snapshots restored at other parallelisms, state that is not resident.
// Whatever the way, the rows must be the same. Only tests import it.
package optest
