package numeric_test

import (
	"bufio"
	"errors"
	"math"
	"math/big"
	"os"
	"strconv"
	"strings"
	"testing"

	"wire.example/wire/sdk/numeric"
	"wire.example/wire/sdk/sqlstate"
)

// kind says how an operation may leave PostgreSQL's answer when that has more than 38 digits.
type kind int

const (
	exact  kind = iota // it fails with 22003
	chosen             // it rounds digits after the point away, since PostgreSQL chose the scale
	plain              // it has no such answers
)

// operation computes one line of testdata/pg_numeric.txt.
type operation struct {
	kind kind
	run  func(t *testing.T, args []string) (string, error)
}

func unary(k kind, f func(numeric.Decimal) (numeric.Decimal, error)) operation {
	return operation{k, func(t *testing.T, args []string) (string, error) {
		d, err := f(parse(t, args[0]))
		return d.String(), err
	}}
}

func binary(k kind, f func(a, b numeric.Decimal) (numeric.Decimal, error)) operation {
	return operation{k, func(t *testing.T, args []string) (string, error) {
		d, err := f(parse(t, args[0]), parse(t, args[1]))
		return d.String(), err
	}}
}

func scaled(f func(numeric.Decimal, int) (numeric.Decimal, error)) operation {
	return operation{exact, func(t *testing.T, args []string) (string, error) {
		d, err := f(parse(t, args[0]), number(t, args[1]))
		return d.String(), err
	}}
}

func aggregate(k kind, f func(*numeric.Sum) (numeric.Decimal, error)) operation {
	return operation{k, func(t *testing.T, args []string) (string, error) {
		var s numeric.Sum
		for _, x := range strings.Split(strings.Trim(args[0], "{}"), ",") {
			s.Add(parse(t, x))
		}
		d, err := f(&s)
		return d.String(), err
	}}
}

func sure(f func(numeric.Decimal) numeric.Decimal) func(numeric.Decimal) (numeric.Decimal, error) {
	return func(d numeric.Decimal) (numeric.Decimal, error) { return f(d), nil }
}

func operations() map[string]operation {
	return map[string]operation{
		"parse": {exact, func(_ *testing.T, args []string) (string, error) {
			d, err := numeric.ParseString(args[0])
			return d.String(), err
		}},
		"abs":            unary(exact, sure(numeric.Abs)),
		"numeric_uminus": unary(exact, sure(numeric.Neg)),
		"trim_scale":     unary(exact, sure(numeric.Decimal.Canonical)),
		"ceil":           unary(exact, numeric.Ceil),
		"floor":          unary(exact, numeric.Floor),
		"sqrt":           unary(chosen, numeric.Sqrt),
		"exp":            unary(chosen, numeric.Exp),
		"ln":             unary(chosen, numeric.Ln),
		"log": {chosen, func(t *testing.T, args []string) (string, error) {
			base, x := numeric.FromInt64(10), parse(t, args[len(args)-1])
			if len(args) == 2 {
				base = parse(t, args[0])
			}
			d, err := numeric.Log(base, x)
			return d.String(), err
		}},
		"sign": {plain, func(t *testing.T, args []string) (string, error) {
			d := parse(t, args[0])
			if d.IsNaN() {
				return "NaN", nil
			}
			return strconv.Itoa(numeric.Sign(d)), nil
		}},
		"int8": {plain, func(t *testing.T, args []string) (string, error) {
			n, err := parse(t, args[0]).Int64()
			return strconv.FormatInt(n, 10), err
		}},
		"numeric_add": binary(exact, numeric.Add),
		"numeric_sub": binary(exact, numeric.Sub),
		"numeric_mul": binary(exact, numeric.Mul),
		"numeric_div": binary(chosen, numeric.Div),
		"mod":         binary(exact, numeric.Mod),
		"power":       binary(chosen, numeric.Power),
		"numeric_cmp": {plain, func(t *testing.T, args []string) (string, error) {
			return strconv.Itoa(numeric.Cmp(parse(t, args[0]), parse(t, args[1]))), nil
		}},
		"round": scaled(numeric.Round),
		"trunc": scaled(numeric.Trunc),
		"typmod": {exact, func(t *testing.T, args []string) (string, error) {
			d, err := numeric.Rescale(parse(t, args[0]), number(t, args[1]), number(t, args[2]))
			return d.String(), err
		}},
		"float4": {chosen, func(t *testing.T, args []string) (string, error) {
			f, err := strconv.ParseFloat(args[0], 32)
			if err != nil {
				t.Fatal(err)
			}
			d, err := numeric.FromFloat32(float32(f))
			return d.String(), err
		}},
		"to_float8": {plain, func(t *testing.T, args []string) (string, error) {
			return shortest(parse(t, args[0]).Float64()), nil
		}},
		"float8": {chosen, func(t *testing.T, args []string) (string, error) {
			f, err := strconv.ParseFloat(args[0], 64)
			if err != nil {
				t.Fatal(err)
			}
			d, err := numeric.FromFloat64(f)
			return d.String(), err
		}},
		"sum": aggregate(exact, (*numeric.Sum).Result),
		"avg": aggregate(chosen, (*numeric.Sum).Avg),
	}
}

