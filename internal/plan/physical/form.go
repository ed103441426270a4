package physical

import "wire.example/wire/internal/plan/logical"

const (
	// revisedForm: answers are given before windows close; correctedForm: when they close, and corrected behind that.
	revisedForm   = "slices of windows that are revised"
	correctedForm = "slices of windows that are corrected"
)

// AggregateForm says how the state of an aggregation is laid out.
func AggregateForm(n *logical.Aggregate) string {
	switch {
	case !closes(n):
		return "groups"
	case n.Window.Table != nil && n.Window.Table.Shape == logical.Session:
		return "sessions"
	case n.Window.Sliced && n.Changing && n.Emit.Every == 0 && n.Emit.Mode != logical.EmitChanges:
		return correctedForm
	case n.Window.Sliced && n.Changing:
		return revisedForm
	case n.Window.Sliced:
		return "slices of windows"
	default:
		return "windows"
	}
}

// SortForm says how the state of a sort is laid out.
func SortForm(n *logical.Sort) string {
	switch {
	case n.Changing && isDedupe(n):
		return "first row"
	case n.Changing:
		return "first rows"
	case n.Timed:
		return "rows in the order of time"
	default:
		return "rows to be sorted"
	}
}
