package testserver

import (
	"os"
	"testing"
)

// RequireVariable is the environment variable that, set to 1, turns "this server is absent" from a skip into a failure.
const RequireVariable = "WIRE_TEST_SERVERS"

// absent ends the test: skipped, or failed where servers are required.
func absent(t testing.TB, server string, reason error) {
	t.Helper()
	if os.Getenv(RequireVariable) == "1" {
		t.Fatalf("%s is required by %s=1: %v", server, RequireVariable, reason)
		return
	}
	t.Skipf("SKIP: needs %s: %v", server, reason)
}
