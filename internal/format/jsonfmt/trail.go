package jsonfmt

import (
	"math"
	"math/bits"
	"unsafe"

	"wire.example/wire/sdk/codec"
)

// Most rows that a filter drops look alike: the same keys in the same order, with values of the same kinds. A trail is such a look: the text
// between the values as it stands, and what the values are. A row along a trail is passed in one short loop, which checks what the loops for
// any row check; a row that strays is read by those. A trail is blazed along a dropped row that has been read (see blaze.go), so that a row
// along it is known to be well formed, and what its keys mean.

// The kinds of values on a trail.
const (
	hopEnd    = iota // none: it is the end of the row
	hopText          // any string: its opening quote ends the text before it, its closing one begins the text behind it
	hopNumber        // without exponent, of at most 16 digits on each side of the point
	hopWord          // true, false or null
	hopStamp         // a time stamp that readStamp reads, behind its opening quote; it ends behind the closing one
)

// stretchOf is a piece of text that all rows along a trail have.
type stretchOf struct {
	first, second         uint64 // its first 16 bytes
	firstMask, secondMask uint64
	size                  int
	text                  string
}

func newStretch(text []byte) stretchOf {
	s := newSlot(string(text))
	return stretchOf{first: s.first, second: s.second, firstMask: s.firstMask, secondMask: s.secondMask, size: s.size, text: s.text}
}

// begins reports whether the first 16 bytes of s stand at i.
func (s *stretchOf) begins(p unsafe.Pointer, i int) bool {
	return (load(p, i)^s.first)&s.firstMask|(load(p, i+8)^s.second)&s.secondMask == 0
}

// hop is a stretch of text and the value behind it.
type hop struct {
	stretchOf
	kind   uint8
	member *member // of hopStamp: whose the time stamp is
}

// trail is how rows look that are dropped for the value of one key.
type trail struct {
	from   *slot     // the key
	head   stretchOf // what comes before the value, if that is the row's first and one digit; else its size is 0
	hops   []hop     // what comes behind the value
	time   *member   // that the event time of the rows is, or nil
	credit int       // falls with rows that stray, and rises with others
}

// What a trail starts with and can gain, and what a row that strays takes from it: a trail that one row in ten strays from does not pay.
const (
	firstCredit = 32
	fullCredit  = 64
	strayCredit = 8
)

// trails are those of one decoder.
type trails struct {
	known [4]trail
	n     int
	last  int  // which of them the last row was along
	along bool // the row before was dropped
	wait  int  // dropped rows until another trail may be blazed
	pause int  // how many those were at first
}

// noTrails are those of a decoder that has met a key which matches only when case is ignored: what a row holds depends on all of its keys then.
func noTrails() trails { return trails{wait: math.MaxInt} }

// ride passes the row at pos if it is along the trail of the row before, and returns its line feed and its event time. 0 means that it is not,
// or need not be dropped; nothing has been noted of it.
func (d *decoder) ride(row int) (end int, micros int64) {
	t := &d.trails.known[d.trails.last]
	p, i := d.p, d.pos
	if t.head.size == 0 || !t.head.begins(p, i) || t.head.size > 16 && !restMatches(t.head.text, p, i) {
		return 0, 0
	}
	i += t.head.size
	v := int64(at(p, i) - '0')
	if test := &t.from.member.test; v > 9 || test.low <= v && v <= test.high {
		return 0, 0
	}
	if end = d.follow(t, i+1, row); end == 0 || at(p, end) != '\n' {
		return 0, 0
	}
	if t.time == nil {
		return end, codec.NoTime
	}
	return end, *slotOf[int64](t.time.base, row)
}

// rideFrom passes what a row has behind the value of s, which ends at i and for which the row is dropped, and returns the byte behind the
// row's brace. 0 means that it is along no trail.
func (d *decoder) rideFrom(s *slot, i, row int) int {
	all := &d.trails
	for k := range all.n {
		if t := &all.known[k]; t.from == s && t.hops[0].begins(d.p, i) {
			end := d.follow(t, i, row)
			if all.last = k; t.credit < 0 {
				all.n--
				*t, all.known[all.n], all.last = all.known[all.n], trail{}, 0
			}
			return end
		}
	}
	return 0
}

// follow goes along t from i on and returns the byte behind the row's brace. 0 means that the row strays.
func (d *decoder) follow(t *trail, i, row int) int {
	p := d.p
	for k := range t.hops {
		h := &t.hops[k]
		if !h.begins(p, i) || h.size > 16 && !restMatches(h.text, p, i) {
			if k == 0 { // it is a row of another kind
				return 0
			}
			break
		}
		i += h.size
		switch h.kind {
		case hopText:
			from := i
			if i = d.stopAt(i); at(p, i) != '"' {
				i, _, _ = d.stringEnd(from)
			}
		case hopNumber:
			i = numberHop(p, i)
		case hopStamp:
			i = h.member.readStamp(p, i, row)
		case hopWord:
			i = wordHop(p, i)
		default:
			t.credit = min(t.credit+1, fullCredit)
			return i
		}
		if i <= 0 {
			break
		}
	}
	t.credit -= strayCredit
	return 0
}

// numberHop returns the end of the number at i, or 0 if it is none that a trail has.
func numberHop(p unsafe.Pointer, i int) int {
	x := load(p, i) ^ zeros
	if marks := (x + overDigit | x) & highBits; x&0xff-1 < 9 && marks != 0 {
		end := i + bits.TrailingZeros64(marks)>>3
		if c := at(p, end); c == ',' || c == '}' {
			return end
		}
	}
	_, _, end := shortDecimal(p, i)
	return end
}

// wordHop returns the end of the true, false or null at i, or 0.
func wordHop(p unsafe.Pointer, i int) int {
	switch string((*[4]byte)(unsafe.Add(p, i))[:]) {
	case "true", "null":
		return i + 4
	case "fals":
		if at(p, i+4) == 'e' {
			return i + 5
		}
	default:
	}
	return 0
}

// restMatches reports whether what text has behind its first 16 bytes stands behind those from i on. A line feed differs from every text, so
// that it does not read far past the row's end.
func restMatches(text string, p unsafe.Pointer, i int) bool {
	want := unsafe.Pointer(unsafe.StringData(text))
	for k := 16; k < len(text); k += 8 {
		k := min(k, len(text)-8)
		if load(p, i+k) != load(want, k) {
			return false
		}
	}
	return true
}
