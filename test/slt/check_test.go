package slt_test

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"wire.example/wire/test/slt"
)

// fake is an engine with prepared answers.
type fake struct {
	name    string
	answers map[string]slt.Answer
}

func (f fake) Name() string { return f.name }

func (f fake) Run(_ context.Context, statements []string) ([]slt.Answer, error) {
	answers := make([]slt.Answer, len(statements))
	for i, sql := range statements {
		answers[i] = f.answers[sql]
	}
	return answers, nil
}

func rows(types string, values ...string) slt.Answer {
	a := slt.Answer{Types: types, Columns: strings.Split(strings.ToLower(types), "")}
	for n := len(types); len(values) > 0; values = values[n:] {
		row := make([]slt.Value, n)
		for i := range row {
			row[i] = slt.Value{Text: values[i], Null: values[i] == "null"}
		}
		a.Rows = append(a.Rows, row)
	}
	return a
}

// script makes a script of a text.
func script(t *testing.T, text string) *slt.Script {
	t.Helper()
	f, err := slt.Parse("x.slt", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	s := &slt.Script{File: f}
	threshold := 0
	for i := range f.Records {
		switch r := &f.Records[i]; r.Kind {
		case slt.Threshold:
			threshold = r.Number
		case slt.Statement, slt.Query:
			s.Steps = append(s.Steps, slt.Step{Record: r, Path: f.Path, Threshold: threshold})
		}
	}
	return s
}

func engine() fake {
	return fake{name: slt.Wire, answers: map[string]slt.Answer{
		"two":     rows("IT", "2", "b", "1", "null"),
		"swapped": rows("IT", "1", "null", "2", "b"),
		"odd":     rows("TTTT", "", "null", "NULL", "(empty)", "a\tb", "a\nb", `a\b`, " a "),
		"none":    rows("I"),
		"zero":    {State: "22012", Message: "division by zero"},
		"done":    {},
	}}
}

// TestUpdate: the answers as they stand in a file, in every order, hashed or with names.
func TestUpdate(t *testing.T) {
	s := script(t, `query
two

query rowsort
two

query valuesort
two

query rowsort colnames
two

query nosort
odd

query I
none
----
5

query
zero

query II rowsort
zero
----
1	2

statement error 42601
zero

statement ok
done

onlyif postgresql
query I
two
----
5

hash-threshold 3
query rowsort
two

query rowsort
swapped
`)
	notes, err := slt.Update(t.Context(), engine(), s)
	if err != nil {
		t.Fatal(err)
	}
	const want = `query IT nosort
two
----
2	b
1	NULL

query IT rowsort
two
----
1	NULL
2	b

query IT valuesort
two
----
1
2
NULL
b

query IT rowsort colnames
two
----
i	t
1	NULL
2	b

query TTTT nosort
odd
----
(empty)	NULL	\NULL	\(empty)
a\tb	a\nb	a\\b	\x20a\x20

query I nosort
none
----

statement error 22012
zero

statement error 22012
zero

statement error 22012
zero

statement ok
done

onlyif postgresql
query I nosort
two
----
5

hash-threshold 3
query IT rowsort
two
----
4 values hashing to a639de320e13abdf28aab807f04bab61

query IT rowsort
swapped
----
4 values hashing to a639de320e13abdf28aab807f04bab61
`
	if diff := cmp.Diff(want, string(s.File.Append(nil))); diff != "" {
		t.Errorf("file (- want, + got)\n%s", diff)
	}
	if diff := cmp.Diff([]string{
		"x.slt:21: SQLSTATE 22012: division by zero",
		"x.slt:24: SQLSTATE 22012: division by zero",
		"x.slt:29: SQLSTATE 22012: division by zero",
	}, notes); diff != "" {
		t.Errorf("notes (- want, + got)\n%s", diff)
	}
	r, err := slt.Check(t.Context(), engine(), s)
	if err != nil || len(r.Failures) > 0 || r.Skipped != 1 || r.Cases != 12 {
		t.Errorf("the answers that were stored are not the ones that are given: %+v, %v", r, err)
	}
}

func TestUpdateRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"statement error 22012\ndone\n": "x.slt:1: success where SQLSTATE 22012 is wanted",
		"query I\ndone\n":               "x.slt:1: a query without columns",
	} {
		if _, err := slt.Update(t.Context(), engine(), script(t, text)); err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

func TestCheckFinds(t *testing.T) {
	for text, want := range map[string]string{
		"query IT nosort\ntwo\n----\n1\tNULL\n2\tb\n":  "2\tb\n1\tNULL",
		"query IT rowsort\ntwo\n----\n1\tNULL\n":       "1\tNULL\n2\tb",
		"query I\ntwo\n":                               "2 columns, not 1",
		"query IN rowsort\ntwo\n----\n1\tNULL\n2\tb\n": "types IT, not IN",
		"query I\nzero\n":                              "SQLSTATE 22012: division by zero",
		"statement ok\nzero\n":                         "SQLSTATE 22012: division by zero",
		"statement error 22003\nzero\n":                "SQLSTATE 22012: division by zero",
		"statement error 22003\ntwo\n":                 "success: 2\tb\n1\tNULL",
		"query IT l\ntwo\n----\n2\tb\n1\tNULL\n\nquery IT l\nswapped\n----\n1\tNULL\n2\tb\n": "an answer that is not that of x.slt:1, which has the same label l",
	} {
		r, err := slt.Check(t.Context(), engine(), script(t, text))
		if err != nil || len(r.Failures) != 1 || r.Failures[0].Got != want {
			t.Errorf("%q: %+v, %v; want %q", text, r.Failures, err, want)
		}
	}
	r, err := slt.Check(t.Context(), engine(), script(t, "query I\nzero\n"))
	if err != nil || len(r.Failures) != 1 {
		t.Fatal(r, err)
	}
	if got, want := r.Failures[0].String(), "x.slt:1:\n    zero\nwant\n    no rows\ngot\n    SQLSTATE 22012: division by zero"; got != want {
		t.Errorf("a failure reads\n%s\nwant\n%s", got, want)
	}
}
