//go:build !killpoints

package fault

// KillPointsEnabled tells whether kill points exist in this build.
const KillPointsEnabled = false

// Point names a step between two effects of a protocol ("sink/file/before-rename"), where crash tests may stop the process. In this build
// it does nothing.
func Point(string) {}

// Weak tells whether this process does without a guarantee. In this build it never does.
func Weak(string) bool { return false }

// Points lists the points that were passed, by name. This build knows none.
func Points() []Passes { return nil }
