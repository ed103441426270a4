package temporal

import (
	"errors"
	"math"
	"strings"
	"testing"

	"wire.example/wire/sdk/sqlstate"
)

func mustStamp(t *testing.T, s string) int64 {
	t.Helper()
	v, err := ParseTimestamp([]byte(s))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func wantCode(t *testing.T, err error, code sqlstate.Code, message string) {
	t.Helper()
	var e *sqlstate.Error
	if !errors.As(err, &e) || e.Code != code || e.Message != message {
		t.Errorf("got %v, want %s %s", err, code, message)
	}
}

func TestFastTimestampForms(t *testing.T) {
	t.Parallel()
	good := map[string]int64{
		"1970-01-01 00:00:00":         0,
		"1970-01-01T00:00:00Z":        0,
		"1970-01-01T00:00:01.5Z":      1500000,
		"1970-01-02 03:04:05.000001":  97445000001,
		"1969-12-31 23:59:59.999999":  -1,
		"2000-02-29T12:34:56.12":      951827696120000,
		"0001-01-01 00:00:00":         -62135596800000000,
		"9999-12-31T23:59:59.999999Z": 253402300799999999,
	}
	for text, want := range good {
		if got, ok := FastTimestamp([]byte(text)); !ok || got != want {
			t.Errorf("%s: %d %v, want %d", text, got, ok, want)
		}
	}
	bad := []string{
		"", "1970-01-01", "1970-01-01 00:00", "1970-01-01t00:00:00", "1970-01-01 00:00:00z", "1970-01-01 00:00:00.", "1970-01-01 00:00:00.Z",
		"1970-01-01 00:00:00.1234567", "1970-01-01 00:00:00+00", "0000-01-01 00:00:00", "1970-13-01 00:00:00", "1970-00-01 00:00:00",
		"1970-01-00 00:00:00", "1970-01-32 00:00:00", "1970-04-31 00:00:00", "1900-02-29 00:00:00", "1970-01-01 24:00:00",
		"1970-01-01 00:60:00", "1970-01-01 00:00:60", "1970-01-01 00:00:0:", "197o-01-01 00:00:00", "1970/01/01 00:00:00",
		"1970-01-01 00:00:00.12x", "1970-01-01 00:00:00.1ZZ", "1970-01-01 00.00:00", strings.Repeat("\x00", 16) + ":00",
		"\xb9\xb9\xb9\xb9-01-01 00:00:00",
	}
	for _, text := range bad {
		var p TimestampParser
		if got, ok := FastTimestamp([]byte(text)); ok {
			t.Errorf("%q: %d", text, got)
		}
		if got, ok := p.Fast([]byte(text)); ok {
			t.Errorf("parser, %q: %d", text, got)
		}
	}
}

// Each byte of the form, replaced by any other, is either refused or means what the general reader says.
func TestFastTimestampEveryByte(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"2015-07-15 12:34:56.789012Z", "2015-12-29T23:59:59"} {
		for i := range text {
			for c := range 256 {
				b := []byte(text)
				b[i] = byte(c)
				got, ok := FastTimestamp(b)
				if !ok {
					continue
				}
				var d decoder
				if want, err := d.timestamp(b, nameTimestamp); err != nil || got != want {
					t.Errorf("%q: %d, want %d %v", b, got, want, err)
				}
			}
		}
	}
}

func TestOffsetsInDecoders(t *testing.T) {
	t.Parallel()
	berlin, err := LoadZone("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	cases := []struct{ text, utc, local, berlin string }{
		{"2015-07-15T12:00:00+02:00", "2015-07-15 10:00:00", "2015-07-15 12:00:00", "2015-07-15 10:00:00"},
		{"2015-07-15T12:00:00.123456789-0330", "2015-07-15 15:30:00.123457", "2015-07-15 12:00:00.123457", "2015-07-15 15:30:00.123457"},
		{"2015-07-15 12:00:00.1234565Z", "2015-07-15 12:00:00.123456", "2015-07-15 12:00:00.123456", "2015-07-15 12:00:00.123456"}, // half to even
		{"2015-07-15 12:00:00.9999999+01", "2015-07-15 11:00:01", "2015-07-15 12:00:01", "2015-07-15 11:00:01"},
		{"2015-07-15 12:00:00", "2015-07-15 12:00:00", "2015-07-15 12:00:00", "2015-07-15 10:00:00"},
		{"2015-07-15 12:00:00 EST", "2015-07-15 17:00:00", "2015-07-15 12:00:00", "2015-07-15 17:00:00"},
		{"2015-07-15 12:00:00 America/New_York", "2015-07-15 16:00:00", "2015-07-15 12:00:00", "2015-07-15 16:00:00"},
		{"15 July 2015 noon", "", "", ""},
		{"2015-07-15T12:00:00+99:00", "", "", ""},
		{"2015-07-15T12:00:00Z+02:00", "2015-07-15 14:00:00", "2015-07-15 12:00:00", "2015-07-15 14:00:00"}, // POSIX: west of Z
	}
	for _, c := range cases {
		var p TimestampParser
		inBerlin := func(b []byte) (int64, error) { return ParseTimestampTZ(b, berlin) }
		parserInBerlin := func(b []byte) (int64, error) { return p.ParseTZ(b, berlin) }
		for _, run := range []struct {
			name  string
			parse func([]byte) (int64, error)
			want  string
		}{
			{"ParseTimestampUTC", ParseTimestampUTC, c.utc},
			{"parser UTC", p.ParseUTC, c.utc},
			{"ParseTimestamp", ParseTimestamp, c.local},
			{"parser", p.Parse, c.local},
			{"ParseTimestampTZ", inBerlin, c.berlin},
			{"parser TZ", parserInBerlin, c.berlin},
		} {
			got, err := run.parse([]byte(c.text))
			text := ""
			if err == nil {
				text = string(AppendTimestamp(nil, got))
			}
			if text != run.want {
				t.Errorf("%s(%s) = %q %v, want %q", run.name, c.text, text, err, run.want)
			}
		}
	}
}

