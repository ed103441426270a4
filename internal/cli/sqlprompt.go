package cli

import "context"

// interactive reports whether standard input and output are a terminal.
func (a *app) interactive() bool { return false }

// prompt reads statements from a person.
func (s *script) prompt(ctx context.Context) error { return s.read(ctx, s.app.in) }
