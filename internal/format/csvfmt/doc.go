// Package csvfmt is the format csv: records of fields, separated by a delimiter, as RFC 4180 describes them and PostgreSQL's COPY reads and
// writes them.
//
// The decoder reads each record once, from its first byte to its last, and stores values straight into the columns; text without escapes
// becomes a view over the block. Which field belongs to which column is decided once a file, by the header that the file's reader cuts off
// and hands along with every block (codec.HeaderFramer), so that any decoder can read any block.
//
// Where a record ends is decided in one place, scanner: a quote opens a quoted field only where a field begins, and a line feed inside
// it does not end the record. The framer and the decoder's way back from a bad record both use it, so that they cannot disagree. What a
// file may look like stands in README.md.
//
// As in other formats, all scanning relies on two facts that Begin makes true: the block ends with a line feed, and at least padding readable
// bytes follow it.
package csvfmt
