// Package batch holds rows as columns: the unit that every operator of Wire takes and gives.
//
// # Layout
//
// A Column keeps its values in the memory layout of Apache Arrow: a validity bitmap (least significant bit first, 1 = present, absent
// when every row is valid) and contiguous values. BOOLEAN is packed bits. Integers, floats, dates, times and timestamps (µs) are
// plain little-endian arrays. NUMERIC is decimal128 with one scale a column, or one a value where the type leaves it open. INTERVAL is
// months, days, µs. TEXT, BYTEA and JSONB are 16-byte binary views: length, then either up to 12 bytes inline or a 4-byte prefix, a
// buffer number and an offset. ARRAY is 32-bit offsets over a child column, ROW is child columns.
//
// A Batch is up to MaxRows rows of columns of equal length, an optional selection vector (the ascending row numbers that count) and an
// optional kind of change for each row. A nil column is one that nothing reads: its decoder left it out.
//
// # Ownership
//
// Whoever makes a batch owns it and lends it for the length of one call; the borrower must not keep it, its columns, or any slice
// taken from it, and must not change it. A filter therefore makes a header of its own (Batch.View) and a selection of its own. Text may
// point into the block that the source read: it is gone when the call returns. Who needs rows longer copies them (Appender),
// and only a queue takes ownership. Under the build tag "poison" every Reset overwrites the old memory first, so that a kept
// reference reads garbage and a test fails.
//
// Columns and batches belong to one goroutine at a time. Pool and Buffer may be used from any.
package batch
