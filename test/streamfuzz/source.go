package streamfuzz

import (
	"fmt"
	"slices"
	"strings"
)

// Source is a source with its rows.
type Source struct {
	Name string
	// Kind is how the rows are written: append, op, upsert or debezium.
	Kind     string
	Entities []Entity
	// Delay, in seconds, is how far the watermark of ts is behind; negative: there is none.
	Delay int
}

// Entity is a row that changes.
type Entity struct {
	Versions []Version
	// Gone is the place where it is deleted; 0: it stays.
	Gone int
}

// Version is what a row is from a place of the stream on.
type Version struct {
	Place int
	// Row is the JSON object.
	Row string
}

const columns = "id BIGINT, k TEXT, g BIGINT, v BIGINT, n NUMERIC(8, 2), b BOOLEAN, ts TIMESTAMP, o TIMESTAMP"

// fields are the columns as the grammar sees them.
func fields() []column {
	return []column{{"id", integer}, {"k", text}, {"g", integer}, {"v", integer}, {"n", decimal}, {"b", boolean}, {"ts", moment}}
}

// Lines are the source's file.
func (s *Source) Lines() string {
	type change struct {
		place int
		lines []string
	}
	var all []change
	for _, e := range s.Entities {
		for i, v := range e.Versions {
			before := ""
			if i > 0 {
				before = e.Versions[i-1].Row
			}
			all = append(all, change{v.Place, s.write(before, v.Row)})
		}
		if e.Gone > 0 {
			all = append(all, change{e.Gone, s.write(e.Versions[len(e.Versions)-1].Row, "")})
		}
	}
	slices.SortStableFunc(all, func(a, b change) int { return a.place - b.place })
	var b strings.Builder
	for _, c := range all {
		for _, l := range c.lines {
			b.WriteString(l + "\n")
		}
	}
	return b.String()
}

// write is a change of one row into another; empty: there is none.
func (s *Source) write(before, after string) []string {
	op := func(kind, row string) string { return `{"op":"` + kind + `",` + row[1:] }
	null := func(row string) string {
		if row == "" {
			return "null"
		}
		return row
	}
	switch s.Kind {
	case "append":
		return []string{after}
	case "debezium":
		kind := "u"
		if before == "" {
			kind = "c"
		} else if after == "" {
			kind = "d"
		}
		return []string{fmt.Sprintf(`{"before":%s,"after":%s,"op":%q}`, null(before), null(after), kind)}
	}
	switch {
	case after == "":
		return []string{op("-D", before)}
	case before == "":
		return []string{op("+I", after)}
	case s.Kind == "upsert":
		return []string{op("+U", after)}
	}
	return []string{op("-U", before), op("+U", after)}
}

// Left are the rows that are left in the end, in the order of their places.
func (s *Source) Left() []string {
	var left []Version
	for _, e := range s.Entities {
		if e.Gone == 0 {
			left = append(left, e.Versions[len(e.Versions)-1])
		}
	}
	slices.SortStableFunc(left, func(a, b Version) int { return a.Place - b.Place })
	rows := make([]string, len(left))
	for i, v := range left {
		rows[i] = v.Row
	}
	return rows
}

// windowed reports whether there are windows over the source, timed whether they close as its watermark goes on.
func (s *Source) windowed() bool { return s.Kind == "append" }

func (s *Source) timed() bool { return s.windowed() && s.Delay >= 0 }

// Declare is the source in Wire, and the windows over it, as views. NAME_timely are the rows for joins of an interval: in PostgreSQL those that are not late.
func (s *Source) Declare(path string) string {
	key, with, watermark := "", ", format = 'json', changelog = true", ""
	switch s.Kind {
	case "append":
		with = ", format = 'json'"
	case "upsert":
		key, with = ", PRIMARY KEY (id)", with+", changes = 'upsert'"
	case "debezium":
		key, with = ", PRIMARY KEY (id)", ", format = 'debezium-json'"
	}
	if s.Delay >= 0 {
		watermark = fmt.Sprintf(", WATERMARK FOR ts AS ts - INTERVAL '%d seconds'", s.Delay)
	}
	text := fmt.Sprintf("CREATE SOURCE %s (%s%s%s) WITH (connector = 'file', path = '%s'%s);\n", s.Name, columns, watermark, key, path, with)
	if s.windowed() {
		text += fmt.Sprintf("CREATE VIEW %[1]s_tumble AS SELECT * FROM TUMBLE(%[1]s, ts, INTERVAL '5 seconds');\n"+
			"CREATE VIEW %[1]s_hop AS SELECT * FROM HOP(%[1]s, ts, INTERVAL '2 seconds', INTERVAL '6 seconds');\n"+
			"CREATE VIEW %[1]s_cumulate AS SELECT * FROM CUMULATE(%[1]s, ts, INTERVAL '3 seconds', INTERVAL '12 seconds');\n"+
			"CREATE VIEW %[1]s_other AS SELECT * FROM HOP(%[1]s, o, INTERVAL '2 seconds', INTERVAL '6 seconds');\n"+
			"CREATE VIEW %[1]s_timely AS SELECT * FROM %[1]s;\n"+
			"CREATE VIEW %[1]s_session AS SELECT * FROM SESSION(%[1]s PARTITION BY k, ts, INTERVAL '3 seconds');\n", s.Name)
	}
	return text
}

