// Package invariant holds assertions about the program itself.
//
// They are active in builds with the tag "invariants" and in race builds, and compile to nothing otherwise. What a user or a peer can get
// wrong is an error, never an invariant.
package invariant
