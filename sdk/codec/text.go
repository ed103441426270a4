package codec

import (
	"bytes"
	"encoding/hex"
	"errors"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sqlstate"
	"wire.example/wire/sdk/temporal"
)

// shownBytes is how much of a wrong value an error message repeats.
const shownBytes = 256

// Shown returns the part of a wrong value that an error message repeats.
func Shown(text []byte) []byte { return text[:min(len(text), shownBytes)] }

// ErrSyntax is the error for text that is no value of typ, in PostgreSQL's words.
func ErrSyntax(typ schema.Type, text []byte) *sqlstate.Error {
	return sqlstate.Errorf(sqlstate.InvalidTextRepresentation, "invalid input syntax for type %s: \"%s\"", typ.PgName(), Shown(text))
}

// ErrRange is the error for text that is a number beyond what typ holds, in PostgreSQL's words.
func ErrRange(typ schema.Type, text []byte) *sqlstate.Error {
	if typ.Kind.IsFloat() {
		return sqlstate.Errorf(sqlstate.NumericValueOutOfRange, "\"%s\" is out of range for type %s", Shown(text), typ.PgName())
	}
	return sqlstate.Errorf(sqlstate.NumericValueOutOfRange, "value \"%s\" is out of range for type %s", Shown(text), typ.PgName())
}

// ErrNotNull is the error for a NULL in the column called name, which is NOT NULL.
func ErrNotNull(name string) *sqlstate.Error {
	return sqlstate.Errorf(sqlstate.NotNullViolation, "null value in column \"%s\" violates not-null constraint", name)
}

// ErrOversize is the error for a record beyond the limit.
func ErrOversize(o *Oversize) *sqlstate.Error {
	return sqlstate.Errorf(sqlstate.ProgramLimitExceeded, "record of %d bytes exceeds the limit of %d bytes", o.Length, o.Limit).
		WithHint("Raise max_record_bytes if such records are expected.")
}

// CheckText returns the error that PostgreSQL gives for text that is not UTF-8 or holds a NUL byte, else nil.
func CheckText(text []byte) *sqlstate.Error {
	if utf8.Valid(text) {
		if bytes.IndexByte(text, 0) < 0 {
			return nil
		}
		return sqlstate.New(sqlstate.CharacterNotInRepertoire, `invalid byte sequence for encoding "UTF8": 0x00`)
	}
	for len(text) > 0 {
		r, n := utf8.DecodeRune(text)
		if r == utf8.RuneError && n == 1 {
			break
		}
		text = text[n:]
	}
	return sqlstate.Errorf(sqlstate.CharacterNotInRepertoire, "invalid byte sequence for encoding \"UTF8\": 0x%02x", text[0])
}

// FitVarchar returns text cut to the length of typ if only spaces are lost, or PostgreSQL's error.
func FitVarchar(text []byte, typ schema.Type) ([]byte, *sqlstate.Error) {
	if typ.Length == 0 || len(text) <= int(typ.Length) {
		return text, nil
	}
	end := 0
	for range typ.Length {
		if end == len(text) {
			return text, nil
		}
		_, n := utf8.DecodeRune(text[end:])
		end += n
	}
	if len(bytes.TrimRight(text[end:], " ")) > 0 {
		return nil, sqlstate.Errorf(sqlstate.StringDataRightTruncation, "value too long for type character varying(%d)", typ.Length)
	}
	return text[:end], nil
}

// AsSQLState returns the *sqlstate.Error in err's chain, or an internal error that carries err's message.
func AsSQLState(err error) *sqlstate.Error {
	var e *sqlstate.Error
	if errors.As(err, &e) {
		return e
	}
	return sqlstate.New(sqlstate.InternalError, err.Error())
}

