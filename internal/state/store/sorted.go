package store

import (
	"bytes"
	"cmp"
	"slices"
)

// Sorted is a number of Changes in the order of keys, shard by shard. What lies near each other in the Changes, a bucket of hashes, is sorted when its turn comes, so that neither sorting nor who takes the entries
// waits for memory. Its own memory is reused by the next Sort. It points into the Changes.
type Sorted struct {
	changes []*Changes
	drops   []Drop
	groups  []group // in the order of keys
	index   map[groupKey]int
	shards  [Shards]bool // has entries
	refs    []ref        // of one bucket
	spare   []ref
	// stretches say which groups the refs in spare are of, while they are put in their places.
	stretches []stretch
	counts    [2][1 << radixMost]uint32
	lent      [lentEntries]Entry
	later     laterDrops
	read      byte // what give read, so that it is read
}

// A bucket has the hashes with the same spreadBits on top, as a part of Changes that are spread. So many of them are a shard.
const (
	buckets      = 1 << spreadBits
	shardBuckets = buckets / Shards
	bucketShift  = 64 - spreadBits
)

// lentEntries is how many entries are given out at a time: each look at one is likely to wait for memory, and so they wait together.
const lentEntries = 64

// ref is an entry of one of the changes, and its number among those of its part.
type ref struct {
	entry
	change, number uint32
}

// groupKey are the entries that differ in hash and key only.
type groupKey struct {
	space Space
	slice int64
}

func (k groupKey) compare(other groupKey) int {
	return cmp.Or(k.space.Compare(other.space), cmp.Compare(k.slice, other.slice))
}

// group is where the entries of a groupKey are.
type group struct {
	groupKey
	spread []spreadRun // in the order of buckets
	// whole are the entries of changes that are not spread, in the order of buckets, as they came in each; ends says where each bucket ends.
	whole []ref
	ends  [buckets]uint32
}

// bucket are those of whole that are of a bucket.
func (g *group) bucket(number uint32) []ref {
	from := uint32(0)
	if number > 0 {
		from = g.ends[number-1]
	}
	return g.whole[from:g.ends[number]]
}

// spreadRun is a run of changes that are spread.
type spreadRun struct {
	bucket, change uint32
	first, end     int
}

// Sort takes the place of what was sorted before. Of a key that is changed more than once the last change counts.
func (s *Sorted) Sort(changes []*Changes) {
	s.later.forget()
	s.sort(changes)
}

// SortInTurn is Sort for changes that were to be applied one behind another: what one of them drops is not there of those before. All have the form of a log.
func (s *Sorted) SortInTurn(changes []*Changes) {
	s.later.forget()
	for change, c := range changes[min(1, len(changes)):] {
		for _, d := range c.drops {
			s.later.add(change+1, d)
		}
	}
	s.sort(changes)
}

func (s *Sorted) sort(changes []*Changes) {
	s.changes, s.drops, s.groups, s.shards = changes, s.drops[:0], s.groups[:0], [Shards]bool{}
	if s.index == nil {
		s.index = map[groupKey]int{}
	}
	clear(s.index)
	for change, c := range changes {
		c.settle()
		s.drops = append(s.drops, c.drops...)
		if len(c.parts) > 1 {
			for i := range c.parts {
				s.addPart(uint32(change), uint32(i), &c.parts[i]) //nolint:gosec // fewer than 2^32
			}
		}
	}
	s.addWhole()
	for i := range s.groups {
		g := &s.groups[i]
		slices.SortStableFunc(g.spread, func(a, b spreadRun) int { return cmp.Compare(a.bucket, b.bucket) })
	}
	slices.SortFunc(s.groups, func(a, b group) int { return a.compare(b.groupKey) })
}

// addPart puts the runs of a part of changes that are spread into their groups.
func (s *Sorted) addPart(change, number uint32, p *changesPart) {
	if p.count > 0 {
		s.shards[number/shardBuckets] = true
	}
	for i := range p.runs {
		r := &p.runs[i]
		g := &s.groups[s.groupOf(r.groupKey)]
		g.spread = append(g.spread, spreadRun{bucket: number, change: change, first: r.first, end: p.endOf(i)})
	}
}

// addWhole puts the entries of changes that are not spread into their groups, bucket by bucket: it counts them, and then knows where each goes.
func (s *Sorted) addWhole() {
	count := 0
	for _, c := range s.changes {
		if len(c.parts) <= 1 {
			count += c.count
		}
	}
	s.spare, s.stretches = slices.Grow(s.spare[:0], count), s.stretches[:0]
	s.eachWhole(func(group int, r *ref) {
		if last := len(s.stretches) - 1; last < 0 || s.stretches[last].group != group {
			s.stretches = append(s.stretches, stretch{group: group})
		}
		s.spare = append(s.spare, *r)
		s.stretches[len(s.stretches)-1].end = len(s.spare)
		s.groups[group].ends[r.hash>>bucketShift]++
		s.shards[ShardOf(r.hash)] = true
	})
	for i := range s.groups {
		g := &s.groups[i]
		total := int(sums(g.ends[:]))
		g.whole = slices.Grow(g.whole[:0], total)[:total]
	}
	from := 0
	for _, one := range s.stretches {
		g := &s.groups[one.group]
		for i := range s.spare[from:one.end] {
			r := &s.spare[from+i]
			at := &g.ends[r.hash>>bucketShift]
			g.whole[*at] = *r
			*at++
		}
		from = one.end
	}
}

