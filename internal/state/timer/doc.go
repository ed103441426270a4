// Package timer has the sweep by which entries of an operator's state that nothing has touched for a time are forgotten. Time is what the operator is told, in
// microseconds; nothing here reads a clock.
package timer
