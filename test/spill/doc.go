// Package spill runs the program over more rows than its memory has room for: answers are those of a run with enough of it, with a state directory and without, and when it was killed on the way.
package spill
