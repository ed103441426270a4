package temporal

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
