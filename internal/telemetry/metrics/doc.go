// Package metrics counts what the data path does.
//
// Counter, Gauge and Histogram are recorded without locks or allocation. A Registry names them by Prometheus' conventions; a Scope is the
// part of a registry that one owner, such as a pipeline, registers and removes as a whole. Exporter serves a registry to Prometheus,
// and Samples gives the same numbers to whatever else shows them. There is no global registry.
package metrics
