// Package optimize rewrites a logical plan into an equal one that costs less. Each pass is a function of its own that changes the plan in
// place; Optimize runs them all in order. No pass makes a plan fail that would not have failed before.
package optimize
