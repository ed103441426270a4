package keyed

import (
	"bytes"
	"encoding/binary"

	"github.com/zeebo/xxh3"

	"wire.example/wire/sdk/schema"
)

// sumSize is the length of the checksum at the end of sealed state.
const sumSize = 8

// headSize is the length of what stands before the body: the kind of state and its version.
const headSize = 2

// The kinds of sealed state.
const (
	kindParts = 'P'
	kindTable = 'T'
	kindRows  = 'R'
)

// seal appends the checksum of data, which begins with kind and version.
func seal(data []byte) []byte {
	return binary.LittleEndian.AppendUint64(data, xxh3.Hash(data))
}

// unseal checks kind, version and checksum of data and returns a reader of the body.
func unseal(what string, data []byte, kind, version byte) (*reader, error) {
	r := &reader{what: what, data: data}
	if len(data) < headSize+sumSize {
		r.fail("%d bytes are too few", len(data))
		return nil, r.err
	}
	body, sum := data[:len(data)-sumSize], binary.LittleEndian.Uint64(data[len(data)-sumSize:])
	if data[0] != kind {
		r.fail("it is of kind %q, not %q", data[0], kind)
		return nil, r.err
	}
	if r.at = 1; data[1] != version {
		r.fail("version %d is unknown; this program reads version %d", data[1], version)
		return nil, r.err
	}
	if xxh3.Hash(body) != sum {
		r.at = len(body)
		r.fail("the checksum does not fit")
		return nil, r.err
	}
	return &reader{what: what, data: body, at: headSize}, nil
}

// appendTypes appends a fingerprint of types: what they are made of, without names.
func appendTypes(dst []byte, types []schema.Type) []byte {
	var all []byte
	for _, t := range types {
		all = appendType(all, t)
	}
	return binary.LittleEndian.AppendUint32(dst, uint32(xxh3.Hash(all)))
}

func appendType(dst []byte, t schema.Type) []byte {
	dst = append(dst, byte(t.Kind))
	dst = binary.LittleEndian.AppendUint16(dst, uint16(t.Precision))
	dst = binary.LittleEndian.AppendUint16(dst, uint16(t.Scale))
	if t.Elem != nil {
		dst = appendType(dst, *t.Elem)
	}
	dst = binary.AppendUvarint(dst, uint64(len(t.Fields)))
	for _, f := range t.Fields {
		dst = appendType(dst, f.Type)
	}
	return dst
}

// types reads a fingerprint and compares it.
func (r *reader) types(types []schema.Type) {
	if got := r.take(4); got != nil && !bytes.Equal(got, appendTypes(nil, types)) {
		r.at -= 4
		r.fail("it has columns of other types")
	}
}

// end reports what is left over, or the first failure.
func (r *reader) end() error {
	if r.err == nil && r.at != len(r.data) {
		r.fail("%d bytes too many", len(r.data)-r.at)
	}
	return r.err
}

// AppendParts puts the parts of an operator's state of one key group together, under the operator's own version: the state of its tables and
// whatever else it keeps. It returns nil, no state, if all parts are empty.
func AppendParts(dst []byte, version byte, parts ...[]byte) []byte {
	size := 0
	for _, p := range parts {
		size += len(p)
	}
	if size == 0 {
		return dst
	}
	from := len(dst)
	dst = append(dst, kindParts, version)
	for _, p := range parts {
		dst = binary.AppendUvarint(dst, uint64(len(p)))
		dst = append(dst, p...)
	}
	return binary.LittleEndian.AppendUint64(dst, xxh3.Hash(dst[from:]))
}

// PartsVersion is the version of what AppendParts put together, of which no more is known to be right; 0 if there is none.
func PartsVersion(data []byte) byte {
	if len(data) < headSize {
		return 0
	}
	return data[1]
}

// Parts takes apart what AppendParts put together; what names the state in errors. The parts point into data; empty ones are nil. The error is
// a *CorruptError, for another version or number of parts, too.
func Parts(what string, data []byte, version byte, count int) ([][]byte, error) {
	r, err := unseal(what, data, kindParts, version)
	if err != nil {
		return nil, err
	}
	parts := make([][]byte, count)
	for i := range parts {
		if n := r.uvarint(); n > 0 {
			parts[i] = r.take(n)
		}
	}
	if err := r.end(); err != nil {
		return nil, err
	}
	return parts, nil
}
