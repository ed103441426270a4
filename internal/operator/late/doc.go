// Package late is the operator that takes out the rows that came too late: their time plus the allowed lateness lies before the watermark that
// their own split had just before them.
//
// It stands before an exchange, in the chain of a source, where that watermark is known; behind it nothing is late, whatever other splits and tasks
// have seen, and so what is late does not depend on timing, batch cuts or parallelism. It keeps no state and the order. Late rows are counted, and
// come out of a port of their own if that is asked for.
package late
