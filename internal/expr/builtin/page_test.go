package builtin_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"wire.example/wire/internal/expr/aggregate"
	"wire.example/wire/internal/expr/builtin"
	"wire.example/wire/sdk/schema"
)

var update = flag.Bool("update", false, "write docs/guide/functions.md")

const functionsPage = "../../../docs/guide/functions.md"

const pageHead = `# Functions and operators

Values, errors and SQLSTATEs are PostgreSQL 15's, but for what ` + "[differences.md](../differences.md)" + ` lists. Arguments in brackets may be
left out; a result is NULL where an argument is NULL, unless the line says otherwise. *volatile* functions answer anew in each row.
Aggregates, listed last, leave rows out in which an argument is NULL, and answer NULL over no rows, unless the line says otherwise.

Not functions, and so not here: ` + "`+ - * / %`" + ` of numbers, comparisons, ` + "`AND OR NOT`, `IS …`, `BETWEEN`, `IN`, `LIKE`, `ILIKE`" + `,
` + "`= ANY (array)`, `CASE`, `COALESCE`, `NULLIF`, `GREATEST`, `LEAST`, `CAST`, `x::type`, `ARRAY[…]`, `ROW(…)`" + `.
`

// TestFunctionsPage compares the guide's page with the library; -update writes it.
func TestFunctionsPage(t *testing.T) {
	want := pageHead + page() + aggregatesPage()
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

// page lists the functions by family and name, the overloads of a name together.
func page() string {
	var b strings.Builder
	family, name := "", ""
	for _, f := range sortedByName(builtin.All()) {
		if f.Family != family {
			family, name = f.Family, ""
			fmt.Fprintf(&b, "\n## %s\n", family)
		}
		if f.Name != name {
			name = f.Name
			fmt.Fprintf(&b, "\n**`%s`** %s\n\n", name, f.Doc)
		}
		fmt.Fprintf(&b, "    %s\n", signature(f))
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
		arg := kindName(p)
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
	result := f.Result.PgName()
	if f.Result.Kind == schema.Array && f.Result.Elem == nil {
		result = "array"
	}
	shown := f.Name + "(" + strings.Join(args, ", ") + ")"
	switch c := f.Name[0]; {
	case c >= 'a' && c <= 'z':
	case len(args) == 1:
		shown = f.Name + " " + args[0]
	default:
		shown = args[0] + " " + f.Name + " " + args[1]
	}
	if f.Volatility == builtin.Volatile {
		result += ", volatile"
	}
	return shown + " → " + result
}

// kindName is the name of a parameter's kind, as PostgreSQL writes it where it is short.
func kindName(k schema.Kind) string {
	switch k {
	case builtin.Any:
		return "any"
	case builtin.NonArray:
		return "any but array"
	case builtin.Elem:
		return "element"
	case builtin.TextArray:
		return "text[]"
	case builtin.DoubleArray:
		return "double precision[]"
	case schema.Array:
		return "array"
	default:
		return k.PgName()
	}
}
