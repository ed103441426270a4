package nexmark_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/rogpeppe/go-internal/txtar"

	"wire.example/wire/internal/cli"
	"wire.example/wire/internal/connect/generate/nexmark"
	"wire.example/wire/internal/testserver"
)

// events is how many events are made; 46 in 50 are bids.
const events = 20_000

// pipeline is a query over the bids of a file in the typed form.
const pipeline = `name: nexmark
sources:
  bid:
    connector: file
    path: bid.jsonl
    schema: {auction: BIGINT, bidder: BIGINT, price: BIGINT, channel: TEXT, url: TEXT, date_time: TIMESTAMP, extra: TEXT}
transforms:
  q:
%s
sinks:
  out: {from: q, connector: file, path: out.jsonl, if_exists: replace}
`

// bid is a row for the witness.
type bid struct {
	Auction, Bidder, Price int64
	Channel, URL           string
	DateTime               string `json:"date_time"`
	Extra                  string
}

func TestYAML(t *testing.T) {
	queries, err := txtar.ParseFile("testdata/queries.txtar")
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	dead := &deaths{}
	writeBids(t)
	db := connect(t)
	load(t, db)
	for i := 0; i < len(queries.Files); i += 2 {
		query, transform := queries.Files[i], queries.Files[i+1]
		name := strings.TrimSuffix(query.Name, ".sql")
		t.Run(name, func(t *testing.T) {
			want := answers(t, db, string(query.Data))
			if len(want) == 0 {
				t.Fatal("the witness has no rows: the query proves nothing")
			}
			text := "    " + strings.ReplaceAll(strings.TrimSpace(string(transform.Data)), "\n", "\n    ")
			if err := os.WriteFile("q.yaml", fmt.Appendf(nil, pipeline, text), 0o600); err != nil {
				t.Fatal(err)
			}
			for _, lanes := range []string{"1", "3"} {
				wire(t, "run", "--quiet", "--ephemeral", "--parallelism", lanes, "--block-bytes", "50000", "q.yaml")
				compare(t, "parallelism "+lanes, want)
			}
			wire(t, append([]string{"run", "--fresh"}, checkpointing(2, "q.yaml")...)...)
			compare(t, string(kept), want)
			if err := errors.Join(os.RemoveAll("state"), dead.killedTwice(t, name, "q.yaml")); err != nil {
				t.Fatal(err)
			}
			compare(t, string(killed), want)
		})
	}
}

// compare holds the sorted rows of out.jsonl against the witness's.
func compare(t *testing.T, how string, want []string) {
	t.Helper()
	text, err := os.ReadFile("out.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	got := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
	slices.Sort(got)
	if len(got) != len(want) {
		t.Errorf("%s: %d rows, the witness has %d", how, len(got), len(want))
	}
	for i := range min(len(got), len(want)) {
		if got[i] != want[i] {
			t.Fatalf("%s:\n got %s\nwant %s", how, got[i], want[i])
		}
	}
}

func writeBids(t *testing.T) {
	t.Helper()
	f, err := os.Create("bid.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	c := nexmark.DefaultConfig()
	c.Events, c.GroupSize, c.EventsPerSecond = events, 40, 1
	c.BaseTime += 5 * 3_600_000_000 // from 05:00 to 10:33, so that q14 sees night, day and what is neither
	if _, err := nexmark.WriteTypedJSON(f, c, nexmark.KindBid); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

func connect(t *testing.T) *pgx.Conn {
	t.Helper()
	db, err := pgx.Connect(t.Context(), testserver.Postgres(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return db
}

// load gives the witness the rows of bid.jsonl.
func load(t *testing.T, db *pgx.Conn) {
	t.Helper()
	const table = `CREATE TEMPORARY TABLE bid (auction BIGINT, bidder BIGINT, price BIGINT, channel TEXT, url TEXT, date_time TIMESTAMP, extra TEXT)`
	if _, err := db.Exec(t.Context(), table); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("bid.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	batch := &pgx.Batch{}
	lines := bufio.NewScanner(bytes.NewReader(text))
	for lines.Scan() {
		var b bid
		if err := json.Unmarshal(lines.Bytes(), &b); err != nil {
			t.Fatal(err)
		}
		batch.Queue(`INSERT INTO bid VALUES ($1, $2, $3, $4, $5, $6::text::timestamp, $7)`, b.Auction, b.Bidder, b.Price, b.Channel, b.URL, b.DateTime, b.Extra)
	}
	if err := db.SendBatch(t.Context(), batch).Close(); err != nil {
		t.Fatal(err)
	}
}

// answers returns the witness's rows as JSON, sorted.
func answers(t *testing.T, db *pgx.Conn, query string) []string {
	t.Helper()
	rows, err := db.Query(t.Context(), "SELECT row_to_json(q)::text FROM ("+query+") q")
	if err != nil {
		t.Fatal(err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(list)
	return list
}

// wire runs the program, which must succeed.
func wire(t *testing.T, args ...string) {
	t.Helper()
	if _, said, code := command(t, args...); code != 0 {
		t.Fatalf("wire %v ended with %d: %s", args, code, said)
	}
}

// command runs the program: that of WIRE_BIN as a process, else in this one.
func command(t *testing.T, args ...string) (out, said string, code int) {
	t.Helper()
	var stdout, stderr safeBuffer
	program := os.Getenv("WIRE_BIN")
	if program == "" {
		code = cli.Main(args, strings.NewReader(""), &stdout, &stderr)
		return stdout.String(), stderr.String(), code
	}
	c := exec.CommandContext(t.Context(), program, args...)
	c.Stdout, c.Stderr = &stdout, &stderr
	if err := c.Run(); err != nil && c.ProcessState == nil {
		t.Fatal(err)
	}
	return stdout.String(), stderr.String(), c.ProcessState.ExitCode()
}

// safeBuffer may be written by several goroutines.
type safeBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *safeBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *safeBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}
