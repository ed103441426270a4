package keyed

// Rounds has entries leave memory by key groups, each group in its turn, so that those of all groups leave alike. The zero value begins with the first group.
type Rounds struct{ group uint8 }

// Evict calls evict with one group after the other until want entries have left, or all groups had their turn. evict has about most entries of a group leave, and returns how many did.
func (r *Rounds) Evict(want int, evict func(group uint8, most int) (evicted int, err error)) (evicted int, err error) {
	for range Groups {
		if evicted >= want {
			break
		}
		n, err := evict(r.group, 2*want/Groups+1)
		if err != nil {
			return evicted, err
		}
		r.group++ // there are as many groups as it has values
		evicted += n
	}
	return evicted, nil
}
