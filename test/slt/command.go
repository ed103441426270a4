package slt

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"regexp"
	"strings"
)

// Command is Wire, or whatever speaks as it does, as a command: one process a file.
//
// The process gets on standard input each statement, a semicolon, and the lines `\echo MARK` and `\warn MARK`, which print MARK on standard
// output and on standard error. Rows come as CSV with a header, NULL as an unquoted empty field; an error as a line
// `SQLSTATE: nnnnn` on standard error, after which the process goes on with the next statement.
type Command struct {
	Argv []string
	Dir  string // where it runs; empty: here
}

// Name returns Wire.
func (Command) Name() string { return Wire }

// mark is the line behind the i-th statement's output.
func mark(i int) string { return fmt.Sprintf("-- sqllogictest %d --", i) }

// Run implements Engine. A process that ends early leaves the rest of the statements without answers, and the first of them says why.
func (c Command) Run(ctx context.Context, statements []string) ([]Answer, error) {
	var input, stdout, stderr bytes.Buffer
	for i, sql := range statements {
		fmt.Fprintf(&input, "%s\n;\n\\echo %s\n\\warn %s\n", sql, mark(i), mark(i))
	}
	cmd := exec.CommandContext(ctx, c.Argv[0], c.Argv[1:]...) //nolint:gosec // the command that the runner was told to test
	cmd.Dir, cmd.Stdin, cmd.Stdout, cmd.Stderr = c.Dir, &input, &stdout, &stderr
	err := cmd.Run()
	var ended *exec.ExitError
	if err != nil && !errors.As(err, &ended) {
		return nil, fmt.Errorf("run %s: %w", strings.Join(c.Argv, " "), err)
	}
	answers := make([]Answer, len(statements))
	rows, words := stdout.String(), stderr.String()
	for i := range answers {
		var a, b bool
		var out, said string
		out, rows, a = strings.Cut(rows, mark(i)+"\n")
		said, words, b = strings.Cut(words, mark(i)+"\n")
		answers[i] = parseAnswer(out, said)
		if !a || !b {
			answers[i] = Answer{State: noAnswer, Message: fmt.Sprintf("the process ended (%v) and had said %q", cmd.ProcessState, said)}
		}
	}
	return answers, nil
}

// parseAnswer reads what the process printed on standard output and on standard error for one statement.
func parseAnswer(out, said string) Answer {
	if m := regexp.MustCompile(`(?m)^SQLSTATE: ([0-9A-Z]{5})$`).FindStringSubmatch(said); m != nil {
		return Answer{State: m[1], Message: strings.TrimSpace(said)}
	}
	if out == "" {
		return Answer{}
	}
	records, err := readCSV(out)
	if err != nil {
		return Answer{State: noAnswer, Message: fmt.Sprintf("%v in %q", err, out)}
	}
	a := Answer{Rows: records[1:]}
	for _, name := range records[0] {
		a.Columns = append(a.Columns, name.Text)
	}
	for _, row := range a.Rows {
		if len(row) != len(a.Columns) {
			return Answer{State: noAnswer, Message: fmt.Sprintf("a row of %d values below %d names in %q", len(row), len(a.Columns), out)}
		}
	}
	return a
}

// readCSV splits CSV into records, in which an unquoted empty field is NULL. encoding/csv cannot tell "" from nothing.
func readCSV(text string) ([][]Value, error) {
	var records [][]Value
	var record []Value
	for text != "" {
		v, rest, err := readField(text)
		if err != nil {
			return nil, err
		}
		record = append(record, v)
		switch {
		case strings.HasPrefix(rest, ","):
			if text = rest[1:]; text == "" {
				return nil, errors.New("the last line does not end")
			}
		case strings.HasPrefix(rest, "\n"):
			text = rest[1:]
			records, record = append(records, record), nil
		default:
			return nil, fmt.Errorf("%q behind a field", rest)
		}
	}
	return records, nil
}

func readField(text string) (v Value, rest string, err error) {
	if text[0] != '"' {
		end := strings.IndexAny(text, ",\n")
		if end < 0 {
			return v, "", errors.New("the last line does not end")
		}
		return Value{Text: text[:end], Null: end == 0}, text[end:], nil
	}
	var b strings.Builder
	for text = text[1:]; ; text = text[1:] {
		end := strings.IndexByte(text, '"')
		if end < 0 {
			return v, "", errors.New("a quote is not closed")
		}
		b.WriteString(text[:end])
		if text = text[end+1:]; !strings.HasPrefix(text, `"`) {
			return Value{Text: b.String()}, text, nil
		}
		b.WriteByte('"')
	}
}
