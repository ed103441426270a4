// Package testserver starts real servers for tests. Only test files import it.
//
// A server is taken from an environment variable when one is set (CI starts it once for all packages), else started from the programs
// on the machine, in a folder of the test's own and on a free port of 127.0.0.1, and stopped when the test ends. Where neither works the
// test is skipped with one line that names the server; with WIRE_TEST_SERVERS=1 that is a failure instead.
package testserver