// Views are what queries read that PostgreSQL has other words for.
func Views(sources []Source, path func(name string) string) string {
	var b strings.Builder
	for i := range sources {
		s := &sources[i]
		if !s.timed() {
			continue
		}
		fmt.Fprintf(&b, "CREATE TABLE %[1]s_t (z BIGINT PRIMARY KEY, v BIGINT, n NUMERIC(8, 2), ts TIMESTAMP, WATERMARK FOR ts AS ts - INTERVAL '%[2]d seconds') "+
			"WITH (connector = 'file', path = '%[3]s', format = 'json', changes = 'upsert');\n", s.Name, s.Delay, path(s.Name+".jsonl"))
		const groups = "CREATE VIEW %[1]s_%[2]s AS SELECT k, count(*) AS n, max(v) AS m, window_start, window_end FROM %[3]s GROUP BY k, window_start, window_end %[4]s;\n"
		fmt.Fprintf(&b, groups, s.Name, "allowed", "TUMBLE("+s.Name+", ts, INTERVAL '5 seconds')", "ALLOWED LATENESS INTERVAL '3 seconds'")
		fmt.Fprintf(&b, groups, s.Name, "every", "HOP("+s.Name+", ts, INTERVAL '2 seconds', INTERVAL '6 seconds')", "EMIT EVERY INTERVAL '1 second'")
		fmt.Fprintf(&b, groups, s.Name, "update", "CUMULATE("+s.Name+", ts, INTERVAL '3 seconds', INTERVAL '12 seconds')", "EMIT ON UPDATE ALLOWED LATENESS INTERVAL '2 seconds'")
		fmt.Fprintf(&b, byClock, s.Name, s.Name)
		fmt.Fprintf(&b, "CREATE VIEW %[1]s_came AS SELECT * FROM %[1]s;\n", s.Name)
	}
	for i := range sources {
		for j := range sources {
			if l, r := &sources[i], &sources[j]; l.timed() && r.timed() {
				const join = "CREATE VIEW %[1]s_%[3]s_%[2]s AS SELECT l.id, l.k, r.v, r.z, r.n FROM %[1]s l %[4]s %[2]s_t r FOR SYSTEM_TIME AS OF l.ts ON l.g = r.z;\n"
				fmt.Fprintf(&b, join, l.Name, r.Name, "asof", "JOIN")
				fmt.Fprintf(&b, join, l.Name, r.Name, "asofleft", "LEFT JOIN")
			}
		}
	}
	return b.String()
}

// byClock is a view with window functions in the order of time.
const byClock = "CREATE VIEW %s_byclock AS SELECT id, k, sum(v) OVER (PARTITION BY k ORDER BY ts) AS s, count(*) OVER (PARTITION BY g ORDER BY ts) + 100 * rank() OVER (PARTITION BY g ORDER BY ts) AS c, " +
	"max(v) OVER (PARTITION BY k ORDER BY ts RANGE BETWEEN INTERVAL '4 seconds' PRECEDING AND CURRENT ROW) AS m FROM %s;\n"

// WitnessViews are the statements that make the same of PostgreSQL's tables; final says that answers are given once, when window functions and what comes in the order of time see late rows, too.
func WitnessViews(sources []Source, final bool) (all []string) {
	for i := range sources {
		s := &sources[i]
		if !s.timed() {
			continue
		}
		const groups = "CREATE TEMPORARY VIEW %[1]s_%[2]s AS SELECT k, count(*) AS n, max(v) AS m, s AS window_start, e AS window_end FROM %[1]s_w, %[3]s, LATERAL (SELECT %[4]s AS e) y " +
			"WHERE s <= ts AND e > ts AND (wm IS NULL OR e + INTERVAL '%[5]d seconds' > wm) GROUP BY k, s, e"
		w := shapes()
		all = append(all,
			fmt.Sprintf(groups, s.Name, "allowed", w["tumble"][0], w["tumble"][1], 3), fmt.Sprintf(groups, s.Name, "every", w["hop"][0], w["hop"][1], 0),
			fmt.Sprintf(groups, s.Name, "update", w["cumulate"][0], w["cumulate"][1], 2))
		from := s.Name + "_timely"
		if final {
			from = s.Name
		}
		all = append(all, fmt.Sprintf(strings.Replace(byClock, "CREATE VIEW", "CREATE TEMPORARY VIEW", 1), s.Name, from), fmt.Sprintf("CREATE TEMPORARY VIEW %s_came AS SELECT * FROM %s", s.Name, from))
	}
	for i := range sources {
		for j := range sources {
			if l, r := &sources[i], &sources[j]; l.timed() && r.timed() {
				for name, join := range map[string]string{"asof": "JOIN", "asofleft": "LEFT JOIN"} {
					all = append(all, fmt.Sprintf("CREATE TEMPORARY VIEW %[1]s_%[3]s_%[2]s AS SELECT l.id, l.k, r.v, r.z, r.n FROM %[1]s_timely l %[4]s LATERAL (SELECT id %% %[5]d AS z, v, n "+
						"FROM %[2]s_w r WHERE id %% %[5]d = l.g AND ts <= l.ts AND (wm IS NULL OR ts >= wm) ORDER BY ts DESC, pos DESC LIMIT 1) r ON true", l.Name, r.Name, name, join, keys))
				}
			}
		}
	}
	return all
}

