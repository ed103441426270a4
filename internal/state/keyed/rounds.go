package keyed

// Rounds has entries leave memory by key groups, each group in its turn, so that those of all groups leave alike. The zero value begins with the first group.
type Rounds struct {
	group uint8
	// gave is how many groups some left of when all had their turn; 0: nobody knows. One of several tasks has entries of few groups.
	gave int
	// calls is for how many calls that has been taken for true.
	calls int
}

// believed is for how many calls what was learnt of groups holds: others may have entries since.
const believed = 16

// Evict calls evict with one group after the other until want entries have left, or all groups had their turn and, if some left, another one. evict has about most entries of a group leave, and returns how many did.
func (r *Rounds) Evict(want int, evict func(group uint8, most int) (evicted int, err error)) (evicted int, err error) {
	if r.calls++; r.calls > believed {
		r.gave, r.calls = 0, 0
	}
	evicted, gave, all, err := r.round(want, evict)
	if all {
		r.gave = gave
	}
	if err != nil || evicted == 0 || evicted >= want {
		return evicted, err
	}
	more, _, _, err := r.round(want-evicted, evict) // of what is left over, which says little of how many groups there are
	return evicted + more, err
}

// round gives all groups their turn, or as many as it takes, and returns of how many some left.
func (r *Rounds) round(want int, evict func(group uint8, most int) (evicted int, err error)) (evicted, gave int, all bool, err error) {
	most := 2*want/Groups + 1
	if r.gave > 0 {
		most = 2*want/r.gave + 1
	}
	for range Groups {
		if evicted >= want {
			return evicted, gave, false, nil
		}
		n, err := evict(r.group, most)
		if err != nil {
			return evicted, gave, false, err
		}
		r.group++ // there are as many groups as it has values
		if evicted += n; n > 0 {
			gave++
		}
	}
	return evicted, gave, true, nil
}
