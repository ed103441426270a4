package bind

// clause is a part of a SELECT, with what may stand in it. name completes "… are not allowed in".
type clause struct {
	name                      string
	aggregates, windows, sets bool
	// noQueries, if not empty, completes "cannot use subquery in …".
	noQueries string
}

// The clauses. Functions that return sets are allowed where PostgreSQL allows them.

func inSelect() clause { return clause{name: "SELECT", aggregates: true, windows: true, sets: true} }

func inOrderBy() clause { return clause{name: "ORDER BY", aggregates: true, windows: true, sets: true} }

func inDistinctOn() clause {
	return clause{name: "DISTINCT ON", aggregates: true, windows: true, sets: true}
}
func inWhere() clause        { return clause{name: "WHERE"} }
func inHaving() clause       { return clause{name: "HAVING", aggregates: true} }
func inGroupBy() clause      { return clause{name: "GROUP BY", sets: true} }
func inJoin() clause         { return clause{name: "JOIN conditions"} }
func inFrom() clause         { return clause{name: "FROM clause of their own query level"} }
func inFromFunction() clause { return clause{name: "functions in FROM"} }
func inFilter() clause       { return clause{name: "FILTER"} }
func inValues() clause       { return clause{name: "VALUES"} }
func inWindow() clause       { return clause{name: "window definitions", aggregates: true, sets: true} }

func inDefault() clause {
	return clause{name: "DEFAULT expressions", noQueries: "DEFAULT expression"}
}

func inGenerated() clause {
	return clause{name: "column generation expressions", noQueries: "column generation expression"}
}

func inCheck() clause { return clause{name: "check constraints", noQueries: "check constraint"} }

// inNamed is a clause that takes plain values only: LIMIT, OFFSET, the frame of a window.
func inNamed(name string) clause { return clause{name: name} }