// stretch are refs of a group that follow each other, up to one.
type stretch struct{ group, end int }

// eachWhole gives the entries of changes that are not spread, as they came, but those that a later change drops, each with the number of its group.
func (s *Sorted) eachWhole(f func(group int, r *ref)) {
	for change, c := range s.changes {
		if len(c.parts) > 1 {
			continue
		}
		r, of, number := ref{change: uint32(change)}, groupKey{}, -1 //nolint:gosec // fewer than 2^32
		give := func(g groupKey, at int, e *entry) {
			if number < 0 || g != of {
				of, number = g, s.groupOf(g)
			}
			if s.later.drops(change, g, e.hash) {
				return
			}
			r.entry, r.number = *e, uint32(at) //nolint:gosec // fewer than 2^32
			f(number, &r)
		}
		if c.log != nil {
			c.log.each(give)
		}
		for i := range c.parts {
			c.parts[i].each(give)
		}
	}
}

// groupOf returns the number of a group.
func (s *Sorted) groupOf(key groupKey) int {
	number, known := s.index[key]
	if !known {
		number = len(s.groups)
		s.index[key] = number
		if number < cap(s.groups) { // one that was used before
			s.groups = s.groups[:number+1]
			g := &s.groups[number]
			g.groupKey, g.spread, g.whole, g.ends = key, g.spread[:0], g.whole[:0], [buckets]uint32{}
		} else {
			s.groups = append(s.groups, group{groupKey: key})
		}
	}
	return number
}

// Drops are those of all changes, in the order of the calls.
func (s *Sorted) Drops() []Drop { return s.drops }

// Has reports whether there are entries in a shard.
func (s *Sorted) Has(shard int) bool { return s.shards[shard] }

// Each gives the entries of a shard in the order of keys, some at a time, lent for the call. An error of f ends it and is returned.
func (s *Sorted) Each(shard int, f func(entries []Entry) error) error {
	if !s.shards[shard] {
		return nil
	}
	for i := range s.groups {
		g := &s.groups[i]
		first := uint32(shard) * shardBuckets //nolint:gosec // 0 to 240
		from, _ := slices.BinarySearchFunc(g.spread, first, func(r spreadRun, bucket uint32) int { return cmp.Compare(r.bucket, bucket) })
		spread := g.spread[from:]
		for bucket := first; bucket < first+shardBuckets; bucket++ {
			s.refs = s.refs[:0]
			spread = s.take(bucket, spread)
			s.refs = append(s.refs, g.bucket(bucket)...)
			if len(s.refs) == 0 {
				continue
			}
			s.sortRefs()
			if err := s.lend(g.groupKey, f); err != nil {
				return err
			}
		}
	}
	return nil
}

// take appends the entries of a bucket, with which spread begins, to refs, and returns what follows.
func (s *Sorted) take(bucket uint32, spread []spreadRun) []spreadRun {
	for len(spread) > 0 && spread[0].bucket == bucket {
		r := &spread[0]
		p := &s.changes[r.change].parts[bucket]
		s.refs = slices.Grow(s.refs, r.end-r.first)
		for at := r.first; at < r.end; at++ {
			s.refs = append(s.refs, ref{entry: *p.at(at), change: r.change, number: uint32(at)}) //nolint:gosec // fewer than 2^32
		}
		spread = spread[1:]
	}
	return spread
}

// lend gives refs of a group to f.
func (s *Sorted) lend(g groupKey, f func(entries []Entry) error) error {
	n := 0
	for i := range s.refs {
		r := &s.refs[i]
		if i+1 < len(s.refs) && s.refs[i+1].hash == r.hash && bytes.Equal(s.keyOf(r), s.keyOf(&s.refs[i+1])) {
			continue // the next change of the key counts
		}
		s.lent[n] = lentFrom(s.chunk(r), g, &r.entry)
		if n++; n == len(s.lent) {
			if err := s.give(n, f); err != nil {
				return err
			}
			n = 0
		}
	}
	if n == 0 {
		return nil
	}
	return s.give(n, f)
}

// cacheLine is how much memory is read at once, readAhead how much of a value is read early, in bytes.
const cacheLine, readAhead = 64, 1 << 10

// give gives the first n of lent to f. It reads them before: looks at memory that do not hang on each other wait for it together, and f's copies, one after another, would not.
func (s *Sorted) give(n int, f func(entries []Entry) error) error {
	read := s.read
	for i := range s.lent[:n] {
		if key := s.lent[i].Key; len(key) > 0 {
			read ^= key[0]
		}
		value := s.lent[i].Value
		for at := 0; at < min(len(value), readAhead); at += cacheLine {
			read ^= value[at]
		}
	}
	s.read = read
	return f(s.lent[:n])
}

