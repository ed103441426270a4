// Package sqlstate carries the errors that SQL users see: PostgreSQL's five-character codes and messages.
//
// Every value-level failure of Wire (a cast, an overflow, a bad JSON member) is an *Error from this package, so that on_error,
// dead letters and the command line can name it alike. It is the lowest package of the tree and imports only the standard library.
package sqlstate
