package temporal

import "bytes"

// patternID is what a template pattern stands for; its case is kept apart.
type patternID uint8

const (
	patLiteral   patternID = iota // a byte sequence copied as it is
	patSeparator                  // punctuation, one byte
	patSpace
	patAD // also BC
	patADDots
	patAM // also PM
	patAMDots
	patCC
	patDay
	patDDD
	patDD
	patDy
	patD
	patFF
	patFX
	patHH24
	patHH12
	patIDDD
	patID
	patIW
	patIYYY
	patIYY
	patIY
	patI
	patJ
	patMI
	patMM
	patMonth
	patMon
	patMS
	patOF
	patQ
	patRM
	patSSSS
	patSS
	patTZH
	patTZM
	patTZ
	patUS
	patWW
	patW
	patYComma
	patYYYY
	patYYY
	patYY
	patY
)

// calendar says whether a pattern counts in Gregorian years or in ISO 8601 weeks; one template to be parsed may not mix them.
type calendar uint8

const (
	calendarAny calendar = iota
	calendarGregorian
	calendarISO
)

type pattern struct {
	name     string // upper case
	id       patternID
	numeric  bool
	calendar calendar
}

// patterns lists every pattern, a longer one before its prefixes.
//
//nolint:gochecknoglobals // immutable table
var patterns = [...]pattern{
	{"A.D.", patADDots, false, 0},
	{"B.C.", patADDots, false, 0},
	{"AD", patAD, false, 0},
	{"BC", patAD, false, 0},
	{"A.M.", patAMDots, false, 0},
	{"P.M.", patAMDots, false, 0},
	{"AM", patAM, false, 0},
	{"PM", patAM, false, 0},
	{"CC", patCC, true, 0},
	{"DAY", patDay, false, 0},
	{"DDD", patDDD, true, calendarGregorian},
	{"DD", patDD, true, calendarGregorian},
	{"DY", patDy, false, 0},
	{"D", patD, true, calendarGregorian},
	{"FF1", patFF, false, 0},
	{"FF2", patFF, false, 0},
	{"FF3", patFF, false, 0},
	{"FF4", patFF, false, 0},
	{"FF5", patFF, false, 0},
	{"FF6", patFF, false, 0},
	{"FX", patFX, false, 0},
	{"HH24", patHH24, true, 0},
	{"HH12", patHH12, true, 0},
	{"HH", patHH12, true, 0},
	{"IDDD", patIDDD, true, calendarISO},
	{"ID", patID, true, calendarISO},
	{"IW", patIW, true, calendarISO},
	{"IYYY", patIYYY, true, calendarISO},
	{"IYY", patIYY, true, calendarISO},
	{"IY", patIY, true, calendarISO},
	{"I", patI, true, calendarISO},
	{"J", patJ, true, 0},
	{"MI", patMI, true, 0},
	{"MM", patMM, true, calendarGregorian},
	{"MONTH", patMonth, false, calendarGregorian},
	{"MON", patMon, false, calendarGregorian},
	{"MS", patMS, true, 0},
	{"OF", patOF, false, 0},
	{"Q", patQ, true, 0},
	{"RM", patRM, false, calendarGregorian},
	{"SSSSS", patSSSS, true, 0},
	{"SSSS", patSSSS, true, 0},
	{"SS", patSS, true, 0},
	{"TZH", patTZH, false, 0},
	{"TZM", patTZM, true, 0},
	{"TZ", patTZ, false, 0},
	{"US", patUS, true, 0},
	{"WW", patWW, true, calendarGregorian},
	{"W", patW, true, calendarGregorian},
	{"Y,YYY", patYComma, true, calendarGregorian},
	{"YYYY", patYYYY, true, calendarGregorian},
	{"YYY", patYYY, true, calendarGregorian},
	{"YY", patYY, true, calendarGregorian},
	{"Y", patY, true, calendarGregorian},
}

// letterCase is the case in which a name is written.
type letterCase uint8

const (
	caseUpper letterCase = iota
	caseCapital
	caseLower
)

// node is one step of a template.
type node struct {
	id       patternID
	letters  letterCase
	fill     bool // FM: no padding
	ordinal  bool // TH or th: 1st, 2nd
	lowerTH  bool
	numeric  bool
	calendar calendar
	digits   uint8  // of FF1..FF6
	name     string // as it stands in the template, for errors
	text     string // of a literal
}

