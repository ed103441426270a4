package builtin

import (
	"bytes"
	"math"
	"unicode"
	"unicode/utf8"

	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sqlstate"
)

const (
	text    = schema.Text
	integer = schema.Int32
)

// maxTextBytes bounds what one call may make of one row: PostgreSQL's limit of an allocation.
const maxTextBytes = 1<<30 - 1

func textFunctions() []Function {
	list := []Function{
		fn("length", integer, charLength, text), fn("char_length", integer, charLength, text), fn("character_length", integer, charLength, text),
		fn("length", integer, octetLength, schema.Bytes), fn("octet_length", integer, octetLength, text), fn("octet_length", integer, octetLength, schema.Bytes),
		fn("bit_length", integer, bitLength, text),
		fn("lower", text, mapCase(AppendLower), text), fn("upper", text, mapCase(toUpper), text), fn("initcap", text, mapCase(toInitcap), text),
		fn("btrim", text, trim(true, true), text, text).optional(1), fn("ltrim", text, trim(true, false), text, text).optional(1),
		fn("rtrim", text, trim(false, true), text, text).optional(1),
		fn("substring", text, substring, text, integer, integer).optional(1), fn("substr", text, substring, text, integer, integer).optional(1),
		fn("left", text, left, text, integer), fn("right", text, right, text, integer),
		fn("lpad", text, pad(true), text, integer, text).optional(1), fn("rpad", text, pad(false), text, integer, text).optional(1),
		fn("replace", text, replace, text, text, text), fn("translate", text, translate, text, text, text),
		fn("split_part", text, splitPart, text, text, integer),
		fn("strpos", integer, position, text, text), fn("position", integer, position, text, text),
		fn("starts_with", schema.Bool, startsWith, text, text), fn("^@", schema.Bool, startsWith, text, text),
		fn("repeat", text, repeat, text, integer), fn("reverse", text, reverse, text),
		fn("ascii", integer, ascii, text), fn("chr", text, chr, integer),
		fn("overlay", text, overlay(utf8.RuneCount, charOffset), text, text, integer, integer).optional(1),
		fn("quote_literal", text, quoteLiteral, text), fn("quote_literal", text, quoteLiteral, Any), fn("to_hex", text, toHex, schema.Int64), fn("to_hex", text, toHex, integer),
	}
	concat := Function{Name: "concat", Params: []schema.Kind{Any}, Variadic: true, Result: schema.Of(text), Volatility: Stable, Eval: concatEval}
	concatWS := Function{Name: "concat_ws", Params: []schema.Kind{text, Any}, Variadic: true, Result: schema.Of(text), Volatility: Stable, Eval: concatWSEval}
	return append(list, concat, concatWS)
}

