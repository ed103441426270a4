package temporal

import "wire.example/wire/sdk/sqlstate"

// clockTime reads hh:mm, hh:mm:ss, hh:mm:ss.f, or mm:ss.f.
func (d *decoder) clockTime(text []byte) (told int, bad fault) {
	f := &d.f
	var over1, over2, over3, ok bool
	var rest []byte
	f.Hour, rest, over1 = readInt(text)
	if len(rest) == 0 || rest[0] != ':' {
		return 0, faultFormat
	}
	f.Minute, rest, over2 = readInt(rest[1:])
	f.Second, f.Micros = 0, 0
	switch {
	case len(rest) == 0:
	case rest[0] == '.':
		f.Micros, ok = fractionMicros(rest)
		if !ok {
			return 0, faultFormat
		}
		f.Hour, f.Minute, f.Second = 0, f.Hour, f.Minute
	case rest[0] == ':':
		f.Second, rest, over3 = readInt(rest[1:])
		if len(rest) > 0 {
			if f.Micros, ok = fractionMicros(rest); !ok {
				return 0, faultFormat
			}
		}
	default:
		return 0, faultFormat
	}
	if over1 || over2 || over3 || f.Minute > 59 || f.Second > 60 || f.timeOfDay() > Day {
		return 0, faultRange
	}
	return hasTime, faultNone
}

// ParseOffset reads +hh, +hhmm, +hh:mm or +hh:mm:ss, as they stand behind a time, as seconds east of Greenwich; ok is false where text is
// something else, which may be a zone's name.
func ParseOffset(text []byte) (seconds int, ok bool, err error) {
	switch {
	case len(text) == 0:
		return 0, false, nil
	case isDigit(text[0]):
		return 0, false, sqlstate.Errorf(sqlstate.InvalidParameterValue, "invalid input syntax for type numeric time zone: \"%s\"", text).
			WithHint("Numeric time zones must have \"-\" or \"+\" as first character.")
	case text[0] != '+' && text[0] != '-':
		return 0, false, nil
	}
	seconds, bad := parseOffset(text)
	if bad == faultOffset {
		return 0, false, sqlstate.Errorf(sqlstate.InvalidParameterValue, "numeric time zone \"%s\" out of range", text)
	}
	return seconds, bad == faultNone, nil
}

// parseOffset reads +hh, +hhmm, +hh:mm or +hh:mm:ss as seconds east.
func parseOffset(text []byte) (seconds int, bad fault) {
	h, rest, over := readInt(text[1:])
	m, s := 0, 0
	switch {
	case over:
		return 0, faultOffset
	case len(rest) > 0 && rest[0] == ':':
		if m, rest, over = readInt(rest[1:]); over {
			return 0, faultOffset
		}
		if len(rest) > 0 && rest[0] == ':' {
			if s, rest, over = readInt(rest[1:]); over {
				return 0, faultOffset
			}
		}
	case len(rest) == 0 && len(text) > 3:
		h, m = h/100, h%100
	}
	if h < 0 || h > 15 || m < 0 || m > 59 || s < 0 || s > 59 {
		return 0, faultOffset
	}
	if len(rest) != 0 {
		return 0, faultFormat
	}
	seconds = (h*60+m)*60 + s
	if text[0] == '-' {
		seconds = -seconds
	}
	return seconds, faultNone
}

// date reads one token that holds a whole date; its parts are runs of digits or of letters.
func (d *decoder) date(text []byte) (told int, bad fault) {
	var parts [3][]byte
	n := 0
	for i := 0; i < len(text); {
		class := isDigit
		switch {
		case isDigit(text[i]):
		case isAlpha(text[i]):
			class = isAlpha
		default:
			i++
			continue
		}
		start := i
		for i < len(text) && class(text[i]) {
			i++
		}
		if n == len(parts) {
			return 0, faultFormat
		}
		parts[n] = text[start:i]
		n++
	}
	return d.dateParts(parts[:n])
}

// dateParts decides the parts of a date: names first, for they settle what the numbers are.
func (d *decoder) dateParts(parts [][]byte) (told int, bad fault) {
	for i, p := range parts {
		if !isAlpha(p[0]) {
			continue
		}
		w, _ := lookupWord(p)
		switch w.kind {
		case wordIgnore:
		case wordMonth:
			if (d.seen|told)&hasMonth != 0 {
				return 0, faultFormat
			}
			d.f.Month, d.wordy = int(w.value), true
			told |= hasMonth
		default:
			return 0, faultFormat
		}
		parts[i] = nil
	}
	for _, p := range parts {
		if p == nil {
			continue
		}
		t, bad := d.number(p, d.seen|told)
		if bad != faultNone {
			return 0, bad
		}
		if t&(d.seen|told) != 0 {
			return 0, faultFormat
		}
		told |= t
	}
	if (d.seen|told)&^(hasOrdinal|hasZone) != hasDate {
		return 0, faultFormat
	}
	return told, faultNone
}
