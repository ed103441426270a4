package sdktest

import (
	"math"
	"slices"
	"strings"

	"pgregory.net/rapid"

	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/numeric"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/temporal"
)

// Types returns every type that DrawBatch can fill: all scalar types, with and without modifiers, and some arrays and rows.
func Types() []schema.Type {
	a, b := schema.Field{Name: "a", Type: schema.Of(schema.Int64)}, schema.Field{Name: `b "quoted"`, Type: schema.Of(schema.Text)}
	return append(ScalarTypes(),
		schema.ArrayOf(schema.Of(schema.Int64)), schema.ArrayOf(schema.Of(schema.Text)), schema.ArrayOf(schema.Of(schema.Timestamp)),
		schema.RowOf(a, b), schema.ArrayOf(schema.RowOf(a, b)),
		schema.RowOf(b, schema.Field{Name: "inner", Type: schema.RowOf(a)}, schema.Field{Name: "list", Type: schema.ArrayOf(schema.Of(schema.Numeric))}))
}

// ScalarTypes returns the types without children.
func ScalarTypes() []schema.Type {
	types := []schema.Type{schema.NumericOf(12, 3), schema.VarcharOf(9)}
	for kind := schema.Bool; kind <= schema.JSONB; kind++ {
		types = append(types, schema.Of(kind))
	}
	return types
}

// DrawSchema draws one to six columns, called x, y, … , of types.
func DrawSchema(t *rapid.T, types []schema.Type) *schema.Schema {
	s := &schema.Schema{}
	for i := range rapid.IntRange(1, 6).Draw(t, "columns") {
		s.Fields = append(s.Fields, schema.Field{Name: string(rune('x' + i)), Type: rapid.SampledFrom(types).Draw(t, "type")})
	}
	return s
}

// Values says which values DrawBatch draws. The zero value draws any.
type Values struct {
	// NoNulls leaves out NULLs, NOT NULL columns have none anyway.
	NoNulls bool
	// Text draws the values of TEXT; nil draws any text without NUL bytes.
	Text *rapid.Generator[string]
}

// DrawBatch draws rows of s: extremes more often than chance would have it, NULLs in about every fifth place.
func (v Values) DrawBatch(t *rapid.T, pool *batch.Pool, s *schema.Schema, rows int) *batch.Batch {
	if v.Text == nil {
		v.Text = rapid.OneOf(rapid.SampledFrom(hardTexts()), rapid.String())
	}
	b := &batch.Batch{Len: rows}
	for _, f := range s.Fields {
		c := batch.NewColumn(pool, f.Type)
		c.Reset(rows)
		for row := range rows {
			v.draw(t, c, row, f.NotNull)
		}
		b.Cols = append(b.Cols, c)
	}
	return b
}

// hardTexts are texts that formats have got wrong.
func hardTexts() []string {
	return []string{
		"", " ", "NULL", "null", `\N`, ",", ";", "\t", "\n", "\r\n", "a\rb", `"`, `""`, `'`, `\`, `\"`, `{}`, `{"a":1}`, "#", " padded ", "é", "日本語", "\U0001F600",
		"\u2028", "\ufeff", "twelve bytes", "thirteen bytes", strings.Repeat("long ", 40), "a,b\n\"c\",", "\x01\x1f\x7f",
	}
}

// draw draws value row of c.
func (v Values) draw(t *rapid.T, c *batch.Column, row int, notNull bool) {
	null := !notNull && !v.NoNulls && rapid.IntRange(0, 4).Draw(t, "null") == 0
	switch c.Kind() {
	case schema.Array:
		v.drawArray(t, c, row, null)
	case schema.Row:
		for i := range c.Type().Fields {
			if null {
				setNull(c.Child(i), row)
			} else {
				v.draw(t, c.Child(i), row, false)
			}
		}
	default:
		if !null {
			v.drawScalar(t, c, row)
		}
	}
	if null {
		c.SetNull(row)
	}
}

// setNull makes row of c, and of all below it, NULL.
func setNull(c *batch.Column, row int) {
	c.SetNull(row)
	if c.Kind() == schema.Row {
		for i := range c.Type().Fields {
			setNull(c.Child(i), row)
		}
	}
}

func (v Values) drawArray(t *rapid.T, c *batch.Column, row int, null bool) {
	n := 0
	if !null {
		n = rapid.IntRange(0, 3).Draw(t, "elements")
	}
	from := int(c.Offsets()[row])
	c.Child(0).Resize(from + n)
	for i := range n {
		v.draw(t, c.Child(0), from+i, false)
	}
	for i := row + 1; i <= c.Len(); i++ {
		c.Offsets()[i] = int32(from + n)
	}
}

// number draws an integer from lo to hi, often one of the ends or near zero.
func number(t *rapid.T, lo, hi int64) int64 {
	near := slices.DeleteFunc([]int64{lo, hi, 0, 1, -1, 9, 10, 99, 100}, func(v int64) bool { return v < lo || v > hi })
	return rapid.OneOf(rapid.SampledFrom(near), rapid.Int64Range(lo, hi)).Draw(t, "number")
}

