package exactlyonce_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestWindowsOfMoreThanMemory counts by keys in windows that overlap, whose state does not fit into memory, and cuts the run off and goes on again and again: each window
// has its answer once.
func TestWindowsOfMoreThanMemory(t *testing.T) {
	const rows, keys, minute = 150_000, 100_000, 60_000
	dir := t.TempDir()
	var text strings.Builder
	type answer struct{ key, end int }
	want := map[answer]int{}
	random := rand.New(rand.NewPCG(7, 7))
	begin := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for i := range rows { // one a millisecond
		key := random.IntN(keys)
		end := (i/minute + 1) * minute
		want[answer{key, end}]++
		want[answer{key, end + minute}]++
		fmt.Fprintf(&text, `{"k":%d,"at":"%s","pad":"%0450d"}`+"\n", key, begin.Add(time.Duration(i)*time.Millisecond).Format("2006-01-02 15:04:05.000"), key)
	}
	must(t, os.WriteFile(filepath.Join(dir, "in.jsonl"), []byte(text.String()), 0o600))
	script := fmt.Sprintf(`CREATE SOURCE a (k INT, at TIMESTAMP, pad TEXT, WATERMARK FOR at AS at) WITH (connector = 'file', path = '%s/in.jsonl', format = 'json');
		CREATE SINK out WITH (connector = 'file', path = '%s/out.jsonl', format = 'json');
		INSERT INTO out SELECT k, count(*) AS n, extract(epoch FROM window_end - TIMESTAMP '2026-01-01') AS e
		FROM HOP(a, at, INTERVAL '1 minute', INTERVAL '2 minutes') GROUP BY k, pad, window_start, window_end;`, dir, dir)
	var mu sync.Mutex
	chance := func(n int) int {
		mu.Lock()
		defer mu.Unlock()
		return random.IntN(n)
	}
	for leg := 0; ; leg++ {
		if leg > 60 {
			t.Fatal("it never ends")
		}
		if finished, _ := restlessLeg(t, dir, script, chance, 1+chance(3), leg); finished {
			break
		}
	}
	out, err := os.ReadFile(filepath.Join(dir, "out.jsonl"))
	must(t, err)
	for line := range strings.Lines(string(out)) {
		var row struct {
			K, N int
			E    float64
		}
		must(t, json.Unmarshal([]byte(line), &row))
		at := answer{row.K, int(row.E) * 1000}
		if want[at] != row.N {
			t.Fatalf("key %d in the window that ends at %d: %d rows, want %d", at.key, at.end, row.N, want[at])
		}
		delete(want, at)
	}
	if len(want) > 0 {
		t.Fatalf("%d answers are missing", len(want))
	}
}
