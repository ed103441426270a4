package engine

import (
	"bytes"
	"context"
	"errors"
	"math"

	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/internal/state/store"
	"wire.example/wire/sdk/batch"
)

// errSampled ends the reading of a sample.
var errSampled = errors.New("enough of a sample")

// sampled is how many hashes tell how those of a part are made: that more than these agree by chance happens to nobody.
const sampled = 8

// Get gives those entries of a part, whose shape is known and that has keys, that may have a key: key has one row, with the columns of the part. It reads no others, but for a few that tell how entries are
// placed. It reports false, and gives nothing, if a key does not tell where its entries are. Otherwise it is as Scan.
func (k *Kept) Get(ctx context.Context, p *Part, key *batch.Batch, f func(slice int64, hash uint64, key, value []byte) error) (ok bool, err error) {
	r := k.store.Reader()
	defer func() { err = errors.Join(err, r.Close()) }()
	space := store.Space{Operator: k.Manifest.States[p.Step].Number, Table: p.Number}
	columns := make([]int, len(p.Shape.Columns))
	for i := range columns {
		columns[i] = i
	}
	hasher := keyed.NewHasher(columns)
	hashed, grouped, err := placed(r, space, p.Shape, hasher)
	if err != nil || !hashed {
		return false, err
	}
	hash := hasher.Hash(key)[0]
	if grouped {
		return true, r.Scan(space, hash, hash, f)
	}
	for group := range uint64(op.KeyGroups) { // that of other columns, which lead to one of these
		if err := ctx.Err(); err != nil {
			return true, err
		}
		at := group<<groupShift | hash&(1<<groupShift-1)
		if err := r.Scan(space, at, at, f); err != nil {
			return true, err
		}
	}
	return true, nil
}

// placed looks at some entries of a part: whether they have the hashes of their columns, and whether these give them their key groups, too.
func placed(r store.Reader, space store.Space, shape keyed.Shape, hasher *keyed.Hasher) (hashed, grouped bool, err error) {
	var e keyed.Entries
	err = r.Scan(space, 0, math.MaxUint64, func(_ int64, hash uint64, key, value []byte) error {
		if n := e.Len(); n > 0 && e.Hashes[n-1] == hash {
			return nil
		}
		e.Hashes, e.Keys, e.Values = append(e.Hashes, hash), append(e.Keys, bytes.Clone(key)), append(e.Values, bytes.Clone(value))
		if e.Len() == sampled {
			return errSampled
		}
		return nil
	})
	if err != nil && !errors.Is(err, errSampled) {
		return false, false, err
	}
	entries := keyed.NewEntryReader(&batch.Pool{}, shape)
	entries.Reset(e.Len())
	for row := range e.Len() {
		if _, err := entries.Read(row, e.Keys[row], e.Values[row]); err != nil {
			return false, false, err
		}
	}
	hashed, grouped = true, true
	for i, hash := range hasher.Hash(&batch.Batch{Len: e.Len(), Cols: entries.Columns()}) {
		differ := hash ^ e.Hashes[i]
		hashed, grouped = hashed && differ<<(64-groupShift) == 0, grouped && differ == 0
	}
	return hashed, grouped, nil
}
