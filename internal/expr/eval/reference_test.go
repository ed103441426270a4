package eval_test

import (
	"bytes"
	"cmp"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"

	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// The reference interprets a bound expression row by row over plain Go values: nil, bool, int64, float64, decimal, string. It is slow and
// shares nothing with the kernels.

type failure string

type decimal struct {
	coef  *big.Int
	scale int
}

func (d decimal) rat() *big.Rat {
	return new(big.Rat).SetFrac(d.coef, new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(d.scale)), nil))
}

func (d decimal) at(scale int) *big.Int {
	return new(big.Int).Mul(d.coef, new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(scale-d.scale)), nil))
}

// checked fails beyond 38 digits.
func checked(coef *big.Int, scale int) decimal {
	if scale > 38 || len(new(big.Int).Abs(coef).String()) > 38 {
		panic(failure("22003"))
	}
	return decimal{coef, scale}
}

// rounded rounds half away from zero to scale.
func rounded(d decimal, scale int) *big.Int {
	if scale >= d.scale {
		return d.at(scale)
	}
	unit := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(d.scale-scale)), nil)
	q, r := new(big.Int).QuoRem(new(big.Int).Abs(d.coef), unit, new(big.Int))
	if r.Lsh(r, 1).Cmp(unit) >= 0 {
		q.Add(q, big.NewInt(1))
	}
	if d.coef.Sign() < 0 {
		q.Neg(q)
	}
	return q
}

// interpreter evaluates one row; seen notes the labels of probe(label, x).
type interpreter struct {
	b    *batch.Batch
	row  int
	seen map[int64]bool
}

// outcome is a value or, if failed is not empty, the SQLSTATE of a failure.
type outcome struct {
	value  any
	failed failure
}

func (o outcome) String() string {
	if d, ok := o.value.(decimal); ok {
		return fmt.Sprintf("%s/%d", d.coef, d.scale)
	}
	return fmt.Sprintf("%v %T %s", o.value, o.value, o.failed)
}

func (in *interpreter) run(e *bind.Expr) (out outcome) {
	defer func() {
		if r := recover(); r != nil {
			code, ok := r.(failure)
			if !ok {
				panic(r)
			}
			out = outcome{failed: code}
		}
	}()
	return outcome{value: in.value(e)}
}

func load(c *batch.Column, row int) any {
	if c.IsNull(row) {
		return nil
	}
	switch c.Kind() {
	case schema.Bool:
		return c.Bits().Get(row)
	case schema.Int32:
		return int64(c.Int32s()[row])
	case schema.Int64:
		return c.Int64s()[row]
	case schema.Float64:
		return c.Float64s()[row]
	case schema.Numeric:
		x := c.Coefs()[row]
		coef := new(big.Int).Lsh(big.NewInt(x.Hi), 64)
		return decimal{coef.Add(coef, new(big.Int).SetUint64(x.Lo)), int(c.ScaleAt(row))}
	case schema.Text:
		return string(c.Bytes(row))
	default:
		panic("the reference does not know " + c.Kind().String())
	}
}

func (in *interpreter) value(e *bind.Expr) any {
	switch e.Op {
	case bind.Const:
		return load(e.Value, 0)
	case bind.Column:
		return load(in.b.Cols[e.Path[0]], in.row)
	case bind.And, bind.Or:
		return in.logic(e)
	case bind.Case:
		for i := 0; i+1 < len(e.Args); i += 2 {
			if in.value(e.Args[i]) == true {
				return in.value(e.Args[i+1])
			}
		}
		if len(e.Args)%2 == 1 {
			return in.value(e.Args[len(e.Args)-1])
		}
		return nil
	case bind.Coalesce:
		for _, a := range e.Args {
			if v := in.value(a); v != nil {
				return v
			}
		}
		return nil
	case bind.In:
		return in.in(e)
	case bind.NullIf:
		// The second operand is part of the third.
		x := in.value(e.Args[0])
		if in.value(e.Args[2]) == true {
			return nil
		}
		return x
	default:
		args := make([]any, len(e.Args))
		for i, a := range e.Args {
			args[i] = in.value(a)
		}
		return in.plain(e, args)
	}
}

