// Package rawfmt holds the two formats without structure: lines, where each line is a row of one TEXT column, and bytes, where each block of
// input is a row of one BYTEA column. Both copy nothing on reading: values are views over the block.
package rawfmt
