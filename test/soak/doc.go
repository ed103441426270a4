// Package soak runs queries over an endless stream for minutes, and fails when memory or goroutines grow after the warm-up:
//
//	make soak                                    30 minutes, or SOAK_MINUTES
//
// The queries are q4, q5 and q9 of Nexmark and an outer join, over one source of the generator, with a TTL after which untouched state goes.
package soak
