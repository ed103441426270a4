// Package stdout writes rows to the standard output of the process, as records of a format or as a table for people.
//
// Every Write goes out at once, so a lone row is seen at once; what was written cannot be taken back, so rows may come again after a crash.
// A table is made of pages: rows under one header, with columns as wide as what was seen so far. A page ends when a wider value comes.
package stdout
