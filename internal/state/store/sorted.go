package store

import (
	"bytes"
	"cmp"
	"slices"
)

// Sorting by hash: radixBits of it at a time, in two passes, where there are enough entries; what is equal in those is compared.
const (
	radixBits    = 11
	radixMinimum = 1 << 12
)

// Sorted is a number of Changes as one list in the order of keys. Its memory is reused by the next Sort. It points into the Changes.
type Sorted struct {
	changes []*Changes
	drops   []Drop
	refs    []ref
	spare   []ref
	groups  []group
	index   map[groupKey]int
	shards  [Shards + 1]int
	counts  [2][1 << radixBits]uint32
	repeats bool // a key is changed more than once
	read    byte // what Entries has read, so that it is read
}

// ref leads to an entry.
type ref struct {
	hash   uint64
	change uint32
	entry  uint32 // among those of the hash's part
}

// groupKey are the entries that differ in hash and key only.
type groupKey struct {
	space Space
	slice int64
}

// group is a run of refs: while they are counted, size long; then from begin on.
type group struct {
	groupKey
	begin, size int
}

// Sort takes the place of what was sorted before. Of a key that is changed more than once the last change counts.
func (s *Sorted) Sort(changes []*Changes) {
	s.changes, s.drops, s.groups, s.repeats = changes, s.drops[:0], s.groups[:0], false
	if s.index == nil {
		s.index = map[groupKey]int{}
	}
	clear(s.index)
	total := 0
	for _, c := range changes {
		s.drops = append(s.drops, c.drops...)
		total += c.count
	}
	s.refs = slices.Grow(s.refs[:0], total)[:total]
	s.spare = slices.Grow(s.spare[:0], total)[:total]
	s.group()
	for _, g := range s.groups {
		s.sortGroup(s.refs[g.begin:g.begin+g.size], s.spare[g.begin:g.begin+g.size])
	}
	s.interleave()
	if s.repeats {
		s.keepLast()
	}
}

// Drops are those of all changes, in the order of the calls.
func (s *Sorted) Drops() []Drop { return s.drops }

// Len is the number of puts and deletes.
func (s *Sorted) Len() int { return len(s.refs) }

// Entry is one of them, counted from 0 in the order of keys.
func (s *Sorted) Entry(i int) Entry {
	r := s.refs[i]
	return s.part(r).entry(int(r.entry))
}

// Entries sets to to the entries from begin on and before end, as many as there is room for, and returns how many. It waits for memory less often than as many calls of Entry, since nothing it does hangs on
// what it has read before.
func (s *Sorted) Entries(begin, end int, to []Entry) int {
	refs := s.refs[begin:min(end, begin+len(to))]
	for i, r := range refs {
		to[i] = s.part(r).entry(int(r.entry))
	}
	read := byte(0)
	for i := range refs {
		e := &to[i]
		if n := len(e.Value); n > 0 {
			read ^= e.Value[0] ^ e.Value[n-1]
		}
		if len(e.Key) > 0 {
			read ^= e.Key[0]
		}
	}
	s.read = read
	return len(refs)
}

// Shard says which entries, from begin and before end, are in a shard.
func (s *Sorted) Shard(shard int) (begin, end int) { return s.shards[shard], s.shards[shard+1] }

// keptRefs is how many refs of memory Release keeps at most.
const keptRefs = 1 << 17

// Release forgets the changes, so that their memory can be freed. Of its own it keeps a few megabytes.
func (s *Sorted) Release() {
	s.changes = nil
	if cap(s.refs) > keptRefs {
		s.refs, s.spare = nil, nil
	}
	s.drops, s.refs, s.spare = s.drops[:0], s.refs[:0], s.spare[:0]
	s.shards = [Shards + 1]int{}
}

// group puts a ref to every entry into refs, those of one space and slice beside each other, groups in the order of keys.
func (s *Sorted) group() {
	s.eachRun(func(g, _ int, _ *changesPart, _, n int) { s.groups[g].size += n })
	order := make([]int, len(s.groups))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return s.groups[a].compare(s.groups[b].groupKey) })
	begin := 0
	for _, i := range order {
		s.groups[i].begin = begin
		begin += s.groups[i].size
		s.groups[i].size = 0
	}
	s.eachRun(func(g, change int, p *changesPart, first, n int) {
		group := &s.groups[g]
		for i := first; i < first+n; i++ {
			s.refs[group.begin+group.size] = ref{hash: p.at(i).hash, change: uint32(change), entry: uint32(i)} //nolint:gosec // fewer than 2^32
			group.size++
		}
	})
	slices.SortFunc(s.groups, func(a, b group) int { return a.compare(b.groupKey) })
}

