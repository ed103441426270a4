package builtin

import (
	"bytes"
	"strconv"
	"unicode/utf8"

	"wire.example/wire/internal/expr/ast"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sqlstate"
)

func formatFunctions() []Function {
	return []Function{
		fn("||", text, concatText, text, text), fn("||", text, concatText, text, NonArray), fn("||", text, concatText, NonArray, text),
		fn("format", text, formatEval, text, Any).optional(1).variadic().called(),
		fn("quote_ident", text, quoteIdent, text),
		fn("quote_nullable", text, quoteNullable, text).called(), fn("quote_nullable", text, quoteNullable, Any).called(),
	}
}

func concatText(c *Call) {
	isText := [2]bool{c.Args[0].Col.Kind() == schema.Text, c.Args[1].Col.Kind() == schema.Text}
	c.Each(func(i int) {
		room := 64
		for k := range isText {
			if isText[k] {
				room += len(c.Bytes(k, i))
			}
		}
		c.appendRow(i, room, func(dst []byte) []byte {
			for k := range isText {
				if isText[k] {
					dst = append(dst, c.Bytes(k, i)...)
				} else {
					dst = c.appendCast(dst, k, i)
				}
			}
			return dst
		})
	})
}

// appendCast appends argument k as a cast to TEXT makes it: as AppendValue, but that true and false are spelled out.
func (c *Call) appendCast(dst []byte, k, i int) []byte {
	if c.Args[k].Col.Kind() == schema.Bool {
		return strconv.AppendBool(dst, c.Bool(k, i))
	}
	return AppendValue(dst, c.Args[k].Col, c.Args[k].At(i))
}

// castText returns argument k as text, lent with it or in new memory.
func (c *Call) castText(k, i int) []byte {
	if c.Args[k].Col.Kind() == schema.Text {
		return c.Bytes(k, i)
	}
	return c.appendCast(nil, k, i)
}

func quoteIdent(c *Call) {
	c.Each(func(i int) {
		b := c.Bytes(0, i)
		c.appendRow(i, len(b)+2, func(dst []byte) []byte { return appendIdent(dst, b) })
	})
}

// appendIdent appends b as an identifier, in quotes unless it is plain and no keyword that needs them.
func appendIdent(dst, b []byte) []byte {
	plain := len(b) > 0 && (b[0] >= 'a' && b[0] <= 'z' || b[0] == '_')
	for _, ch := range b {
		plain = plain && (ch >= 'a' && ch <= 'z' || ch == '_' || ch >= '0' && ch <= '9')
	}
	if plain && ast.LookupKeyword(string(b)).Class <= ast.Unreserved {
		return append(dst, b...)
	}
	dst = append(dst, '"')
	for _, ch := range b {
		if ch == '"' {
			dst = append(dst, '"')
		}
		dst = append(dst, ch)
	}
	return append(dst, '"')
}

func quoteNullable(c *Call) {
	c.Each(func(i int) {
		if c.Args[0].IsNull(i) {
			c.Out.SetBytes(i, []byte("NULL"))
			return
		}
		b := c.castText(0, i)
		c.appendRow(i, len(b)+3, func(dst []byte) []byte { return appendLiteral(dst, b) })
	})
}

// appendLiteral appends b as a string literal.
func appendLiteral(dst, b []byte) []byte {
	if bytes.IndexByte(b, '\\') >= 0 {
		dst = append(dst, 'E')
	}
	dst = append(dst, '\'')
	for _, ch := range b {
		if ch == '\'' || ch == '\\' {
			dst = append(dst, ch)
		}
		dst = append(dst, ch)
	}
	return append(dst, '\'')
}

func formatEval(c *Call) {
	c.Each(func(i int) {
		if c.Args[0].IsNull(i) {
			c.Out.SetNull(i)
			return
		}
		f := formatter{call: c, row: i, in: c.Bytes(0, i), next: 1}
		own := c.Out.OwnBuffer(len(f.in) + 64)
		start := len(own.Data)
		data := f.run(own.Data)
		if f.bad != nil {
			own.Data = own.Data[:start]
			c.Fail(i, f.bad)
			return
		}
		own.Data = data
		c.Out.SetOwn(i, start)
	})
}

// formatter carries out one format string.
type formatter struct {
	call *Call
	row  int
	in   []byte
	next int // the argument that a plain %s takes
	bad  *sqlstate.Error
}

func (f *formatter) fail(format string, args ...any) {
	if f.bad == nil {
		f.bad = sqlstate.Errorf(sqlstate.InvalidParameterValue, format, args...)
	}
}

