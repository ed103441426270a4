package slt

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// Failure is an answer that is not the stored one.
type Failure struct {
	Step *Step
	Got  string // a short text of what the engine answered, or of what is wrong
}

// String shows the statement, the stored answer and the given one.
func (f Failure) String() string {
	want := strings.Join(f.Step.Answer, "\n")
	switch {
	case f.Step.Kind == Statement && f.Step.State == "":
		want = "success"
	case f.Step.Kind == Statement:
		want = "SQLSTATE " + f.Step.State
	case want == "":
		want = "no rows"
	}
	return fmt.Sprintf("%s:\n%s\nwant\n%s\ngot\n%s", f.Step.Where(), indent(f.Step.SQL), indent(want), indent(f.Got))
}

func indent(text string) string { return "    " + strings.ReplaceAll(text, "\n", "\n    ") }

// Report is what became of a script.
type Report struct {
	Cases    int // records of the file itself that were run
	Skipped  int // records that a condition kept from this engine
	Failures []Failure
}

// Check runs a script and compares the answers with the stored ones.
func Check(ctx context.Context, e Engine, s *Script) (Report, error) {
	var r Report
	answers, steps, err := run(ctx, e, s, &r)
	if err != nil {
		return r, err
	}
	labels := map[string]*Step{}
	for i, step := range steps {
		got := judge(step, &answers[i])
		if got == "" && step.Label != "" {
			if first := labels[step.Label]; first == nil {
				labels[step.Label] = step
			} else if !slices.Equal(first.Answer, step.Answer) {
				got = fmt.Sprintf("an answer that is not that of %s, which has the same label %s", first.Where(), step.Label)
			}
		}
		if got != "" {
			r.Failures = append(r.Failures, Failure{Step: step, Got: got})
		}
	}
	return r, nil
}

// run runs the steps that are for the engine.
func run(ctx context.Context, e Engine, s *Script, r *Report) (answers []Answer, steps []*Step, err error) {
	var statements []string
	for i := range s.Steps {
		step := &s.Steps[i]
		if !step.AppliesTo(e.Name()) {
			r.Skipped++
			continue
		}
		if !step.Included {
			r.Cases++
		}
		steps = append(steps, step)
		statements = append(statements, step.SQL)
	}
	if answers, err = e.Run(ctx, statements); err != nil {
		return nil, nil, fmt.Errorf("%s: %w", s.File.Path, err)
	}
	if len(answers) != len(steps) {
		return nil, nil, fmt.Errorf("%s: %d answers to %d statements", s.File.Path, len(answers), len(steps))
	}
	return answers, steps, nil
}

// judge returns what is wrong with an answer; empty: nothing.
func judge(s *Step, a *Answer) string {
	switch {
	case a.State == NoAnswer:
		return "no answer: " + a.Message
	case a.State != "" && (s.Kind == Query || s.State != a.State):
		return fmt.Sprintf("SQLSTATE %s: %s", a.State, a.Message)
	case s.Kind == Statement && a.State == s.State:
		return ""
	case s.Kind == Statement:
		return "success: " + strings.Join(lines(a, SortNone), "\n")
	case len(a.Columns) != len(s.Types):
		return fmt.Sprintf("%d columns, not %d", len(a.Columns), len(s.Types))
	case a.Types != "" && a.Types != s.Types:
		return fmt.Sprintf("types %s, not %s", a.Types, s.Types)
	}
	if got := stored(a, s.Record, s.Threshold); !slices.Equal(got, s.Answer) {
		return strings.Join(got, "\n")
	}
	return ""
}
