package temporal

import "bytes"

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
