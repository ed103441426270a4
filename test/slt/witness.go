package slt

// Witnesses are PostgreSQL in several ways that must agree: as it is, and with rows in another order under plans that it would not choose. What
// only one of them answers was an accident of order or plan, and is no case.
func Witnesses(dsn string) []Engine {
	off := func(names ...string) (settings []string) {
		for _, name := range names {
			settings = append(settings, "SET enable_"+name+" = off")
		}
		return settings
	}
	return []Engine{
		Postgres{DSN: dsn},
		Postgres{DSN: dsn, Shuffle: true},
		Postgres{DSN: dsn, Shuffle: true, Settings: off("hashjoin", "hashagg", "memoize")},
		Postgres{DSN: dsn, Shuffle: true, Settings: off("nestloop", "sort", "material", "mergejoin")},
	}
}