func isASCII(b []byte) bool {
	for _, c := range b {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// charOffset returns the byte offset of character n of b, len(b) if it has fewer.
func charOffset(b []byte, n int) int {
	at := 0
	for ; n > 0 && at < len(b); n-- {
		_, size := utf8.DecodeRune(b[at:])
		at += size
	}
	return at
}

func charLength(c *Call) {
	out := c.Out.Int32s()
	c.Each(func(i int) { out[i] = int32(utf8.RuneCount(c.Bytes(0, i))) }) //nolint:gosec // at most 1 GiB
}

func octetLength(c *Call) {
	out := c.Out.Int32s()
	c.Each(func(i int) { out[i] = int32(len(c.Bytes(0, i))) }) //nolint:gosec // at most 1 GiB
}

func bitLength(c *Call) {
	out := c.Out.Int32s()
	c.Each(func(i int) { out[i] = int32(8 * len(c.Bytes(0, i))) }) //nolint:gosec // at most 1 GiB
}

// appendRow runs f, which appends the result of a row to the memory of the result column.
func (c *Call) appendRow(row, room int, f func(dst []byte) []byte) {
	if !fits(len(c.Out.OwnBuffer(0).Data), room) {
		c.Fail(row, errBatchText())
		return
	}
	own := c.Out.OwnBuffer(room)
	start := len(own.Data)
	if own.Data = f(own.Data); !fits(len(own.Data), 0) {
		own.Data = own.Data[:start]
		c.Fail(row, errBatchText())
		return
	}
	c.Out.SetOwn(row, start)
}

// fits tells whether room more bytes can be named by the 32 bits of a view.
func fits(have, room int) bool { return have <= math.MaxUint32 && room <= math.MaxUint32-have }

func errBatchText() *sqlstate.Error {
	return sqlstate.New(sqlstate.ProgramLimitExceeded, "the results of one batch take more than 4 GiB")
}

func mapCase(f func(dst, b []byte) []byte) func(*Call) {
	return func(c *Call) {
		c.Each(func(i int) {
			b := c.Bytes(0, i)
			own := c.Out.OwnBuffer(len(b) + 4)
			start := len(own.Data)
			own.Data = f(own.Data, b)
			c.Out.SetOwn(i, start)
		})
	}
}

// AppendLower appends text in lower case: Unicode's, one character for one, whatever the language.
func AppendLower(dst, b []byte) []byte {
	for i, ch := range b {
		if ch >= utf8.RuneSelf {
			return appendRunes(dst, b[i:], unicode.ToLower)
		}
		if ch >= 'A' && ch <= 'Z' {
			ch += 'a' - 'A'
		}
		dst = append(dst, ch)
	}
	return dst
}

func toUpper(dst, b []byte) []byte {
	for i, ch := range b {
		if ch >= utf8.RuneSelf {
			return appendRunes(dst, b[i:], unicode.ToUpper)
		}
		if ch >= 'a' && ch <= 'z' {
			ch -= 'a' - 'A'
		}
		dst = append(dst, ch)
	}
	return dst
}

func appendRunes(dst, b []byte, f func(rune) rune) []byte {
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		dst = utf8.AppendRune(dst, f(r))
		b = b[n:]
	}
	return dst
}

func toInitcap(dst, b []byte) []byte {
	word := false
	return appendRunes(dst, b, func(r rune) rune {
		if word {
			r = unicode.ToLower(r)
		} else {
			r = unicode.ToUpper(r)
		}
		word = unicode.IsLetter(r) || unicode.IsDigit(r)
		return r
	})
}

func trim(front, back bool) func(*Call) {
	return func(c *Call) {
		c.Out.ShareBuffers(c.Args[0].Col)
		c.Each(func(i int) {
			b := c.Bytes(0, i)
			set := []byte(" ")
			if len(c.Args) > 1 {
				set = c.Bytes(1, i)
			}
			lo, hi := trimBounds(b, set, front, back)
			c.Out.SetSub(i, c.Args[0].Col, c.Args[0].At(i), lo, hi)
		})
	}
}

func trimBounds(b, set []byte, front, back bool) (lo, hi int) {
	hi = len(b)
	for front && lo < hi {
		r, n := utf8.DecodeRune(b[lo:])
		if !bytes.ContainsRune(set, r) {
			break
		}
		lo += n
	}
	for back && lo < hi {
		r, n := utf8.DecodeLastRune(b[lo:hi])
		if !bytes.ContainsRune(set, r) {
			break
		}
		hi -= n
	}
	return lo, hi
}

// sub makes row i a part of argument 0.
func (c *Call) sub(i, lo, hi int) { c.Out.SetSub(i, c.Args[0].Col, c.Args[0].At(i), lo, hi) }

func substring(c *Call) {
	c.Out.ShareBuffers(c.Args[0].Col)
	c.Each(func(i int) {
		b := c.Bytes(0, i)
		start, end := int64(c.Int32(1, i)), int64(len(b))+1
		if len(c.Args) > 2 {
			n := int64(c.Int32(2, i))
			if n < 0 {
				c.Fail(i, sqlstate.New(sqlstate.SubstringError, "negative substring length not allowed"))
				return
			}
			end = start + n
		}
		lo, hi := max(start-1, 0), max(end-1, 0)
		hi = min(hi, int64(len(b)))
		if lo >= hi {
			c.sub(i, 0, 0)
			return
		}
		if isASCII(b[:hi]) {
			c.sub(i, int(lo), int(hi))
			return
		}
		from := charOffset(b, int(lo))
		c.sub(i, from, from+charOffset(b[from:], int(hi-lo)))
	})
}

func left(c *Call) {
	c.Out.ShareBuffers(c.Args[0].Col)
	c.Each(func(i int) {
		b, n := c.Bytes(0, i), int(c.Int32(1, i))
		if n < 0 {
			n = max(utf8.RuneCount(b)+n, 0)
		}
		c.sub(i, 0, charOffset(b, n))
	})
}

func right(c *Call) {
	c.Out.ShareBuffers(c.Args[0].Col)
	c.Each(func(i int) {
		b, n := c.Bytes(0, i), int(c.Int32(1, i))
		skip := int(-c.Int32(1, i)) // PostgreSQL's negation in 32 bits, too, leaves the least number negative
		if n >= 0 {
			skip = utf8.RuneCount(b) - n
		}
		c.sub(i, charOffset(b, max(skip, 0)), len(b))
	})
}

func tooLarge() *sqlstate.Error {
	return sqlstate.New(sqlstate.ProgramLimitExceeded, "requested length too large")
}

func pad(front bool) func(*Call) {
	return func(c *Call) {
		c.Each(func(i int) {
			b, n := c.Bytes(0, i), max(int(c.Int32(1, i)), 0)
			fill := []byte(" ")
			if len(c.Args) > 2 {
				fill = c.Bytes(2, i)
			}
			chars := utf8.RuneCount(b)
			if n > maxTextBytes/4 {
				c.Fail(i, tooLarge())
				return
			}
			if chars >= n || len(fill) == 0 {
				c.Out.SetBytes(i, b[:charOffset(b, n)])
				return
			}
			c.appendRow(i, len(b)+(n-chars)*4, func(dst []byte) []byte {
				if !front {
					dst = append(dst, b...)
				}
				dst = appendFill(dst, fill, n-chars)
				if front {
					dst = append(dst, b...)
				}
				return dst
			})
		})
	}
}

func appendFill(dst, fill []byte, chars int) []byte {
	for at := 0; chars > 0; chars-- {
		_, size := utf8.DecodeRune(fill[at:])
		dst = append(dst, fill[at:at+size]...)
		if at += size; at == len(fill) {
			at = 0
		}
	}
	return dst
}

func replace(c *Call) {
	c.Each(func(i int) {
		b, from, to := c.Bytes(0, i), c.Bytes(1, i), c.Bytes(2, i)
		if len(from) == 0 || !bytes.Contains(b, from) {
			c.Out.SetBytes(i, b)
			return
		}
		c.appendRow(i, len(b), func(dst []byte) []byte {
			for {
				at := bytes.Index(b, from)
				if at < 0 {
					return append(dst, b...)
				}
				dst = append(append(dst, b[:at]...), to...)
				b = b[at+len(from):]
			}
		})
	})
}

func translate(c *Call) {
	c.Each(func(i int) {
		b, from, to := c.Bytes(0, i), []rune(string(c.Bytes(1, i))), []rune(string(c.Bytes(2, i)))
		c.appendRow(i, len(b), func(dst []byte) []byte {
			for _, r := range string(b) {
				at := indexRune(from, r)
				if at < 0 {
					dst = utf8.AppendRune(dst, r)
				} else if at < len(to) {
					dst = utf8.AppendRune(dst, to[at])
				}
			}
			return dst
		})
	})
}

func indexRune(set []rune, r rune) int {
	for i, s := range set {
		if s == r {
			return i
		}
	}
	return -1
}

func splitPart(c *Call) {
	c.Out.ShareBuffers(c.Args[0].Col)
	c.Each(func(i int) {
		n := int(c.Int32(2, i))
		if n == 0 {
			c.Fail(i, sqlstate.New(sqlstate.InvalidParameterValue, "field position must not be zero"))
			return
		}
		lo, hi := splitBounds(c.Bytes(0, i), c.Bytes(1, i), n)
		c.sub(i, lo, hi)
	})
}

// splitBounds returns where field n of b lies, counted from the end if n is negative; an empty range if there is none.
func splitBounds(b, sep []byte, n int) (lo, hi int) {
	if len(sep) == 0 {
		if n == 1 || n == -1 {
			return 0, len(b)
		}
		return 0, 0
	}
	if n < 0 {
		if n += bytes.Count(b, sep) + 2; n <= 0 {
			return 0, 0
		}
	}
	for ; ; n-- {
		at := bytes.Index(b[lo:], sep)
		switch {
		case at < 0 && n == 1:
			return lo, len(b)
		case at < 0:
			return 0, 0
		case n == 1:
			return lo, lo + at
		}
		lo += at + len(sep)
	}
}

func position(c *Call) {
	out := c.Out.Int32s()
	c.Each(func(i int) {
		b := c.Bytes(0, i)
		at := bytes.Index(b, c.Bytes(1, i))
		if at > 0 {
			at = utf8.RuneCount(b[:at])
		}
		out[i] = int32(at + 1) //nolint:gosec // at most 1 GiB
	})
}

func startsWith(c *Call) {
	out := c.Out.Bits()
	c.Each(func(i int) { out.Put(i, bytes.HasPrefix(c.Bytes(0, i), c.Bytes(1, i))) })
}

func repeat(c *Call) {
	c.Each(func(i int) {
		b, n := c.Bytes(0, i), max(int(c.Int32(1, i)), 0)
		if n > 0 && len(b) > maxTextBytes/n {
			c.Fail(i, tooLarge())
			return
		}
		c.appendRow(i, len(b)*n, func(dst []byte) []byte {
			for range n {
				dst = append(dst, b...)
			}
			return dst
		})
	})
}

func reverse(c *Call) {
	c.Each(func(i int) {
		b := c.Bytes(0, i)
		c.appendRow(i, len(b), func(dst []byte) []byte {
			for len(b) > 0 {
				_, n := utf8.DecodeLastRune(b)
				dst = append(dst, b[len(b)-n:]...)
				b = b[:len(b)-n]
			}
			return dst
		})
	})
}

func ascii(c *Call) {
	out := c.Out.Int32s()
	c.Each(func(i int) {
		out[i] = 0
		if b := c.Bytes(0, i); len(b) > 0 {
			out[i], _ = utf8.DecodeRune(b)
		}
	})
}

func chr(c *Call) {
	c.Each(func(i int) {
		r := c.Int32(0, i)
		switch {
		case r == 0:
			c.Fail(i, sqlstate.New(sqlstate.ProgramLimitExceeded, "null character not permitted"))
		case r < 0:
			c.Fail(i, sqlstate.New(sqlstate.InvalidParameterValue, "character number must be positive"))
		case r > unicode.MaxRune:
			c.Fail(i, sqlstate.Errorf(sqlstate.ProgramLimitExceeded, "requested character too large for encoding: %d", r))
		case !utf8.ValidRune(r):
			c.Fail(i, sqlstate.Errorf(sqlstate.ProgramLimitExceeded, "requested character not valid for encoding: %d", r))
		default:
			c.Out.SetBytes(i, utf8.AppendRune(nil, r))
		}
	})
}

// overlay is for text, whose units are characters, and for bytes: count says how many units there are, offset where unit n begins.
func overlay(count func([]byte) int, offset func(b []byte, n int) int) func(*Call) {
	return func(c *Call) {
		c.Each(func(i int) {
			b, with, start := c.Bytes(0, i), c.Bytes(1, i), int(c.Int32(2, i))
			n := count(with)
			if len(c.Args) > 3 {
				n = int(c.Int32(3, i))
			}
			switch {
			case start <= 0:
				c.Fail(i, sqlstate.New(sqlstate.SubstringError, "negative substring length not allowed"))
				return
			case start+n > math.MaxInt32:
				c.Fail(i, sqlstate.New(sqlstate.NumericValueOutOfRange, "integer out of range"))
				return
			}
			head, tail := offset(b, start-1), offset(b, max(start-1+n, 0))
			c.appendRow(i, len(b)+len(with), func(dst []byte) []byte {
				return append(append(append(dst, b[:head]...), with...), b[tail:]...)
			})
		})
	}
}

func quoteLiteral(c *Call) {
	c.Each(func(i int) {
		b := c.castText(0, i)
		c.appendRow(i, len(b)+3, func(dst []byte) []byte { return appendLiteral(dst, b) })
	})
}

func toHex(c *Call) {
	const digits = "0123456789abcdef"
	narrow := c.Args[0].Col.Kind() == integer
	c.Each(func(i int) {
		var v uint64
		if narrow {
			v = uint64(uint32(c.Int32(0, i))) //nolint:gosec // two's complement is what PostgreSQL shows
		} else {
			v = uint64(c.Int64(0, i)) //nolint:gosec // so here
		}
		var buf [16]byte
		at := len(buf)
		for ok := true; ok; ok = v != 0 {
			at--
			buf[at] = digits[v&15]
			v >>= 4
		}
		c.Out.SetBytes(i, buf[at:])
	})
}

func concatEval(c *Call) {
	c.Each(func(i int) {
		c.appendRow(i, 64, func(dst []byte) []byte {
			for _, a := range c.Args {
				if !a.IsNull(i) {
					dst = AppendValue(dst, a.Col, a.At(i))
				}
			}
			return dst
		})
	})
}

func concatWSEval(c *Call) {
	c.Each(func(i int) {
		if c.Args[0].IsNull(i) {
			c.Out.SetNull(i)
			return
		}
		c.appendRow(i, 64, func(dst []byte) []byte {
			first := true
			for _, a := range c.Args[1:] {
				if a.IsNull(i) {
					continue
				}
				if !first {
					dst = append(dst, c.Bytes(0, i)...)
				}
				first = false
				dst = AppendValue(dst, a.Col, a.At(i))
			}
			return dst
		})
	})
}
