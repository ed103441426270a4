// Package http takes rows from HTTP requests and delivers rows by them.
//
// The source is a server. A request's body is read, checked and cut into records in its handler (read.go, split.go), waits in a queue and
// is dealt as a block (queue.go, source.go); the handler answers when the block's rows were delivered (server.go, answer.go). Requests that
// wait together share a block; a lone one has its own, so that nothing ever waits for company. A row that fails refuses the request that
// brought it: if it shared its block, the others are dealt again without it.
//
// The sink is a client. Rows are gathered in packs while requests are under way (pack.go); a sender takes what is there as soon as it is free
// and repeats its request until the target takes or refuses it (send.go, retry.go). A pack that is refused is halved until the bad row
// stands alone.
package http
