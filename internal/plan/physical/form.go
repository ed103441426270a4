package physical

import (
	"wire.example/wire/internal/operator/window"
	"wire.example/wire/internal/plan/logical"
)

// What AggregateForm says of windows that are put together from slices.
const (
	// SlicesForm: windows are answered once.
	SlicesForm = "slices of windows"
	// RevisedForm: answers are given before windows close; CorrectedForm: when they close, and corrected behind that.
	RevisedForm   = "slices of windows that are revised"
	CorrectedForm = "slices of windows that are corrected"
)

// AggregateForm says how the state of an aggregation is laid out.
func AggregateForm(n *logical.Aggregate) string {
	switch {
	case !closes(n):
		return "groups"
	case n.Window.Table != nil && n.Window.Table.Shape == logical.Session:
		return "sessions"
	case n.Window.Sliced && n.Changing && n.Emit.Every == 0 && n.Emit.Mode != logical.EmitChanges:
		return CorrectedForm
	case n.Window.Sliced && n.Changing:
		return RevisedForm
	case n.Window.Sliced:
		return SlicesForm
	default:
		return "windows"
	}
}

// FormerShowing is how an operator with state of that form told of windows; AsNow if it is not one of slices whose answers change.
func FormerShowing(form string) window.Showing {
	switch form {
	case RevisedForm:
		return window.Early
	case CorrectedForm:
		return window.AtClose
	default:
		return window.AsNow
	}
}

// GoesOn reports whether an aggregation with state of one form goes on from another one as it is.
func GoesOn(was, is string) bool {
	return FormerShowing(was) != window.AsNow && FormerShowing(is) != window.AsNow
}

// Reshapes reports whether state of windows of one form can be made that of another one, and how the operator of that form told of windows. Windows of the form of an aggregation of each window must be told apart by keys.
func Reshapes(was, is string, keys int) (window.Showing, bool) {
	const windows = "windows"
	revised := func(form string) bool { return form == RevisedForm || form == CorrectedForm }
	switch {
	case was == SlicesForm && revised(is):
		return window.AtClose, true
	case was == SlicesForm && is == windows, was == windows && is == SlicesForm:
		return window.AsNow, keys > 0
	default:
		return window.AsNow, revised(was) && is == SlicesForm
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
