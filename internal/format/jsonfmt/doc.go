// Package jsonfmt is the format json: one JSON object a line.
//
// The decoder is a scanner of its own, directed by the schema: it reads each line once, from its first byte to its last, and stores
// values straight into columns. It remembers in which order members came in the row before and compares the next key with the one it
// expects, eight bytes at a time; text without escapes becomes a view over the block. Members that nothing needs are checked for
// structure and skipped. Where strings end stands in an index, a bit a byte, made just ahead of the rows (index.go; in assembly where the
// processor has AVX2). What a row may look like stands in README.md.
//
// All scanning relies on two facts that Begin makes true: the block ends with a line feed, which no token may contain, and at least
// padding readable bytes follow it. No scan therefore needs to look for the end of the block.
package jsonfmt
