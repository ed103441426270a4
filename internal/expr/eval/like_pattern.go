package eval

import (
	"bytes"
	"slices"
	"unicode/utf8"
)

// likePattern is a LIKE pattern taken apart at its percent signs.
type likePattern struct {
	parts []likePart
	// free says whether the pattern begins (ends) with a percent sign.
	freeStart, freeEnd bool
	// plain: no part has an underscore. dangling: the pattern ends with an escape that escapes nothing, which is an error for the texts that
	// match what stands before it.
	plain, dangling bool
	// test is match or something quicker; see specialise.
	test func(b []byte) bool
}

// likePart is what stands between two percent signs: text, and the places where an underscore takes any character.
type likePart struct {
	text []byte
	// any[i] tells that text[i] stands for any character; nil if none does.
	any []bool
	// head finds the text before the first underscore.
	head finder
}

func decodeChar(b []byte) (rune, int) { return utf8.DecodeRune(b) }

// parse reads text; mark escapes, 0 means that nothing does.
func (p *likePattern) parse(text []byte, mark byte) {
	*p = likePattern{parts: p.parts[:0], plain: true}
	var part likePart
	open := false // part has begun
	for i := 0; i < len(text); i++ {
		ch := text[i]
		switch {
		case ch == mark && mark != 0:
			if i++; i == len(text) {
				p.dangling = true
				break
			}
			part.literal(text[i])
			open = true
		case ch == '%':
			if open {
				p.parts = append(p.parts, part)
				part, open = likePart{}, false
			}
			if len(p.parts) == 0 {
				p.freeStart = true
			}
			p.freeEnd = true
			continue
		case ch == '_':
			part.wild()
			p.plain, open = false, true
		default:
			part.literal(ch)
			open = true
		}
		p.freeEnd = false
	}
	if open {
		p.parts = append(p.parts, part)
	}
}

// prepare readies the parts for matching. The text of parts may be changed until then.
func (p *likePattern) prepare() {
	for i := range p.parts {
		part := &p.parts[i]
		head := part.text
		if first := slices.Index(part.any, true); first >= 0 {
			head = head[:first]
		}
		part.head = newFinder(head)
	}
}

func (t *likePart) literal(ch byte) {
	t.text = append(t.text, ch)
	if t.any != nil {
		t.any = append(t.any, false)
	}
}

func (t *likePart) wild() {
	for len(t.any) < len(t.text) {
		t.any = append(t.any, false)
	}
	t.text, t.any = append(t.text, '_'), append(t.any, true)
}

// specialise chooses the quickest test.
func (p *likePattern) specialise() {
	p.test = p.match
	if !p.plain || len(p.parts) != 1 {
		return
	}
	text := p.parts[0].text
	switch {
	case p.freeStart && p.freeEnd:
		find := &p.parts[0].head
		p.test = func(b []byte) bool { return find.index(b) >= 0 }
	case p.freeStart:
		p.test = func(b []byte) bool { return bytes.HasSuffix(b, text) }
	case p.freeEnd:
		p.test = func(b []byte) bool { return bytes.HasPrefix(b, text) }
	default:
		p.test = func(b []byte) bool { return bytes.Equal(b, text) }
	}
}

// match finds the parts from left to right, each at the first place where it fits; the last one has to end the text unless a percent sign
// follows it.
func (p *likePattern) match(b []byte) bool {
	if len(p.parts) == 0 {
		return p.freeStart || len(b) == 0
	}
	last := len(p.parts) - 1
	for i := range p.parts {
		if i == last && !p.freeEnd {
			return p.parts[i].ends(b, i == 0 && !p.freeStart)
		}
		n := p.next(b, i)
		if n < 0 {
			return false
		}
		b = b[n:]
	}
	return true
}

// next returns where part i ends that is to be found in b, -1 if it is not there.
func (p *likePattern) next(b []byte, i int) int {
	if i == 0 && !p.freeStart {
		return p.parts[i].fits(b)
	}
	return p.parts[i].find(b)
}

// fits returns how many bytes at the start of b the part takes, -1 if it does not fit there.
func (t *likePart) fits(b []byte) int {
	if t.any == nil {
		if bytes.HasPrefix(b, t.text) {
			return len(t.text)
		}
		return -1
	}
	at := 0
	for i, ch := range t.text {
		switch {
		case at == len(b):
			return -1
		case t.any[i]:
			_, n := decodeChar(b[at:])
			at += n
		case b[at] != ch:
			return -1
		default:
			at++
		}
	}
	return at
}

// find returns where the first fit in b ends, -1 if there is none.
func (t *likePart) find(b []byte) int {
	if t.any == nil {
		if at := t.head.index(b); at >= 0 {
			return at + len(t.text)
		}
		return -1
	}
	for at := 0; at <= len(b); {
		skip := t.head.index(b[at:])
		if skip < 0 {
			return -1
		}
		at += skip
		if n := t.fits(b[at:]); n >= 0 {
			return at + n
		}
		_, n := decodeChar(b[at:])
		at += max(n, 1)
	}
	return -1
}

// ends reports whether b ends with the part, or is it if whole is set.
func (t *likePart) ends(b []byte, whole bool) bool {
	if t.any == nil {
		return bytes.HasSuffix(b, t.text) && (!whole || len(b) == len(t.text))
	}
	if whole {
		return t.fits(b) == len(b)
	}
	for at := 0; at <= len(b); {
		if t.fits(b[at:]) == len(b)-at {
			return true
		}
		_, n := decodeChar(b[at:])
		at += max(n, 1)
	}
	return false
}

// reached is for a pattern that ends with an escape, which matches nothing: it tells whether the text fits up to there, with text left over,
// which is when PostgreSQL complains.
func (p *likePattern) reached(b []byte) bool {
	for i := range p.parts {
		n := p.next(b, i)
		if n < 0 {
			return false
		}
		b = b[n:]
	}
	return len(b) > 0
}
