// Package crash ends pipelines with state in every way a process can end, and wants the answer of a run that nobody disturbed.
//
// The program is built with the tag "killpoints". It stops at each named point, and is killed there from outside, or left until another has taken over and finished; it is killed at random moments; state directories
// are damaged bit by bit, and their disk is filled. Each guarantee is switched off, too: then the tests must fail.
//
// `go test` runs a cut that is drawn from WIRE_SEED (default: the day); `make crash` sets WIRE_TEST_HEAVY=1 and runs all.
package crash
