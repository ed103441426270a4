// Package catalog is what statements may name: sources, tables, sinks, views and materialized views, which share one space of names.
//
// A Catalog lives in memory and belongs to one session; it is not safe for concurrent use. Objects are immutable once added: a change replaces
// them. Views are kept as they were written and get their meaning anew in each pipeline that reads them.
package catalog
