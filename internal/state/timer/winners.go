package timer

import "wire.example/wire/internal/state/keyed"

// due is the earliest timer of a key group.
type due struct {
	micros int64
	any    bool // there is one
}

// winners is a tournament of the key groups for the earliest time, the lower group winning a tie: node i has the winner of nodes 2i and 2i+1, and
// node Groups+g is group g itself.
type winners [keyed.Groups]uint8

// first returns the group that has the earliest time.
func (w *winners) first() int { return int(w[1]) }

// build plays all matches.
func (w *winners) build(next *[keyed.Groups]due) {
	for i := keyed.Groups - 1; i > 0; i-- {
		w.play(next, i)
	}
}

// update plays the matches of a group again.
func (w *winners) update(next *[keyed.Groups]due, group int) {
	for i := (keyed.Groups + group) / 2; i > 0; i /= 2 {
		w.play(next, i)
	}
}

func (w *winners) play(next *[keyed.Groups]due, i int) {
	a, b := w.at(2*i), w.at(2*i+1)
	if next[b].any && (!next[a].any || next[b].micros < next[a].micros) {
		a = b
	}
	w[i] = a
}

func (w *winners) at(node int) uint8 {
	if node >= keyed.Groups {
		return uint8(node - keyed.Groups)
	}
	return w[node]
}
