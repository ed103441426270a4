package bind

import (
	"wire.example/wire/internal/sql/ast"
	"wire.example/wire/sdk/sqlstate"
)

// emit checks what a SELECT says of when its groups are handed on. Answers over inputs that end are final, which EMIT FINAL says.
func (s *selection) emit() error {
	const hint = "Leave it out: the answer over inputs that end is final."
	if e := s.ast.Emit; e != nil {
		switch {
		case e.Every != nil:
			return errorf(e.Span, sqlstate.FeatureNotSupported, "EMIT … EVERY is not supported").WithHint(hint)
		case e.Mode == ast.EmitChanges:
			return errorf(e.Span, sqlstate.FeatureNotSupported, "EMIT CHANGES is not supported").WithHint(hint)
		case e.Mode == ast.EmitOnWindowClose:
			return errorf(e.Span, sqlstate.FeatureNotSupported, "EMIT ON WINDOW CLOSE is not supported").WithHint(hint)
		}
	}
	if n := s.ast.AllowedLateness; n != nil {
		return errorf(n.Location(), sqlstate.FeatureNotSupported, "ALLOWED LATENESS is not supported").WithHint(hint)
	}
	if n := s.ast.LateInto; n != nil {
		return errorf(n.Span, sqlstate.FeatureNotSupported, "LATE INTO is not supported").WithHint(hint)
	}
	return nil
}
