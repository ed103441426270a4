package window

// slide finds what windows of a key add up to, one after the other, of rows of some levels: what the cells of a chain do from one place up to another, neither of
// which ever goes back. It is a queue made of two stacks: the front has, for each of its cells, the sum of that and those behind it in the front; the back is one sum. Sums
// that were given stay as they are until the additions are carried out and their numbers taken back.
type slide struct {
	levels []level
	// begin is the first cell of the back, which is also the end of the front, end the place behind its last.
	begin, end int
	suffixes   []uint32
	back       uint32
	// own: back is nobody else's, and was not given: it may be added to.
	own bool
}

func (s *slide) reset(of []level) {
	s.levels = append(s.levels[:0], of...)
	s.begin, s.end, s.back, s.own = 0, 0, none, false
}

// window returns the sums of the front and of the back, none where there are no rows, for the cells of r's chain from i up to, not including, j.
func (s *slide) window(r *Revised, i, j int) (front, back uint32, err error) {
	switch {
	case i >= s.end:
		s.begin, s.end, s.back, s.own = i, i, none, false
	case i > s.begin:
		if err := s.turn(r, i); err != nil {
			return none, none, err
		}
	}
	for ; s.end < j; s.end++ {
		sums := &r.cells.At(r.revise.chain[s.end]).sums
		for _, l := range s.levels {
			if err := s.push(r, sums[l]); err != nil {
				return none, none, err
			}
		}
	}
	if front = none; i < s.begin {
		front = s.suffixes[i]
	}
	s.own = false
	return front, s.back, nil
}

// push adds to the back.
func (s *slide) push(r *Revised, n uint32) error {
	switch {
	case n == none:
	case s.back == none:
		s.back = n
	case s.own:
		r.sums.add(s.back, n)
	default:
		both, err := r.rows.both(s.back, n)
		if err != nil {
			return err
		}
		s.back, s.own = both, true
	}
	return nil
}

// turn makes the cells of the back from i on the front.
func (s *slide) turn(r *Revised, i int) error {
	for len(s.suffixes) < s.end {
		s.suffixes = append(s.suffixes, none)
	}
	sum := none
	for at := s.end - 1; at >= i; at-- {
		sums := &r.cells.At(r.revise.chain[at]).sums
		for _, l := range s.levels {
			switch n := sums[l]; {
			case n == none:
			case sum == none:
				sum = n
			default:
				both, err := r.rows.both(sum, n)
				if err != nil {
					return err
				}
				sum = both
			}
		}
		s.suffixes[at] = sum
	}
	s.begin, s.back, s.own = s.end, none, false
	return nil
}
