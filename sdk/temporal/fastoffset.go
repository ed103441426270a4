package temporal

// quickTimestamp widens FastTimestamp to what other programs write: an offset (Z, +hh, +hhmm, +hh:mm) and up to nine digits of a second.
// offset is in seconds east; zoned tells whether the text has one.
func (p *TimestampParser) quickTimestamp(b []byte) (micros int64, offset int, zoned, ok bool) {
	if len(b) < 19 {
		return 0, 0, false, false
	}
	body := b
	if last := b[len(b)-1]; last == 'Z' {
		body, zoned = b[:len(b)-1], true
	} else if n := offsetLength(b); n > 0 {
		var bad fault
		if offset, bad = parseOffset(b[len(b)-n:]); bad != faultNone {
			return 0, 0, false, false
		}
		body, zoned = b[:len(b)-n], true
	}
	const toMicros = 26 // the length with six digits
	if len(body) <= toMicros {
		micros, ok = p.Fast(body)
		return micros, offset, zoned, ok && body[len(body)-1] != 'Z'
	}
	up, ok := roundNanos(body[toMicros:])
	if !ok {
		return 0, 0, false, false
	}
	micros, ok = p.Fast(body[:toMicros])
	return micros + up, offset, zoned, ok && body[toMicros-1] != 'Z'
}

// offsetLength is the length of a numeric offset at the end of b, 0 if there is none. len(b) >= 19.
func offsetLength(b []byte) int {
	for _, n := range [...]int{6, 3, 5} {
		if c := b[len(b)-n]; len(b)-n >= 19 && (c == '+' || c == '-') && (n != 6 || b[len(b)-3] == ':') {
			return n
		}
	}
	return 0
}

// roundNanos says whether the digits after the sixth round up (1) or down (0). A tie is left to the general reader, since PostgreSQL
// decides it in binary.
func roundNanos(digits []byte) (up int64, ok bool) {
	if len(digits) > 3 {
		return 0, false
	}
	rest := 0
	for i := range 3 {
		rest *= 10
		if i < len(digits) {
			if !isDigit(digits[i]) {
				return 0, false
			}
			rest += int(digits[i] - '0')
		}
	}
	if rest > 500 {
		up = 1
	}
	return up, rest != 500
}

// parse reads b by the quick way or else by the general one. drop means that an offset in the text does not count; else text without one
// is local time of loc, nil being UTC.
func (p *TimestampParser) parse(b []byte, loc *Zone, typeName string, drop bool) (int64, error) {
	t, offset, zoned, ok := p.quickTimestamp(b)
	switch {
	case !ok && drop:
		var d decoder
		return d.timestamp(b, typeName)
	case !ok:
		return parseZoned(b, loc, typeName)
	case drop:
		return t, nil
	case zoned:
		return t - int64(offset)*Second, nil
	case loc != nil:
		return loc.ToUTC(t), nil
	}
	return t, nil
}

// Names of the types in errors.
const (
	nameTimestamp   = "timestamp"
	nameTimestampTZ = "timestamp with time zone"
)

// ParseUTC reads b as ParseTimestampUTC does, by the fast way where it fits.
func (p *TimestampParser) ParseUTC(b []byte) (int64, error) {
	if t, ok := p.Fast(b); ok {
		return t, nil
	}
	return p.parse(b, nil, nameTimestamp, false)
}

// Parse reads b as ParseTimestamp does, by the fast way where it fits.
func (p *TimestampParser) Parse(b []byte) (int64, error) {
	if t, ok := p.Fast(b); ok {
		return t, nil
	}
	return p.parse(b, nil, nameTimestamp, true)
}

// ParseTZ reads b as ParseTimestampTZ does, by the fast way where it fits.
func (p *TimestampParser) ParseTZ(b []byte, loc *Zone) (int64, error) {
	return p.parse(b, loc, nameTimestampTZ, false)
}
