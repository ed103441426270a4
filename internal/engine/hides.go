package engine

import (
	"strings"

	"wire.example/wire/internal/state/checkpoint"
	"wire.example/wire/sdk/connector"
)

// Hides reports whether sinks may have output, hidden, that the pipeline of a checkpoint would have published: it is not finished, and has a sink that leaves some behind.
func Hides(m *checkpoint.Manifest, sinkType func(name string) *connector.SinkType) bool {
	if m.Done() {
		return false
	}
	body, err := bodyOf(m)
	if err != nil { // nobody knows
		return true
	}
	for name, kind := range body.Connectors {
		if t := sinkType(kind); strings.HasPrefix(name, "sink ") && t != nil && t.Finish != nil {
			return true
		}
	}
	return len(body.Left) > 0
}