// keptRefs is how many refs of memory Release keeps at most, and keptGroups how many groups.
const keptRefs, keptGroups = 1 << 16, 1 << 6

// keptRuns is how many runs of a group, and refs of one, Release keeps at most.
const keptRuns = 1 << 8

// Release forgets the changes, so that their memory can be freed. Of its own it keeps a few megabytes.
func (s *Sorted) Release() {
	s.changes = nil
	if cap(s.refs) > keptRefs {
		s.refs = nil
	}
	if cap(s.spare) > keptRefs {
		s.spare = nil
	}
	if cap(s.stretches) > keptRefs {
		s.stretches = nil
	}
	if cap(s.groups) > keptGroups {
		s.groups, s.index = nil, nil
	}
	for i := range s.groups[:cap(s.groups)] {
		g := &s.groups[:cap(s.groups)][i]
		if cap(g.spread) > keptRuns {
			g.spread = nil
		}
		if cap(g.whole) > keptRuns {
			g.whole = nil
		}
	}
	clear(s.lent[:])
	s.drops, s.groups, s.shards = s.drops[:0], s.groups[:0], [Shards]bool{}
}

// Sorting by hash: the bits below those of the bucket, in two passes of so many bits, where there are enough refs; what is equal in those is compared.
const (
	radixMinimum = 1 << 6
	radixLeast   = 6
	radixMost    = 11
)

// radixBits is how many bits a pass takes for n refs: about as many values as there are refs, for both passes together.
func radixBits(n int) int {
	return min(max((bitsOf(n)+1)/2+1, radixLeast), radixMost)
}

func bitsOf(n int) int {
	bits := 0
	for ; n > 0; n >>= 1 {
		bits++
	}
	return bits
}

// sortRefs sorts the refs of a bucket and a group by hash and key, those of one key as they came.
func (s *Sorted) sortRefs() {
	if len(s.refs) < radixMinimum {
		s.compareFew(s.refs)
		return
	}
	bits := radixBits(len(s.refs))
	low, high := bucketShift-2*bits, bucketShift-bits
	mask := uint64(1)<<bits - 1
	lows, highs := s.counts[0][:mask+1], s.counts[1][:mask+1]
	clear(lows)
	clear(highs)
	for i := range s.refs {
		hash := s.refs[i].hash
		lows[hash>>low&mask]++
		highs[hash>>high&mask]++
	}
	sums(lows)
	sums(highs)
	s.spare = slices.Grow(s.spare[:0], len(s.refs))[:len(s.refs)]
	spread(s.spare, s.refs, lows, low, mask)
	spread(s.refs, s.spare, highs, high, mask)
	s.compareAll(s.refs, ^(uint64(1)<<low - 1))
}

// sums makes counts the number of those before, and returns that of all.
func sums(counts []uint32) (sum uint32) {
	for i, n := range counts {
		counts[i] = sum
		sum += n
	}
	return sum
}

// spread puts refs where places says, by some bits of their hashes.
func spread(to, refs []ref, places []uint32, shift int, mask uint64) {
	for i := range refs {
		place := &places[refs[i].hash>>shift&mask]
		to[*place] = refs[i]
		*place++
	}
}

// compareAll sorts refs that are in the order of those bits of their hashes that mask has.
func (s *Sorted) compareAll(refs []ref, mask uint64) {
	for first := 0; first < len(refs); {
		next := first + 1
		for next < len(refs) && (refs[next].hash^refs[first].hash)&mask == 0 {
			next++
		}
		if next-first > 1 {
			s.compareFew(refs[first:next])
		}
		first = next
	}
}

// fewRefs is how many refs are sorted by insertion at most.
const fewRefs = 12

// compareFew sorts refs.
func (s *Sorted) compareFew(refs []ref) {
	if len(refs) > fewRefs {
		slices.SortFunc(refs, s.compare)
		return
	}
	for i := 1; i < len(refs); i++ {
		r := refs[i]
		at := i
		for ; at > 0 && s.compare(r, refs[at-1]) < 0; at-- {
			refs[at] = refs[at-1]
		}
		refs[at] = r
	}
}

// compare orders entries of one group: by their hashes and keys, and those of one key as they came.
func (s *Sorted) compare(a, b ref) int {
	if a.hash != b.hash {
		return cmp.Compare(a.hash, b.hash)
	}
	return cmp.Or(bytes.Compare(s.keyOf(&a), s.keyOf(&b)), cmp.Compare(a.change, b.change), cmp.Compare(a.number, b.number))
}

func (s *Sorted) keyOf(r *ref) []byte { return keyIn(s.chunk(r), &r.entry) }

// chunk has the bytes of a ref; nil: it has none.
func (s *Sorted) chunk(r *ref) []byte { return s.changes[r.change].chunk(r.hash, r.chunk) }
