package builtin

import (
	"bytes"
	"crypto/md5" //nolint:gosec // SQL's md5, not a protection
	"crypto/rand"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"math/bits"

	"github.com/zeebo/xxh3"

	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sqlstate"
)

func bytesFunctions() []Function {
	const bytea, bigint = schema.Bytes, schema.Int64
	return []Function{
		fn("||", bytea, concatBytes, bytea, bytea),
		fn("encode", text, encode, bytea, text), fn("decode", bytea, decode, text, text),
		fn("convert_to", bytea, convertTo, text, text), fn("convert_from", text, convertFrom, bytea, text),
		fn("btrim", bytea, trimBytea(true, true), bytea, bytea), fn("ltrim", bytea, trimBytea(true, false), bytea, bytea),
		fn("rtrim", bytea, trimBytea(false, true), bytea, bytea),
		fn("substring", bytea, substringBytea, bytea, integer, integer).optional(1), fn("substr", bytea, substringBytea, bytea, integer, integer).optional(1),
		fn("position", integer, positionBytea, bytea, bytea),
		fn("overlay", bytea, overlay(func(b []byte) int { return len(b) }, func(b []byte, n int) int { return min(n, len(b)) }),
			bytea, bytea, integer, integer).optional(1),
		fn("get_byte", integer, getByte, bytea, integer), fn("set_byte", bytea, setByte, bytea, integer, integer),
		fn("bit_count", bigint, bitCount, bytea), fn("bit_length", integer, bitLength, bytea),
		fn("md5", text, md5Hex, text), fn("md5", text, md5Hex, bytea),
		fn("sha224", bytea, hashWith(func(dst, b []byte) []byte { h := sha256.Sum224(b); return append(dst, h[:]...) }), bytea),
		fn("sha256", bytea, hashWith(func(dst, b []byte) []byte { h := sha256.Sum256(b); return append(dst, h[:]...) }), bytea),
		fn("sha384", bytea, hashWith(func(dst, b []byte) []byte { h := sha512.Sum384(b); return append(dst, h[:]...) }), bytea),
		fn("sha512", bytea, hashWith(func(dst, b []byte) []byte { h := sha512.Sum512(b); return append(dst, h[:]...) }), bytea),
		fn("xxh3", bigint, xxh3Hash, text), fn("xxh3", bigint, xxh3Hash, bytea),
		fn("gen_random_uuid", schema.UUID, randomUUID).volatile(),
	}
}

func concatBytes(c *Call) {
	c.Each(func(i int) {
		a, b := c.Bytes(0, i), c.Bytes(1, i)
		c.appendRow(i, len(a)+len(b), func(dst []byte) []byte { return append(append(dst, a...), b...) })
	})
}

func hashWith(f func(dst, b []byte) []byte) func(*Call) {
	return func(c *Call) {
		c.Each(func(i int) {
			b := c.Bytes(0, i)
			c.appendRow(i, 64, func(dst []byte) []byte { return f(dst, b) })
		})
	}
}

func md5Hex(c *Call) {
	c.Each(func(i int) {
		sum := md5.Sum(c.Bytes(0, i)) //nolint:gosec // SQL's md5, not a protection
		c.appendRow(i, 32, func(dst []byte) []byte { return hex.AppendEncode(dst, sum[:]) })
	})
}

func xxh3Hash(c *Call) {
	out := c.Out.Int64s()
	c.Each(func(i int) { out[i] = int64(xxh3.Hash(c.Bytes(0, i))) }) //nolint:gosec // all 64 bits
}

// randomUUID makes version 4 UUIDs.
func randomUUID(c *Call) {
	out := c.Out.UUIDs()
	c.Each(func(i int) {
		var u batch.UUID
		_, _ = rand.Read(u[:]) // never fails: see its documentation
		u[6], u[8] = u[6]&0x0f|0x40, u[8]&0x3f|0x80
		out[i] = u
	})
}

func errEncodingName(name []byte) *sqlstate.Error {
	return sqlstate.Errorf(sqlstate.InvalidParameterValue, "unrecognized encoding: \"%s\"", codec.Shown(name))
}