// SetText stores as row of c the value that text stands for, read as PostgreSQL's input functions read it, at zone UTC. Text is copied.
// JSONB is for its format to read; the text forms of ARRAY and ROW are only written: those are refused.
func SetText(c *batch.Column, row int, text []byte) *sqlstate.Error {
	typ := c.Type()
	switch typ.Kind {
	case schema.Text:
		if bad := CheckText(text); bad != nil {
			return bad
		}
		text, bad := FitVarchar(text, typ)
		if bad == nil {
			c.SetBytes(row, text)
		}
		return bad
	case schema.Bool:
		v, ok := parseBool(text)
		if !ok {
			return ErrSyntax(typ, text)
		}
		c.Bits().Put(row, v)
		return nil
	case schema.Int16, schema.Int32, schema.Int64:
		return setInteger(c, row, text)
	case schema.Float32, schema.Float64:
		return SetFloat(c, row, text)
	case schema.Numeric:
		return SetNumeric(c, row, text)
	case schema.Bytes:
		return SetHex(c, row, text)
	case schema.UUID:
		u, ok := ParseUUID(text)
		if !ok {
			return ErrSyntax(typ, text)
		}
		c.UUIDs()[row] = u
		return nil
	default:
		return setTemporal(c, row, text)
	}
}

func setTemporal(c *batch.Column, row int, text []byte) *sqlstate.Error {
	var err error
	switch c.Kind() {
	case schema.Date:
		c.Int32s()[row], err = temporal.ParseDate(text)
	case schema.Time:
		c.Int64s()[row], err = temporal.ParseTime(text)
	case schema.Timestamp:
		c.Int64s()[row], err = temporal.ParseTimestampUTC(text)
	case schema.TimestampTZ:
		c.Int64s()[row], err = temporal.ParseTimestampTZ(text, nil)
	case schema.Interval:
		c.Intervals()[row], err = temporal.ParseInterval(text)
	default:
		return sqlstate.Errorf(sqlstate.FeatureNotSupported, "type %s has no plain text form", c.Type().PgName())
	}
	if err != nil {
		return AsSQLState(err)
	}
	return nil
}

func setInteger(c *batch.Column, row int, text []byte) *sqlstate.Error {
	typ := c.Type()
	v, err := strconv.ParseInt(string(trimSpace(text)), 10, 64)
	switch {
	case errors.Is(err, strconv.ErrRange):
		return ErrRange(typ, text)
	case err != nil:
		return ErrSyntax(typ, text)
	case !PutInteger(c, row, v):
		return ErrRange(typ, text)
	}
	return nil
}

// PutInteger stores v as row of a SMALLINT, INTEGER or BIGINT column; false means that it does not fit.
func PutInteger(c *batch.Column, row int, v int64) bool {
	switch c.Kind() {
	case schema.Int16:
		c.Int16s()[row] = int16(v) //nolint:gosec // checked below
		return v == int64(int16(v))
	case schema.Int32:
		c.Int32s()[row] = int32(v) //nolint:gosec // checked below
		return v == int64(int32(v))
	default:
		c.Int64s()[row] = v
		return true
	}
}

// SetFloat stores text as row of a REAL or DOUBLE PRECISION column.
func SetFloat(c *batch.Column, row int, text []byte) *sqlstate.Error {
	size := 64
	if c.Kind() == schema.Float32 {
		size = 32
	}
	v, ok := shortFloat(text)
	if !ok || size == 32 { // rounding twice is not rounding once
		var bad *sqlstate.Error
		if v, bad = parseFloat(c.Type(), text, size); bad != nil {
			return bad
		}
	}
	if size == 32 {
		c.Float32s()[row] = float32(v)
	} else {
		c.Float64s()[row] = v
	}
	return nil
}

// parseFloat reads what C's strtod reads. Zero from digits that are not is out of range, as for PostgreSQL.
func parseFloat(typ schema.Type, text []byte, size int) (float64, *sqlstate.Error) {
	s := string(trimSpace(text))
	word := strings.TrimLeft(s, "+-")
	switch {
	case strings.IndexByte(s, '_') >= 0: // strconv would take it
		return 0, ErrSyntax(typ, text)
	case len(s)-len(word) <= 1 && strings.EqualFold(word, "nan"):
		return math.NaN(), nil
	case strings.ContainsAny(s, "xX") && !strings.ContainsAny(s, "pP"):
		s += "p0" // for strconv the exponent is not optional
	}
	v, err := strconv.ParseFloat(s, size)
	switch {
	case errors.Is(err, strconv.ErrRange), err == nil && v == 0 && strings.ContainsAny(mantissa(s), "123456789"):
		return 0, ErrRange(typ, text)
	case err != nil:
		return 0, ErrSyntax(typ, text)
	}
	return v, nil
}

