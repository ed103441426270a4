package connector

import "wire.example/wire/sdk/codec"

// Registry is an explicit list of connectors and formats, in the order in which documents show them. It is immutable once built.
type Registry struct {
	Sources []*SourceType
	Sinks   []*SinkType
	Formats []*codec.FormatType
}

// Source returns the source connector called name, or nil.
func (r *Registry) Source(name string) *SourceType {
	for _, s := range r.Sources {
		if s.Name == name {
			return s
		}
	}
	return nil
}

// Sink returns the sink connector called name, or nil.
func (r *Registry) Sink(name string) *SinkType {
	for _, s := range r.Sinks {
		if s.Name == name {
			return s
		}
	}
	return nil
}

// Format returns the format called name, or nil.
func (r *Registry) Format(name string) *codec.FormatType {
	for _, f := range r.Formats {
		if f.Name == name {
			return f
		}
	}
	return nil
}
