package declare

import (
	"fmt"

	"wire.example/wire/internal/plan/logical"
	"wire.example/wire/sdk/connector"
	"wire.example/wire/sdk/sqlstate"
)

// Takes returns which changelogs a sink takes: what the connector takes itself, or what its format can write. keyed says that the sink has a primary
// key: rows of one key then replace each other, and a sink that could take a whole changelog gets upserts by that key. format is nil for connectors
// that take none.
func Takes(t *connector.SinkType, config any, format *logical.Format, keyed bool) connector.Changes {
	takes := connector.Inserts
	if t.Changes != nil {
		takes = t.Changes(config)
	}
	if format != nil && format.Type.Changes != nil && format.Type.Changes(format.Config) {
		takes = connector.Changelog
	}
	if keyed && takes == connector.Changelog {
		takes = connector.Upserts
	}
	return takes
}

// Reads reports whether the rows of a source have kinds of change. format is nil for connectors that make rows themselves.
func Reads(t *connector.SourceType, config any, format *logical.Format) bool {
	if format == nil {
		return t.Rows != nil && t.Rows.Changes != nil && t.Rows.Changes(config)
	}
	return format.Type.Reads != nil && format.Type.Reads(format.Config)
}

// ErrChanges is the error for a sink whose rows are updated or deleted although it does not take that; it names the ways out. takes is what Takes says of
// it, and cause, if not empty, the step from which on rows change.
func ErrChanges(sink string, t *connector.SinkType, format *logical.Format, takes connector.Changes, cause string) *sqlstate.Error {
	what := "connector " + t.Name
	if format != nil {
		what += " with format " + format.Type.Name
	}
	message := fmt.Sprintf("sink %q (%s) takes rows that are only added, but its query updates and deletes rows", sink, what)
	hint := "Write the changes with format json, csv or debezium-json"
	if takes == connector.Upserts {
		message = fmt.Sprintf("sink %q (%s) takes the last row of each key, but it has no key", sink, what)
		hint = "Declare the key with PRIMARY KEY in CREATE SINK"
	} else if format != nil {
		hint += ", of which a PRIMARY KEY in CREATE SINK keeps the last row of each key"
	}
	if cause != "" {
		message += ", from " + cause + " on"
	}
	return sqlstate.New(sqlstate.FeatureNotSupported, message).WithHint(hint +
		"; or write each row once: group by a window with EMIT ON WINDOW CLOSE; or, if the input ends, run with --final or SET emit = 'final'.")
}
