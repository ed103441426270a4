// Package nexmark runs the queries of the Nexmark benchmark that pipelines in YAML can express (those without windows, joins and aggregates)
// over generated events, at several parallelisms, and compares every row with what a PostgreSQL answers to the query in SQL over the same rows.
package nexmark