func (in *interpreter) logic(e *bind.Expr) any {
	decisive := e.Op == bind.Or
	var result any = !decisive
	for _, a := range e.Args {
		switch in.value(a) {
		case decisive:
			return decisive
		case nil:
			result = nil
		}
	}
	return result
}

// in looks at the constants first.
func (in *interpreter) in(e *bind.Expr) any {
	x := in.value(e.Args[0])
	var result any = false
	for _, constant := range []bool{true, false} {
		for _, a := range e.Args[1:] {
			if (a.Op == bind.Const) != constant {
				continue
			}
			switch v := in.value(a); {
			case x == nil || v == nil:
				result = nil
			case order(x, v) == 0:
				return true
			}
		}
	}
	return result
}

// plain is for operations whose operands are all evaluated.
func (in *interpreter) plain(e *bind.Expr, args []any) any {
	switch e.Op {
	case bind.IsNull:
		return (args[0] == nil) != e.Negated
	case bind.IsBool:
		return (args[0] == e.Truth) != e.Negated
	case bind.Distinct:
		same := args[0] == nil && args[1] == nil || args[0] != nil && args[1] != nil && order(args[0], args[1]) == 0
		return same == e.Negated
	case bind.Greatest, bind.Least:
		return extreme(args, e.Op == bind.Greatest)
	case bind.Call:
		return in.call(e, args)
	default:
	}
	for _, a := range args {
		if a == nil {
			return nil
		}
	}
	switch e.Op {
	case bind.Not:
		return !args[0].(bool)
	case bind.Negate:
		if zero := arith(e.Type, '-', zeroOf(e.Type), args[0]); e.Type.Kind != schema.Float64 {
			return zero
		}
		return -args[0].(float64)
	case bind.Arith:
		return arith(e.Type, e.Symbol, args[0], args[1])
	case bind.Compare:
		return holds(e.Cmp, order(args[0], args[1]))
	case bind.Like:
		text, pattern := args[0].(string), args[1].(string)
		if e.Fold {
			text, pattern = strings.ToLower(text), strings.ToLower(pattern)
		}
		return like([]rune(text), []rune(pattern))
	case bind.Cast:
		return convert(args[0], e.Type)
	default:
		panic(fmt.Sprintf("the reference does not know operation %d", e.Op))
	}
}

func (in *interpreter) call(e *bind.Expr, args []any) any {
	if e.Function.Name == "probe" {
		in.seen[args[0].(int64)] = true
		return args[1]
	}
	if args[0] == nil {
		return nil
	}
	switch e.Function.Name {
	case "length":
		return int64(len([]rune(args[0].(string))))
	case "lower":
		return strings.ToLower(args[0].(string)) // the texts are ASCII or caseless
	default:
		panic("the reference does not know " + e.Function.Name)
	}
}

func zeroOf(typ schema.Type) any {
	switch typ.Kind {
	case schema.Float64:
		return 0.0
	case schema.Numeric:
		return decimal{new(big.Int), 0}
	default:
		return int64(0)
	}
}

func extreme(args []any, greatest bool) any {
	var best any
	for _, a := range args {
		if a != nil && (best == nil || greatest && order(a, best) > 0 || !greatest && order(a, best) < 0) {
			best = a
		}
	}
	return best
}

func holds(c bind.CompareOp, order int) bool {
	return [...]bool{order == 0, order != 0, order < 0, order <= 0, order > 0, order >= 0}[c]
}

func order(a, b any) int {
	switch a := a.(type) {
	case bool:
		return cmp.Compare(strconv.FormatBool(a), strconv.FormatBool(b.(bool)))
	case int64:
		return cmp.Compare(a, b.(int64))
	case float64:
		switch b := b.(float64); {
		case math.IsNaN(a) || math.IsNaN(b):
			return -cmp.Compare(b, a) * nanSign(a, b)
		default:
			return cmp.Compare(a, b)
		}
	case decimal:
		return a.rat().Cmp(b.(decimal).rat())
	default:
		return bytes.Compare([]byte(a.(string)), []byte(b.(string)))
	}
}

// nanSign turns Go's order of NaN, below everything, into SQL's, above.
func nanSign(a, b float64) int {
	if math.IsNaN(a) && math.IsNaN(b) {
		return 0
	}
	return -1
}

