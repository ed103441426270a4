// Package timer keeps the timers of an operator in its state: a time and a key for each, by key group, so that they are snapshotted, restored and
// moved with the rest. Time is whatever the operator means by it, in microseconds; nothing here reads a clock.
package timer
