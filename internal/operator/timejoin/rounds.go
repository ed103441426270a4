package timejoin

import (
	"cmp"
	"slices"

	"wire.example/wire/internal/state/keyed"
)

// rounds has rows in memory joined some key groups at a time, where what finds them would take too much of the memory that is left.
type rounds struct {
	cfg    *Config
	active bool
	// ids are the rows in the order of their key groups, of which those before at were joined.
	ids  [2][]uint32
	lent [2]bool
	at   [2]int
	most int // how many rows a round hashes, but for those of one group
}

const (
	// foundBytes is about what it takes to find a row, beside its key.
	foundBytes = 64
	// roundShare is which part of what is left of the budget that may take.
	roundShare = 2
)

// begin divides the rows that the sides have, if need be, and gives them those of the first round.
func (r *rounds) begin(sides *[2]closingSide) {
	hashed := &sides[RightInput]
	if len(sides[LeftInput].ids) < len(hashed.ids) {
		hashed = &sides[LeftInput]
	}
	n := int64(len(hashed.ids))
	if n == 0 {
		return
	}
	rows := hashed.slice.rows
	each := rows.Bytes()/int64(rows.Len()) + foundBytes
	room := r.cfg.Budget.Available() / roundShare
	if n*each <= room {
		return
	}
	r.active, r.most = true, int(max(room/each, 1))
	for input := range sides {
		s := &sides[input]
		r.ids[input], r.lent[input], r.at[input] = s.ids, s.lent, 0
		if s.slice != nil {
			rows := s.slice.rows
			slices.SortFunc(s.ids, func(a, b uint32) int { return cmp.Compare(rows.GroupOf(a), rows.GroupOf(b)) })
		}
	}
	r.next(sides)
}

// next gives the sides the rows of the next round, and answers false if there are none left.
func (r *rounds) next(sides *[2]closingSide) (more bool) {
	if !r.active {
		return false
	}
	from := r.at
	for more = true; more; {
		group, ok := r.group(sides)
		if !ok {
			break
		}
		to := r.at
		for input := range sides {
			for ids := r.ids[input]; to[input] < len(ids) && sides[input].slice.rows.GroupOf(ids[to[input]]) == group; to[input]++ {
			}
		}
		if more = from == r.at || min(to[LeftInput]-from[LeftInput], to[RightInput]-from[RightInput]) <= r.most; more {
			r.at = to
		}
	}
	for input := range sides {
		sides[input].ids, sides[input].lent = r.ids[input][from[input]:r.at[input]], true
	}
	return from != r.at
}

// group is the next key group of which there are rows.
func (r *rounds) group(sides *[2]closingSide) (group uint8, ok bool) {
	least := keyed.Groups
	for input := range sides {
		if ids := r.ids[input]; r.at[input] < len(ids) {
			least = min(least, int(sides[input].slice.rows.GroupOf(ids[r.at[input]])))
		}
	}
	return uint8(least), least < keyed.Groups //nolint:gosec // below Groups, if it is used
}

// end gives the sides back what they had.
func (r *rounds) end(sides *[2]closingSide) {
	if !r.active {
		return
	}
	for input := range sides {
		sides[input].ids, sides[input].lent = r.ids[input], r.lent[input]
		r.ids[input] = nil
	}
	r.active = false
}
