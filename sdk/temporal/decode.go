package temporal

import (
	"bytes"

	"wire.example/wire/sdk/sqlstate"
)

// fault is why a text was refused; the parser of each type words it.
type fault uint8

const (
	faultNone fault = iota
	faultFormat
	faultRange
	faultDateRange // a month or day out of range: perhaps another order was meant
	faultOffset
	faultZone // the name is in decoder.badZone
	faultClock
)

// Bits of what a text has told already; a second telling is a mistake.
const (
	hasYear = 1 << iota
	hasMonth
	hasDay
	hasOrdinal
	hasHour
	hasMinute
	hasSecond
	hasZone
	hasDST
	hasHalfDay
	hasEra
	hasWeekday
	hasReserved

	hasDate = hasYear | hasMonth | hasDay
	hasTime = hasHour | hasMinute | hasSecond
)

// decoder gathers what the tokens of one text say. It lives on the stack.
type decoder struct {
	tokens
	f        Fields
	seen     int
	ordinal  int
	offset   int // seconds east of UTC, when an offset was given
	zone     *Zone
	badZone  string
	reserved int8
	half     int8
	label    unit // what the next number is
	bc       bool
	shortY   bool // one or two digits of a year
	isJulian bool
	wordy    bool // a month by name was seen
	noDate   bool // reading a time of day: numbers are never dates
}

// mark records what a token told.
func (d *decoder) mark(told int) fault {
	if told&d.seen != 0 {
		return faultFormat
	}
	d.seen |= told
	return faultNone
}

// dateSeen is what of the date need not come any more.
func (d *decoder) dateSeen() int {
	if d.noDate {
		return d.seen | hasDate
	}
	return d.seen
}

// run reads a whole text.
func (d *decoder) run(in []byte) fault {
	if !d.split(in) {
		return faultFormat
	}
	for i := range d.n {
		told, bad := d.token(i)
		if bad != faultNone {
			return bad
		}
		if bad := d.mark(told); bad != faultNone {
			return bad
		}
	}
	if d.reserved != 0 {
		return faultNone
	}
	if d.label != 0 {
		return faultFormat
	}
	if bad := d.validateDate(); bad != faultNone {
		return bad
	}
	return d.validateTime()
}

func (d *decoder) token(i int) (told int, bad fault) {
	text := d.text(i)
	switch d.list[i].kind {
	case tokenDate:
		return d.dateToken(i, text)
	case tokenTime:
		if d.label != 0 && d.label != unitTime {
			return 0, faultFormat
		}
		d.label = 0
		return d.clockTime(text)
	case tokenZone:
		d.offset, bad = parseOffset(text)
		return hasZone, bad
	case tokenNumber:
		if d.label != 0 {
			return d.labelled(text)
		}
		return d.bareNumber(i, text)
	default:
		return d.word(i, text)
	}
}

// dateToken reads a token with - / or . inside: a date, a time with an offset run together, or a zone's name.
func (d *decoder) dateToken(i int, text []byte) (told int, bad fault) {
	if d.label == unitJulian {
		return d.julianWithZone(text)
	}
	if d.noDate {
		if i == 0 && d.n >= 2 && (d.list[d.n-1].kind == tokenDate || d.list[1].kind == tokenTime) {
			return d.date(text)
		}
	} else if d.label == 0 && d.seen&(hasMonth|hasDay) != hasMonth|hasDay {
		return d.date(text)
	}
	if !isDigit(text[0]) && d.label == 0 {
		return hasZone, d.namedZone(text)
	}
	if d.label != 0 && d.label != unitTime {
		return 0, faultFormat
	}
	d.label = 0
	dash := bytes.IndexByte(text, '-')
	if d.seen&hasTime == hasTime || dash < 0 {
		return 0, faultFormat
	}
	if d.offset, bad = parseOffset(text[dash:]); bad != faultNone {
		return 0, bad
	}
	told, bad = d.runTogether(text[:dash], d.dateSeen())
	return told | hasZone, bad
}