func (f *formatter) run(dst []byte) []byte {
	for f.bad == nil {
		n := bytes.IndexByte(f.in, '%')
		if n < 0 {
			return append(dst, f.in...)
		}
		dst = append(dst, f.in[:n]...)
		if f.in = f.in[n+1:]; len(f.in) > 0 && f.in[0] == '%' {
			dst = append(dst, '%')
			f.in = f.in[1:]
			continue
		}
		dst = f.specifier(dst)
	}
	return dst
}

// specifier carries out what follows a percent sign: [position$][-][width]type.
func (f *formatter) specifier(dst []byte) []byte {
	position, width, leftAligned := 0, 0, false
	if n, ok := f.number(); ok {
		if f.take('$') {
			if position = n; position == 0 {
				f.fail("format specifies argument 0, but arguments are numbered from 1")
				return dst
			}
		} else {
			width = n
		}
	}
	if width == 0 {
		for f.take('-') {
			leftAligned = true
		}
		if f.take('*') {
			width = f.starWidth()
			if width < 0 {
				leftAligned, width = true, -width
			}
		} else if n, ok := f.number(); ok {
			width = n
		}
	}
	if f.bad == nil && len(f.in) == 0 {
		f.fail("unterminated format() type specifier")
		f.bad = f.bad.WithHint("For a single \"%\" use \"%%\".")
	}
	if f.bad != nil {
		return dst
	}
	kind, size := utf8.DecodeRune(f.in)
	f.in = f.in[size:]
	if kind != 's' && kind != 'I' && kind != 'L' {
		f.fail("unrecognized format() type specifier \"%c\"", kind)
		f.bad = f.bad.WithHint("For a single \"%\" use \"%%\".")
		return dst
	}
	arg, ok := f.argument(position)
	if !ok {
		return dst
	}
	start := len(dst)
	dst = f.value(dst, kind, arg)
	return padTo(dst, start, width, leftAligned)
}

func (f *formatter) take(c byte) bool {
	if len(f.in) == 0 || f.in[0] != c {
		return false
	}
	f.in = f.in[1:]
	return true
}

func (f *formatter) number() (n int, ok bool) {
	for len(f.in) > 0 && f.in[0]-'0' <= 9 {
		if n = n*10 + int(f.in[0]-'0'); n > maxTextBytes {
			f.bad = sqlstate.New(sqlstate.NumericValueOutOfRange, "number is out of range")
			return 0, false
		}
		f.in, ok = f.in[1:], true
	}
	return n, ok
}

// argument returns the number of the argument at position, or of the next.
func (f *formatter) argument(position int) (k int, ok bool) {
	if position == 0 {
		position = f.next
	}
	f.next = position + 1
	if position >= len(f.call.Args) {
		f.fail("too few arguments for format()")
		return 0, false
	}
	return position, true
}

func (f *formatter) starWidth() int {
	position := 0
	if n, ok := f.number(); ok {
		if !f.take('$') {
			f.fail("width argument position must be ended by \"$\"")
			return 0
		}
		position = n
	}
	k, ok := f.argument(position)
	if !ok || f.call.Args[k].IsNull(f.row) {
		return 0
	}
	shown := AppendValue(nil, f.call.Args[k].Col, f.call.Args[k].At(f.row))
	n, err := strconv.ParseInt(string(shown), 10, 31)
	if err != nil {
		f.bad = sqlstate.Errorf(sqlstate.InvalidTextRepresentation, "invalid input syntax for type integer: \"%s\"", shown)
	}
	return int(n)
}

func (f *formatter) value(dst []byte, kind rune, k int) []byte {
	arg := f.call.Args[k]
	if arg.IsNull(f.row) {
		switch kind {
		case 'I':
			f.bad = sqlstate.New(sqlstate.NullValueNotAllowed, "null values cannot be formatted as an SQL identifier")
		case 'L':
			return append(dst, "NULL"...)
		}
		return dst
	}
	start := len(dst)
	dst = AppendValue(dst, arg.Col, arg.At(f.row))
	switch kind {
	case 'I':
		return appendIdent(dst[:start], bytes.Clone(dst[start:]))
	case 'L':
		return appendLiteral(dst[:start], bytes.Clone(dst[start:]))
	}
	return dst
}

// padTo pads what follows start to width characters.
func padTo(dst []byte, start, width int, leftAligned bool) []byte {
	missing := width - utf8.RuneCount(dst[start:])
	if missing <= 0 {
		return dst
	}
	dst = append(dst, bytes.Repeat([]byte(" "), missing)...)
	if !leftAligned {
		copy(dst[start+missing:], dst[start:])
		for i := range missing {
			dst[start+i] = ' '
		}
	}
	return dst
}
