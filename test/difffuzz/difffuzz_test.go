package difffuzz_test

import (
	"context"
	"errors"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"wire.example/wire/internal/testserver"
	"wire.example/wire/test/difffuzz"
	"wire.example/wire/test/slt"
)

// What `make test` asks; WIRE_SEED and WIRE_CASES say otherwise.
const (
	firstSeed  = 1
	shortCases = 240
	perSeed    = 40
)

// leastRows is the percentage of queries that have to have rows.
const leastRows = 70

// patience bounds a universe, and the shrinking of a difference.
const patience = 5 * time.Minute

func number(t *testing.T, variable string, otherwise uint64) uint64 {
	t.Helper()
	text := os.Getenv(variable)
	if text == "" {
		return otherwise
	}
	n, err := strconv.ParseUint(text, 10, 32)
	if err != nil {
		t.Fatalf("%s=%s: %v", variable, text, err)
	}
	return n
}

// TestRandomQueries: Wire answers random queries as PostgreSQL does.
func TestRandomQueries(t *testing.T) {
	server := testserver.Postgres(t)
	f := difffuzz.Fuzzer{
		Wire:      slt.Command{Argv: []string{testserver.Wire(t), "sql", "--keep-going", "--output", "csv"}, Dir: t.TempDir()},
		Witnesses: slt.Witnesses(testserver.Database(t, server, "difffuzz")),
	}
	var r difffuzz.Report
	seed := number(t, "WIRE_SEED", firstSeed)
	for cases := number(t, "WIRE_CASES", shortCases); uint64(r.Cases) < cases; seed++ { //nolint:gosec // a count
		before := len(r.Found)
		if err := within(t, func(ctx context.Context) error { return f.Check(ctx, difffuzz.New(seed, perSeed), &r) }); err != nil {
			t.Errorf("seed %d: %v", seed, err)
			break
		}
		for _, d := range r.Found[before:] {
			err := within(t, func(ctx context.Context) (err error) { d, err = f.Shrink(ctx, d); return err })
			t.Errorf("%s(shrunk, %v)", d.String(), err)
		}
	}
	t.Logf("%d cases, %d with rows, %d errors, %d undecided, %d productions", r.Cases, r.NonEmpty, r.Failing, r.Undecided, len(r.Uses))
	if 100*r.NonEmpty < leastRows*r.Cases {
		t.Errorf("%d of %d queries have rows: fewer than %d %%", r.NonEmpty, r.Cases, leastRows)
	}
}

func within(t *testing.T, do func(context.Context) error) error {
	ctx, cancel := context.WithTimeoutCause(t.Context(), patience, errors.New("it takes too long"))
	defer cancel()
	return do(ctx)
}

// TestEveryProduction: some seed uses each production, and a seed gives the same queries again.
func TestEveryProduction(t *testing.T) {
	t.Parallel()
	uses := map[string]int{}
	for seed := range uint64(60) {
		again := difffuzz.New(seed, perSeed)
		for i, q := range difffuzz.New(seed, perSeed).Queries {
			if got, want := again.Queries[i].Root.String(), q.Root.String(); got != want {
				t.Fatalf("seed %d gives\n%s\nand\n%s", seed, want, got)
			}
			for _, use := range q.Uses {
				uses[use]++
			}
		}
	}
	const productions = 90
	if len(uses) < productions {
		t.Errorf("%d productions are used, fewer than %d: %v", len(uses), productions, uses)
	}
	for use, n := range uses {
		if n < 3 {
			t.Errorf("%s is used %d times in 2,400 queries", use, n)
		}
	}
}

// liar is an engine that answers as if there were no filters.
type liar struct{ engine slt.Engine }

func (l liar) Name() string { return l.engine.Name() }

func (l liar) Run(ctx context.Context, statements []string) ([]slt.Answer, error) {
	changed := make([]string, 0, len(statements))
	for _, s := range statements {
		if strings.HasPrefix(s, "SET parallelism") {
			s = "SELECT 1"
		}
		changed = append(changed, strings.ReplaceAll(s, " WHERE ", " WHERE true OR "))
	}
	return l.engine.Run(ctx, changed)
}

// TestShrinks: of an engine without filters, little more remains than a table, a row and a filter.
func TestShrinks(t *testing.T) {
	if os.Getenv("WIRE_TEST_HEAVY") != "1" {
		t.Skip("takes a PostgreSQL of its own: WIRE_TEST_HEAVY=1")
	}
	witnesses := slt.Witnesses(testserver.Database(t, testserver.Postgres(t), "difffuzz"))
	f := difffuzz.Fuzzer{Wire: liar{witnesses[0]}, Witnesses: witnesses}
	var r difffuzz.Report
	for seed := uint64(1); len(r.Found) < 3; seed++ {
		if err := f.Check(t.Context(), difffuzz.New(seed, perSeed), &r); err != nil {
			t.Fatal(err)
		}
	}
	for _, d := range r.Found[:3] {
		small, err := f.Shrink(t.Context(), d)
		if err != nil {
			t.Fatal(err)
		}
		if text := small.Query.Root.String(); len(text) > 200 || len(small.Tables) > 2 {
			t.Errorf("shrunk to\n%s", small.String())
		}
	}
}
