// Package fault holds what Wire knows about going wrong.
//
// Errors: a mark says whether an error is worth a retry, ends the pipeline, or is the user's to mend, and Backoff says how long to pause
// between retries. Kill points, a thing apart: named places in the protocols where a build with the tag "killpoints" can be made to stop,
// so that crash tests kill it from outside at exactly the step they mean, or let another take over meanwhile; other builds contain nothing of them.
package fault