// Format is a compiled to_char, to_timestamp or to_date template. It is immutable and may be shared.
type Format struct {
	nodes    []node
	needDate bool // some pattern needs year, month and day
}

// CompileFormat reads a template. Like PostgreSQL it knows no wrong one: what is no pattern is copied.
func CompileFormat(template []byte) (*Format, error) {
	f := &Format{}
	for rest := template; len(rest) > 0; {
		fill, translated, after := prefix(rest)
		rest = after
		if len(rest) == 0 {
			break
		}
		p, letters, ok := findPattern(rest)
		if !ok {
			rest = f.literal(rest)
			continue
		}
		n := node{id: p.id, letters: letters, fill: fill, numeric: p.numeric, calendar: p.calendar, name: string(rest[:len(p.name)])}
		if translated && (p.id == patMonth || p.id == patDay) {
			n.fill = true
		}
		if p.id == patFF {
			n.digits = p.name[2] - '0'
		}
		rest = n.suffix(rest[len(p.name):])
		f.nodes = append(f.nodes, n)
		f.needDate = f.needDate || usesDate(p.id)
	}
	return f, nil
}

// usesDate reports whether writing the pattern needs year, month or day.
func usesDate(id patternID) bool {
	switch id {
	case patAM, patAMDots, patHH24, patHH12, patMI, patSS, patMS, patUS, patFF, patSSSS, patTZ, patTZH, patTZM, patOF, patFX:
		return false
	}
	return true
}

// prefix takes FM, or TM: a translated name, which without locales is the English one, but never padded.
func prefix(b []byte) (fill, translated bool, rest []byte) {
	switch {
	case bytes.HasPrefix(b, []byte("FM")), bytes.HasPrefix(b, []byte("fm")):
		return true, false, b[2:]
	case bytes.HasPrefix(b, []byte("TM")), bytes.HasPrefix(b, []byte("tm")):
		return false, true, b[2:]
	}
	return false, false, b
}

// suffix takes TH, th or SP (which changes nothing) after a pattern.
func (n *node) suffix(b []byte) []byte {
	switch {
	case bytes.HasPrefix(b, []byte("TH")):
		n.ordinal = true
	case bytes.HasPrefix(b, []byte("th")):
		n.ordinal, n.lowerTH = true, true
	case bytes.HasPrefix(b, []byte("SP")):
	default:
		return b
	}
	return b[2:]
}

// findPattern finds the longest pattern at the start of b: all upper, all lower, or, for names, capitalized.
func findPattern(b []byte) (pattern, letterCase, bool) {
	for i := range patterns {
		p := &patterns[i]
		if len(b) < len(p.name) || !equalFold(string(b[:len(p.name)]), p.name) {
			continue
		}
		text := b[:len(p.name)]
		switch {
		case string(text) == p.name:
			return *p, caseUpper, true
		case bytes.Equal(text, bytes.ToLower(text)):
			return *p, caseLower, true
		case (p.id == patDay || p.id == patDy || p.id == patMonth || p.id == patMon) && bytes.Equal(text[1:], bytes.ToLower(text[1:])):
			return *p, caseCapital, true
		}
	}
	return pattern{}, 0, false
}

// literal takes what is no pattern: a text in double quotes, or one character.
func (f *Format) literal(b []byte) (rest []byte) {
	if b[0] == '"' {
		b = b[1:]
		for len(b) > 0 {
			if b[0] == '"' {
				return b[1:]
			}
			if b[0] == '\\' && len(b) > 1 {
				b = b[1:]
			}
			b = f.character(b, patLiteral)
		}
		return b
	}
	if b[0] == '\\' && len(b) > 1 && b[1] == '"' {
		b = b[1:]
	}
	id := patLiteral
	switch {
	case isSpace(b[0]):
		id = patSpace
	case isPunct(b[0]):
		id = patSeparator
	}
	return f.character(b, id)
}

// character adds one UTF-8 sequence.
func (f *Format) character(b []byte, id patternID) (rest []byte) {
	n := characterLength(b)
	f.nodes = append(f.nodes, node{id: id, text: string(b[:n])})
	return b[n:]
}

// characterLength is the length of the UTF-8 sequence at the start of b, at least 1.
func characterLength(b []byte) int {
	n := 1
	for n < len(b) && b[n]&0xc0 == 0x80 {
		n++
	}
	return n
}
