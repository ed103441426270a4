// Package grid writes the systematic part of the suite: files in which each case is a point of a grid, such as kind of join × condition ×
// which rows are NULL. What bites in one place only stands in files written by hand.
//
// All lists the files. A file has statements alone; their answers are made as those of every other file, and Merge keeps the answers of
// statements that did not change.
package grid

//go:generate go run wire.example/wire/test/slt/cmd/slt -grids ..
