// Command covergate reads a coverage profile of the whole module, prints coverage per package, worst first, and fails when the
// total or a group of packages is below its floor.
//
// A profile made with -coverpkg holds each statement block once per test binary; a block counts as covered when any binary ran it.
// Generated files and the packages that the floors file excludes count nowhere.
package main
