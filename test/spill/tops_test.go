package spill_test

import "testing"

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
		t.Run(name, func(t *testing.T) { sameWithLittle(t, "SET emit = 'changes';\n"+script(query)) })
	}
}
