package join_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"wire.example/wire/internal/operator/join"
	"wire.example/wire/internal/testserver"
	"wire.example/wire/sdk/schema"
)

// question is a join as SQL writes it, over tables l and r with columns c0 to c2.
type question struct {
	kind      join.Kind
	nullAware bool
	keys      []join.Key
	residual  residual
	sql       string
}

// where is the condition of keys and residual.
func (q *question) where(match ...join.Match) string {
	conditions := []string{"true"}
	for _, k := range q.keys {
		if slices.Contains(match, k.Match) {
			op := map[join.Match]string{join.Equal: "=", join.NotDistinct: "IS NOT DISTINCT FROM"}[k.Match]
			conditions = append(conditions, fmt.Sprintf("l.c%d %s r.c%d", k.Left, op, k.Right))
		}
	}
	if q.residual.sql != "" {
		conditions = append(conditions, q.residual.sql)
	}
	return strings.Join(conditions, " AND ")
}

// in is the left IN (right) of the keys that are compared so.
func (q *question) in() string {
	var left, right []string
	for _, k := range q.keys {
		if k.Match == join.In {
			left, right = append(left, fmt.Sprintf("l.c%d", k.Left)), append(right, fmt.Sprintf("r.c%d", k.Right))
		}
	}
	return "(" + strings.Join(left, ", ") + ") IN (SELECT " + strings.Join(right, ", ") + " FROM r WHERE " + q.where(join.Equal, join.NotDistinct) + ")"
}

// spell writes the query.
func (q *question) spell() string {
	on := q.where(join.Equal, join.NotDistinct)
	switch {
	case q.kind <= join.Full:
		return fmt.Sprintf("SELECT * FROM l %s JOIN r ON %s", strings.ToUpper(q.kind.String()), on)
	case q.kind == join.Single:
		return "SELECT l.*, s.* FROM l, LATERAL (SELECT (SELECT r FROM r WHERE " + on + ") AS one) s0, LATERAL (SELECT (one).*) s"
	case q.kind == join.Mark:
		return "SELECT l.*, " + q.in() + " FROM l"
	case q.kind == join.Anti && q.nullAware:
		return "SELECT * FROM l WHERE NOT (" + q.in() + ")"
	case q.kind == join.Anti:
		return "SELECT * FROM l WHERE NOT EXISTS (SELECT 1 FROM r WHERE " + on + ")"
	default:
		return "SELECT * FROM l WHERE EXISTS (SELECT 1 FROM r WHERE " + on + ")"
	}
}

// questions are the kinds with every sort of keys that they know, without and with a residual that is TRUE or FALSE or fails.
func questions() []question {
	key := func(m ...join.Match) (keys []join.Key) {
		for i, match := range m {
			keys = append(keys, join.Key{Left: i, Right: i, Match: match})
		}
		return keys
	}
	plain := [][]join.Key{nil, key(join.Equal), key(join.NotDistinct), key(join.Equal, join.NotDistinct), key(join.Equal, join.Equal)}
	aware := [][]join.Key{key(join.In), key(join.In, join.In), key(join.Equal, join.In), key(join.NotDistinct, join.In, join.In)}
	var out []question
	for kind := join.Inner; kind <= join.Single; kind++ {
		for _, nullAware := range []bool{false, true} {
			sorts := plain
			switch {
			case nullAware && kind != join.Anti:
				continue
			case nullAware || kind == join.Mark:
				sorts = aware
			}
			for _, keys := range sorts {
				for _, res := range residuals()[:3] {
					q := question{kind: kind, nullAware: nullAware, keys: keys, residual: res}
					// PostgreSQL's FULL JOIN takes equalities alone.
					if full := kind == join.Full; full && (keys == nil || res.sql != "" || slices.ContainsFunc(keys, func(k join.Key) bool { return k.Match != join.Equal })) {
						continue
					}
					// What a filter inside of IN does not know is not among its rows.
					if q.residual.sql != "" && kind >= join.Anti && kind <= join.Mark {
						inner := q.residual.eval
						q.residual.eval = func(l, r []string) (truth, string) {
							t, code := inner(l, r)
							if t == unknown {
								t = no
							}
							return t, code
						}
					}
					q.sql = q.spell()
					out = append(out, q)
				}
			}
		}
	}
	return out
}

// TestTheDefinitionIsPostgreSQLs: what the other tests compare with, the definition of joins in reference_test.go, is what PostgreSQL 15 answers.
func TestTheDefinitionIsPostgreSQLs(t *testing.T) {
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, testserver.Postgres(t))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	random := rand.New(rand.NewPCG(1, 2))
	types := []schema.Type{schema.Of(schema.Int64), schema.Of(schema.Int64), schema.Of(schema.Int64)}
	answered, failed, rows := 0, 0, 0
	for range 12 {
		var tables [2][][]string
		for side, name := range []string{"l", "r"} {
			tables[side] = drawTable(random, random.IntN(9))
			load(t, conn, name, tables[side])
		}
		for _, q := range questions() {
			want, code := ask(ctx, t, conn, q.sql)
			for build := range 2 {
				ref := reference{
					kind: q.kind, build: build, keys: q.keys, types: [2][]schema.Type{types, types}, nullAware: q.nullAware, residual: q.residual.eval,
					left: tables[0], right: tables[1],
				}
				got := ref.run()
				switch {
				case code != "":
					// PostgreSQL may try pairs that we do not, never the other way.
					failed++
				case len(got.rejects) > 0:
					t.Errorf("%s: %v", q.sql, got.rejects)
				case !slices.Equal(got.rows, want):
					t.Errorf("%s, build %d, l %v, r %v:\n got %v\nwant %v", q.sql, build, tables[0], tables[1], got.rows, want)
				default:
					answered++
					rows += len(want)
				}
			}
		}
	}
	if answered < 1000 || rows < 5000 {
		t.Errorf("only %d answers with %d rows; %d failed", answered, rows, failed)
	}
}

func drawTable(random *rand.Rand, n int) [][]string {
	rows := make([][]string, n)
	for i := range rows {
		for range 3 {
			rows[i] = append(rows[i], []string{null, "1", "2", "3"}[random.IntN(4)])
		}
	}
	return rows
}

func load(t *testing.T, conn *pgx.Conn, name string, rows [][]string) {
	t.Helper()
	sql := fmt.Sprintf("DROP TABLE IF EXISTS %s; CREATE TEMPORARY TABLE %[1]s (c0 bigint, c1 bigint, c2 bigint);", name)
	for _, row := range rows {
		sql += fmt.Sprintf("INSERT INTO %s VALUES (%s);", name, strings.Join(row, ", "))
	}
	if _, err := conn.Exec(context.Background(), sql); err != nil {
		t.Fatal(err)
	}
}

// ask returns the rows of a query, sorted, or its SQLSTATE.
func ask(ctx context.Context, t *testing.T, conn *pgx.Conn, sql string) (rows []string, code string) {
	t.Helper()
	results, err := conn.PgConn().Exec(ctx, sql).ReadAll()
	var bad *pgconn.PgError
	switch {
	case errors.As(err, &bad) && (bad.Code == "21000" || bad.Code == "22012"):
		return nil, bad.Code
	case err != nil:
		t.Fatalf("%s: %v", sql, err)
	}
	for _, row := range results[0].Rows {
		cells := make([]string, len(row))
		for i, cell := range row {
			if cells[i] = string(cell); cell == nil {
				cells[i] = null
			}
		}
		rows = append(rows, strings.Join(cells, " "))
	}
	slices.Sort(rows)
	return rows, ""
}
