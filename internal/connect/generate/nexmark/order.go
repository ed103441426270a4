package nexmark

// orderStep is the multiplier of the disorder. It is prime, so it is coprime with every group size that is no multiple of it, and only
// then is j·orderStep mod size a permutation.
const orderStep = 953

// order maps positions to event numbers. A whole group of size G starting at position s deals s + (j·953) mod G as its j-th event.
// A bounded run may end in a shorter group of R events: it is dealt by the same rule with R for G, or in order where R is a multiple of 953.
// So every prefix of whole groups equals that of a longer run, the run's numbers are exactly 0 … count-1, and an event is never more than
// G-1 positions from its place. What it costs: the last group's order depends on the run's length.
type order struct {
	size     uint64 // of a whole group, ≥ 1
	tail     uint64 // position at which the incomplete group starts; the run's end if there is none
	tailSize uint64 // 1 if the incomplete group is dealt in order
}

func newOrder(size, count uint64) order {
	rest := count % size
	o := order{size: size, tail: count - rest, tailSize: rest}
	if rest%orderStep == 0 {
		o.tailSize = 1
	}
	return o
}

// number returns the event number at position k, which must be below the run's count.
func (o *order) number(k uint64) uint64 {
	size, start := o.size, uint64(0)
	if k >= o.tail {
		size, start = o.tailSize, o.tail
	}
	if size == 1 {
		return k
	}
	j := k - start
	return start + j/size*size + (j%size)*orderStep%size
}

// Split is one of Count equal shares of a run. Shares are dealt in turn by whole epochs of 50 positions, so with a GroupSize of 1 each has
// all kinds of events in proportion, and all advance in event time together. Split{0, 1} is the whole run.
type Split struct {
	// Index counts from 0 and is below Count.
	Index uint64
	// Count is at least 1.
	Count uint64
}

// Position returns the run's position of the split's i-th event, counting from 0. It grows with i, without bound: the split has ended when
// it reaches Generator.Count.
func (s Split) Position(i uint64) uint64 {
	return (i/eventsPerEpoch*s.Count+s.Index)*eventsPerEpoch + i%eventsPerEpoch
}

// Len returns how many of a run's first count positions belong to the split.
func (s Split) Len(count uint64) uint64 {
	round := s.Count * eventsPerEpoch
	whole, rest := count/round, count%round
	skipped := min(s.Index*eventsPerEpoch, rest)
	return whole*eventsPerEpoch + min(rest-skipped, eventsPerEpoch)
}
