package slt

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"regexp"
	"slices"
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

// maxProcesses bounds the processes of a file.
const maxProcesses = 20

// Run implements Engine. A statement at which the process ends has no answer; another process goes on behind it, after the statements before it that
// succeeded and returned no rows.
func (c Command) Run(ctx context.Context, statements []string) ([]Answer, error) {
	answers := make([]Answer, len(statements))
	var again []string // what a new process has to repeat
	next := 0
	for range maxProcesses {
		got, ended, err := c.process(ctx, slices.Concat(again, statements[next:]))
		if err != nil {
			return nil, err
		}
		if len(got) < len(again) {
			return nil, fmt.Errorf("run %s: what succeeded once failed: %s", strings.Join(c.Argv, " "), ended)
		}
		for _, a := range got[len(again):] {
			if answers[next] = a; a.State == "" && a.Columns == nil {
				again = append(again, statements[next])
			}
			next++
		}
		if next == len(statements) {
			return answers, nil
		}
		answers[next] = Answer{State: NoAnswer, Message: ended}
		if next++; ctx.Err() != nil {
			break
		}
	}
	for ; next < len(answers); next++ {
		answers[next] = Answer{State: NoAnswer, Message: "the process ended at too many statements, or takes too long"}
	}
	return answers, nil
}

// process runs statements in a process. It returns the answers until the process ended, and how it ended.
func (c Command) process(ctx context.Context, statements []string) (answers []Answer, ended string, err error) {
	var input, stdout, stderr bytes.Buffer
	for i, sql := range statements {
		fmt.Fprintf(&input, "%s\n;\n\\echo %s\n\\warn %s\n", sql, mark(i), mark(i))
	}
	cmd := exec.CommandContext(ctx, c.Argv[0], c.Argv[1:]...) //nolint:gosec // the command that the runner was told to test
	cmd.Dir, cmd.Stdin, cmd.Stdout, cmd.Stderr = c.Dir, &input, &stdout, &stderr
	err = cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) && cmd.ProcessState == nil {
		return nil, "", fmt.Errorf("run %s: %w", strings.Join(c.Argv, " "), err)
	}
	rows, words := stdout.String(), stderr.String()
	for i := range statements {
		out, restOfRows, a := strings.Cut(rows, mark(i)+"\n")
		said, restOfWords, b := strings.Cut(words, mark(i)+"\n")
		if !a || !b {
			return answers, fmt.Sprintf("the process ended (%v) and had said %q", cmd.ProcessState, said), nil
		}
		answers = append(answers, parseAnswer(out, said))
		rows, words = restOfRows, restOfWords
	}
	return answers, "", nil
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
		return Answer{State: NoAnswer, Message: fmt.Sprintf("%v in %q", err, out)}
	}
	a := Answer{Rows: records[1:]}
	for _, name := range records[0] {
		a.Columns = append(a.Columns, name.Text)
	}
	for _, row := range a.Rows {
		if len(row) != len(a.Columns) {
			return Answer{State: NoAnswer, Message: fmt.Sprintf("a row of %d values below %d names in %q", len(row), len(a.Columns), out)}
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
