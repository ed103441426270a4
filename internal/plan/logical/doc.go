// Package logical is what a pipeline means, as data: scans of sources, steps and sinks, without saying how they are carried out. YAML (package
// spec) and SQL end in this one plan; package optimize rewrites it; package physical makes of it what the data path runs.
//
// A plan is a graph, not a tree: a node that several others read exists once. Nodes are linked from sinks to sources by their inputs. A node
// that is part of a Plan is changed only by optimize.
package logical
