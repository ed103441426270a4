package optimize

import "wire.example/wire/internal/plan/logical"

// KeepRecords lets a sink write the records of its sources as they are, where the formats agree and no step between changes a row: then
// nothing is encoded, and only what filters read is decoded.
func KeepRecords(p *logical.Plan) {
	for _, s := range p.Sinks {
		s.Raw = s.Format != nil && s.Format.Type.Passes != nil && keeps(s.Input, s)
	}
}

// keeps reports whether the rows of n are still the records of sources with the sink's format.
func keeps(n logical.Node, s *logical.Sink) bool {
	switch n := n.(type) {
	case *logical.Scan:
		from := n.Source.Format
		return from != nil && from.Type == s.Format.Type && s.Format.Type.Passes(from.Config, s.Format.Config)
	case *logical.Filter, *logical.Split, *logical.Port, *logical.Union:
		for _, in := range n.Inputs() {
			if !keeps(in, s) {
				return false
			}
		}
		return true
	default:
		return false
	}
}
