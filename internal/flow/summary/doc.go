// Package summary is the account of a pipeline as data for programs: the JSON of `wire run --summary json` and of /debug/pipeline. Names and
// meaning of the members are stable: members may be added, none is renamed or removed.
package summary
