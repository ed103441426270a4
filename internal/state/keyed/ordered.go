package keyed

import (
	"bytes"
	"encoding/binary"
	"errors"
	"iter"
	"slices"
	"sort"

	"wire.example/wire/internal/foundation/limit"
)

// Ordered is a map from keys to values, both plain bytes, that is ordered by the bytes of its keys, for each key group apart. Numbers in keys are
// written by AppendOrdered.
//
// Slices that it returns point into it, until the next change.
type Ordered struct {
	name   string
	budget *limit.Budget
	groups [Groups][]*page // without empty pages, in the order of their keys
	len    int
	bytes  int64
	guard  *Guard
}

// NewOrdered returns an empty map. name is the operator's, for errors.
func NewOrdered(name string, budget *limit.Budget) *Ordered {
	return &Ordered{name: name, budget: budget}
}

// AppendOrdered appends v so that numbers are ordered as their bytes are: 8 bytes, the highest first, the sign turned.
func AppendOrdered(dst []byte, v int64) []byte {
	return binary.BigEndian.AppendUint64(dst, uint64(v)^1<<63)
}

// OrderedValue returns the number that AppendOrdered wrote in front of b.
func OrderedValue(b []byte) int64 { return int64(binary.BigEndian.Uint64(b) ^ 1<<63) }

// Len returns the number of entries.
func (o *Ordered) Len() int { return o.len }

// Bytes returns the memory in use, as reserved.
func (o *Ordered) Bytes() int64 { return o.bytes }

// pageOf returns the number of the page that has key, or would: the last one that does not begin behind it, or the first.
func pageOf(pages []*page, key []byte) int {
	return sort.Search(len(pages)-1, func(i int) bool { return bytes.Compare(pages[i+1].key(0), key) > 0 })
}

// Put sets the value of key, and reports whether it replaced one. Both are copied. The error is SQLSTATE 53200.
func (o *Ordered) Put(group uint8, key, value []byte) (replaced bool, err error) {
	if o.guard != nil {
		if err := o.guard.group(group); err != nil {
			return false, err
		}
	}
	if len(o.groups[group]) == 0 {
		o.groups[group] = []*page{{}}
	}
	n := pageOf(o.groups[group], key)
	p := o.groups[group][n]
	i, replaced := p.search(key)
	if replaced {
		if _, old := p.entry(i); len(old) == len(value) {
			copy(old, value)
			return true, nil
		}
		p.remove(i, i+1)
		o.len--
	}
	o.len++
	return replaced, o.place(group, n, i, key, value)
}

// place makes (key, value) entry i of page n, or puts it where that is after the page was split.
func (o *Ordered) place(group uint8, n, i int, key, value []byte) error {
	p := o.groups[group][n]
	touched := []*page{p}
	for !p.fits(key, value) {
		pages := o.groups[group]
		behind := &page{}
		switch {
		case i == 0 && (n == 0 || len(p.at) == 1): // keys that descend fill pages
			o.groups[group] = slices.Insert(pages, n, behind)
			p = behind
		case i == len(p.at) && (n == len(pages)-1 || len(p.at) == 1): // and so do those that ascend
			n, i = n+1, 0
			o.groups[group] = slices.Insert(pages, n, behind)
			p = behind
		default:
			at := p.middle()
			behind = p.split(at)
			o.groups[group] = slices.Insert(pages, n+1, behind)
			if i > at || i == at && !p.fits(key, value) {
				n, i, p = n+1, i-at, behind
			}
		}
		touched = append(touched, behind)
	}
	p.insert(i, key, value)
	var err error
	for _, p := range touched {
		err = errors.Join(err, o.settle(p))
	}
	return err
}

// settle reserves what a page has grown by, or gives back what it has shrunk by. What was put in stays, whether or not there was room for it.
func (o *Ordered) settle(p *page) error {
	added := p.bytes() - p.reserved
	if added < 0 {
		o.budget.Release(-added)
	} else if err := o.budget.Reserve(added); err != nil {
		return outOfMemory(o.name, err)
	}
	o.bytes += added
	p.reserved += added
	return nil
}

// Get returns the value of key.
func (o *Ordered) Get(group uint8, key []byte) (value []byte, ok bool) {
	if o.guard != nil && o.guard.group(group) != nil {
		return nil, false
	}
	pages := o.groups[group]
	if len(pages) == 0 {
		return nil, false
	}
	p := pages[pageOf(pages, key)]
	i, ok := p.search(key)
	if ok {
		_, value = p.entry(i)
	}
	return value, ok
}

// First returns the entry of a group whose key is the lowest.
func (o *Ordered) First(group uint8) (key, value []byte, ok bool) {
	if o.guard != nil && o.guard.group(group) != nil || len(o.groups[group]) == 0 {
		return nil, nil, false
	}
	key, value = o.groups[group][0].entry(0)
	return key, value, true
}

