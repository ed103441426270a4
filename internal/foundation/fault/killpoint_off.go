//go:build !killpoints

package fault

// KillPointsEnabled tells whether kill points exist in this build.
const KillPointsEnabled = false

// Point names a step between two effects of a protocol ("sink/file/before-rename"), where crash tests may end the process. In this build
// it does nothing.
func Point(string) {}

// Points lists the points that were passed, by name. This build knows none.
func Points() []Passes { return nil }
