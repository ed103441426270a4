package builtin_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"wire.example/wire/internal/expr/aggregate"
	"wire.example/wire/internal/expr/builtin"
	"wire.example/wire/internal/expr/setreturning"
	"wire.example/wire/internal/expr/window"
	"wire.example/wire/sdk/schema"
)

var update = flag.Bool("update", false, "write docs/guide/functions.md")

const functionsPage = "../../../docs/guide/functions.md"

const pageHead = `# Functions and operators

Values, errors and SQLSTATEs are PostgreSQL 15's, but for what ` + "[differences.md](../differences.md)" + ` lists. Arguments in brackets may be
left out; a result is NULL where an argument is NULL, unless the line says otherwise. *volatile* functions answer anew in each row.
Window functions are called as f(…) OVER (PARTITION BY … ORDER BY …), and every aggregate is one of them, too.
Aggregates, listed last, leave rows out in which an argument is NULL, and answer NULL over no rows, unless the line says otherwise.

Not functions, and so not here: ` + "`+ - * / %`" + ` of numbers, comparisons, ` + "`AND OR NOT`, `IS …`, `BETWEEN`, `IN`, `LIKE`, `ILIKE`, `SIMILAR TO`" + `,
` + "`= ANY (array)`, `a[1]`, `a[2:3]`, `CASE`, `COALESCE`, `NULLIF`, `GREATEST`, `LEAST`, `CAST`, `x::type`, `ARRAY[…]`, `ROW(…)`" + `.
`

// TestFunctionsPage compares the guide's page with the library; -update writes it.
func TestFunctionsPage(t *testing.T) {
	want := pageHead + page(builtin.All(), result) + page(sets()) + page(windows()) + aggregatesPage()
	if *update {
		if err := os.WriteFile(functionsPage, []byte(want), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(functionsPage)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("%s is not what the library says: go test ./internal/expr/builtin -run TestFunctionsPage -update", functionsPage)
	}
}

func TestEveryFunctionIsDescribed(t *testing.T) {
	all := builtin.All()
	for _, f := range aggregate.All() {
		all = append(all, f.Function)
	}
	for _, f := range all {
		if f.Doc == "" || f.Family == "" {
			t.Errorf("%s (%s) has no description", f.Name, f.Family)
		}
		if !strings.HasSuffix(f.Doc, ".") {
			t.Errorf("%s: %q is no sentence", f.Name, f.Doc)
		}
	}
}

// aggregatesPage lists the aggregates as page lists the functions.
func aggregatesPage() string {
	var b strings.Builder
	family, name := "", ""
	for _, f := range aggregate.All() {
		if f.Family != family {
			family = f.Family
			fmt.Fprintf(&b, "\n## %s\n", family)
		}
		if f.Name != name {
			name = f.Name
			fmt.Fprintf(&b, "\n**`%s`** %s\n\n", name, f.Doc)
		}
		fmt.Fprintf(&b, "    %s → %s\n", f.Signature(), aggregateResult(&f))
	}
	return b.String()
}

// aggregateResult names the type of an aggregate's answer, where it depends on the arguments in words.
func aggregateResult(f *aggregate.Function) string {
	if f.ResultOf == nil {
		return f.Result.PgName()
	}
	args := make([]schema.Type, len(f.Params))
	for i := range args {
		args[i] = schema.RowOf() // stands for any type
		if f.Params[i] == schema.Interval {
			args[i] = schema.Of(schema.Interval)
		}
	}
	switch t := f.ResultOf(args); {
	case t.Kind == schema.Array && t.Elem.Kind != schema.Row:
		return t.PgName()
	case t.Kind == schema.Array:
		return "array of those"
	default:
		return "the same"
	}
}

// sets are the functions that return sets, and how their results are written.
func sets() (all []builtin.Function, result func(builtin.Function) string) {
	for _, f := range setreturning.All() {
		all = append(all, f.Function)
	}
	return all, func(f builtin.Function) string {
		switch fields := f.Result.Fields; {
		case f.Name == "unnest":
			return "set of element"
		case fields != nil:
			return "set of " + strings.TrimPrefix(strings.ToLower(f.Result.String()), "row")
		case f.Result.Kind == schema.Row:
			return "set of row"
		}
		return "set of " + f.Result.PgName()
	}
}

// windows are the window functions that are no aggregates, and how their results are written.
func windows() (all []builtin.Function, _ func(builtin.Function) string) {
	for _, f := range window.All() {
		all = append(all, f.Function)
	}
	return all, func(f builtin.Function) string {
		if f.ResultOf != nil {
			return "any"
		}
		return result(f)
	}
}

// page lists functions by family and name, the overloads of a name together.
func page(all []builtin.Function, result func(builtin.Function) string) string {
	var b strings.Builder
	family, name := "", ""
	for _, f := range sortedByName(all) {
		if f.Family != family {
			family, name = f.Family, ""
			fmt.Fprintf(&b, "\n## %s\n", family)
		}
		if f.Name != name {
			name = f.Name
			fmt.Fprintf(&b, "\n**`%s`** %s\n\n", name, f.Doc)
		}
		fmt.Fprintf(&b, "    %s → %s\n", signature(f), result(f))
	}
	return b.String()
}

// sortedByName brings the overloads of a name together, in the order of the library.
func sortedByName(all []builtin.Function) []builtin.Function {
	var out []builtin.Function
	done := map[string]bool{}
	for _, f := range all {
		key := f.Family + "/" + f.Name
		if done[key] {
			continue
		}
		done[key] = true
		for _, g := range all {
			if g.Family == f.Family && g.Name == f.Name {
				out = append(out, g)
			}
		}
	}
	return out
}

func signature(f builtin.Function) string {
	var args []string
	for i, p := range f.Params {
		arg := builtin.KindName(p)
		if f.ParamNames != nil {
			arg = f.ParamNames[i] + " " + arg
		}
		if f.Variadic && i == len(f.Params)-1 {
			arg += ", …"
		}
		if i >= len(f.Params)-f.Optional {
			arg = "[" + arg + "]"
		}
		args = append(args, arg)
	}
	shown := f.Name + "(" + strings.Join(args, ", ") + ")"
	switch c := f.Name[0]; {
	case c >= 'a' && c <= 'z':
	case len(args) == 1:
		shown = f.Name + " " + args[0]
	default:
		shown = args[0] + " " + f.Name + " " + args[1]
	}
	return shown
}

// result is the type of a function's result, and whether that is the same in each row.
func result(f builtin.Function) string {
	result := f.Result.PgName()
	if f.Result.Kind == schema.Array && f.Result.Elem == nil {
		result = "array"
	}
	if f.Volatility == builtin.Volatile {
		result += ", volatile"
	}
	return result
}