func encode(c *Call) {
	c.Each(func(i int) {
		b, name := c.Bytes(0, i), c.Bytes(1, i)
		var f func(dst, b []byte) []byte
		switch string(bytes.ToLower(name)) {
		case "hex":
			f = hex.AppendEncode
		case "base64":
			f = appendBase64
		case "escape":
			f = appendByteaEscape
		default:
			c.Fail(i, errEncodingName(name))
			return
		}
		c.appendRow(i, 2*len(b)+4, func(dst []byte) []byte { return f(dst, b) })
	})
}

// appendBase64 breaks lines after 76 characters, as MIME does.
func appendBase64(dst, b []byte) []byte {
	const lineBytes = 57
	for len(b) > lineBytes {
		dst = append(base64.StdEncoding.AppendEncode(dst, b[:lineBytes]), '\n')
		b = b[lineBytes:]
	}
	return base64.StdEncoding.AppendEncode(dst, b)
}

func appendByteaEscape(dst, b []byte) []byte {
	for _, ch := range b {
		switch {
		case ch == '\\':
			dst = append(dst, `\\`...)
		case ch == 0 || ch >= 0x80:
			dst = append(dst, '\\', '0'+ch>>6, '0'+ch>>3&7, '0'+ch&7)
		default:
			dst = append(dst, ch)
		}
	}
	return dst
}

func decode(c *Call) {
	c.Each(func(i int) {
		b, name := c.Bytes(0, i), c.Bytes(1, i)
		own := c.Out.OwnBuffer(len(b) + 4)
		start := len(own.Data)
		data, bad := appendDecoded(own.Data, b, name)
		if bad != nil {
			c.Fail(i, bad)
			return
		}
		own.Data = data
		c.Out.SetOwn(i, start)
	})
}

func appendDecoded(dst, b, name []byte) ([]byte, *sqlstate.Error) {
	switch string(bytes.ToLower(name)) {
	case "hex":
		return appendHexDecoded(dst, b)
	case "base64":
		return appendBase64Decoded(dst, b)
	case "escape":
		out, ok := appendUnescaped(dst, b)
		if !ok {
			return dst, sqlstate.New(sqlstate.InvalidTextRepresentation, "invalid input syntax for type bytea")
		}
		return out, nil
	}
	return dst, errEncodingName(name)
}

// appendBase64Decoded passes over white space.
func appendBase64Decoded(dst, b []byte) ([]byte, *sqlstate.Error) {
	digits, n, pad := uint32(0), 0, 0
	for at, ch := range b {
		var v uint32
		switch {
		case ch == ' ' || ch == '\t' || ch == '\n' || ch == '\r':
			continue
		case ch >= 'A' && ch <= 'Z':
			v = uint32(ch - 'A')
		case ch >= 'a' && ch <= 'z':
			v = uint32(ch - 'a' + 26)
		case ch >= '0' && ch <= '9':
			v = uint32(ch - '0' + 52)
		case ch == '+':
			v = 62
		case ch == '/':
			v = 63
		case ch == '=':
			if n < 2 && pad == 0 {
				return dst, sqlstate.New(sqlstate.InvalidParameterValue, "unexpected \"=\" while decoding base64 sequence")
			}
			pad++
		default:
			return dst, sqlstate.Errorf(sqlstate.InvalidParameterValue, "invalid symbol \"%s\" found while decoding base64 sequence", firstChar(b[at:]))
		}
		digits, n = digits<<6|v, n+1
		if n == 4 {
			group := [3]byte{byte(digits >> 16), byte(digits >> 8), byte(digits)}
			dst = append(dst, group[:3-min(pad, 2)]...)
			digits, n, pad = 0, 0, 0
		}
	}
	if n > 0 {
		return dst, sqlstate.New(sqlstate.InvalidParameterValue, "invalid base64 end sequence").
			WithHint("Input data is missing padding, is truncated, or is otherwise corrupted.")
	}
	return dst, nil
}

