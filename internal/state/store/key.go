package store

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Shards is the number of shards; the top bits of a hash say which.
const Shards = 16

// shardShift moves a hash's shard to the bottom.
const shardShift = 60

// PrefixLen is the length of what stands before the bytes of a key: shard, operator, table, slice and hash.
const PrefixLen = 20

// Where the parts of a prefix begin.
const (
	operatorAt = 1
	tableAt    = 3
	sliceAt    = 4
	hashAt     = 12
)

// sliceSign turns the sign bit of a slice, so that negative ones sort first.
const sliceSign = 1 << 63

var errShortKey = errors.New("a key of the store is shorter than its prefix")

// Space is one table of one operator. Operators are numbered once per lineage.
type Space struct {
	Operator uint16
	Table    uint8
}

// String is "operator 3 table 1".
func (s Space) String() string {
	return fmt.Sprintf("operator %d table %d", s.Operator, s.Table)
}

// Compare orders spaces as their keys are.
func (s Space) Compare(other Space) int {
	return int(s.number()) - int(other.number())
}

// number is the space as one number, in the order of keys.
func (s Space) number() uint32 { return uint32(s.Operator)<<8 | uint32(s.Table) }

// ShardOf is the shard of a hash.
func ShardOf(hash uint64) int { return int(hash >> shardShift) }

// ShardHashes are the first and the last hash of a shard.
func ShardHashes(shard int) (from, to uint64) {
	from = uint64(shard) << shardShift //nolint:gosec // 0 to 15
	return from, from | (1<<shardShift - 1)
}

// AppendSpace appends the beginning of all keys that a space has in a shard.
func AppendSpace(b []byte, shard int, s Space) []byte {
	b = append(b, byte(shard)) //nolint:gosec // 0 to 15
	b = binary.BigEndian.AppendUint16(b, s.Operator)
	return append(b, s.Table)
}

// AppendSlice appends the beginning of all keys that a slice of a space has in a shard.
func AppendSlice(b []byte, shard int, s Space, slice int64) []byte {
	return binary.BigEndian.AppendUint64(AppendSpace(b, shard, s), uint64(slice)^sliceSign) //nolint:gosec // the bits of it
}

// AppendPrefix appends the beginning of all keys with a hash, PrefixLen bytes.
func AppendPrefix(b []byte, s Space, slice int64, hash uint64) []byte {
	return binary.BigEndian.AppendUint64(AppendSlice(b, ShardOf(hash), s, slice), hash)
}

// AppendKey appends the whole key of an entry.
func AppendKey(b []byte, s Space, slice int64, hash uint64, key []byte) []byte {
	return append(AppendPrefix(b, s, slice, hash), key...)
}

// AppendAfter appends the least key that is greater than every key that begins with prefix. Without such a one, where prefix is empty or
// all 0xff, which no prefix of a shard is, it appends nothing.
func AppendAfter(b, prefix []byte) []byte {
	for i := len(prefix) - 1; i >= 0; i-- {
		if prefix[i] != 0xff {
			return append(append(b, prefix[:i]...), prefix[i]+1)
		}
	}
	return b
}

// Key is a key taken apart.
type Key struct {
	Space Space
	Slice int64
	Hash  uint64
	Bytes []byte // what follows the prefix; shared with what was parsed
}

// SpaceOf is the space of a stored key. It fails where ParseKey does.
func SpaceOf(b []byte) (Space, error) {
	if len(b) < PrefixLen || b[0] != b[hashAt]>>(64-shardShift) {
		_, err := ParseKey(b)
		return Space{}, err
	}
	return Space{Operator: binary.BigEndian.Uint16(b[operatorAt:]), Table: b[tableAt]}, nil
}

// ParseKey takes a stored key apart. It fails on what AppendKey cannot have made: too short, or a shard that is not the hash's.
func ParseKey(b []byte) (Key, error) {
	if len(b) < PrefixLen {
		return Key{}, errShortKey
	}
	k := Key{
		Space: Space{Operator: binary.BigEndian.Uint16(b[operatorAt:]), Table: b[tableAt]},
		Slice: int64(binary.BigEndian.Uint64(b[sliceAt:]) ^ sliceSign), //nolint:gosec // the bits of it
		Hash:  binary.BigEndian.Uint64(b[hashAt:]),
		Bytes: b[PrefixLen:],
	}
	if ShardOf(k.Hash) != int(b[0]) {
		return Key{}, fmt.Errorf("a key of the store stands in shard %d, its hash %016x belongs into shard %d", b[0], k.Hash, ShardOf(k.Hash))
	}
	return k, nil
}