func (k groupKey) compare(other groupKey) int {
	return cmp.Or(k.space.Compare(other.space), cmp.Compare(k.slice, other.slice))
}

// eachRun gives runs of entries of one group: n of a part from number first on. Groups that it meets for the first time get the next number.
func (s *Sorted) eachRun(f func(group, change int, p *changesPart, first, n int)) {
	for change, c := range s.changes {
		for i := range c.parts {
			p := &c.parts[i]
			for first := 0; first < p.count; {
				e := p.at(first)
				key := groupKey{e.space, e.slice}
				next := first + 1
				for next < p.count {
					if e := p.at(next); e.space != key.space || e.slice != key.slice {
						break
					}
					next++
				}
				f(s.numberOf(key), change, p, first, next-first)
				first = next
			}
		}
	}
}

// numberOf is the number of a group.
func (s *Sorted) numberOf(key groupKey) int {
	g, known := s.index[key]
	if !known {
		g = len(s.groups)
		s.index[key] = g
		s.groups = append(s.groups, group{groupKey: key})
	}
	return g
}

// sortGroup sorts refs by hash and key. spare is as long.
func (s *Sorted) sortGroup(refs, spare []ref) {
	if len(refs) < radixMinimum {
		slices.SortFunc(refs, s.compare)
		return
	}
	const high, low = 64 - radixBits, 64 - 2*radixBits
	const mask = 1<<radixBits - 1
	s.counts = [2][1 << radixBits]uint32{}
	for _, r := range refs {
		s.counts[0][r.hash>>low&mask]++
		s.counts[1][r.hash>>high]++
	}
	for pass := range s.counts {
		sum := uint32(0)
		counts := &s.counts[pass]
		for i, n := range counts {
			counts[i] = sum
			sum += n
		}
	}
	for _, r := range refs {
		place := &s.counts[0][r.hash>>low&mask]
		spare[*place] = r
		*place++
	}
	for _, r := range spare {
		place := &s.counts[1][r.hash>>high]
		refs[*place] = r
		*place++
	}
	for first := 0; first < len(refs); {
		next := first + 1
		for next < len(refs) && refs[next].hash>>low == refs[first].hash>>low {
			next++
		}
		if next-first > 1 {
			slices.SortFunc(refs[first:next], s.compare)
		}
		first = next
	}
}

// compare orders entries of one group: by their keys, and those of one key as they came. What is beside each other once it is sorted was compared: so it is known then whether keys repeat.
func (s *Sorted) compare(a, b ref) int {
	if a.hash != b.hash {
		return cmp.Compare(a.hash, b.hash)
	}
	if order := bytes.Compare(s.keyOf(a), s.keyOf(b)); order != 0 {
		return order
	}
	s.repeats = true
	return cmp.Or(cmp.Compare(a.change, b.change), cmp.Compare(a.entry, b.entry))
}

func (s *Sorted) keyOf(r ref) []byte {
	p := s.part(r)
	return p.keyOf(p.at(int(r.entry)))
}

// part is where the entry of a ref is.
func (s *Sorted) part(r ref) *changesPart { return s.changes[r.change].part(r.hash) }

// interleave puts the groups' shards in the order of keys: in a sorted group each shard is a run.
func (s *Sorted) interleave() {
	out := s.spare[:0]
	for shard := range Shards {
		s.shards[shard] = len(out)
		for i := range s.groups {
			g := &s.groups[i]
			n := 0
			for n < g.size && ShardOf(s.refs[g.begin+n].hash) == shard {
				n++
			}
			out = append(out, s.refs[g.begin:g.begin+n]...)
			g.begin += n
			g.size -= n
		}
	}
	s.shards[Shards] = len(out)
	s.refs, s.spare = out, s.refs
}

// keepLast leaves of changes of one key the last.
func (s *Sorted) keepLast() {
	kept := 0
	for shard := range Shards {
		begin, end := s.shards[shard], s.shards[shard+1]
		s.shards[shard] = kept
		for i := begin; i < end; i++ {
			if i+1 < end && s.refs[i].hash == s.refs[i+1].hash && s.sameKey(i) {
				continue
			}
			s.refs[kept] = s.refs[i]
			kept++
		}
	}
	s.shards[Shards] = kept
	s.refs = s.refs[:kept]
}

// sameKey reports whether entry i and the next, of one hash, are changes of one key.
func (s *Sorted) sameKey(i int) bool {
	a, b := s.Entry(i), s.Entry(i+1)
	return a.Space == b.Space && a.Slice == b.Slice && bytes.Equal(a.Key, b.Key)
}
