package spill_test

import (
	"fmt"
	"testing"
)

// topQueries keep ranked rows, of which some leave memory and come back.
func topQueries() map[string]string {
	return map[string]string{
		"first rows": "SELECT k, n, r FROM (SELECT k, n, row_number() OVER (PARTITION BY k ORDER BY n % 1009 DESC, n) AS r FROM keyed) x WHERE r <= 2",
		"first of changes": "SELECT k, g, c, r FROM (SELECT k, g, c, rank() OVER (PARTITION BY k ORDER BY c DESC, g) AS r " +
			"FROM (SELECT left(k, 40) AS k, n % 3 AS g, count(*) AS c FROM keyed GROUP BY 1, 2) y) x WHERE r <= 2",
		"last of changes": "SELECT k, g, c FROM (SELECT k, g, c, row_number() OVER (PARTITION BY k ORDER BY c DESC) AS r " +
			"FROM (SELECT left(k, 40) AS k, n % 3 AS g, max(n) AS c FROM keyed GROUP BY 1, 2) y) x WHERE r = 1",
	}
}

// TestTopsOfMoreThanMemory: the first rows of partitions are the same with little memory and with much, while they change.
func TestTopsOfMoreThanMemory(t *testing.T) {
	for name, query := range topQueries() {
		t.Run(name, func(t *testing.T) { sameWithLeast(t, "SET emit = 'changes';\n"+smallScript(query)) })
	}
}

// TestFirstOfAllOfMoreThanMemory: the first rows of all are the same with little memory and with much, while rows come and go.
func TestFirstOfAllOfMoreThanMemory(t *testing.T) {
	changing := "(SELECT k, max(n * 7919 % 100003) AS m, count(*) AS c FROM (SELECT left(k, 60) AS k, n FROM keyed) x GROUP BY k) y"
	for name, query := range map[string]string{
		"largest": "SELECT k, m, c FROM " + changing + " ORDER BY m DESC, k LIMIT 100",
		"rarest":  "SELECT k, m, c FROM " + changing + " ORDER BY c, k DESC LIMIT 1000 OFFSET 10",
		"dense":   "SELECT k, m, r FROM (SELECT k, m, dense_rank() OVER (ORDER BY m) AS r FROM " + changing + ") z WHERE r <= 50",
		"ranked":  "SELECT k, m, r FROM (SELECT k, m, rank() OVER (ORDER BY m, k) AS r FROM " + changing + ") z WHERE r <= 50",
	} {
		t.Run(name, func(t *testing.T) { sameWithLeast(t, "SET emit = 'changes';\n"+smallScript(query)) })
	}
}

// timedScript is a query over rows in the order of a time that has a watermark, of which some partitions come again and most do not.
func timedScript(query string) string { return timedScriptOf(keys(), query) }

func timedScriptOf(keys int, query string) string {
	return fmt.Sprintf("SET emit = 'changes';\nCREATE SOURCE bid (auction BIGINT, bidder BIGINT, price BIGINT, channel TEXT, url TEXT, date_time TIMESTAMP, extra TEXT, "+
		"WATERMARK FOR date_time AS date_time - INTERVAL '0.3 seconds') WITH (connector = 'generate', kind = 'nexmark', table = 'bid', rows = %d, seed = 1, group_size = 40);\n"+
		"CREATE VIEW timed AS SELECT price AS n, date_time AS t, repeat((auction * 100000 + bidder)::text, 16) AS k FROM bid;\n"+
		"CREATE SINK b WITH (connector = 'blackhole');\nINSERT INTO b %s;\n", 3*keys, query)
}

// TestWindowFunctionsOfTimeOfMoreThanMemory: what window functions say of rows in the order of time is the same with little memory and with much.
func TestWindowFunctionsOfTimeOfMoreThanMemory(t *testing.T) {
	for name, query := range map[string]string{
		"sums":        "SELECT k, n, sum(n) OVER w AS s, lag(n) OVER w AS l FROM timed WINDOW w AS (PARTITION BY k ORDER BY t, n)",
		"rows before": "SELECT k, n, sum(n) OVER (PARTITION BY k ORDER BY t, n ROWS 1 PRECEDING) AS s FROM timed",
	} {
		t.Run(name, func(t *testing.T) { sameWithLittle(t, timedScript(query)) })
	}
}

// TestWindowFunctionsOfChangesOfMoreThanMemory: what window functions say of rows that come in any order, and go, is the same with little memory and with much.
func TestWindowFunctionsOfChangesOfMoreThanMemory(t *testing.T) {
	for name, query := range map[string]string{
		"rows": "SELECT k, n, sum(n) OVER w AS s, lag(n) OVER w AS l FROM keyed WINDOW w AS (PARTITION BY k ORDER BY n % 1009 DESC, n)",
		"changes": "SELECT k, g, c, sum(c) OVER w AS s, ntile(2) OVER w AS h " +
			"FROM (SELECT left(k, 40) AS k, n % 3 AS g, count(*) AS c FROM keyed GROUP BY 1, 2) y WINDOW w AS (PARTITION BY k ORDER BY c, g)",
	} {
		t.Run(name, func(t *testing.T) { sameWithLeast(t, "SET emit = 'changes';\n"+smallScript(query)) })
	}
}

// TestRowsThatWaitOfMoreThanMemory: rows come out in the order of time although far more of them wait for the watermark than memory has room for.
func TestRowsThatWaitOfMoreThanMemory(t *testing.T) {
	sameWithLittle(t, fmt.Sprintf("SET emit = 'changes';\nCREATE SOURCE bid (auction BIGINT, bidder BIGINT, price BIGINT, channel TEXT, url TEXT, date_time TIMESTAMP, extra TEXT, "+
		"WATERMARK FOR date_time AS date_time - INTERVAL '%d milliseconds') WITH (connector = 'generate', kind = 'nexmark', table = 'bid', rows = %d, seed = 1, group_size = 40);\n"+
		"CREATE SINK b WITH (connector = 'blackhole');\nINSERT INTO b SELECT date_time, price, auction, repeat(extra, 3) AS e FROM bid ORDER BY date_time, price DESC;\n", 2*keys(), 4*keys()))
}
