// Package keyed holds the state of operators in memory: tables from keys to slots, rows, and orders over them.
//
// A Hasher makes a 64-bit hash of the key columns of each row; its top 8 bits are the key group, by which rows are exchanged and state is
// stored. A Table maps keys to slots, small numbers that an operator's own slabs are addressed by. Rows keeps whole rows in columns, under
// numbers that an operator may chain. An Order compares and sorts them as PostgreSQL does, and Ranked keeps lists of them in an order. Everything
// is snapshotted and restored by key group, in the layout that docs/format/state.md describes, or stored entry by entry (Kept: tables, rows, and
// Cells that an operator numbers itself), and gives way to nothing but its budget: whoever has no room gets SQLSTATE 53200.
//
// Nothing here is safe for concurrent use, and nothing waits, logs or does I/O.
package keyed
