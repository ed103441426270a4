package eval

import (
	"encoding/binary"

	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/internal/expr/builtin"
	"wire.example/wire/sdk/codec"
)

// interner numbers expressions so that equal ones get equal numbers.
type interner struct {
	ids  map[*bind.Expr]int
	keys map[string]int
	fns  map[*builtin.Function]int
	next int
}

func newInterner() *interner {
	return &interner{ids: map[*bind.Expr]int{}, keys: map[string]int{}, fns: map[*builtin.Function]int{}}
}

// id returns the number of e. A volatile call equals nothing but itself.
func (t *interner) id(e *bind.Expr) int {
	if id, ok := t.ids[e]; ok {
		return id
	}
	key, unique := t.key(e)
	id, known := t.keys[key]
	if !known || unique {
		id = t.next
		t.next++
		if !unique {
			t.keys[key] = id
		}
	}
	t.ids[e] = id
	return id
}

// key spells everything that an expression's value depends on.
func (t *interner) key(e *bind.Expr) (key string, unique bool) {
	k := []byte{byte(e.Op), e.Symbol, byte(e.Cmp), flag(e.Negated), flag(e.Truth), flag(e.Fold), flag(e.All), flag(e.Implicit), byte(e.Each)}
	k = append(k, e.Type.String()...)
	k = binary.AppendVarint(append(k, 0), int64(e.Index))
	for _, i := range e.Path {
		k = binary.AppendVarint(k, int64(i))
	}
	switch e.Op {
	case bind.Opaque:
		return "", true
	case bind.Const:
		if e.Type.Kind.IsNested() {
			return "", true
		}
		if e.Value.IsNull(0) {
			return string(append(k, 0)), false
		}
		return string(codec.AppendText(append(k, 1), e.Value, 0)), false
	case bind.Call:
		if e.Function.Volatility == builtin.Volatile {
			return "", true
		}
		k = binary.AppendVarint(k, int64(t.function(e.Function)))
	case bind.Quantified:
		if e.Function != nil {
			k = binary.AppendVarint(k, int64(t.function(e.Function)))
		}
	default:
	}
	for _, a := range e.Args {
		k = binary.AppendVarint(k, int64(t.id(a)))
	}
	return string(k), false
}

func (t *interner) function(f *builtin.Function) int {
	n, ok := t.fns[f]
	if !ok {
		n = len(t.fns)
		t.fns[f] = n
	}
	return n
}

func flag(b bool) byte {
	if b {
		return 1
	}
	return 0
}
