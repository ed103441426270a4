// Package process runs the program in tests and ends it without warning: as a process of its own, built with kill points, which stops at one and is killed there from outside, or woken later; or, quicker,
// within the test, on a disk that refuses everything from some call on, so that what the run had written until then is all that is left of it.
package process
