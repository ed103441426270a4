package eval

import (
	"bytes"
	"strconv"
	"unicode/utf8"

	"wire.example/wire/internal/expr/builtin"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/numeric"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sqlstate"
	"wire.example/wire/sdk/temporal"
)

// castToText writes values as PostgreSQL's output functions do, but for true and false, which a cast spells out.
func castToText(from, to schema.Type, explicit bool) kernel {
	if from.Kind == schema.Text {
		return fitVarchar(to, explicit)
	}
	if from.Kind.IsInteger() && to.Length == 0 {
		return writeIntegers(from.Kind)
	}
	write := writerOf(from)
	return func(c *builtin.Call) {
		a := c.Args[0].Col
		live(c, func(row int) {
			own := c.Out.OwnBuffer(64)
			start := len(own.Data)
			own.Data = write(own.Data, a, row)
			if to.Length > 0 {
				text, bad := fitText(own.Data[start:], to, explicit)
				if bad != nil {
					c.Fail(row, bad)
					return
				}
				own.Data = own.Data[:start+len(text)]
			}
			c.Out.SetOwn(row, start)
		})
	}
}

// integerText is the most bytes that an integer takes.
const integerText = 20

func writeIntegers(from schema.Kind) kernel {
	switch from {
	case schema.Int16:
		return writeInts[int16]
	case schema.Int32:
		return writeInts[int32]
	default:
		return writeInts[int64]
	}
}

func writeInts[T integer](c *builtin.Call) {
	a := batch.Values[T](c.Args[0].Col)
	rows := c.Rows
	if c.Sel != nil {
		rows = len(c.Sel)
	}
	own := c.Out.OwnBuffer(integerText * rows)
	live(c, func(row int) {
		start := len(own.Data)
		own.Data = strconv.AppendInt(own.Data, int64(a[row]), 10)
		c.Out.SetOwn(row, start)
	})
}

func writerOf(from schema.Type) func(dst []byte, c *batch.Column, row int) []byte {
	switch from.Kind {
	case schema.Bool:
		return func(dst []byte, c *batch.Column, row int) []byte {
			if c.Bits().Get(row) {
				return append(dst, "true"...)
			}
			return append(dst, "false"...)
		}
	case schema.Array, schema.Row:
		return appendNested
	default:
		return codec.AppendText
	}
}

// fitText makes text fit VARCHAR(n): an explicit cast cuts it, any other only drops spaces.
func fitText(text []byte, to schema.Type, explicit bool) ([]byte, *sqlstate.Error) {
	if !explicit {
		return codec.FitVarchar(text, to)
	}
	if len(text) <= int(to.Length) {
		return text, nil
	}
	end := 0
	for n := to.Length; n > 0 && end < len(text); n-- {
		_, size := utf8.DecodeRune(text[end:])
		end += size
	}
	return text[:end], nil
}

func fitVarchar(to schema.Type, explicit bool) kernel {
	return func(c *builtin.Call) {
		a := c.Args[0].Col
		if to.Length == 0 {
			copyRows(c.Out, c.Args[0], c.Sel)
			return
		}
		c.Out.ShareBuffers(a)
		live(c, func(row int) {
			text, bad := fitText(a.Bytes(row), to, explicit)
			if bad != nil {
				c.Fail(row, bad)
				return
			}
			c.Out.SetSub(row, a, row, 0, len(text))
		})
	}
}

// castFromText reads text as PostgreSQL's input functions do.
func castFromText(to schema.Type) kernel {
	read := readerOf(to)
	if read == nil {
		return nil
	}
	return func(c *builtin.Call) {
		a := c.Args[0].Col
		live(c, func(row int) {
			if bad := read(c.Out, row, a.Bytes(row)); bad != nil {
				c.Fail(row, bad)
			}
		})
	}
}

