// Package limit keeps memory within budgets.
//
// A Budget is a node of a tree: the process, a pipeline, an operator. What is reserved in a child counts in all its ancestors, and a
// reservation succeeds only if it fits everywhere on that path. Nothing is allocated here: owners of memory reserve bytes before they take
// them and release the same number after giving them back.
package limit