func inRange(v *big.Int, typ schema.Type) int64 {
	low, high := int64(math.MinInt64), int64(math.MaxInt64)
	if typ.Kind == schema.Int32 {
		low, high = math.MinInt32, math.MaxInt32
	}
	if v.Cmp(big.NewInt(low)) < 0 || v.Cmp(big.NewInt(high)) > 0 {
		panic(failure("22003"))
	}
	return v.Int64()
}

func arith(typ schema.Type, symbol byte, a, b any) any {
	switch x := a.(type) {
	case int64:
		return arithInt(typ, symbol, big.NewInt(x), big.NewInt(b.(int64)))
	case float64:
		return arithFloat(symbol, x, b.(float64))
	}
	x, y := a.(decimal), b.(decimal)
	scale := max(x.scale, y.scale)
	switch symbol {
	case '+':
		return checked(new(big.Int).Add(x.at(scale), y.at(scale)), scale)
	case '-':
		return checked(new(big.Int).Sub(x.at(scale), y.at(scale)), scale)
	default:
		return checked(new(big.Int).Mul(x.coef, y.coef), x.scale+y.scale)
	}
}

func arithInt(typ schema.Type, symbol byte, x, y *big.Int) any {
	if (symbol == '/' || symbol == '%') && y.Sign() == 0 {
		panic(failure("22012"))
	}
	v := new(big.Int)
	switch symbol {
	case '+':
		v.Add(x, y)
	case '-':
		v.Sub(x, y)
	case '*':
		v.Mul(x, y)
	case '/':
		v.Quo(x, y)
	default:
		v.Rem(x, y)
	}
	return inRange(v, typ)
}

func arithFloat(symbol byte, x, y float64) any {
	var v float64
	switch symbol {
	case '+':
		v = x + y
	case '-':
		v = x - y
	case '*':
		v = x * y
	default:
		if y == 0 && !math.IsNaN(x) {
			panic(failure("22012"))
		}
		v = x / y
	}
	if math.IsInf(v, 0) && !math.IsInf(x, 0) && (symbol == '/' || !math.IsInf(y, 0)) {
		panic(failure("22003"))
	}
	if v == 0 && x != 0 && (symbol == '*' && y != 0 || symbol == '/' && !math.IsInf(y, 0)) {
		panic(failure("22003"))
	}
	return v
}

func convert(v any, to schema.Type) any {
	switch to.Kind {
	case schema.Text:
		if x, ok := v.(int64); ok {
			return strconv.FormatInt(x, 10)
		}
		return v
	case schema.Int32, schema.Int64:
		switch x := v.(type) {
		case int64:
			return inRange(big.NewInt(x), to)
		case decimal:
			return inRange(rounded(x, 0), to)
		}
	case schema.Float64:
		switch x := v.(type) {
		case int64:
			return float64(x)
		case decimal:
			f, _ := x.rat().Float64()
			return f
		}
	case schema.Numeric:
		x, ok := v.(decimal)
		if !ok {
			x = decimal{big.NewInt(v.(int64)), 0}
		}
		if to.Precision == 0 {
			return x
		}
		coef := rounded(x, int(to.Scale))
		if len(new(big.Int).Abs(coef).String()) > int(to.Precision) {
			panic(failure("22003"))
		}
		return decimal{coef, int(to.Scale)}
	default:
	}
	panic(fmt.Sprintf("the reference cannot cast %T to %s", v, to))
}

func like(text, pattern []rune) bool {
	if len(pattern) == 0 {
		return len(text) == 0
	}
	switch pattern[0] {
	case '%':
		return like(text, pattern[1:]) || len(text) > 0 && like(text[1:], pattern)
	case '_':
		return len(text) > 0 && like(text[1:], pattern[1:])
	case '\\':
		pattern = pattern[1:]
	}
	return len(text) > 0 && text[0] == pattern[0] && like(text[1:], pattern[1:])
}

// sameValue compares a row of a column with a value of the reference, scale included.
func sameValue(c *batch.Column, row int, want any) bool {
	got := load(c, row)
	switch w := want.(type) {
	case nil:
		return got == nil
	case float64:
		g, ok := got.(float64)
		return ok && (g == w || math.IsNaN(g) && math.IsNaN(w))
	case decimal:
		g, ok := got.(decimal)
		return ok && g.coef.Cmp(w.coef) == 0 && g.scale == w.scale
	default:
		return got == want
	}
}