// Range goes through the entries of a group from key from up to, not including, to, ascending; a nil to is the end. The loop must not change the
// map.
func (o *Ordered) Range(group uint8, from, to []byte) iter.Seq2[[]byte, []byte] {
	return func(yield func(key, value []byte) bool) {
		if o.guard != nil && o.guard.group(group) != nil {
			return
		}
		pages := o.groups[group]
		if len(pages) == 0 {
			return
		}
		n := pageOf(pages, from)
		i, _ := pages[n].search(from)
		for _, p := range pages[n:] {
			for ; i < len(p.at); i++ {
				key, value := p.entry(i)
				if to != nil && bytes.Compare(key, to) >= 0 || !yield(key, value) {
					return
				}
			}
			i = 0
		}
	}
}

// Delete takes key out, and reports whether it was there.
func (o *Ordered) Delete(group uint8, key []byte) bool {
	if o.guard != nil && o.guard.group(group) != nil {
		return false
	}
	pages := o.groups[group]
	if len(pages) == 0 {
		return false
	}
	n := pageOf(pages, key)
	i, ok := pages[n].search(key)
	if ok {
		o.removeFrom(group, n, i, i+1)
	}
	return ok
}

// DeleteRange takes the entries of a group from key from up to, not including, to out, and returns how many there were; a nil to is the end.
func (o *Ordered) DeleteRange(group uint8, from, to []byte) int {
	if o.guard != nil && o.guard.group(group) != nil {
		return 0
	}
	before := o.len
	for len(o.groups[group]) > 0 {
		pages := o.groups[group]
		n := pageOf(pages, from)
		i, _ := pages[n].search(from)
		if i == len(pages[n].at) {
			if n, i = n+1, 0; n == len(pages) {
				break
			}
		}
		j := len(pages[n].at)
		if to != nil {
			j, _ = pages[n].search(to)
		}
		if j <= i {
			break
		}
		o.removeFrom(group, n, i, j)
	}
	return before - o.len
}

// removeFrom takes entries i to j of a page out, and the page if it is empty then, or has room in the one before.
func (o *Ordered) removeFrom(group uint8, n, i, j int) {
	pages := o.groups[group]
	p := pages[n]
	o.len -= j - i
	p.remove(i, j)
	gone := len(p.at) == 0
	if !gone && n > 0 && p.size() < pageBytes/4 && p.size()+pages[n-1].size() <= pageBytes/2 {
		pages[n-1].merge(p)
		if gone = o.settle(pages[n-1]) == nil; !gone { // no room to save room
			pages[n-1].remove(len(pages[n-1].at)-len(p.at), len(pages[n-1].at))
		}
	}
	if gone {
		o.groups[group] = slices.Delete(pages, n, n+1)
		p.data, p.at, p.dead = nil, nil, 0
	}
	_ = o.settle(p) // it is not larger than before
}

// Free drops all entries and gives the memory back. The map may be used again.
func (o *Ordered) Free() {
	o.budget.Release(o.bytes)
	o.groups, o.len, o.bytes = [Groups][]*page{}, 0, 0
}

// orderedVersion is the version of the layout of ordered maps in docs/format/state.md.
const orderedVersion = 1

// Snapshot returns the entries of a group, nil if it has none.
func (o *Ordered) Snapshot(group uint8) ([]byte, error) {
	if o.guard != nil {
		if err := o.guard.group(group); err != nil {
			return nil, err
		}
	}
	n := 0
	for _, p := range o.groups[group] {
		n += len(p.at)
	}
	if n == 0 {
		return nil, nil
	}
	dst := binary.AppendUvarint([]byte{kindOrdered, orderedVersion}, uint64(n))
	for key, value := range o.Range(group, nil, nil) {
		dst = append(binary.AppendUvarint(dst, uint64(len(key))), key...)
		dst = append(binary.AppendUvarint(dst, uint64(len(value))), value...)
	}
	return seal(dst), nil
}

// Restore puts the entries of a snapshot in. The group must be empty. The error is a *CorruptError or SQLSTATE 53200.
func (o *Ordered) Restore(group uint8, data []byte) error {
	r, err := unseal(o.name, data, kindOrdered, orderedVersion)
	if err != nil {
		return err
	}
	if len(o.groups[group]) > 0 {
		r.fail("key group %d has entries already", group)
	}
	var last []byte
	for n := r.count(); n > 0 && r.err == nil; n-- {
		key := r.take(r.uvarint())
		value := r.take(r.uvarint())
		switch {
		case r.err != nil:
			return r.err
		case last != nil && bytes.Compare(last, key) >= 0:
			r.fail("keys are out of order")
			return r.err
		}
		if _, err := o.Put(group, key, value); err != nil {
			return err
		}
		last = key
	}
	return r.end()
}

// SetGuard makes a test's guard watch over the map, by key group.
func (o *Ordered) SetGuard(g *Guard) { o.guard = g }

// Resident reports whether all entries are in memory for good, so that nothing needs to be declared.
func (o *Ordered) Resident() bool { return o.guard == nil }

// Load makes the entries of the key groups of hashes, and of groups, resident until the next Load.
func (o *Ordered) Load(hashes []uint64, groups [Groups / 64]uint64) error {
	if o.guard != nil {
		o.guard.load(hashes, groups)
	}
	return nil
}