func TestClockWordsAreRefused(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"now", "today", "TOMORROW", "yesterday 04:05"} {
		_, err := ParseTimestamp([]byte(text))
		wantCode(t, err, sqlstate.InvalidDatetimeFormat, "invalid input syntax for type timestamp: \""+text+"\"")
		var e *sqlstate.Error
		if errors.As(err, &e) && !strings.Contains(e.Hint, "clock") {
			t.Errorf("%s: hint %q", text, e.Hint)
		}
	}
}

func TestDatesAndTimes(t *testing.T) {
	t.Parallel()
	if d, err := AddDays(16000, 631); err != nil || d != 16631 {
		t.Error(d, err)
	}
	if d, err := AddDays(DateInfinity, -5); err != nil || d != DateInfinity {
		t.Error(d, err)
	}
	_, err := AddDays(MaxDate, 1)
	wantCode(t, err, sqlstate.DatetimeFieldOverflow, "date out of range")
	if n, err := SubDates(MaxDate, MinDate); err != nil || int64(n) != int64(MaxDate)-int64(MinDate) {
		t.Error(n, err)
	}
	_, err = SubDates(DateInfinity, 0)
	wantCode(t, err, sqlstate.DatetimeFieldOverflow, "cannot subtract infinite dates")
	if v, err := DateAdd(16631, Interval{Micros: Hour}); err != nil || v != 16631*Day+Hour {
		t.Error(v, err)
	}
	_, err = DateAdd(MaxDate, Interval{})
	wantCode(t, err, sqlstate.DatetimeFieldOverflow, "date out of range for timestamp")
	for d, want := range map[int32]int64{DateInfinity: TimestampInfinity, DateNegInfinity: TimestampNegInfinity, -1: -Day} {
		v, err := DateToTimestamp(d)
		if err != nil || v != want || TimestampToDate(v) != d {
			t.Errorf("%d: %d %v, back %d", d, v, err, TimestampToDate(v))
		}
	}
	if v := TimestampToTime(-1); v != Day-1 {
		t.Error(v)
	}
	if v := AddTime(23*Hour, Interval{Months: 5, Days: 3, Micros: 50 * Hour}); v != Hour {
		t.Error(v)
	}
	if v := IntervalToTime(Interval{Days: 4, Micros: -Hour}); v != 23*Hour {
		t.Error(v)
	}
	if string(AppendDate(nil, DateNegInfinity)) != "-infinity" {
		t.Error("date -infinity")
	}
}

func TestZoneArithmetic(t *testing.T) {
	t.Parallel()
	zone, err := LoadSessionZone("america/new_york")
	if err != nil || zone.Name() != "America/New_York" {
		t.Fatal(zone, err)
	}
	start := mustStamp(t, "2015-03-07 17:00:00") // noon there, the day before the clocks go forward
	next, err := AddIntervalTZ(start, Interval{Days: 1}, zone)
	if err != nil || next-start != 23*Hour {
		t.Error(next-start, err)
	}
	if back, err := SubIntervalTZ(next, Interval{Days: 1}, zone); err != nil || back != start {
		t.Error(back, err)
	}
	if v, err := AgeTZ(next, start, zone); err != nil || v != (Interval{Days: 1}) {
		t.Error(v, err)
	}
	least := Interval{Months: math.MinInt32}
	_, err = SubIntervalTZ(start, least, zone)
	wantCode(t, err, sqlstate.DatetimeFieldOverflow, "interval out of range")
	_, err = SubInterval(start, least)
	wantCode(t, err, sqlstate.DatetimeFieldOverflow, "interval out of range")
	for _, v := range []Interval{{Months: math.MaxInt32}, {Days: math.MaxInt32}, {Micros: math.MaxInt64}} {
		_, err = AddIntervalTZ(start, v, zone)
		wantCode(t, err, sqlstate.DatetimeFieldOverflow, "timestamp out of range")
	}
	for _, v := range []int64{TimestampInfinity, TimestampNegInfinity} {
		if w, err := AddIntervalTZ(v, Interval{Days: 1}, zone); w != v || err != nil || zone.ToUTC(v) != v || zone.ToLocal(v) != v {
			t.Error(v, w, err)
		}
	}
	_, err = Age(TimestampInfinity, 0)
	wantCode(t, err, sqlstate.DatetimeFieldOverflow, "timestamp out of range")
}

