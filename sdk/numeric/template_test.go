package numeric_test

import (
	"errors"
	"strings"
	"testing"

	"wire.example/wire/sdk/numeric"
	"wire.example/wire/sdk/sqlstate"
)

// What PostgreSQL 15 writes and reads by a template stands in the corpus of internal/expr; here are one case of each pattern, and the mistakes.

func compiled(t *testing.T, text string) *numeric.Template {
	t.Helper()
	out, err := numeric.CompileTemplate(text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return out
}

func decimal(t *testing.T, text string) numeric.Decimal {
	t.Helper()
	d, err := numeric.ParseString(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestTemplateWrites(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ number, template, want string }{
		{"1234.567", "9,999.99", " 1,234.57"},
		{"-0.5", "9.99", " -.50"},
		{"0.1", "FM9.99", ".1"},
		{"0", "FM9.99", "0."},
		{"12", "0000", " 0012"},
		{"-12", "999PR", " <12>"},
		{"12", "999PR", "  12 "},
		{"12", "S999", " +12"},
		{"-12", "999S", " 12-"},
		{"-12", "9.9S", "#.#-"},
		{"12", "999MI", " 12 "},
		{"12", "PL999", "+  12"},
		{"-12", "SG999", "- 12"},
		{"485", "RN", "        CDLXXXV"},
		{"485", "FMrn", "cdlxxxv"},
		{"4000", "FMRN", "###############"},
		{"1", "9th", " 1st"},
		{"12", "99TH", " 12TH"},
		{"23", "99th", " 23rd"},
		{"12345", "999", " ###"},
		{"1234.5678", "9.99EEEE", " 1.23e+03"},
		{"-0.00999", "9.9EEEE", "-10.0e-03"},
		{"9.99", "9EEEE", " 10e+00"},
		{"NaN", "9.9EEEE", " #.#####"},
		{"12", "99V99", " 1200"},
		{"5", `"say \"x"9L\"`, `say "x 5 "`},
		{"1234", "9G999", " 1,234"},
		{"4", "9G999", "     4"},
		{"7", "B9", " 7"},
	} {
		got, err := compiled(t, c.template).AppendDecimal(nil, decimal(t, c.number), 0)
		if err != nil || string(got) != c.want {
			t.Errorf("%s by %s: %q, %v, want %q", c.number, c.template, got, err, c.want)
		}
	}
}

func TestTemplateWritesFloats(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		number   float64
		bits     int
		template string
		want     string
	}{
		{12.5, 64, "99.9", " 12.5"},
		{1.0 / 3, 32, "9.9999999999", "  .33333"},
		{-1e10, 64, "9.9EEEE", "-1.0e+10"},
		{2, 64, "FMRN", "II"},
		{1.5, 64, "9V99", " 150"},
	} {
		got, err := compiled(t, c.template).AppendFloat(nil, c.number, c.bits)
		if err != nil || string(got) != c.want {
			t.Errorf("%v by %s: %q, %v, want %q", c.number, c.template, got, err, c.want)
		}
	}
}

func TestTemplateReads(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ text, template, want string }{
		{"1,234.56-", "9G999D99S", "-1234.56"},
		{"$1,234.5", "L9,999.9", "1234.5"},
		{"<12>", "99PR", "-12"},
		{"-12", "S99", "-12"},
		{"12-", "99MI", "-12"},
		{"+5", "SG9", "5"},
		{"12th", "99th", "12"},
		{"x7", `"y"9`, "7"},
		{"5.01-", "FM9.999999MI", "-5.01"},
	} {
		got, err := compiled(t, c.template).Parse(c.text)
		if err != nil || got.String() != c.want {
			t.Errorf("%s by %s: %v, %v, want %s", c.text, c.template, got, err, c.want)
		}
	}
	for text, template := range map[string]string{"x": "9", "1": "RN", "2": "9EEEE", "12": ".9"} {
		if got, err := compiled(t, template).Parse(text); err == nil {
			t.Errorf("%s by %s: %v", text, template, got)
		}
	}
}

func TestTemplateMistakes(t *testing.T) {
	t.Parallel()
	for template, message := range map[string]string{
		"9.9.9": "multiple decimal points", "PR9": `"9" must be ahead of "PR"`, "PR0": `"0" must be ahead of "PR"`, "SS": `cannot use "S" twice`,
		"SMI": `cannot use "S" and "MI" together`, "S9PL": `cannot use "S" and "PL" together`, "MIS": `cannot use "S" and "PL"/"MI"/"SG"/"PR" together`,
		"MIPR": `cannot use "PR" and "S"/"PL"/"MI"/"SG" together`, "9V.9": `cannot use "V" and decimal point together`, "9.9V": `cannot use "V" and decimal point together`,
		"9EEEE9": `"EEEE" must be the last pattern used`, "9EEEEEEEE": `cannot use "EEEE" twice`, "FM9EEEE": `"EEEE" is incompatible with other formats`,
	} {
		_, err := numeric.CompileTemplate(template)
		var state *sqlstate.Error
		if !errors.As(err, &state) || state.Code != sqlstate.SyntaxError || state.Message != message {
			t.Errorf("%s: %v, want %s", template, err, message)
		}
	}
	if _, err := compiled(t, "999TH").AppendDecimal(nil, decimal(t, "NaN"), 0); err == nil || !strings.Contains(err.Error(), "is not a number") {
		t.Errorf("the ordinal of NaN: %v", err)
	}
	if _, err := compiled(t, "9V999").AppendDecimal(nil, numeric.FromInt64(1<<62), 64); err == nil {
		t.Error("a BIGINT is shifted beyond its range")
	}
	for _, number := range []string{"NaN", "Infinity", "3000000000"} {
		if _, err := compiled(t, "RN").AppendDecimal(nil, decimal(t, number), 0); err == nil {
			t.Errorf("%s has a Roman numeral", number)
		}
	}
}

// FuzzTemplate: no template and no number make the writer or the reader panic.
func FuzzTemplate(f *testing.F) {
	for _, seed := range []string{"FM999,990.00", "S9V9.9TH", `"x\"y"RN`, "9.9EEEE", "PRL0MI"} {
		f.Add(seed, "-12.50", 3.25)
	}
	f.Fuzz(func(t *testing.T, text, number string, v float64) {
		template, err := numeric.CompileTemplate(text)
		if err != nil {
			return
		}
		if d, err := template.Parse(number); err == nil {
			_, _ = template.AppendDecimal(nil, d, 0)
		}
		if d, err := numeric.ParseString(number); err == nil {
			_, _ = template.AppendDecimal(nil, d, 0)
			_, _ = template.AppendDecimal(nil, d, 32)
		}
		_, _ = template.AppendFloat(nil, v, 64)
		_, _ = template.AppendFloat(nil, v, 32)
	})
}