func isUTF8Name(name []byte) bool {
	switch string(bytes.ToUpper(name)) {
	case "UTF8", "UTF-8", "UNICODE":
		return true
	}
	return false
}

func convertTo(c *Call) {
	c.Each(func(i int) {
		if !isUTF8Name(c.Bytes(1, i)) {
			c.Fail(i, errOtherEncoding("destination", c.Bytes(1, i)))
			return
		}
		c.Out.SetBytes(i, c.Bytes(0, i))
	})
}

func convertFrom(c *Call) {
	c.Each(func(i int) {
		if !isUTF8Name(c.Bytes(1, i)) {
			c.Fail(i, errOtherEncoding("source", c.Bytes(1, i)))
			return
		}
		if bad := codec.CheckText(c.Bytes(0, i)); bad != nil {
			c.Fail(i, bad)
			return
		}
		c.Out.SetBytes(i, c.Bytes(0, i))
	})
}

func errOtherEncoding(what string, name []byte) *sqlstate.Error {
	return sqlstate.Errorf(sqlstate.InvalidParameterValue, "invalid %s encoding name \"%s\"", what, codec.Shown(name)).
		WithHint("Text is UTF8 here.")
}

func trimBytea(front, back bool) func(*Call) {
	return func(c *Call) {
		c.Out.ShareBuffers(c.Args[0].Col)
		c.Each(func(i int) {
			b, set := c.Bytes(0, i), c.Bytes(1, i)
			lo, hi := 0, len(b)
			for front && lo < hi && bytes.IndexByte(set, b[lo]) >= 0 {
				lo++
			}
			for back && lo < hi && bytes.IndexByte(set, b[hi-1]) >= 0 {
				hi--
			}
			c.sub(i, lo, hi)
		})
	}
}

func substringBytea(c *Call) {
	c.Out.ShareBuffers(c.Args[0].Col)
	c.Each(func(i int) {
		n := int64(len(c.Bytes(0, i)))
		start, end := int64(c.Int32(1, i)), n+1
		if len(c.Args) > 2 {
			count := int64(c.Int32(2, i))
			if count < 0 {
				c.Fail(i, sqlstate.New(sqlstate.SubstringError, "negative substring length not allowed"))
				return
			}
			end = start + count
		}
		lo, hi := max(start-1, 0), min(max(end-1, 0), n)
		c.sub(i, int(min(lo, hi)), int(hi))
	})
}

func positionBytea(c *Call) {
	out := c.Out.Int32s()
	c.Each(func(i int) { out[i] = int32(bytes.Index(c.Bytes(0, i), c.Bytes(1, i)) + 1) }) //nolint:gosec // at most 1 GiB
}

func errIndex(n int32, length int) *sqlstate.Error {
	return sqlstate.Errorf(sqlstate.ArraySubscriptError, "index %d out of valid range, 0..%d", n, length-1)
}

func getByte(c *Call) {
	out := c.Out.Int32s()
	c.Each(func(i int) {
		b, n := c.Bytes(0, i), c.Int32(1, i)
		if n < 0 || int(n) >= len(b) {
			c.Fail(i, errIndex(n, len(b)))
			return
		}
		out[i] = int32(b[n])
	})
}

func setByte(c *Call) {
	c.Each(func(i int) {
		b, n := c.Bytes(0, i), c.Int32(1, i)
		if n < 0 || int(n) >= len(b) {
			c.Fail(i, errIndex(n, len(b)))
			return
		}
		c.appendRow(i, len(b), func(dst []byte) []byte {
			dst = append(dst, b...)
			dst[len(dst)-len(b)+int(n)] = byte(c.Int32(2, i)) //nolint:gosec // the low byte, as in PostgreSQL
			return dst
		})
	})
}

func bitCount(c *Call) {
	out := c.Out.Int64s()
	c.Each(func(i int) {
		n := 0
		for _, ch := range c.Bytes(0, i) {
			n += bits.OnesCount8(ch)
		}
		out[i] = int64(n)
	})
}
