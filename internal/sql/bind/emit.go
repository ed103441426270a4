package bind

import (
	"slices"

	exprast "wire.example/wire/internal/expr/ast"
	"wire.example/wire/internal/plan/logical"
	"wire.example/wire/internal/sql/ast"
	"wire.example/wire/internal/sql/catalog"
	"wire.example/wire/sdk/sqlstate"
)

// Late is rows that were late for a grouping by windows, on their way to a sink.
type Late struct {
	Sink *catalog.Sink
	// Node has the columns of the sink.
	Node logical.Node
	of   *ast.Select
}

// TakeLate returns the late rows that queries bound so far keep, and forgets them. Those of a view are kept once, however often it is read.
func (b *Binder) TakeLate() []Late {
	late := b.late
	b.late = nil
	for _, l := range late {
		b.kept[l.of] = true
	}
	return late
}

// emit reads what a SELECT says of when its groups are handed on.
func (s *selection) emit() error {
	grouped := s.grouped || len(s.aggregates) > 0 || s.ast.Having != nil
	needs := func(at exprast.Span, what string) error {
		if grouped {
			return nil
		}
		return errorf(at, sqlstate.FeatureNotSupported, "%s needs groups of windows", what).
			WithHint("Group by window_start and window_end of TUMBLE, HOP, CUMULATE or SESSION.")
	}
	if e := s.ast.Emit; e != nil {
		s.emission.Mode = map[ast.EmitMode]logical.EmitMode{
			ast.EmitOnWindowClose: logical.EmitOnClose, ast.EmitChanges: logical.EmitChanges, ast.EmitFinal: logical.EmitFinal,
		}[e.Mode]
		if e.Mode == ast.EmitOnWindowClose || e.Every != nil {
			if err := needs(e.Span, "EMIT"); err != nil {
				return err
			}
		}
		if e.Every != nil {
			every, err := s.positive(e.Every, "EVERY")
			if err != nil {
				return err
			}
			if e.Mode == ast.EmitChanges || e.Mode == ast.EmitFinal {
				return errorf(e.Span, sqlstate.FeatureNotSupported, "EVERY is for windows that are handed on before they close").
					WithHint("Write EMIT EVERY, or EMIT ON WINDOW CLOSE EVERY, without CHANGES or FINAL.")
			}
			s.emission.Every = every
		}
	}
	if n := s.ast.AllowedLateness; n != nil {
		if err := needs(n.Location(), "ALLOWED LATENESS"); err != nil {
			return err
		}
		lateness, err := s.positive(n, "ALLOWED LATENESS")
		if err != nil {
			return err
		}
		s.emission.Lateness = lateness
	}
	if n := s.ast.LateInto; n != nil {
		return needs(n.Span, "LATE INTO")
	}
	return nil
}

// positive evaluates an interval that is longer than nothing.
func (s *selection) positive(n exprast.Node, what string) (int64, error) {
	micros, err := s.interval(n)
	if err == nil && micros <= 0 {
		err = errorf(n.Location(), sqlstate.InvalidParameterValue, "the interval of %s must be positive", what)
	}
	return micros, err
}

// keepLate gives the windows below the grouping its lateness, and leads their late rows into the sink of LATE INTO.
func (s *selection) keepLate() error {
	if s.emission.Lateness == 0 && s.ast.LateInto == nil {
		return nil
	}
	node, table := apart(s.node, s.emission.Lateness)
	if table == nil {
		var at exprast.Span
		if s.ast.LateInto != nil {
			at = s.ast.LateInto.Span
		} else {
			at = s.ast.AllowedLateness.Location()
		}
		return errorf(at, sqlstate.FeatureNotSupported, "ALLOWED LATENESS and LATE INTO need TUMBLE, HOP, CUMULATE or SESSION in the FROM of the same SELECT").
			WithHint("Rows are late for windows where those are assigned; what other operators make is never late.")
	}
	s.node = node
	if s.ast.LateInto == nil {
		return nil
	}
	return s.lateInto(logical.NewLateRows(table))
}

// apart copies n down to the windows that it filters and projects, whose late rows are taken out; the windows are nil if it has none.
func apart(n logical.Node, lateness int64) (logical.Node, *logical.WindowTable) {
	switch n := n.(type) {
	case *logical.WindowTable:
		c := *n
		c.Decides, c.Lateness = true, lateness
		table := logical.NewWindowTable(c)
		return table, table
	case *logical.Filter:
		in, table := apart(n.Input, lateness)
		c := *n
		c.Input = in
		return &c, table
	case *logical.Project:
		in, table := apart(n.Input, lateness)
		return logical.NewProject(n.Step, in, n.Items), table
	}
	return n, nil
}

// lateInto leads rows into the sink of LATE INTO: columns go by name where the sink declares its own.
func (s *selection) lateInto(rows *logical.LateRows) error {
	name := s.ast.LateInto
	o, err := s.object(*name)
	if bad := asError(err); bad != nil {
		return bad
	}
	sink, ok := o.(*catalog.Sink)
	if !ok {
		return errorf(name.Span, sqlstate.WrongObjectType, "\"%s\" is not a sink", name.Last().Text).WithHint("LATE INTO needs a sink: CREATE SINK.")
	}
	fields := rows.Schema().Fields
	var targets []column
	if sink.Columns == nil {
		targets = passed(rows)
	}
	for _, c := range sink.Columns {
		at := -1
		for i, f := range fields {
			if f.Name == c.Name {
				at = i
			}
		}
		if at < 0 {
			names := make([]string, len(fields))
			for i, f := range fields {
				names[i] = f.Name
			}
			return errorf(name.Span, sqlstate.UndefinedColumn, "late rows have no column \"%s\", which sink \"%s\" declares", c.Name, sink.Name).
				WithHint("They are the rows that the windows are assigned to: %s.", joinNames(names))
		}
		e, err := assign(columnOf(at, fields[at]), c.Type, c.Name)
		if err != nil {
			return placedIfNot(err, name.Span)
		}
		targets = append(targets, column{c.Name, e})
	}
	if !s.kept[s.ast] && !slices.ContainsFunc(s.late, func(l Late) bool { return l.of == s.ast }) {
		s.late = append(s.late, Late{sink, s.project(func() logical.Step { return s.step(s.name, "late") }, rows, targets), s.ast})
	}
	return nil
}
