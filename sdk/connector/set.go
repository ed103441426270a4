package connector

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Bytes is a size option, written as a number of bytes or with a unit: 64KB, 1.5MB, 2GiB. KB, MB, GB count in 1,024s.
type Bytes int64

// ParseBytes reads a size.
func ParseBytes(s string) (Bytes, error) {
	text := strings.ToUpper(strings.TrimSpace(s))
	shift := 0
	for i, unit := range []string{"K", "M", "G", "T"} {
		for _, suffix := range []string{unit + "IB", unit + "B", unit} {
			if trimmed, ok := strings.CutSuffix(text, suffix); ok && shift == 0 {
				text, shift = trimmed, 10*(i+1)
			}
		}
	}
	text = strings.TrimSpace(strings.TrimSuffix(text, "B"))
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || !(n >= 0) || n*math.Exp2(float64(shift)) >= math.MaxInt64 {
		return 0, fmt.Errorf("%q is not a size; write a number of bytes or one such as 64MB", s)
	}
	return Bytes(n * math.Exp2(float64(shift))), nil
}

func typeName(t reflect.Type) string {
	switch {
	case t == reflect.TypeFor[Bytes]():
		return "size"
	case t == reflect.TypeFor[time.Duration]():
		return "duration"
	}
	switch t.Kind() {
	case reflect.Bool:
		return "boolean"
	case reflect.Int, reflect.Int64, reflect.Uint64:
		return "integer"
	case reflect.Float64:
		return "number"
	case reflect.Slice:
		return "list of text"
	case reflect.Map:
		return "map of text"
	default:
		return "text"
	}
}

func setField(f reflect.Value, o Option, given any) error {
	switch o.Type {
	case "list of text":
		return setList(f, o, given)
	case "map of text":
		return setMap(f, o, given)
	}
	text, err := scalarText(o, given)
	if err != nil {
		return err
	}
	return setScalar(f, o, text)
}

// scalarText returns a scalar as the text that a user would write for it.
func scalarText(o Option, given any) (string, error) {
	switch g := given.(type) {
	case string:
		return g, nil
	case bool, int, int64, uint64:
		return fmt.Sprint(g), nil
	case float64:
		return strconv.FormatFloat(g, 'f', -1, 64), nil
	case nil:
		return "", fmt.Errorf("option %q has no value; leave it out or write %s", o.Name, article(o.Type))
	default:
		return "", fmt.Errorf("option %q must be %s", o.Name, article(o.Type))
	}
}

// article returns a type's name with "a" or "an" before it.
func article(typ string) string {
	if strings.HasPrefix(typ, "integer") {
		return "an " + typ
	}
	return "a " + typ
}

func setScalar(f reflect.Value, o Option, text string) error {
	wrong := func() error { return fmt.Errorf("option %q must be %s, not %q", o.Name, article(o.Type), text) }
	switch o.Type {
	case "size":
		n, err := ParseBytes(text)
		if err != nil {
			return fmt.Errorf("option %q: %w", o.Name, err)
		}
		f.SetInt(int64(n))
	case "duration":
		d, err := time.ParseDuration(text)
		if err != nil || d < 0 {
			return fmt.Errorf("option %q must be a duration such as 500ms, 4s or 1h30m, not %q", o.Name, text)
		}
		f.SetInt(int64(d))
	case "boolean":
		b, err := strconv.ParseBool(text)
		if err != nil {
			return wrong()
		}
		f.SetBool(b)
	case "integer":
		return setInteger(f, text, wrong)
	case "number":
		n, err := strconv.ParseFloat(text, 64)
		if err != nil || math.IsNaN(n) || math.IsInf(n, 0) {
			return wrong()
		}
		f.SetFloat(n)
	default:
		if len(o.Enum) > 0 && !slices.Contains(o.Enum, text) {
			return enumError(o, text)
		}
		f.SetString(text)
	}
	return nil
}

func setInteger(f reflect.Value, text string, wrong func() error) error {
	if f.CanUint() {
		n, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			return wrong()
		}
		f.SetUint(n)
		return nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return wrong()
	}
	f.SetInt(n)
	return nil
}

func enumError(o Option, text string) error {
	if near := Nearest(text, o.Enum); near != "" {
		return fmt.Errorf("option %q cannot be %q; did you mean %q?", o.Name, text, near)
	}
	return fmt.Errorf("option %q cannot be %q; it is one of %s", o.Name, text, strings.Join(o.Enum, ", "))
}

func setList(f reflect.Value, o Option, given any) error {
	items, ok := given.([]any)
	if !ok {
		items = []any{given}
	}
	list := make([]string, len(items))
	for i, item := range items {
		text, err := scalarText(o, item)
		if err != nil {
			return err
		}
		list[i] = text
	}
	f.Set(reflect.ValueOf(list))
	return nil
}

func setMap(f reflect.Value, o Option, given any) error {
	m, ok := given.(map[string]any)
	if !ok {
		return fmt.Errorf("option %q must be a map of names to text", o.Name)
	}
	out := make(map[string]string, len(m))
	for k, v := range m {
		text, err := scalarText(o, v)
		if err != nil {
			return err
		}
		out[k] = text
	}
	f.Set(reflect.ValueOf(out))
	return nil
}
