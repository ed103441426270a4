package parse_test

import (
	"reflect"

	expr "wire.example/wire/internal/expr/ast"
	"wire.example/wire/internal/sql/ast"
)

// checkSpans asserts, by reflection, that every span lies in the text and inside that of the node that holds it, and that every node
// but an empty one has one.
func checkSpans(t failer, s ast.Statement, text string) {
	t.Helper()
	spanChecker{t: t, text: text}.value(reflect.ValueOf(s), expr.Span{End: int32(len(text))})
}

type spanChecker struct {
	t    failer
	text string
}

func (c spanChecker) value(v reflect.Value, outer expr.Span) {
	switch v.Kind() {
	case reflect.Interface, reflect.Pointer:
		if !v.IsNil() {
			c.value(v.Elem(), outer)
		}
	case reflect.Slice:
		for i := range v.Len() {
			c.value(v.Index(i), outer)
		}
	case reflect.Struct:
		c.fields(v, outer)
	default:
	}
}

func (c spanChecker) fields(v reflect.Value, outer expr.Span) {
	if v.Type() == reflect.TypeFor[expr.Span]() {
		return
	}
	inner := outer
	if field := v.FieldByName("Span"); field.IsValid() {
		inner, _ = reflect.TypeAssert[expr.Span](field)
		if inner.Start < outer.Start || inner.End > outer.End || inner.End < inner.Start {
			c.t.Fatalf("%q: span %v of %s sticks out of %v", c.text, inner, v.Type(), outer)
		}
		if inner.End == inner.Start {
			c.t.Fatalf("%q: empty span of %s", c.text, v.Type())
		}
	}
	for i := range v.NumField() {
		c.value(v.Field(i), inner)
	}
}