func TestZoneNames(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name    string
		session bool
		offset  int // on 2015-07-15
	}{
		{"+03", true, 3 * 3600},
		{"-3.5", true, -12600},
		{"+03", false, -3 * 3600},
		{"UTC+3", true, -3 * 3600},
		{"EST", false, -5 * 3600},
		{"msk", false, 3 * 3600},
		{"<+07>-7", false, 7 * 3600},
		{"FOO5BAR", false, -4 * 3600},
		{"AAA-1BBB,M3.5.0,M10.5.0/3", false, 2 * 3600},
		{"utc", false, 0},
		{"z", false, 0},
	}
	for _, c := range cases {
		load := LoadZone
		if c.session {
			load = LoadSessionZone
		}
		z, err := load(c.name)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if offset, _ := z.Offset(1436918400000000); offset != c.offset {
			t.Errorf("%s: %d, want %d", c.name, offset, c.offset)
		}
	}
	for _, name := range []string{"", "Mars/Phobos", "UTC\nGMT", "999", "A-1B,nonsense", "A1:99", "+1:2:3:4", "<A", "AB_C5"} {
		_, err := LoadSessionZone(name)
		wantCode(t, err, sqlstate.InvalidParameterValue, "time zone \""+name+"\" not recognized")
	}
}

// Every line of the list is a zone that package time has.
func TestEveryZoneNameLoads(t *testing.T) {
	t.Parallel()
	n := 0
	for name := range strings.Lines(zoneNames) {
		name = strings.TrimSuffix(name, "\n")
		if z, err := LoadSessionZone(strings.ToUpper(name)); err != nil || z.Name() != name {
			t.Errorf("%s: %v", name, err)
		}
		n++
	}
	for _, a := range abbreviations {
		if _, err := LoadZone(a.name); err != nil {
			t.Errorf("%s: %v", a.name, err)
		}
	}
	if n < 590 {
		t.Error(n)
	}
}

func TestFieldNames(t *testing.T) {
	t.Parallel()
	for f := FieldMicroseconds; f <= FieldTimezoneMinute; f++ {
		if got, ok := LookupField(strings.ToUpper(f.String())); !ok || got != f {
			t.Errorf("%s: %s %v", f, got, ok)
		}
	}
	for _, name := range []string{"", "foo", "ago", "timezones"} {
		if f, ok := LookupField(name); ok {
			t.Errorf("%q: %s", name, f)
		}
	}
	if n, err := Extract(FieldTimezone, KindTimestampTZ, 0); err != nil || n != (Number{}) {
		t.Error(n, err)
	}
}

func TestReadingAndWritingDoNotAllocate(t *testing.T) {
	berlin, err := LoadZone("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	format, err := CompileFormat([]byte("FMDay, DDth Month YYYY HH24:MI:SS.US TZ OF"))
	if err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 0, 128)
	fast, offset, words := []byte("2015-07-15 12:34:56.789"), []byte("2015-07-15T12:34:56.789+02:00"), []byte("Wed Jul 15 12:34:56 2015 PST")
	span := []byte("1 year 2 mons -3 days 04:05:06.789")
	var p TimestampParser
	for name, run := range map[string]func(){
		"fast":     func() { FastTimestamp(fast) },
		"parser":   func() { p.Fast(fast) },
		"offset":   func() { _, _ = ParseTimestampUTC(offset) },
		"words":    func() { _, _ = ParseTimestamp(words) },
		"interval": func() { _, _ = ParseInterval(span) },
		"append":   func() { AppendTimestampTZISO(buf, 1436918400000001, berlin) },
		"span":     func() { AppendInterval(buf, Interval{14, -3, 5}) },
		"format":   func() { format.AppendTZ(buf, 1436918400000001, berlin) },
		"zone":     func() { berlin.ToUTC(berlin.ToLocal(1436918400000000)) },
	} {
		if n := testing.AllocsPerRun(100, run); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}
