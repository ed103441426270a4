package temporal

import (
	"errors"
	"testing"

	"wire.example/wire/sdk/sqlstate"
)

// typed fails unless err is nil or an *sqlstate.Error.
func typed(t *testing.T, err error) {
	t.Helper()
	var e *sqlstate.Error
	if err != nil && !errors.As(err, &e) {
		t.Fatalf("untyped error %T %v", err, err)
	}
}

func seed(f *testing.F, texts ...string) {
	f.Helper()
	for _, s := range texts {
		f.Add([]byte(s))
	}
}

func FuzzParseTimestamp(f *testing.F) {
	seed(f, "2015-07-15 12:34:56.789", "2015-07-15T12:34:56Z", "July 15 2015 3pm EST", "20150715T123456.5-08", "J2457219.5 BC", "y2001m02d04",
		"2015-07-15 12:34:56 America/New_York", "infinity", "now", "15-Jul-2015", "99999999999 1 1", "1.2.3.4", "MSK 2012", "2024-02-30 00:00:00",
		"2015-07-15T12:34:56.123456789+02:00", "2015-07-15 12:34:56.1234565-0330", "2015-07-15 12:34:56Z+02:00", "2015-07-15 12:34:56+16")
	f.Fuzz(func(t *testing.T, b []byte) {
		v, err := ParseTimestamp(b)
		typed(t, err)
		var d decoder
		slow, slowErr := d.timestamp(b, "timestamp")
		if slow != v || (slowErr == nil) != (err == nil) {
			t.Fatalf("%q: fast %d %v, slow %d %v", b, v, err, slow, slowErr)
		}
		var p TimestampParser
		for range 2 {
			if fast, ok := p.Fast(b); ok && (fast != v || err != nil) {
				t.Fatalf("%q: parser %d, slow %d %v", b, fast, v, err)
			}
		}
		if err != nil {
			return
		}
		if v != TimestampInfinity && v != TimestampNegInfinity && !validTimestamp(v) {
			t.Fatalf("%q: %d is out of range", b, v)
		}
		again, err := ParseTimestamp(AppendTimestamp(nil, v))
		if err != nil || again != v {
			t.Fatalf("%q: %s came back as %d, %v", b, AppendTimestamp(nil, v), again, err)
		}
		utc, err := ParseTimestampUTC(b)
		typed(t, err)
		slowUTC, slowErr := parseZoned(b, nil, nameTimestamp)
		if utc != slowUTC || (err == nil) != (slowErr == nil) {
			t.Fatalf("%q: quick %d %v, slow %d %v", b, utc, err, slowUTC, slowErr)
		}
		if err == nil && FiniteTimestamp(utc) && !validTimestamp(utc) {
			t.Fatalf("%q: %d is out of range", b, utc)
		}
	})
}

// FuzzFastTimestamp holds the fast form against the general reader.
func FuzzFastTimestamp(f *testing.F) {
	seed(f, "2015-07-15 12:34:56", "2015-07-15T12:34:56.7Z", "2000-02-29 23:59:59.999999", "1900-02-29 00:00:00", "2015-07-15 24:00:00",
		"2015-07-15 12:34:56.1234567", "0000-01-01 00:00:00", "2015-07-15x12:34:56", "2015-07-15 12:34:5:", "\x00\x00\x00\x00\x00\x00\x00\x00"+
			"\x00\x00\x00\x00\x00\x00\x00\x00:00")
	f.Fuzz(func(t *testing.T, b []byte) {
		v, ok := FastTimestamp(b)
		var p TimestampParser
		for range 2 {
			if w, ok2 := p.Fast(b); ok2 != ok || ok && w != v {
				t.Fatalf("%q: parser %d %v, function %d %v", b, w, ok2, v, ok)
			}
		}
		if !ok {
			return
		}
		var d decoder
		slow, err := d.timestamp(b, "timestamp")
		if err != nil || slow != v {
			t.Fatalf("%q: fast %d, slow %d %v", b, v, slow, err)
		}
	})
}

