package invariant

import (
	"fmt"
	"path"
	"runtime"
	"strings"
)

// Place is where the panic that a deferred function has just recovered from came from: file and line of the first function of Wire's on the way, "" if there is
// none. It is for the message of whoever turns a panic into an error at a border behind which nothing was begun.
func Place() string {
	var callers [64]uintptr
	frames := runtime.CallersFrames(callers[:runtime.Callers(1, callers[:])])
	panicked := false
	for {
		frame, more := frames.Next()
		if panicked && strings.HasPrefix(frame.Function, "wire.example/wire/") && !strings.Contains(frame.Function, "/invariant.") {
			return fmt.Sprintf("%s/%s:%d", path.Base(path.Dir(frame.File)), path.Base(frame.File), frame.Line)
		}
		panicked = panicked || frame.Function == "runtime.gopanic"
		if !more {
			return ""
		}
	}
}
