//go:build !invariants && !race

package invariant

// Enabled tells whether assertions are active in this build. It is a constant, so that code under it vanishes when it is false.
const Enabled = false
