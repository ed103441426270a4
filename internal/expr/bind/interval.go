package bind

import (
	"strings"

	"wire.example/wire/internal/expr/ast"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sqlstate"
	"wire.example/wire/sdk/temporal"
)

// lowestFields are the smallest units that the restrictions of INTERVAL keep.
//
//nolint:gochecknoglobals // immutable table
var lowestFields = map[ast.IntervalFields]temporal.Field{
	ast.Year: temporal.FieldYear, ast.Month: temporal.FieldMonth, ast.YearToMonth: temporal.FieldMonth, ast.Day: temporal.FieldDay,
	ast.Hour: temporal.FieldHour, ast.DayToHour: temporal.FieldHour, ast.Minute: temporal.FieldMinute, ast.DayToMinute: temporal.FieldMinute,
	ast.HourToMinute: temporal.FieldMinute,
}

// intervalLiteral reads INTERVAL '5' DAY and its kin: a number without a unit at the end counts the smallest unit of the restriction, and what is smaller than
// that unit is cut off.
func intervalLiteral(n *ast.TypedLiteral) (*Expr, error) {
	fields := n.Type.Interval
	if len(n.Type.Mods) > 0 && n.Type.Mods[0] < 6 {
		return nil, errorf(n.Type.Span, sqlstate.FeatureNotSupported, "type %s is not supported", n.Type).
			hint("Leave the precision out: values keep microseconds.")
	}
	text := n.Text
	words := strings.Fields(fields.String())
	switch {
	case endsInNumber(text):
		text += " " + words[len(words)-1]
	case fields == ast.MinuteToSecond && strings.Count(text, ":") == 1:
		text = "00:" + strings.TrimSpace(text)
	}
	e, err := literal(n.Span, schema.Of(schema.Interval), text)
	if err != nil {
		return nil, err
	}
	if lowest, ok := lowestFields[fields]; ok {
		v, err := temporal.TruncInterval(lowest, e.Value.Intervals()[0])
		if err != nil {
			return nil, fromState(n.Span, codec.AsSQLState(err))
		}
		e.Value.Intervals()[0] = v
	}
	return e, nil
}

// endsInNumber tells whether the last word of an interval is a number without a unit.
func endsInNumber(text string) bool {
	words := strings.Fields(text)
	if len(words) == 0 {
		return false
	}
	last := strings.TrimLeft(words[len(words)-1], "+-")
	return last != "" && strings.Trim(last, "0123456789.") == ""
}
