package ast

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"unicode"

	expr "wire.example/wire/internal/expr/ast"
)

// Dump prints n as an S-expression that shows every field but the spans and the quoting of names, and leaves out fields without a
// value. Two trees are equal exactly when their dumps are.
func Dump(n expr.Node) string {
	d := dumper{}
	d.value(reflect.ValueOf(&n).Elem())
	return d.b.String()
}

// Equal tells whether a and b are the same statement, wherever they were written.
func Equal(a, b expr.Node) bool { return Dump(a) == Dump(b) }

// dumper walks a tree by reflection, so that no field is forgotten.
type dumper struct{ b strings.Builder }

func (d *dumper) add(s string) { d.b.WriteString(s) }

func (d *dumper) value(v reflect.Value) {
	if d.leaf(v) {
		return
	}
	switch v.Kind() {
	case reflect.Interface, reflect.Pointer:
		d.value(v.Elem())
	case reflect.Struct:
		d.fields(v)
	case reflect.Slice:
		for i := range v.Len() {
			if i > 0 {
				d.add(" ")
			}
			d.value(v.Index(i))
		}
	case reflect.String:
		d.add(strconv.Quote(v.String()))
	default:
		d.add(fmt.Sprint(v))
	}
}

// leaf prints what package expr/ast prints, and the words of enumerations.
func (d *dumper) leaf(v reflect.Value) bool {
	switch x := v.Interface().(type) {
	case nil:
		d.add("-")
	case expr.Name:
		d.add(expr.QuoteName(x.Text))
	case *expr.Name:
		d.add(expr.QuoteName(x.Text))
	case ObjectName:
		p := printer{}
		p.object(x)
		d.add(string(p.out))
	case expr.OrderItem:
		d.add("(" + x.String() + ")")
	case *expr.TypeName:
		d.add(x.String())
	case *expr.Window:
		d.add(x.String())
	case *Default:
		d.add(x.String())
	case Statement, Body, TableExpr:
		return false
	case expr.Node:
		if !strings.HasPrefix(reflect.TypeOf(x).String(), "*ast.") || reflect.TypeOf(x).Elem().PkgPath() != exprPath() {
			return false
		}
		d.add(expr.Dump(x))
	case fmt.Stringer:
		d.add(strings.ToLower(strings.ReplaceAll(x.String(), " ", "-")))
	default:
		return false
	}
	return true
}

func exprPath() string { return reflect.TypeFor[expr.Literal]().PkgPath() }

func (d *dumper) fields(v reflect.Value) {
	d.add("(" + kebab(v.Type().Name()))
	for i := range v.NumField() {
		f, field := v.Field(i), v.Type().Field(i)
		if field.Type == reflect.TypeFor[expr.Span]() || absent(f) {
			continue
		}
		d.add(" " + kebab(field.Name))
		if f.Kind() == reflect.Bool {
			continue
		}
		d.add(":")
		if f.Kind() == reflect.Slice {
			d.add("[")
		}
		d.value(f)
		if f.Kind() == reflect.Slice {
			d.add("]")
		}
	}
	d.add(")")
}

// absent tells whether a field has no value. The zero of an enumeration is one if it has words.
func absent(f reflect.Value) bool {
	if words, ok := f.Interface().(fmt.Stringer); ok && f.Kind() == reflect.Uint8 {
		return words.String() == ""
	}
	return f.IsZero() && f.Kind() != reflect.Struct || f.Kind() == reflect.Slice && f.Len() == 0
}

// kebab turns a name of Go into lower case with dashes between its words.
func kebab(name string) string {
	var b strings.Builder
	for i, r := range name {
		if i > 0 && unicode.IsUpper(r) && !unicode.IsUpper(rune(name[i-1])) {
			b.WriteByte('-')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}