// floatPowers are the powers of ten that a float64 holds exactly, as far as shortFloat needs.
//
//nolint:gochecknoglobals // immutable table
var floatPowers = [16]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15}

// shortFloat reads a decimal of at most 15 digits without exponent: both the digits and the power of ten are exact, so that one division
// rounds correctly (Clinger, "How to read floating point numbers accurately", 1990).
func shortFloat(text []byte) (v float64, ok bool) {
	digits := text
	if len(text) > 0 && text[0] == '-' {
		digits = text[1:]
	}
	whole, point := int64(0), len(digits)
	for i, c := range digits {
		switch {
		case c-'0' <= 9:
			whole = whole*10 + int64(c-'0')
		case c == '.' && point == len(digits):
			point = i
		default:
			return 0, false
		}
		if i >= 15 {
			return 0, false
		}
	}
	if len(digits) == 0 || len(digits) == 1 && point == 0 {
		return 0, false
	}
	v = float64(whole)
	if point < len(digits) {
		v /= floatPowers[len(digits)-1-point]
	}
	if len(digits) < len(text) {
		v = -v
	}
	return v, true
}

func mantissa(s string) string {
	if i := strings.IndexAny(s, "eEpP"); i >= 0 {
		return s[:i]
	}
	return s
}

// SetNumeric stores text as row of a NUMERIC column.
func SetNumeric(c *batch.Column, row int, text []byte) *sqlstate.Error {
	d, bad := ParseDecimal(text)
	if bad == nil {
		d, bad = FitDecimal(d, c.Type())
	}
	if bad == nil {
		c.SetDecimal(row, d)
	}
	return bad
}

// SetHex stores \x and pairs of hexadecimal digits, between which there may be white space, as row of a BYTEA column.
func SetHex(c *batch.Column, row int, text []byte) *sqlstate.Error {
	if len(text) < 2 || text[0] != '\\' || text[1] != 'x' {
		return sqlstate.New(sqlstate.InvalidTextRepresentation, "invalid input syntax for type bytea").
			WithHint(`Write bytes as \x followed by pairs of hexadecimal digits.`)
	}
	text = text[2:]
	own := c.OwnBuffer(len(text)/2 + 1)
	start := len(own.Data)
	data, bad := appendHexDecoded(own.Data, text)
	if bad != nil {
		return bad
	}
	own.Data = data
	c.SetOwn(row, start)
	return nil
}

func appendHexDecoded(dst, text []byte) ([]byte, *sqlstate.Error) {
	for i := 0; i < len(text); i += 2 {
		for i < len(text) && (text[i] == ' ' || text[i] == '\n' || text[i] == '\t' || text[i] == '\r') {
			i++
		}
		if i == len(text) {
			break
		}
		high := hexValue(text[i])
		if high < 0 {
			return dst, errHexDigit(text[i:])
		}
		if i+1 == len(text) {
			return dst, sqlstate.New(sqlstate.InvalidParameterValue, "invalid hexadecimal data: odd number of digits")
		}
		low := hexValue(text[i+1])
		if low < 0 {
			return dst, errHexDigit(text[i+1:])
		}
		dst = append(dst, byte(high<<4|low))
	}
	return dst, nil
}

func errHexDigit(text []byte) *sqlstate.Error {
	_, n := utf8.DecodeRune(text)
	return sqlstate.Errorf(sqlstate.InvalidParameterValue, "invalid hexadecimal digit: \"%s\"", text[:n])
}

// ParseUUID reads 32 hexadecimal digits, with hyphens after any group of four and braces around, as PostgreSQL does.
func ParseUUID(text []byte) (u batch.UUID, ok bool) {
	if n := len(text); n > 1 && text[0] == '{' && text[n-1] == '}' {
		text = text[1 : n-1]
	}
	digits, i := 0, 0
	for ; i < len(text) && digits < 32; i++ {
		if text[i] == '-' && digits > 0 && digits%4 == 0 && text[i-1] != '-' {
			continue
		}
		v := hexValue(text[i])
		if v < 0 {
			return u, false
		}
		u[digits/2] = u[digits/2]<<4 | byte(v)
		digits++
	}
	return u, digits == 32 && i == len(text)
}

