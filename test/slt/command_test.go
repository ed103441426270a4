package slt_test

import (
	"bufio"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"wire.example/wire/test/slt"
)

// playVariable makes the test's program play a session, so that Command has something to run.
const playVariable = "SLT_TEST_PLAY"

func TestMain(m *testing.M) {
	if os.Getenv(playVariable) != "" {
		os.Exit(play())
	}
	os.Exit(m.Run())
}

// play answers the statements that the test gives, and returns the exit code.
func play() (code int) {
	answers := map[string]string{
		"rows":  "a,\"b \"\"c\"\"\"\n1,\"x\ny\"\n,\"\"\n",
		"one":   "a\n\n",
		"none":  "a,b\n",
		"bad":   "a,b\n1\n",
		"open":  "a\n\"1\n",
		"after": "a\"b\nx\n",
		"quote": "a\n\"b\"c\n",
	}
	var out, said strings.Builder
	in := bufio.NewScanner(os.Stdin)
	for code == 0 && in.Scan() {
		switch line := in.Text(); {
		case strings.HasPrefix(line, `\echo `):
			out.WriteString(strings.TrimPrefix(line, `\echo `) + "\n")
		case strings.HasPrefix(line, `\warn `):
			said.WriteString(strings.TrimPrefix(line, `\warn `) + "\n")
		case line == "error":
			said.WriteString("error: division by zero\nSQLSTATE: 22012\n")
		case line == "end":
			said.WriteString("I have to go\n")
			code = 3
		default:
			out.WriteString(answers[line])
		}
	}
	_, err1 := os.Stdout.WriteString(out.String())
	_, err2 := os.Stderr.WriteString(said.String())
	if err1 != nil || err2 != nil {
		return 1
	}
	return code
}

func TestCommand(t *testing.T) {
	t.Setenv(playVariable, "1")
	c := slt.Command{Argv: []string{os.Args[0]}}
	statements := []string{"rows", "error", "done", "one", "none", "bad", "open", "after", "quote", "end", "one", "end", "done"}
	got, err := c.Run(t.Context(), statements)
	if err != nil {
		t.Fatal(err)
	}
	null := slt.Value{Null: true}
	text := func(s string) slt.Value { return slt.Value{Text: s} }
	want := []slt.Answer{
		{Columns: []string{"a", `b "c"`}, Rows: [][]slt.Value{{text("1"), text("x\ny")}, {null, text("")}}},
		{State: "22012", Message: "error: division by zero\nSQLSTATE: 22012"},
		{},
		{Columns: []string{"a"}, Rows: [][]slt.Value{{null}}},
		{Columns: []string{"a", "b"}, Rows: [][]slt.Value{}},
		{State: "none", Message: `a row of 1 values below 2 names in "a,b\n1\n"`},
		{State: "none", Message: `a quote is not closed in "a\n\"1\n"`},
		{Columns: []string{`a"b`}, Rows: [][]slt.Value{{text("x")}}},
		{State: "none", Message: `"c\n" behind a field in "a\n\"b\"c\n"`},
		{State: "none", Message: `the process ended (exit status 3) and had said "I have to go\n"`},
		{Columns: []string{"a"}, Rows: [][]slt.Value{{null}}},
		{State: "none", Message: `the process ended (exit status 3) and had said "I have to go\n"`},
		{},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("answers (- want, + got)\n%s", diff)
	}
	if _, err := (slt.Command{Argv: []string{"/nowhere/wire"}}).Run(t.Context(), nil); err == nil {
		t.Error("a program that does not exist ran")
	}
}