func readerOf(to schema.Type) func(out *batch.Column, row int, text []byte) *sqlstate.Error {
	switch to.Kind {
	case schema.Int16, schema.Int32, schema.Int64:
		return readInteger
	case schema.Timestamp:
		return readTimestamp
	case schema.JSONB:
		return readJSON
	case schema.Bytes:
		return builtin.SetBytea
	case schema.Array, schema.Row, schema.Null:
		return nil
	default:
		return codec.SetText
	}
}

// readInteger reads plain digits itself.
func readInteger(out *batch.Column, row int, text []byte) *sqlstate.Error {
	digits := text
	negative := len(digits) > 0 && digits[0] == '-'
	if negative {
		digits = digits[1:]
	}
	if len(digits) == 0 || len(digits) > 18 {
		return codec.SetText(out, row, text)
	}
	var v int64
	for _, ch := range digits {
		if ch < '0' || ch > '9' {
			return codec.SetText(out, row, text)
		}
		v = v*10 + int64(ch-'0')
	}
	if negative {
		v = -v
	}
	if !codec.PutInteger(out, row, v) {
		return codec.ErrRange(out.Type(), text)
	}
	return nil
}

// readTimestamp ignores an offset, unlike a decoder.
func readTimestamp(out *batch.Column, row int, text []byte) *sqlstate.Error {
	v, err := temporal.ParseTimestamp(text)
	if err != nil {
		return codec.AsSQLState(err)
	}
	out.Int64s()[row] = v
	return nil
}

func readJSON(out *batch.Column, row int, text []byte) *sqlstate.Error {
	own := out.OwnBuffer(len(text) + len(text)/2)
	start := len(own.Data)
	data, bad := builtin.CanonicalJSON(own.Data, text)
	if bad != nil {
		own.Data = own.Data[:start]
		return bad
	}
	own.Data = data
	out.SetOwn(row, start)
	return nil
}

// castFromJSON takes a JSON number or truth value for one of SQL's.
func castFromJSON(to schema.Type) kernel {
	var number *batch.Column // one row, to go from NUMERIC to the type asked for
	var narrow kernel
	if to.Kind.IsNumber() {
		number = batch.NewColumn(&batch.Pool{}, schema.Of(schema.Numeric))
		number.Reset(1)
		narrow = castNumeric(to)
	}
	return func(c *builtin.Call) {
		a := c.Args[0].Col
		var errs builtin.Errors
		live(c, func(row int) {
			text := a.Bytes(row)
			kind := jsonKind(text)
			switch {
			case to.Kind == schema.Bool && kind == "boolean":
				c.Out.Bits().Put(row, text[0] == 't')
			case to.Kind.IsNumber() && kind == "numeric":
				d, bad := codec.ParseDecimal(text)
				if bad != nil {
					c.Fail(row, bad)
					return
				}
				castOne(c, row, d, number, narrow, &errs)
			default:
				c.Fail(row, sqlstate.Errorf(sqlstate.InvalidParameterValue, "cannot cast jsonb %s to type %s", kind, to.PgName()))
			}
		})
	}
}

func castOne(c *builtin.Call, row int, d numeric.Decimal, number *batch.Column, narrow kernel, errs *builtin.Errors) {
	number.SetScale(0)
	number.SetDecimal(0, d)
	errs.Reset()
	one := builtin.Call{Args: []builtin.Arg{{Col: number}}, Rows: 1, Out: batch.NewColumn(&batch.Pool{}, c.Out.Type()), Errs: errs}
	one.Out.Reset(1)
	narrow(&one)
	if errs.Len() > 0 {
		c.Fail(row, errs.Errs[0])
		return
	}
	c.Out.CopyRow(row, one.Out, 0)
}

// jsonKind names the kind of a canonical JSON value as PostgreSQL's messages do.
func jsonKind(text []byte) string {
	switch {
	case len(text) == 0:
		return "null"
	case text[0] == '{':
		return "object"
	case text[0] == '[':
		return "array"
	case text[0] == '"':
		return "string"
	case text[0] == 't', text[0] == 'f':
		return "boolean"
	case bytes.Equal(text, []byte("null")):
		return "null"
	default:
		return "numeric"
	}
}
