// Package exactlyonce tests that pipelines from files to files write every row once, whatever ends them: dead letters as well as rows.
//
// In memory, the power is cut behind every change on the disk of a whole run with checkpoints, or at random calls, again and again, and what was not synced is dropped, kept or torn; and the nth
// call of each kind fails. With processes,
// the program stops between the steps of the sinks' protocol, at points that only a build with the tag "killpoints" has, and is killed there
// from outside, or wakes when another has done its work.
package exactlyonce
