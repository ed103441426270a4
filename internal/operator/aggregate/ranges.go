package aggregate

import (
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
)

// ranges are those of the groups' hashes at the end, where groups were away: the groups of one after the other come back, are emitted and dropped.
type ranges struct {
	*keyed.Ranges
	// made: groups that are there without rows were made before a restore.
	made bool
	// loaded: the range was loaded since nothing was left of the one before; fresh: no group of it was looked for yet; over: there are no more.
	loaded, fresh, over bool
}

// goOn reports whether there are more ranges, once nothing is left of the current one.
func (r *ranges) goOn() bool {
	if r == nil || r.over {
		return false
	}
	r.loaded = false
	return true
}

// Closes says that the end goes through all groups, unless the answer has come by changes.
func (o *Operator) Closes(int) bool { return o.leaves() && o.changes == nil && !o.ended }

// needRange declares the groups that are emitted next.
func (o *Operator) needRange(needs *op.Needs) {
	if o.ranges == nil {
		var rows []*keyed.Rows
		for _, c := range o.calls {
			if c.ordered != nil {
				rows = append(rows, c.ordered.rows)
			}
		}
		o.ranges = &ranges{Ranges: o.table.Ranges(rows...), made: o.hasEmpty}
		if o.owned {
			o.ranges.Keep()
		}
	}
	r := o.ranges
	if r.loaded || r.over {
		return
	}
	from, to, ok := r.Next()
	if r.loaded, r.fresh, r.over = ok, ok, !ok; ok {
		needs.Range(0, from, to)
		for k := 1 + len(o.seen); k < len(o.tables); k++ {
			needs.Range(k, from, to)
		}
		o.walk = walk{slots: o.walk.slots, memory: o.walk.memory[:0]}
	}
}

// enterRange makes the groups that are there without rows and whose hashes are in a range that was just loaded.
func (o *Operator) enterRange() error {
	r := o.ranges
	if r == nil || !r.fresh {
		return nil
	}
	r.fresh = false
	from, to := r.Range()
	for i, places := range o.config.Sets {
		if len(places) > 0 || r.made {
			continue
		}
		hash := o.emptyKey(i)[0]
		o.releaseEmptyKey()
		if hash < from || hash > to {
			continue
		}
		if err := o.makeEmpty(i); err != nil {
			return op.OutOfMemory(o.config.Name, err)
		}
	}
	return nil
}
