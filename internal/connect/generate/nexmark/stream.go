package nexmark

import (
	"encoding/binary"
	"math/bits"
	"slices"
)

// stream is one event's own sequence of random words: wyrand (Wang Yi's wyhash, public domain) from a state that two rounds of
// SplitMix64's finalizer (Steele, Lea, Flood 2014; Stafford's variant 13) make of key and number. Neighbouring numbers thus share nothing,
// which a linear generator seeded with the number itself does not give: its first draws correlate, and keys stay unseen for long.
type stream struct {
	state uint64
}

const (
	goldenGamma   = 0x9e3779b97f4a7c15
	wyrandStep    = 0xa0761d6478bd642f
	wyrandScatter = 0xe7037ed1a0b428db
)

func mix(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// newStream starts stream number n of a family; key should itself come from mix.
func newStream(key, n uint64) stream {
	return stream{state: mix(key ^ mix(n+goldenGamma))}
}

func (s *stream) next() uint64 {
	s.state += wyrandStep
	return scramble(s.state)
}

// skip steps over the next n words.
func (s *stream) skip(n int) {
	s.state += uint64(n) * wyrandStep
}

// scramble turns a state of the stream into the word it stands for.
func scramble(state uint64) uint64 {
	high, low := bits.Mul64(state, state^wyrandScatter)
	return high ^ low
}

// below draws from [0, n). Its bias is n/2⁶⁴.
func (s *stream) below(n uint64) uint64 {
	high, _ := bits.Mul64(s.next(), n)
	return high
}

// hot is true with probability 1 - 1/ratio.
func (s *stream) hot(ratio uint64) bool {
	return s.below(ratio) > 0
}

// Lanes of a word that is worked on as eight bytes at once.
const (
	everyByte  = 0x0101010101010101
	evenBytes  = 0x00ff00ff00ff00ff
	lowSevens  = 0x7f * everyByte
	highBits   = 0x80 * everyByte
	allLetters = 'a' * everyByte
)

// letters draws eight of a–z, one a byte.
func (s *stream) letters() uint64 {
	return lettersOf(s.next())
}

// lettersOf turns random bytes into letters: byte b becomes letter b·26/256, so a letter's chance is 9/256 or 10/256.
func lettersOf(word uint64) uint64 {
	even := (word & evenBytes) * 26 >> 8 & evenBytes
	odd := (word >> 8 & evenBytes) * 26 &^ evenBytes
	return (even | odd) + allLetters
}

// spaced draws eight letters of which one in 12.8 is replaced by the separator.
func (s *stream) spaced(separator byte) uint64 {
	word := s.letters()
	drop := ^(s.next()&lowSevens + (0x80-10)*everyByte) & highBits // high bit set where seven random bits are below 10
	mask := drop >> 7 * 0xff
	return word&^mask | uint64(separator)*everyByte&mask
}

// appendLetters appends n random letters.
func (s *stream) appendLetters(dst []byte, n int) []byte {
	start, words := len(dst), wholeWords(n)
	dst = slices.Grow(dst, words)[:start+words]
	state := s.state // in a register while the loop runs; s.next would go through memory
	for at := start; at <= len(dst)-8; at += 8 {
		state += wyrandStep
		binary.LittleEndian.PutUint64(dst[at:at+8:len(dst)], lettersOf(scramble(state)))
	}
	s.state = state
	return dst[:start+n]
}

// appendSpaced appends n letters and separators.
func (s *stream) appendSpaced(dst []byte, n int, separator byte) []byte {
	start, words := len(dst), wholeWords(n)
	dst = slices.Grow(dst, words)[:start+words]
	for at := start; at <= len(dst)-8; at += 8 {
		binary.LittleEndian.PutUint64(dst[at:at+8:len(dst)], s.spaced(separator))
	}
	return dst[:start+n]
}

// wholeWords rounds a length up to whole words of eight bytes.
func wholeWords(n int) int { return (n + 7) &^ 7 }

// appendWords appends a text of 3 to limit-1 letters and separators that begins and ends with a letter.
func (s *stream) appendWords(dst []byte, limit uint64, separator byte) []byte {
	start := len(dst)
	dst = s.appendSpaced(dst, minTextLength+int(s.below(limit-minTextLength)), separator)
	edges := s.letters()
	dst[start], dst[len(dst)-1] = byte(edges), byte(edges>>8)
	return dst
}

// skipWords steps over what appendWords draws.
func (s *stream) skipWords(limit uint64) {
	n := minTextLength + int(s.below(limit-minTextLength))
	s.skip(2*wholeWords(n)/8 + 1)
}

// minTextLength is the length of Nexmark's shortest random text.
const minTextLength = 3

// appendExtra pads a record that counts size bytes to average bytes, give or take a fifth of what is missing, as Nexmark does.
func (s *stream) appendExtra(dst []byte, size, average int) []byte {
	missing := average - size
	if missing <= 0 {
		return dst
	}
	jitter := (2*missing + 5) / 10 // a fifth, rounded half up
	return s.appendLetters(dst, missing-jitter+int(s.below(uint64(2*jitter))))
}
