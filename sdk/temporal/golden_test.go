package temporal

import (
	"errors"
	"math/big"
	"os"
	"strconv"
	"strings"
	"testing"

	"wire.example/wire/sdk/sqlstate"
)

// TestAnswers compares every line of testdata/answers.txt, which testdata/answers.sh had from a real PostgreSQL 15, with ours.
func TestAnswers(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("testdata/answers.txt")
	if err != nil {
		t.Fatal(err)
	}
	known := differences(t)
	ran := 0
	for line := range strings.Lines(string(data)) {
		cells := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		op, args, want := cells[0], cells[1:len(cells)-1], cells[len(cells)-1]
		run, ok := operations[op]
		if !ok {
			t.Fatalf("no operation %q", op)
		}
		got, err := run(args)
		if err != nil {
			got = errorText(err)
		}
		ran++
		question := op + "\t" + strings.Join(args, "\t")
		reason, differs := known[question]
		switch {
		case got == want && differs:
			t.Errorf("%q: listed as a difference (%s), but agrees", question, reason)
		case got != want && !differs:
			t.Errorf("%q\n got %s\nwant %s", question, got, want)
		}
	}
	if ran < 3000 {
		t.Errorf("only %d answers", ran)
	}
}

// differences reads testdata/differences.txt: a reason after '#', then the questions it is for.
func differences(t *testing.T) map[string]string {
	t.Helper()
	data, err := os.ReadFile("testdata/differences.txt")
	if err != nil {
		t.Fatal(err)
	}
	known, reason := map[string]string{}, ""
	for line := range strings.Lines(string(data)) {
		line = strings.TrimSuffix(line, "\n")
		if after, ok := strings.CutPrefix(line, "# "); ok {
			reason = after
		} else if line != "" {
			known[line] = reason
		}
	}
	return known
}

func errorText(err error) string {
	var e *sqlstate.Error
	if !errors.As(err, &e) {
		return "untyped " + err.Error()
	}
	return "ERROR " + string(e.Code) + " " + e.Message
}

// Readers of arguments: the first failure wins, as in PostgreSQL's evaluation.
type arguments struct {
	args []string
	err  error
}

func value[T any](a *arguments, i int, parse func([]byte) (T, error)) T {
	v, err := parse([]byte(a.args[i]))
	if err != nil && a.err == nil {
		a.err = err
	}
	return v
}

func (a *arguments) stamp(i int) int64   { return value(a, i, ParseTimestamp) }
func (a *arguments) span(i int) Interval { return value(a, i, ParseInterval) }
func (a *arguments) float(i int) float64 {
	return value(a, i, func(b []byte) (float64, error) { return strconv.ParseFloat(string(b), 64) })
}

func (a *arguments) zone(i int) *Zone {
	return value(a, i, func(b []byte) (*Zone, error) { return LoadZone(string(b)) })
}

func (a *arguments) session(i int) *Zone {
	return value(a, i, func(b []byte) (*Zone, error) {
		z, err := LoadSessionZone(string(b))
		if err != nil {
			err = sqlstate.Errorf(sqlstate.InvalidParameterValue, "invalid value for parameter \"TimeZone\": \"%s\"", b)
			return UTC(), err
		}
		return z, nil
	})
}

func (a *arguments) stampTZ(i int, z *Zone) int64 {
	return value(a, i, func(b []byte) (int64, error) { return ParseTimestampTZ(b, z) })
}

func (a *arguments) ints() []int {
	v := make([]int, len(a.args))
	for i := range v {
		v[i], _ = strconv.Atoi(a.args[i])
	}
	return v
}

// Writers of answers.
func text[T any](a *arguments, v T, err error, write func([]byte, T) []byte) (string, error) {
	if a.err != nil {
		return "", a.err
	}
	if err != nil {
		return "", err
	}
	return string(write(nil, v)), nil
}

func stampText(a *arguments, v int64, err error) (string, error) {
	return text(a, v, err, AppendTimestamp)
}

func zonedText(a *arguments, v int64, err error, z *Zone) (string, error) {
	return text(a, v, err, func(dst []byte, t int64) []byte { return AppendTimestampTZ(dst, t, z) })
}

func spanText(a *arguments, v Interval, err error) (string, error) {
	return text(a, v, err, AppendInterval)
}

func numberText(a *arguments, v Number, err error) (string, error) {
	return text(a, v, err, func(dst []byte, n Number) []byte { return append(dst, formatNumber(n)...) })
}

func formatNumber(n Number) string {
	switch n.Class {
	case NumberNull:
		return "NULL"
	case NumberPosInfinity:
		return "Infinity"
	case NumberNegInfinity:
		return "-Infinity"
	}
	v := new(big.Int).Lsh(big.NewInt(n.Hi), 64)
	v.Add(v, new(big.Int).SetUint64(n.Lo))
	sign := ""
	if v.Sign() < 0 {
		sign = "-"
		v.Neg(v)
	}
	digits := v.String()
	scale := int(n.Scale)
	if scale == 0 {
		return sign + digits
	}
	if len(digits) <= scale {
		digits = strings.Repeat("0", scale-len(digits)+1) + digits
	}
	return sign + digits[:len(digits)-scale] + "." + digits[len(digits)-scale:]
}

// field looks a field up as a binder would.
func field(name string, k Kind) (Field, error) {
	f, ok := LookupField(name)
	if !ok {
		return 0, ErrUnknownField(name, k)
	}
	return f, nil
}
