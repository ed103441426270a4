package keyed

import (
	"bytes"
	"encoding/binary"
	"slices"
	"sort"
)

const (
	// pageBytes is how many bytes a page may take: the unit of change and, in time, of eviction and storage. A larger entry has a page of its own.
	pageBytes = 4096
	minPage   = 256
	// entryHead is what an entry takes beside its bytes: the lengths of key and value, and its place in the list.
	entryHead = 2*numberBytes + numberBytes
)

// page is a sorted piece of an ordered map. The entries lie in data in the order in which they came; at are where they begin, in the order of
// their keys.
type page struct {
	data     []byte
	at       []uint32
	dead     int   // bytes of data that no entry has
	reserved int64 // bytes reserved for the page
}

// size is what the page's entries take.
func (p *page) size() int { return len(p.data) - p.dead + len(p.at)*numberBytes }

// bytes is the memory of the page.
func (p *page) bytes() int64 { return int64(cap(p.data)) + int64(cap(p.at))*numberBytes }

func entrySize(key, value []byte) int { return entryHead + len(key) + len(value) }

// entry returns entry i.
func (p *page) entry(i int) (key, value []byte) {
	e := p.data[p.at[i]:]
	k, v := binary.LittleEndian.Uint32(e), binary.LittleEndian.Uint32(e[numberBytes:])
	e = e[2*numberBytes : 2*numberBytes+k+v]
	return e[:k:k], e[k:]
}

func (p *page) key(i int) []byte {
	key, _ := p.entry(i)
	return key
}

// search returns the place of the first entry whose key is not below key, and whether that is key.
func (p *page) search(key []byte) (i int, found bool) {
	i = sort.Search(len(p.at), func(i int) bool { return bytes.Compare(p.key(i), key) >= 0 })
	return i, i < len(p.at) && bytes.Equal(p.key(i), key)
}

// insert makes (key, value) entry i. The page's memory grows if it must.
func (p *page) insert(i int, key, value []byte) {
	size := 2*numberBytes + len(key) + len(value)
	if p.dead > 0 && len(p.data)+size > cap(p.data) {
		p.squeeze(cap(p.data))
	}
	if need := len(p.data) + size; need > cap(p.data) {
		room := max(minPage, 2*cap(p.data))
		if room = min(room, pageBytes); room < need {
			room = need
		}
		p.data = append(make([]byte, 0, room), p.data...)
	}
	p.at = slices.Insert(p.at, i, uint32(len(p.data)))
	p.data = binary.LittleEndian.AppendUint32(p.data, uint32(len(key)))
	p.data = binary.LittleEndian.AppendUint32(p.data, uint32(len(value)))
	p.data = append(append(p.data, key...), value...)
}

// fits reports whether the page may take an entry. One that is empty takes any.
func (p *page) fits(key, value []byte) bool {
	return len(p.at) == 0 || p.size()+entrySize(key, value) <= pageBytes
}

// remove takes the entries from i to j out, and memory that is no longer worth its while.
func (p *page) remove(i, j int) {
	for k := i; k < j; k++ {
		key, value := p.entry(k)
		p.dead += 2*numberBytes + len(key) + len(value)
	}
	p.at = slices.Delete(p.at, i, j)
	if room := cap(p.data); room > minPage && p.size() < room/4 {
		p.squeeze(max(minPage, room/2))
	}
}

// squeeze moves the entries together, into memory of room bytes.
func (p *page) squeeze(room int) {
	data := make([]byte, 0, room)
	for i, at := range p.at {
		key, value := p.entry(i)
		p.at[i] = uint32(len(data))
		data = append(data, p.data[at:int(at)+2*numberBytes+len(key)+len(value)]...)
	}
	p.data, p.dead = data, 0
}

// split takes the entries from i on into a page of their own.
func (p *page) split(i int) *page {
	behind := &page{}
	for k := i; k < len(p.at); k++ {
		key, value := p.entry(k)
		behind.insert(k-i, key, value)
	}
	p.remove(i, len(p.at))
	return behind
}

// middle returns where to split a page of several entries: in the middle of its bytes.
func (p *page) middle() int {
	half, n := p.size()/2, 0
	for i := range p.at {
		key, value := p.entry(i)
		if n += entrySize(key, value); n > half {
			return min(max(i, 1), len(p.at)-1)
		}
	}
	return len(p.at) - 1
}

// merge appends the entries of behind, all of which are above p's.
func (p *page) merge(behind *page) {
	for i := range behind.at {
		key, value := behind.entry(i)
		p.insert(len(p.at), key, value)
	}
}
