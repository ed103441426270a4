package jsonfmt

import (
	"encoding/binary"
	"encoding/hex"
	"math/bits"

	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/temporal"
)

// appendDigits appends v, which is below 10^8. All eight digits are made at once, byte by byte in one word (Paul Khuong, "How to print
// integers really fast", 2017), and the leading zeros shifted out.
func appendDigits(dst []byte, v uint64) []byte {
	if v == 0 {
		return append(dst, '0')
	}
	halves := v/10000 | v%10000<<32
	hundreds := (halves * 10486 >> 20) & (0x7f | 0x7f<<32)
	pairs := hundreds | (halves-100*hundreds)<<16
	tens := (pairs * 103 >> 10) & (0xf | 0xf<<16 | 0xf<<32 | 0xf<<48)
	digits := tens | (pairs-10*tens)<<8
	skip := bits.TrailingZeros64(digits) &^ 7
	n := len(dst)
	dst = binary.LittleEndian.AppendUint64(dst, (digits|zeros)>>uint(skip)) //nolint:gosec // 0..63
	return dst[:n+8-skip>>3]
}

// appendStamp appends a timestamp in quotes, with a T between date and time.
func appendStamp(dst []byte, v int64) []byte {
	return append(temporal.AppendTimestampISO(append(dst, '"'), v), '"')
}

// appendOther appends values of the rarer types.
func appendOther(dst []byte, c *batch.Column, row int) []byte {
	switch c.Kind() {
	case schema.Null:
		return append(dst, "null"...)
	case schema.Bool:
		if c.Bits().Get(row) {
			return append(dst, "true"...)
		}
		return append(dst, "false"...)
	case schema.JSONB, schema.Int16:
		return codec.AppendText(dst, c, row)
	case schema.Float32, schema.Float64, schema.Numeric:
		return appendNumber(dst, c, row)
	case schema.Bytes:
		return append(hex.AppendEncode(append(dst, `"\\x`...), c.Bytes(row)), '"')
	case schema.TimestampTZ:
		return append(temporal.AppendTimestampTZISO(append(dst, '"'), c.Int64s()[row], nil), '"')
	default:
		return append(codec.AppendText(append(dst, '"'), c, row), '"')
	}
}

// appendNumber appends a number; NaN and the infinities, which JSON has no numbers for, become strings.
func appendNumber(dst []byte, c *batch.Column, row int) []byte {
	n := len(dst)
	dst = codec.AppendText(dst, c, row)
	if first := dst[n:]; first[0] == 'N' || first[0] == 'I' || len(first) > 1 && first[1] == 'I' {
		word := string(first)
		return append(append(append(dst[:n], '"'), word...), '"')
	}
	return dst
}