func FuzzParseDate(f *testing.F) {
	seed(f, "2015-07-15", "15 Jul 2015", "20150715", "infinity", "4714-11-24 BC", "5874897-12-31", "2015-07-15 12:00 PST", "2015.196")
	f.Fuzz(func(t *testing.T, b []byte) {
		v, err := ParseDate(b)
		typed(t, err)
		if err != nil {
			return
		}
		if again, err := ParseDate(AppendDate(nil, v)); err != nil || again != v {
			t.Fatalf("%q: %s came back as %d, %v", b, AppendDate(nil, v), again, err)
		}
	})
}

func FuzzParseTime(f *testing.F) {
	seed(f, "04:05:06.789", "040506", "24:00:00", "4 pm", "T04:05", "04:05:06 PST", "2003-04-12 04:05:06 America/New_York")
	f.Fuzz(func(t *testing.T, b []byte) {
		v, err := ParseTime(b)
		typed(t, err)
		if err != nil {
			return
		}
		if v < 0 || v > MaxTime {
			t.Fatalf("%q: %d", b, v)
		}
		if again, err := ParseTime(AppendTime(nil, v)); err != nil || again != v {
			t.Fatalf("%q: %s came back as %d, %v", b, AppendTime(nil, v), again, err)
		}
	})
}

func FuzzParseInterval(f *testing.F) {
	seed(f, "1 year 2 mons -3 days 04:05:06.789", "@ 1 day ago", "P1Y2M3DT4H5M6.7S", "P0001-02-03T04:05:06", "1-2 3 4:05", "1.5 months",
		"PT040506", "178956970 years 7 mons", "-2147483648 days", "2562047788:00:54.775807")
	f.Fuzz(func(t *testing.T, b []byte) {
		v, err := ParseInterval(b)
		typed(t, err)
		if err != nil {
			return
		}
		out := AppendInterval(nil, v)
		if again, err := ParseInterval(out); (err != nil || again != v) && !atEdge(v) {
			t.Fatalf("%q: %s came back as %v, %v", b, out, again, err)
		}
	})
}

// atEdge reports an interval whose text PostgreSQL itself cannot read back: the time is written without its sign's help.
func atEdge(v Interval) bool { return v.Micros == -1<<63 }

func FuzzFormat(f *testing.F) {
	f.Add([]byte("YYYY-MM-DD HH24:MI:SS.US"), []byte("2015-07-15 12:34:56.789"), int64(0))
	f.Add([]byte("FMDay, DDth Month YYYY \"q\" TZH:TZM"), []byte("Wednesday, 15th July 2015 q +02:00"), int64(1436918400000000))
	f.Add([]byte("IYYY-IW-ID Y,YYY CC RM J SSSS FF3"), []byte("2015-29-3"), int64(-62198755200000000))
	f.Add([]byte("FXYYYYDDD AM HH W WW Q"), []byte("2015196"), MinTimestamp)
	f.Fuzz(func(t *testing.T, template, text []byte, stamp int64) {
		format, err := CompileFormat(template)
		if err != nil {
			t.Fatal(err)
		}
		if validTimestamp(stamp) {
			format.Append(nil, stamp)
			format.AppendTZ(nil, stamp, UTC())
		}
		_, err = format.AppendInterval(nil, Interval{int32(stamp), int32(stamp >> 32), stamp})
		typed(t, err)
		v, err := format.ParseTimestampTZ(text, nil)
		typed(t, err)
		if err == nil && !validTimestamp(v) {
			t.Fatalf("%q %q: %d", template, text, v)
		}
		_, err = format.ParseDate(text)
		typed(t, err)
	})
}

func FuzzLoadZone(f *testing.F) {
	for _, s := range []string{"UTC", "Europe/Berlin", "msk", "UTC+3", "<+03>-3", "CET-1CEST,M3.5.0,M10.5.0/3", "FOO5BAR", "+03:30", ""} {
		f.Add(s, int64(1436918400000000))
	}
	f.Fuzz(func(t *testing.T, name string, stamp int64) {
		for _, load := range []func(string) (*Zone, error){LoadZone, LoadSessionZone} {
			z, err := load(name)
			typed(t, err)
			if err == nil && validTimestamp(stamp) {
				z.ToUTC(z.ToLocal(stamp))
			}
		}
	})
}
