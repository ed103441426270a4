// Package debug is the HTTP interface of `wire run --listen`: metrics for Prometheus, health, profiles, and the plan with its live counts.
//
// It shows and changes nothing. There is no authentication: whoever reaches the address sees names, plans and profiles, but no row and no
// secret. Reports are taken when somebody asks, one a request.
package debug
