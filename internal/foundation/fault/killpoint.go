package fault

// Variables of the environment that aim a build with the tag "killpoints".
const (
	// KillPointVariable is "name" or "name:n": the process stops at the n-th pass of the point, counted from 1; 1 when not given. Nothing of it goes on until somebody sends it SIGCONT, or kills it: that is for others to do, who see
	// that it has stopped.
	KillPointVariable = "WIRE_KILL_POINT"
	// KillAfterVariable names another point: passes of the one aimed at count from the first pass of this one on.
	KillAfterVariable = "WIRE_KILL_AFTER"
	// PauseVariable is "name=duration" or "name:n=duration": the goroutine that passes the point, at each pass or at the n-th, sleeps that long, so that there is time for what goes on
	// meanwhile.
	PauseVariable = "WIRE_KILL_PAUSE"
	// WeakVariable names a guarantee that the process is to do without, so that a test can show that it notices.
	WeakVariable = "WIRE_KILL_GUARANTEE"
)

// Passes is how often a kill point was reached in this process.
type Passes struct {
	Name  string
	Count uint64
}
