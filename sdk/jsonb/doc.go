// Package jsonb is PostgreSQL 15's JSONB as canonical text: the form in which jsonb's output function writes it.
//
// Members of an object are sorted by the length of their keys and then by their bytes, the last of duplicates is kept, a blank follows
// each comma and colon, and strings escape only what they must. Numbers keep the text they were written with, so that no digit is lost.
// Canonical makes this form of any JSON text; everything else here takes canonical text, trusts it, and finds its way through it
// without building trees or allocating. Functions are safe for concurrent use; slices they return point into their argument.
package jsonb
