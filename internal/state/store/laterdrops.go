package store

// laterDrops are drops of changes that are applied behind others.
type laterDrops struct {
	slices map[groupKey][]laterDrop
	spaces map[Space][]laterDrop // of all slices
}

// laterDrop is one of the drops of a change.
type laterDrop struct {
	change   int
	from, to uint64
}

func (l *laterDrops) forget() { *l = laterDrops{} }

// add notes a drop of a change.
func (l *laterDrops) add(change int, d Drop) {
	one := laterDrop{change, d.From, d.To}
	if l.slices == nil {
		l.slices, l.spaces = map[groupKey][]laterDrop{}, map[Space][]laterDrop{}
	}
	if d.AllSlices {
		l.spaces[d.Space] = append(l.spaces[d.Space], one)
		return
	}
	g := groupKey{d.Space, d.Slice}
	l.slices[g] = append(l.slices[g], one)
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
