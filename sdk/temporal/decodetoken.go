package temporal

import "bytes"

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

// labelled reads a number after a label such as y, j or T.
func (d *decoder) labelled(text []byte) (told int, bad fault) {
	v, rest, over := readInt(text)
	label := d.label
	d.label = 0
	switch {
	case over:
		return 0, faultRange
	case len(rest) > 0 && label != unitJulian && label != unitTime && label != unitSecond:
		return 0, faultFormat
	}
	f := &d.f
	switch label {
	case unitYear:
		f.Year, told = v, hasYear
	case unitMonth:
		if d.seen&hasMonth != 0 && d.seen&hasHour != 0 {
			f.Minute, told = v, hasMinute
		} else {
			f.Month, told = v, hasMonth
		}
	case unitDay:
		f.Day, told = v, hasDay
	case unitHour:
		f.Hour, told = v, hasHour
	case unitMinute:
		f.Minute, told = v, hasMinute
	case unitSecond:
		f.Second, told = v, hasSecond
		if len(rest) > 0 {
			micros, ok := fractionMicros(rest)
			if !ok {
				return 0, faultFormat
			}
			f.Micros = micros
		}
	case unitJulian:
		return d.julian(v, rest)
	case unitTime:
		told, bad = d.runTogether(text, d.seen|hasDate)
		if told != hasTime && bad == faultNone {
			bad = faultFormat
		}
		return told, bad
	default:
		return 0, faultFormat
	}
	return told, faultNone
}

// julian sets the date of a Julian day and the time of its fraction.
func (d *decoder) julian(day int, rest []byte) (told int, bad fault) {
	if day < 0 {
		return 0, faultRange
	}
	d.setJulian(day)
	if len(rest) == 0 {
		return hasDate, faultNone
	}
	v, ok := fraction(rest)
	if !ok {
		return 0, faultFormat
	}
	d.f.setTime(int64(v * float64(Day)))
	return hasDate | hasTime, faultNone
}

// bareNumber reads a token of digits (and at most one point) without a label.
func (d *decoder) bareNumber(i int, text []byte) (told int, bad fault) {
	point := bytes.IndexByte(text, '.')
	if d.noDate {
		return d.bareTimeNumber(i, text, point)
	}
	switch {
	case point >= 0 && d.seen&hasDate == 0:
		return d.date(text)
	case point > 2:
		return d.runTogether(text, d.seen)
	case len(text) >= 6 && (d.seen&hasDate == 0 || d.seen&hasTime == 0):
		return d.runTogether(text, d.seen)
	}
	return d.number(text, d.seen)
}

func (d *decoder) bareTimeNumber(i int, text []byte, point int) (told int, bad fault) {
	switch {
	case point >= 0 && i == 0 && d.n >= 2 && d.list[d.n-1].kind == tokenTime:
		return d.date(text)
	case point > 2, point < 0 && len(text) > 4:
		return d.runTogether(text, d.seen|hasDate)
	case point >= 0:
		return 0, faultFormat
	}
	return d.number(text, d.seen|hasDate)
}

// number reads one number whose meaning follows from what is already known (month first, then day, then year).
func (d *decoder) number(text []byte, seen int) (told int, bad fault) {
	v, rest, over := readInt(text)
	switch {
	case over:
		return 0, faultRange
	case len(rest) == len(text):
		return 0, faultFormat
	case len(rest) > 0 && len(text)-len(rest) > 2:
		return d.runTogether(text, seen|hasDate)
	case len(rest) > 0:
		micros, ok := fractionMicros(rest)
		if !ok {
			return 0, faultFormat
		}
		d.f.Micros = micros
	}
	if len(text) == 3 && seen&hasDate == hasYear && v >= 1 && v <= 366 {
		d.ordinal = v
		return hasOrdinal | hasMonth | hasDay, faultNone
	}
	if seen&hasDate == hasDate {
		return d.runTogether(text, seen)
	}
	return d.datePart(v, len(text), seen&hasDate), faultNone
}

