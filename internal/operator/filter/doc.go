// Package filter is the operator that keeps the rows for which a predicate holds.
//
// It keeps no state, keeps the order, and shares the columns of its input: only the header and the selection are its own. A row whose
// predicate is NULL is filtered; one whose predicate fails is rejected.
package filter