// shapes are PostgreSQL's words for windows: where starts s come from, and the end.
func shapes() map[string][2]string {
	return map[string][2]string{
		"tumble":   {"LATERAL (SELECT date_bin('5 seconds', ts, '1970-01-01') AS s) x", "s + INTERVAL '5 seconds'"},
		"hop":      {"generate_series(date_bin('2 seconds', ts, '1970-01-01') - INTERVAL '4 seconds', date_bin('2 seconds', ts, '1970-01-01'), '2 seconds') s", "s + INTERVAL '6 seconds'"},
		"cumulate": {"LATERAL (SELECT date_bin('12 seconds', ts, '1970-01-01') AS s) x, generate_series(s + INTERVAL '3 seconds', s + INTERVAL '12 seconds', '3 seconds') w", "w"},
	}
}

// Witness are the statements that make the source's table in PostgreSQL, and the windows over it with the rows that are not late for them.
func (s *Source) Witness() []string {
	all := []string{fmt.Sprintf("CREATE TEMPORARY TABLE %s (%s, pos BIGINT)", s.Name, columns)}
	for pos, row := range s.Left() {
		all = append(all, fmt.Sprintf("INSERT INTO %[1]s SELECT id, k, g, v, n, b, ts, o, %[2]d FROM json_populate_record(NULL::%[1]s, '%[3]s')", s.Name, pos, row))
	}
	if !s.windowed() {
		return all
	}
	watermark := fmt.Sprintf("max(ts) OVER (ORDER BY pos ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) - INTERVAL '%d seconds'", s.Delay)
	if !s.timed() {
		watermark = "NULL::timestamp"
	}
	all = append(all, fmt.Sprintf("CREATE TEMPORARY VIEW %[1]s_w AS SELECT *, %[2]s AS wm FROM %[1]s", s.Name, watermark))
	all = append(all, fmt.Sprintf("CREATE TEMPORARY VIEW %[1]s_timely AS SELECT %[2]s FROM %[1]s_w WHERE wm IS NULL OR ts IS NULL OR ts >= wm", s.Name, "id, k, g, v, n, b, ts"))
	hop := shapes()["hop"]
	all = append(all, fmt.Sprintf("CREATE TEMPORARY VIEW %[1]s_other AS SELECT id, k, g, v, n, b, at AS ts, s AS window_start, %[3]s AS window_end FROM (SELECT id, k, g, v, n, b, ts AS at, o AS ts FROM %[1]s) x, %[2]s",
		s.Name, hop[0], hop[1]))
	for name, w := range shapes() {
		all = append(all, fmt.Sprintf("CREATE TEMPORARY VIEW %[1]s_%[2]s AS SELECT id, k, g, v, n, b, ts, s AS window_start, %[4]s AS window_end FROM %[1]s_w, %[3]s "+
			"WHERE s <= ts AND %[4]s > ts AND (wm IS NULL OR %[4]s > wm)", s.Name, name, w[0], w[1]))
	}
	return append(all, fmt.Sprintf("CREATE TEMPORARY VIEW %[1]s_session AS SELECT id, k, g, v, n, b, ts, min(ts) OVER w AS window_start, max(ts) OVER w + INTERVAL '3 seconds' AS window_end "+
		"FROM (SELECT *, sum(begins) OVER (PARTITION BY k ORDER BY ts, pos) AS session FROM (SELECT *, CASE WHEN ts - lag(ts) OVER (PARTITION BY k ORDER BY ts, pos) < INTERVAL '3 seconds' "+
		"THEN 0 ELSE 1 END AS begins FROM %[1]s_w WHERE ts IS NOT NULL AND (wm IS NULL OR ts >= wm)) a) c WINDOW w AS (PARTITION BY k, session)", s.Name))
}
