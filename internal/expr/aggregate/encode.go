package aggregate

import (
	"encoding/binary"
	"math"

	"wire.example/wire/sdk/numeric"
)

// appendInt appends v as a variable number of bytes: small magnitudes take few.
func appendInt(dst []byte, v int64) []byte { return binary.AppendVarint(dst, v) }

func readInt(src []byte, v *int64) ([]byte, error) {
	n, size := binary.Varint(src)
	if size <= 0 {
		return nil, errDamaged()
	}
	*v = n
	return src[size:], nil
}

// readCount reads a number that is not negative and at most limit.
func readCount(src []byte, limit int64) (int64, []byte, error) {
	var n int64
	rest, err := readInt(src, &n)
	if err == nil && (n < 0 || n > limit) {
		err = errDamaged()
	}
	return n, rest, err
}

// appendBytes appends b behind its length.
func appendBytes(dst, b []byte) []byte { return append(appendInt(dst, int64(len(b))), b...) }

// readBytes returns bytes that appendBytes wrote: a part of src.
func readBytes(src []byte) (b, rest []byte, err error) {
	n, rest, err := readCount(src, math.MaxInt32)
	if err != nil {
		return nil, nil, err
	}
	if int(n) > len(rest) {
		return nil, nil, errDamaged()
	}
	return rest[:n], rest[n:], nil
}

// readUint64s reads 8 bytes for each of words.
func readUint64s(src []byte, words []uint64) ([]byte, error) {
	if len(src) < 8*len(words) {
		return nil, errDamaged()
	}
	for i := range words {
		words[i] = binary.LittleEndian.Uint64(src[8*i:])
	}
	return src[8*len(words):], nil
}

// appendWide appends a 128-bit number: its low 64 bits in full, the others in few bytes if they are only the sign.
func appendWide(dst []byte, v numeric.Int128) []byte {
	return appendInt(binary.LittleEndian.AppendUint64(dst, v.Lo), v.Hi)
}

func readWide(src []byte) (v numeric.Int128, rest []byte, err error) {
	lo := [1]uint64{}
	if rest, err = readUint64s(src, lo[:]); err != nil {
		return v, nil, err
	}
	v.Lo = lo[0]
	rest, err = readInt(rest, &v.Hi)
	return v, rest, err
}