func (d *decoder) julianWithZone(text []byte) (told int, bad fault) {
	v, rest, over := readInt(text)
	if over || v < 0 {
		return 0, faultRange
	}
	if len(rest) == 0 || rest[0] != '-' {
		return 0, faultFormat
	}
	d.offset, bad = parseOffset(rest)
	d.setJulian(v)
	d.label = 0
	return hasDate | hasTime | hasZone, bad
}

func (d *decoder) setJulian(day int) {
	d.f.Year, d.f.Month, d.f.Day = Civil(int32(day - julianEpoch)) //nolint:gosec // day is a non-negative int32
	d.isJulian = true
}

func (d *decoder) namedZone(text []byte) fault {
	z, err := zoneByName(string(text))
	if err != nil {
		d.badZone = string(text)
		return faultZone
	}
	d.zone = z
	return faultNone
}

// validateDate settles the year's sign and century and checks the day against its month.
func (d *decoder) validateDate() fault {
	if d.seen&hasYear != 0 && !d.isJulian {
		if bad := d.settleYear(); bad != faultNone {
			return bad
		}
	}
	f := &d.f
	if d.seen&hasOrdinal != 0 {
		f.Year, f.Month, f.Day = Civil(int32(Days(f.Year, 1, d.ordinal))) //nolint:gosec // the year has few digits
	}
	if d.seen&hasMonth != 0 && (f.Month < 1 || f.Month > 12) {
		return faultDateRange
	}
	if d.seen&hasDay != 0 && (f.Day < 1 || f.Day > 31) {
		return faultDateRange
	}
	if d.seen&hasDate == hasDate && f.Day > MonthDays(f.Year, f.Month) {
		return faultRange
	}
	return faultNone
}

func (d *decoder) settleYear() fault {
	y := d.f.Year
	switch {
	case d.bc:
		if y <= 0 {
			return faultRange
		}
		y = 1 - y
	case d.shortY:
		if y < 0 {
			return faultRange
		}
		if y < 70 {
			y += 2000
		} else if y < 100 {
			y += 1900
		}
	case y <= 0:
		return faultRange
	}
	d.f.Year = y
	return faultNone
}

// validateTime applies am and pm and checks that the day is not longer than 24 hours.
func (d *decoder) validateTime() fault {
	f := &d.f
	if d.half != halfNone && f.Hour > 12 {
		return faultRange
	}
	if d.half == halfAM && f.Hour == 12 {
		f.Hour = 0
	}
	if d.half == halfPM && f.Hour != 12 {
		f.Hour += 12
	}
	if f.Hour < 0 || f.Minute < 0 || f.Minute > 59 || f.Second < 0 || f.Second > 60 || f.timeOfDay() > Day {
		return faultRange
	}
	return faultNone
}

// fail words a fault for a type.
func (d *decoder) fail(bad fault, typeName string, in []byte) error {
	switch bad {
	case faultRange:
		return sqlstate.Errorf(sqlstate.DatetimeFieldOverflow, "date/time field value out of range: \"%s\"", in)
	case faultDateRange:
		return sqlstate.Errorf(sqlstate.DatetimeFieldOverflow, "date/time field value out of range: \"%s\"", in).
			WithHint("Months come before days in 1/2/2020; write 2020-02-01 to be sure.")
	case faultOffset:
		return sqlstate.Errorf(timeZoneDisplacement, "time zone displacement out of range: \"%s\"", in)
	case faultZone:
		return errZone(d.badZone)
	case faultClock:
		return sqlstate.Errorf(sqlstate.InvalidDatetimeFormat, "invalid input syntax for type %s: \"%s\"", typeName, in).
			WithHint("Words that read the clock, such as 'now' and 'today', are not accepted as values.")
	default:
		return sqlstate.Errorf(sqlstate.InvalidDatetimeFormat, "invalid input syntax for type %s: \"%s\"", typeName, in)
	}
}
