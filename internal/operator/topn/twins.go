package topn

import (
	"slices"

	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
)

// twins find a row that is taken back where the order does not say where it is: lists of the same rows in the order of their columns, those of the key first.
type twins struct {
	lists    *keyed.Ranked
	order    *keyed.Order
	prefixes []keyed.Prefix
}

func newTwins(o *Operator) *twins {
	var keys []keyed.Key
	for _, column := range o.config.Key {
		keys = append(keys, keyed.Key{Column: column})
	}
	for i := range o.config.Types {
		if !slices.Contains(o.config.Key, i) {
			keys = append(keys, keyed.Key{Column: i})
		}
	}
	t := &twins{order: keyed.NewOrder(o.types, keys)}
	t.lists = keyed.NewRanked(o.rows, t.order, o.config.Name, o.budget)
	return t
}

// see computes what is compared of the rows of a batch.
func (t *twins) see(cols []*batch.Column, rows []uint16, n int) {
	t.prefixes = slices.Grow(t.prefixes[:0], n)[:n]
	t.order.Prefixes(cols, rows, t.prefixes)
}

// add adds a row, the i-th that counts.
func (t *twins) add(part *partitionState, id uint32, i int) (err error) {
	part.twins, err = t.lists.Insert(part.twins, id, t.prefixes[i])
	return err
}

// take takes out a row that is equal to row row of cols, the i-th that counts.
func (t *twins) take(part *partitionState, cols []*batch.Column, i, row int) (id uint32, found bool) {
	if id, found = t.lists.Find(part.twins, cols, row, t.prefixes[i]); found {
		part.twins = t.lists.Delete(part.twins, id)
	}
	return id, found
}
