package fault

// Variables of the environment that aim a build with the tag "killpoints".
const (
	// KillPointVariable is "name" or "name:n": the process kills itself at the n-th pass of the point, counted from 1; 1 when not given.
	KillPointVariable = "WIRE_KILL_POINT"
	// KillSignalVariable is "KILL", the default, or "STOP", which freezes the process until SIGCONT: the zombie that wakes later.
	KillSignalVariable = "WIRE_KILL_SIGNAL"
)

// Passes is how often a kill point was reached in this process.
type Passes struct {
	Name  string
	Count uint64
}
