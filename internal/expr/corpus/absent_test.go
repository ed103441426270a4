package corpus

import (
	"os"
	"path"
	"regexp"
	"strings"
	"testing"

	"wire.example/wire/internal/expr/builtin"
	"wire.example/wire/internal/expr/setreturning"
	"wire.example/wire/internal/expr/window"
)

// absentPage lists the functions that PostgreSQL has and Wire has not.
const absentPage = "../../../docs/absent-functions.md"

// callableFunctions asks for the names of functions over types that Wire has, but for those that stand behind operators, casts, indexes and
// aggregates.
const callableFunctions = `
WITH ours AS (SELECT unnest('{bool,int2,int4,int8,float4,float8,numeric,text,varchar,bytea,date,time,timestamp,timestamptz,interval,uuid,jsonb,
	anyelement,anyarray,anycompatible,anycompatiblearray,anynonarray,anycompatiblenonarray,any,_bool,_int2,_int4,_int8,_float4,_float8,_numeric,_text}'::name[]) AS name),
hidden AS (SELECT oprcode::oid AS oid FROM pg_operator UNION SELECT unnest(ARRAY[oprrest, oprjoin]) FROM pg_operator UNION SELECT amproc FROM pg_amproc
	UNION SELECT castfunc FROM pg_cast
	UNION SELECT unnest(ARRAY[aggtransfn, aggfinalfn, aggcombinefn, aggmtransfn, aggminvtransfn, aggmfinalfn]) FROM pg_aggregate)
SELECT DISTINCT p.proname FROM pg_proc p JOIN pg_type r ON r.oid = p.prorettype
WHERE p.prokind = 'f' AND NOT p.proretset AND p.pronamespace = 'pg_catalog'::regnamespace AND r.typname IN (SELECT name FROM ours)
	AND NOT EXISTS (SELECT FROM unnest(p.proargtypes) a JOIN pg_type t ON t.oid = a WHERE t.typname NOT IN (SELECT name FROM ours))
	AND p.oid NOT IN (SELECT oid FROM hidden) ORDER BY 1`

// callableSets asks for the names of functions that return sets and of window functions over such types.
const callableSets = `
WITH ours AS (SELECT unnest('{bool,int2,int4,int8,float4,float8,numeric,text,varchar,bytea,date,time,timestamp,timestamptz,interval,uuid,json,jsonb,record,
	anyelement,anyarray,anycompatible,anycompatiblearray,anynonarray,anycompatiblenonarray,any,_bool,_int2,_int4,_int8,_float4,_float8,_numeric,_text}'::name[]) AS name)
SELECT DISTINCT p.proname FROM pg_proc p JOIN pg_type r ON r.oid = p.prorettype
WHERE (p.prokind = 'f' AND p.proretset OR p.prokind = 'w') AND p.pronamespace = 'pg_catalog'::regnamespace AND r.typname IN (SELECT name FROM ours)
	AND NOT EXISTS (SELECT FROM unnest(p.proargtypes) a JOIN pg_type t ON t.oid = a WHERE t.typname NOT IN (SELECT name FROM ours)) ORDER BY 1`

// inLibrary reports whether a function can be called in Wire: in an expression, in FROM or with OVER.
func inLibrary(name string) bool {
	return builtin.Standard().Lookup(name) != nil || setreturning.Standard().Lookup(name) != nil || window.Standard().Lookup(name) != nil
}

// TestAbsentFunctions: each function that PostgreSQL has is in the library or on the page, with a reason; and not on both.
func TestAbsentFunctions(t *testing.T) {
	page, err := os.ReadFile(absentPage)
	if err != nil {
		t.Fatal(err)
	}
	used := map[string]bool{}
	for line := range strings.Lines(string(page)) {
		names, reason, ok := strings.Cut(strings.TrimPrefix(line, "| "), " | ")
		if !ok || !strings.HasPrefix(names, "`") {
			continue
		}
		if strings.Trim(reason, " |\n") == "" {
			t.Errorf("%s: no reason for %s", absentPage, names)
		}
		for _, m := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(names, -1) {
			used[m[1]] = false
			if inLibrary(m[1]) {
				t.Errorf("%s: %s is in the library", absentPage, m[1])
			}
		}
	}
	results, err := connect(t).Exec(t.Context(), callableFunctions+";"+callableSets).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if len(results[0].Rows) < 250 || len(results[1].Rows) < 50 {
		t.Fatalf("PostgreSQL has only %d functions and %d that return sets", len(results[0].Rows), len(results[1].Rows))
	}
	for _, row := range append(results[0].Rows, results[1].Rows...) {
		name, listed := string(row[0]), false
		if inLibrary(name) {
			continue
		}
		for pattern := range used {
			if ok, err := path.Match(pattern, name); ok && err == nil {
				used[pattern], listed = true, true
			}
		}
		if !listed {
			t.Errorf("%s is neither in the library nor on %s", name, absentPage)
		}
	}
	for pattern, found := range used {
		if !found {
			t.Errorf("%s: PostgreSQL has no function %s", absentPage, pattern)
		}
	}
}