// TestPostgres compares every operation with the answers of a real PostgreSQL 15.
func TestPostgres(t *testing.T) {
	file, err := os.Open("testdata/pg_numeric.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	table := operations()
	seen := map[string]int{}
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		fields := strings.Split(lines.Text(), "\t")
		name, args, want := fields[0], fields[1:len(fields)-1], fields[len(fields)-1]
		seen[name]++
		op, known := table[name]
		if !known {
			t.Fatalf("no operation %q", name)
		}
		got, err := op.run(t, args)
		if got = describe(got, err); got != within38(op.kind, want) {
			t.Errorf("%s(%s)\n got %s\nwant %s\n  PG %s", name, strings.Join(args, ", "), got, within38(op.kind, want), want)
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	for name := range table {
		if seen[name] == 0 {
			t.Errorf("no case for %s", name)
		}
	}
}

// describe is how the table shows a result.
func describe(text string, err error) string {
	var e *sqlstate.Error
	if !errors.As(err, &e) {
		return text
	}
	s := "ERROR " + string(e.Code) + " " + e.Message
	if e.Hint != "" {
		s += " | " + e.Hint
	}
	return s
}

const overflow = "ERROR 22003 value overflows numeric format"

// within38 is PostgreSQL's answer cut to what 38 digits hold.
func within38(k kind, answer string) string {
	whole, fraction, _ := strings.Cut(strings.TrimPrefix(answer, "-"), ".")
	coef, ok := new(big.Int).SetString(whole+fraction, 10)
	if !ok || k == plain {
		return answer
	}
	return reduce(k, answer, coef, len(fraction))
}

// reduce finds the largest scale at which |answer| = coef * 10^-scale has 38 digits.
func reduce(k kind, answer string, coef *big.Int, scale int) string {
	for drop := 0; drop <= scale; drop++ {
		power := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(drop)), nil)
		q, r := new(big.Int).QuoRem(coef, power, new(big.Int))
		if k == exact && (r.Sign() != 0 || drop > max(scale-38, 0)) {
			return overflow
		}
		if r.Lsh(r, 1).Cmp(power) >= 0 {
			q.Add(q, big.NewInt(1))
		}
		if text := q.String(); scale-drop <= 38 && len(text) <= 38 {
			return withPoint(strings.HasPrefix(answer, "-") && q.Sign() != 0, text, scale-drop)
		}
	}
	return overflow
}

func withPoint(negative bool, digits string, scale int) string {
	if pad := scale + 1 - len(digits); pad > 0 {
		digits = strings.Repeat("0", pad) + digits
	}
	if scale > 0 {
		digits = digits[:len(digits)-scale] + "." + digits[len(digits)-scale:]
	}
	if negative {
		digits = "-" + digits
	}
	return digits
}

// shortest writes f as PostgreSQL writes a double precision.
func shortest(f float64) string {
	switch text := strconv.FormatFloat(f, 'g', -1, 64); text {
	case "+Inf", "-Inf":
		return strings.TrimPrefix(text, "+") + "inity"
	default:
		if abs := math.Abs(f); abs >= 1e-4 && abs < 1e15 {
			return strconv.FormatFloat(f, 'f', -1, 64)
		}
		return text
	}
}

func parse(t *testing.T, s string) numeric.Decimal {
	t.Helper()
	d, err := numeric.ParseString(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func number(t *testing.T, s string) int {
	t.Helper()
	n, err := strconv.Atoi(s)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
