package aggregate_test

import (
	"slices"
	"strings"
	"testing"

	"wire.example/wire/internal/expr/aggregate"
	"wire.example/wire/internal/expr/builtin"
	"wire.example/wire/sdk/schema"
)

// everySignature asks for the aggregates that are over types which Wire has.
const everySignature = `
WITH signatures AS (
	SELECT p.proname, a.aggkind, p.prorettype, (SELECT array_agg(t.typname ORDER BY n) FROM unnest(p.proargtypes) WITH ORDINALITY x(o, n) JOIN pg_type t ON t.oid = x.o) AS args
	FROM pg_aggregate a JOIN pg_proc p ON p.oid = a.aggfnoid WHERE p.pronamespace = 'pg_catalog'::regnamespace)
SELECT proname, aggkind, array_to_string(args, ' '), format_type(prorettype, NULL) FROM signatures
WHERE coalesce(args, '{}') <@ '{bool,int2,int4,int8,float4,float8,numeric,text,bytea,date,time,timestamp,timestamptz,interval,uuid,jsonb,any,anyelement,anynonarray,anyarray,_float8}'
ORDER BY 1, 3`

// own are the aggregates that PostgreSQL has not.
var own = []string{"approx_count_distinct", "approx_percentile"}

// TestSignaturesArePostgreSQLs: the library has each aggregate that PostgreSQL has over Wire's types, and no other but its own.
func TestSignaturesArePostgreSQLs(t *testing.T) {
	results, err := connect(t).Exec(t.Context(), everySignature).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var want, got []string
	for _, row := range results[0].Rows {
		args := strings.NewReplacer("anyelement", "any").Replace(string(row[2]))
		result := string(row[3])
		if result == "json" {
			result = "jsonb"
		}
		want = append(want, string(row[0])+" "+string(row[1])+" ("+args+") "+result)
	}
	names := map[schema.Kind]string{
		schema.Bool: "bool", schema.Int16: "int2", schema.Int32: "int4", schema.Int64: "int8", schema.Float32: "float4", schema.Float64: "float8",
		schema.Numeric: "numeric", schema.Text: "text", schema.Bytes: "bytea", schema.Date: "date", schema.Time: "time", schema.Timestamp: "timestamp",
		schema.TimestampTZ: "timestamptz", schema.Interval: "interval", builtin.Any: "any", builtin.NonArray: "anynonarray", schema.Array: "anyarray",
		builtin.DoubleArray: "_float8",
	}
	for _, f := range aggregate.All() {
		if slices.Contains(own, f.Name) {
			continue
		}
		var args []string
		for _, p := range f.Params {
			args = append(args, names[p])
		}
		result := f.Result.PgName()
		if f.ResultOf != nil {
			result = polymorphic(&f)
		}
		kind := [...]string{aggregate.Plain: "n", aggregate.OrderedSet: "o", aggregate.HypotheticalSet: "h"}[f.Class]
		got = append(got, f.Name+" "+kind+" ("+strings.Join(args, " ")+") "+result)
	}
	slices.Sort(want)
	slices.Sort(got)
	for _, s := range want {
		if !slices.Contains(got, s) {
			t.Errorf("absent: %s", s)
		}
	}
	for _, s := range got {
		if !slices.Contains(want, s) {
			t.Errorf("PostgreSQL has no %s", s)
		}
	}
}

// polymorphic is the type that PostgreSQL declares for a result that depends on the arguments.
func polymorphic(f *aggregate.Function) string {
	args := make([]schema.Type, len(f.Params))
	for i, p := range f.Params {
		switch p {
		case builtin.Any, builtin.NonArray, schema.Array, builtin.DoubleArray:
			args[i] = schema.RowOf() // any type
		default:
			args[i] = schema.Of(p)
		}
	}
	switch result := f.ResultType(args); {
	case result.Kind == schema.Array && result.Elem.Kind == schema.Row, slices.Equal(f.Params, []schema.Kind{schema.Array}):
		return "anyarray"
	case result.Kind == schema.Row:
		return "anyelement"
	default:
		return result.PgName()
	}
}
