package store

// laterDrops are drops of changes that are applied behind others.
type laterDrops struct {
	slices map[groupKey][]laterDrop
	spaces map[Space][]laterDrop // of all slices
	places map[Drop]int          // where in its list each is
}

// laterDrop is a drop, and the last change that has it: what is replaced as a whole is dropped with each change of it.
type laterDrop struct {
	change   int
	from, to uint64
}

func (l *laterDrops) forget() { *l = laterDrops{} }

// add notes a drop of a change. Changes come in order.
func (l *laterDrops) add(change int, d Drop) {
	one := laterDrop{change, d.From, d.To}
	if l.slices == nil {
		l.slices, l.spaces, l.places = map[groupKey][]laterDrop{}, map[Space][]laterDrop{}, map[Drop]int{}
	}
	g := groupKey{d.Space, d.Slice}
	list := l.slices[g]
	if d.AllSlices {
		list = l.spaces[d.Space]
	}
	if at, known := l.places[d]; known {
		list[at] = one
		return
	}
	l.places[d] = len(list)
	if d.AllSlices {
		l.spaces[d.Space] = append(list, one)
	} else {
		l.slices[g] = append(list, one)
	}
}

// drops reports whether an entry of a change is dropped by a later one.
func (l *laterDrops) drops(change int, g groupKey, hash uint64) bool {
	if l.slices == nil {
		return false
	}
	return covered(l.slices[g], change, hash) || covered(l.spaces[g.space], change, hash)
}

func covered(drops []laterDrop, change int, hash uint64) bool {
	for i := range drops {
		if d := &drops[i]; d.change > change && d.from <= hash && hash <= d.to {
			return true
		}
	}
	return false
}