func hexValue(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

func parseBool(text []byte) (v, ok bool) {
	text = trimSpace(text)
	var room [5]byte
	if len(text) > len(room) {
		return false, false
	}
	word := room[:copy(room[:], text)]
	for i, c := range word {
		if c >= 'A' && c <= 'Z' {
			word[i] = c + 'a' - 'A'
		}
	}
	switch string(word) {
	case "t", "tr", "tru", "true", "y", "ye", "yes", "on", "1":
		return true, true
	case "f", "fa", "fal", "fals", "false", "n", "no", "of", "off", "0":
		return false, true
	}
	return false, false
}

// trimSpace takes off both ends what C's isspace calls white space in the C locale, which is less than Unicode does.
func trimSpace(text []byte) []byte {
	for len(text) > 0 && isSpace(text[0]) {
		text = text[1:]
	}
	for len(text) > 0 && isSpace(text[len(text)-1]) {
		text = text[:len(text)-1]
	}
	return text
}

func isSpace(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }

// AppendFloat appends v as PostgreSQL prints it, the shortest digits that read back the same; size is 32 or 64.
func AppendFloat(dst []byte, v float64, size int) []byte {
	switch {
	case math.IsNaN(v):
		return append(dst, "NaN"...)
	case math.IsInf(v, 1):
		return append(dst, "Infinity"...)
	case math.IsInf(v, -1):
		return append(dst, "-Infinity"...)
	}
	least, limit := 1e-4, 1e15
	if size == 32 {
		least, limit = float64(float32(1e-4)), 1e6
	}
	if a := math.Abs(v); a != 0 && (a < least || a >= limit) {
		return strconv.AppendFloat(dst, v, 'e', -1, size)
	}
	return strconv.AppendFloat(dst, v, 'f', -1, size)
}

// AppendUUID appends u in lower case with hyphens.
func AppendUUID(dst []byte, u batch.UUID) []byte {
	for i, end := range [...]int{4, 6, 8, 10, 16} {
		start := [...]int{0, 4, 6, 8, 10}[i]
		if i > 0 {
			dst = append(dst, '-')
		}
		dst = hex.AppendEncode(dst, u[start:end])
	}
	return dst
}

// AppendText appends row of c, which is not NULL, as PostgreSQL's output functions print it at zone UTC.
func AppendText(dst []byte, c *batch.Column, row int) []byte {
	switch c.Kind() {
	case schema.Text, schema.JSONB:
		return append(dst, c.Bytes(row)...)
	case schema.Bytes:
		return hex.AppendEncode(append(dst, `\x`...), c.Bytes(row))
	case schema.Bool:
		if c.Bits().Get(row) {
			return append(dst, 't')
		}
		return append(dst, 'f')
	case schema.Int16:
		return strconv.AppendInt(dst, int64(c.Int16s()[row]), 10)
	case schema.Int32:
		return strconv.AppendInt(dst, int64(c.Int32s()[row]), 10)
	case schema.Int64:
		return strconv.AppendInt(dst, c.Int64s()[row], 10)
	case schema.Float32:
		return AppendFloat(dst, float64(c.Float32s()[row]), 32)
	case schema.Float64:
		return AppendFloat(dst, c.Float64s()[row], 64)
	case schema.Numeric:
		return AppendDecimal(dst, c.Decimal(row))
	case schema.UUID:
		return AppendUUID(dst, c.UUIDs()[row])
	case schema.Date:
		return temporal.AppendDate(dst, c.Int32s()[row])
	case schema.Time:
		return temporal.AppendTime(dst, c.Int64s()[row])
	case schema.Timestamp:
		return temporal.AppendTimestamp(dst, c.Int64s()[row])
	case schema.TimestampTZ:
		return temporal.AppendTimestampTZ(dst, c.Int64s()[row], nil)
	case schema.Interval:
		return temporal.AppendInterval(dst, c.Intervals()[row])
	case schema.Array:
		return appendArray(dst, c, row)
	case schema.Row:
		return appendRow(dst, c, row)
	default:
		return dst
	}
}
