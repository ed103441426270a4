// Package join holds the operators that put the rows of two inputs together: Hash, which also tries all pairs where there is nothing to hash,
// Symmetric and Merge.
package join
