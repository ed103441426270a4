// Package temporal holds PostgreSQL 15's date and time values: reading, writing, arithmetic, zones and to_char templates.
//
// Columns store plain integers: a date is int32 days since 1970-01-01, a time int64 microseconds since midnight (24:00:00 included), a
// timestamp and a timestamptz int64 microseconds since 1970-01-01 00:00:00 (UTC for the latter). Only Interval is a struct. The
// smallest and largest integers stand for -infinity and infinity.
//
// No function reads a clock: 'now', 'today' and their like are refused. All functions may be called concurrently; only a
// TimestampParser belongs to one goroutine. Failures are *sqlstate.Error with PostgreSQL's codes and wording.
package temporal
