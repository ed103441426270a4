package csvfmt

import (
	"errors"
	"fmt"

	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/temporal"
)

var errNoSample = errors.New("csv: the sample has no rows to infer a schema from")

// guess counts what the values of one column could be.
type guess struct {
	values   int
	integers int
	numbers  int // integers included
	wide     int // numbers that DOUBLE PRECISION would round
	booleans int
	dates    int
	stamps   int // dates included
}

// infer proposes a column for every field: the narrowest of BIGINT, DOUBLE PRECISION, NUMERIC, BOOLEAN, DATE and TIMESTAMP that takes every value of
// the sample, else TEXT. Without a header columns are called column1, column2 and so on.
func infer(f *format, sample []byte) (*schema.Schema, error) {
	records, err := splitRecords(f.syntax, sample)
	if err != nil {
		return nil, fmt.Errorf("csv: %w", err)
	}
	if len(records) == 0 || f.options.Header && len(records) == 1 {
		return nil, errNoSample
	}
	names := make([]string, len(records[0]))
	for i, c := range records[0] {
		names[i] = fmt.Sprintf("column%d", i+1)
		if f.options.Header && len(c.text) > 0 {
			names[i] = string(c.text)
		}
	}
	if f.options.Header {
		records = records[1:]
	}
	guesses := make([]guess, len(names))
	for _, r := range records {
		for i := range min(len(r), len(guesses)) { // a record of another length is that row's error later
			if c := r[i]; c.quoted || len(c.text) > 0 && string(c.text) != f.options.Null {
				guesses[i].observe(c.text)
			}
		}
	}
	s := &schema.Schema{}
	for i, name := range names {
		if f.options.Changelog && (f.options.Header && name == f.options.OpField || !f.options.Header && i == 0) {
			continue
		}
		s.Fields = append(s.Fields, schema.Field{Name: name, Type: guesses[i].typ()})
	}
	return s, nil
}

// exactDigits is how many decimal digits DOUBLE PRECISION surely keeps.
const exactDigits = 15

func (g *guess) observe(text []byte) {
	g.values++
	if len(text) == 0 {
		return
	}
	switch string(text) {
	case "true", "false", "TRUE", "FALSE", "True", "False":
		g.booleans++
		return
	}
	if c := text[len(text)-1]; (c < '0' || c > '9') && c != 'Z' && c != '.' {
		return
	}
	if d, bad := codec.ParseDecimal(text); bad == nil && d.IsFinite() {
		g.numbers++
		g.observeNumber(text)
		return
	}
	if _, err := temporal.ParseTimestampUTC(text); err == nil && text[0] <= '9' {
		g.stamps++
		if len(text) == len("2006-01-02") {
			g.dates++
		}
	}
}

func (g *guess) observeNumber(text []byte) {
	digits := 0
	for _, c := range text {
		if c-'0' <= 9 {
			digits++
		}
	}
	c := batch.NewColumn(&batch.Pool{}, schema.Of(schema.Int64))
	c.Reset(1)
	switch {
	case codec.SetText(c, 0, text) == nil:
		g.integers++
	case digits > exactDigits:
		g.wide++
	}
}

func (g *guess) typ() schema.Type {
	switch g.values {
	case 0:
		return schema.Of(schema.Text)
	case g.integers:
		return schema.Of(schema.Int64)
	case g.numbers:
		if g.wide > 0 {
			return schema.Of(schema.Numeric)
		}
		return schema.Of(schema.Float64)
	case g.booleans:
		return schema.Of(schema.Bool)
	case g.dates:
		return schema.Of(schema.Date)
	case g.stamps:
		return schema.Of(schema.Timestamp)
	}
	return schema.Of(schema.Text)
}
