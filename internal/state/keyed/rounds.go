package keyed

// Rounds has entries leave memory by key groups, each group in its turn, so that those of all groups leave alike. The zero value begins with the first group.
type Rounds struct {
	group uint8
	// gave is how many groups some left of when all had their turn last; 0: nobody knows. One of several tasks has entries of few groups.
	gave int
}

// Evict calls evict with one group after the other until want entries have left, or all groups had their turn and, if some left, another one. evict has about most entries of a group leave, and returns how many did.
func (r *Rounds) Evict(want int, evict func(group uint8, most int) (evicted int, err error)) (evicted int, err error) {
	for range 2 {
		n, err := r.round(want-evicted, evict)
		evicted += n
		if err != nil || n == 0 || evicted >= want {
			return evicted, err
		}
	}
	return evicted, nil
}

// round gives all groups their turn, or as many as it takes.
func (r *Rounds) round(want int, evict func(group uint8, most int) (evicted int, err error)) (evicted int, err error) {
	gave, most := 0, 2*want/Groups+1
	if r.gave > 0 {
		most = 2*want/r.gave + 1
	}
	for range Groups {
		if evicted >= want {
			return evicted, nil
		}
		n, err := evict(r.group, most)
		if err != nil {
			return evicted, err
		}
		r.group++ // there are as many groups as it has values
		if evicted += n; n > 0 {
			gave++
		}
	}
	r.gave = gave
	return evicted, nil
}