func (v Values) drawScalar(t *rapid.T, c *batch.Column, row int) {
	switch c.Kind() {
	case schema.Bool:
		c.Bits().Put(row, rapid.Bool().Draw(t, "boolean"))
	case schema.Int16:
		c.Int16s()[row] = int16(number(t, math.MinInt16, math.MaxInt16)) //nolint:gosec // in range
	case schema.Int32:
		c.Int32s()[row] = int32(number(t, math.MinInt32, math.MaxInt32)) //nolint:gosec // in range
	case schema.Int64:
		c.Int64s()[row] = number(t, math.MinInt64, math.MaxInt64)
	case schema.Float32:
		c.Float32s()[row] = float32(drawFloat(t, math.MaxFloat32, math.SmallestNonzeroFloat32))
	case schema.Float64:
		c.Float64s()[row] = drawFloat(t, math.MaxFloat64, math.SmallestNonzeroFloat64)
	case schema.Numeric:
		c.SetDecimal(row, drawDecimal(t, c.Type()))
	case schema.Text:
		c.SetBytes(row, v.drawText(t, c.Type()))
	case schema.Bytes:
		c.SetBytes(row, rapid.SliceOf(rapid.Byte()).Draw(t, "bytes"))
	case schema.JSONB:
		c.SetBytes(row, []byte(rapid.SampledFrom([]string{`true`, `1.50`, `"x\ny"`, `{"a": [1, {}], "bb": "é"}`, `[]`, `""`}).Draw(t, "jsonb")))
	case schema.UUID:
		copy(c.UUIDs()[row][:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "uuid"))
	default:
		drawTime(t, c, row)
	}
}

func drawFloat(t *rapid.T, most, least float64) float64 {
	special := []float64{math.NaN(), math.Inf(1), math.Inf(-1), 0, math.Copysign(0, -1), most, -most, least, 1e15, 1e-5, 123456.7, 1e6, 0.1}
	return rapid.OneOf(rapid.SampledFrom(special), rapid.Float64Range(-most, most)).Draw(t, "float")
}

func drawDecimal(t *rapid.T, typ schema.Type) numeric.Decimal {
	switch rapid.IntRange(0, 9).Draw(t, "numeric") {
	case 0:
		return numeric.NaN()
	case 1:
		if typ.Precision == 0 {
			return numeric.Inf(rapid.SampledFrom([]int{-1, 1}).Draw(t, "sign"))
		}
	}
	digits, scale := int16(numeric.MaxDigits), rapid.Int16Range(0, numeric.MaxDigits).Draw(t, "scale")
	if typ.Precision > 0 {
		digits, scale = typ.Precision, typ.Scale
	}
	coef := numeric.Int128{}
	for range rapid.Int16Range(0, digits).Draw(t, "digits") {
		coef, _ = numeric.MulSmall(coef, 10)
		coef, _ = numeric.AddInt128(coef, numeric.Int128FromInt64(rapid.Int64Range(0, 9).Draw(t, "digit")))
	}
	if rapid.Bool().Draw(t, "negative") {
		coef = coef.Neg()
	}
	return numeric.Decimal{Coef: coef, Scale: scale}
}

func (v Values) drawText(t *rapid.T, typ schema.Type) []byte {
	text := strings.ReplaceAll(strings.ToValidUTF8(v.Text.Draw(t, "text"), "?"), "\x00", "")
	if runes := []rune(text); typ.Length > 0 && len(runes) > int(typ.Length) {
		text = string(runes[:typ.Length])
	}
	return []byte(text)
}

func drawTime(t *rapid.T, c *batch.Column, row int) {
	switch c.Kind() {
	case schema.Date:
		infinities := rapid.SampledFrom([]int32{temporal.DateInfinity, temporal.DateNegInfinity})
		c.Int32s()[row] = rapid.OneOf(rapid.Int32Range(temporal.MinDate, temporal.MaxDate), rapid.Int32Range(-40_000, 40_000), infinities).Draw(t, "date")
	case schema.Time:
		c.Int64s()[row] = number(t, 0, temporal.MaxTime)
	case schema.Interval:
		c.Intervals()[row] = temporal.Interval{
			Months: rapid.Int32Range(-1e6, 1e6).Draw(t, "months"), Days: rapid.Int32Range(-1e6, 1e6).Draw(t, "days"), Micros: number(t, -1e15, 1e15),
		}
	default:
		const near = 4e15 // about 127 years in µs
		infinities := rapid.SampledFrom([]int64{temporal.TimestampInfinity, temporal.TimestampNegInfinity})
		c.Int64s()[row] = rapid.OneOf(rapid.Int64Range(temporal.MinTimestamp, temporal.MaxTimestamp), rapid.Int64Range(-near, near), infinities).Draw(t, "timestamp")
	}
}
