// Package declare turns the declaration of a source or sink, as YAML and SQL have it in common, into connector, format and their checked
// configs: a connector's name, perhaps a format's, and the options of both side by side. It finds every mistake, not the first, and gives each
// the place that its caller knows the part by: P is a line and column, or a span of a statement.
package declare
