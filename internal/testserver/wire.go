package testserver

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// WireVariable holds the path of the program that tests run instead of building one.
const WireVariable = "WIRE_BIN"

// Wire returns the path of the program wire, built for this test if WireVariable does not name it: call it once.
func Wire(t testing.TB) string {
	t.Helper()
	if path := os.Getenv(WireVariable); path != "" {
		return path
	}
	path := filepath.Join(t.TempDir(), "wire")
	out, err := exec.CommandContext(t.Context(), "go", "build", "-o", path, "wire.example/wire/cmd/wire").CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return path
}
