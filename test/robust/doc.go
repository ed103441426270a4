// Package robust tests the program wire, as a process, against what goes wrong around it: signals, kills, pipes that stall, disks that fill,
// directories that vanish, input of all malformed kinds; and measures the memory that it takes meanwhile.
//
// WIRE_BIN names the program; without it the tests build one. What they wait for is what the process does, never a time: pipes let a test
// hold the process at a place. With WIRE_TEST_HEAVY=1 stalls last 10 s and inputs are larger.
package robust