// datePart gives the number v, written with so many digits, the first place that is free.
func (d *decoder) datePart(v, digits, seen int) (told int) {
	switch seen {
	case 0:
		told = hasMonth
		if digits >= 3 {
			told = hasYear
		}
	case hasYear, hasDay:
		told = hasMonth
	case hasMonth:
		told = hasDay
		if d.wordy && digits >= 3 {
			told = hasYear
		}
	case hasYear | hasMonth:
		told = hasDay
		if d.wordy && digits >= 3 && d.shortY { // DD-MON-YYYY: what looked like a short year was the day
			d.f.Day, d.f.Year, d.shortY = d.f.Year, v, false
			return told
		}
	default:
		told = hasYear
	}
	switch told {
	case hasYear:
		d.f.Year, d.shortY = v, digits <= 2
	case hasMonth:
		d.f.Month = v
	default:
		d.f.Day = v
	}
	return told
}

// runTogether reads yyyymmdd, yymmdd, hhmmss or hhmm, by what is still missing; a fraction makes it a time.
func (d *decoder) runTogether(text []byte, seen int) (told int, bad fault) {
	f := &d.f
	if point := bytes.IndexByte(text, '.'); point >= 0 {
		micros, ok := fractionMicros(text[point:])
		if !ok {
			return 0, faultFormat
		}
		f.Micros = micros
		text = text[:point]
	} else if seen&hasDate != hasDate && len(text) >= 6 {
		n := len(text)
		year, rest, over := readInt(text[:n-4])
		if over {
			return 0, faultRange
		}
		if len(rest) > 0 {
			return 0, faultFormat
		}
		f.Year, f.Month, f.Day = year, twoDigits(text[n-4:]), twoDigits(text[n-2:])
		if n == 6 {
			d.shortY = true
		}
		return hasDate, faultNone
	}
	if seen&hasTime == hasTime || (len(text) != 6 && len(text) != 4) {
		return 0, faultFormat
	}
	f.Hour, f.Minute, f.Second = twoDigits(text), twoDigits(text[2:]), 0
	if len(text) == 6 {
		f.Second = twoDigits(text[4:])
	}
	return hasTime, faultNone
}

func twoDigits(b []byte) int { return int(b[0]-'0')*10 + int(b[1]-'0') }

// word reads a token of letters.
func (d *decoder) word(i int, text []byte) (told int, bad fault) {
	if a, ok := lookupAbbreviation(text); ok {
		return d.abbreviation(a)
	}
	w, _ := lookupWord(text)
	switch w.kind {
	case wordIgnore:
		return 0, faultNone
	case wordReserved:
		return d.reservedWord(w.value)
	case wordMonth:
		return d.monthName(int(w.value)), faultNone
	case wordDST:
		d.offset += 3600
		return hasDST, faultNone
	case wordHalfDay:
		d.half = w.value
		return hasHalfDay, faultNone
	case wordEra:
		d.bc = w.value == 1
		return hasEra, faultNone
	case wordWeekday:
		return hasWeekday, faultNone
	case wordUnit:
		d.label = unit(w.value)
		return 0, faultNone
	case wordISOTime:
		return 0, d.isoTime(i)
	}
	if d.list[i].kind == tokenSpecial || d.namedZone(text) != faultNone {
		return 0, faultFormat
	}
	return hasZone, faultNone
}

func (d *decoder) abbreviation(a abbreviation) (told int, bad fault) {
	if a.zone != "" {
		z, err := dynamicZone(a)
		if err != nil {
			return 0, faultFormat
		}
		d.zone = z
		return hasZone, faultNone
	}
	d.offset += int(a.offset)
	return hasZone, faultNone
}

// isoTime checks that a T stands between a date and a time.
func (d *decoder) isoTime(i int) fault {
	if !d.noDate && d.seen&hasDate != hasDate {
		return faultFormat
	}
	if i+1 >= d.n {
		return faultFormat
	}
	switch d.list[i+1].kind {
	case tokenNumber, tokenTime, tokenDate:
		d.label = unitTime
		return faultNone
	}
	return faultFormat
}

// monthName sets the month; a number taken for the month before becomes the day.
func (d *decoder) monthName(month int) (told int) {
	told = hasMonth
	f := &d.f
	if d.seen&hasMonth != 0 && !d.wordy && d.seen&hasDay == 0 && f.Month >= 1 && f.Month <= 31 {
		f.Day, told = f.Month, hasDay
	}
	d.wordy = true
	f.Month = month
	return told
}

func (d *decoder) reservedWord(value int8) (told int, bad fault) {
	switch value {
	case reservedClock:
		return 0, faultClock
	case reservedAllBalls:
		d.offset = 0
		return hasTime | hasZone, faultNone
	}
	d.reserved = value
	return hasReserved, faultNone
}
