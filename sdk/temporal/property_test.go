package temporal

import (
	"bytes"
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func anyStamp() *rapid.Generator[int64] {
	return rapid.OneOf(
		rapid.Int64Range(MinTimestamp, MaxTimestamp),
		rapid.Int64Range(-5000000000*Second, 5000000000*Second),
		rapid.Map(rapid.Int64Range(-90000, 90000), func(d int64) int64 { return d * Day }),
		rapid.Just(TimestampInfinity), rapid.Just(TimestampNegInfinity), rapid.Just(MinTimestamp), rapid.Just(MaxTimestamp),
	)
}

func anyInterval() *rapid.Generator[Interval] {
	return rapid.Custom(func(t *rapid.T) Interval {
		if rapid.Bool().Draw(t, "small") {
			return Interval{
				Months: rapid.Int32Range(-50, 50).Draw(t, "months"), Days: rapid.Int32Range(-70, 70).Draw(t, "days"),
				Micros: rapid.Int64Range(-3*Day, 3*Day).Draw(t, "micros"),
			}
		}
		return Interval{
			Months: rapid.Int32().Draw(t, "months"), Days: rapid.Int32().Draw(t, "days"),
			Micros: rapid.Int64Range(math.MinInt64+1, math.MaxInt64).Draw(t, "micros"),
		}
	})
}

// Every form that we write is read back as the same value.
func TestWrittenTimestampsAreReadBack(t *testing.T) {
	t.Parallel()
	zone, err := LoadZone("America/St_Johns")
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		v := anyStamp().Draw(t, "v")
		var p TimestampParser
		for _, text := range [][]byte{AppendTimestamp(nil, v), AppendTimestampISO(nil, v)} {
			for name, parse := range map[string]func([]byte) (int64, error){
				"ParseTimestamp": ParseTimestamp, "ParseTimestampUTC": ParseTimestampUTC, "parser": p.Parse, "parser UTC": p.ParseUTC,
			} {
				if got, err := parse(text); err != nil || got != v {
					t.Fatalf("%s(%s) = %d, %v, want %d", name, text, got, err, v)
				}
			}
		}
		for _, z := range []*Zone{UTC(), zone} {
			if local := z.ToLocal(v); FiniteTimestamp(v) && !validTimestamp(local) {
				continue
			}
			for _, text := range [][]byte{AppendTimestampTZ(nil, v, z), AppendTimestampTZISO(nil, v, z)} {
				if got, err := ParseTimestampTZ(text, nil); err != nil || got != v {
					t.Fatalf("ParseTimestampTZ(%s) = %d, %v, want %d", text, got, err, v)
				}
			}
		}
	})
}

func TestWrittenDatesTimesIntervalsAreReadBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := rapid.Int32Range(MinDate, MaxDate).Draw(t, "date")
		if got, err := ParseDate(AppendDate(nil, d)); err != nil || got != d {
			t.Fatalf("date %d: %s, %d, %v", d, AppendDate(nil, d), got, err)
		}
		m := rapid.Int64Range(0, MaxTime).Draw(t, "time")
		if got, err := ParseTime(AppendTime(nil, m)); err != nil || got != m {
			t.Fatalf("time %d: %s, %d, %v", m, AppendTime(nil, m), got, err)
		}
		v := anyInterval().Draw(t, "interval")
		if got, err := ParseInterval(AppendInterval(nil, v)); err != nil || got != v {
			t.Fatalf("interval %v: %s, %v, %v", v, AppendInterval(nil, v), got, err)
		}
	})
}

// The calendar agrees with package time and is its own inverse.
func TestCalendar(t *testing.T) {
	t.Parallel()
	check := func(t interface{ Fatalf(string, ...any) }, d int32) {
		year, month, day := Civil(d)
		if month < 1 || month > 12 || day < 1 || day > MonthDays(year, month) || Days(year, month, day) != int64(d) {
			t.Fatalf("Civil(%d) = %d-%d-%d, which is day %d", d, year, month, day, Days(year, month, day))
		}
		if d < -1000000 || d > 100000000 {
			return
		}
		want := time.Unix(int64(d)*86400, 0).UTC()
		isoYear, week := isoWeek(year, month, day)
		wantYear, wantWeek := want.ISOWeek()
		if year != want.Year() || month != int(want.Month()) || day != want.Day() || Weekday(int64(d)) != int(want.Weekday()) ||
			yearDay(year, month, day) != want.YearDay() || isoYear != wantYear || week != wantWeek {
			t.Fatalf("day %d: %d-%d-%d weekday %d week %d-%d, package time has %v", d, year, month, day, Weekday(int64(d)), isoYear, week, want)
		}
	}
	for _, d := range []int32{math.MinInt32, math.MaxInt32, MinDate, MaxDate, 0, -1, -719162, -719528} {
		check(t, d)
	}
	rapid.Check(t, func(t *rapid.T) {
		check(t, rapid.OneOf(rapid.Int32(), rapid.Int32Range(-1000000, 1000000)).Draw(t, "d"))
	})
}

// A zone agrees with package time on the offset of every instant, and a local time that exists once leads back.
func TestZonesAgreeWithPackageTime(t *testing.T) {
	t.Parallel()
	names := []string{
		"Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "Asia/Kathmandu", "Pacific/Apia", "America/Sao_Paulo",
	}
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.SampledFrom(names).Draw(t, "zone")
		z, err := LoadZone(name)
		if err != nil {
			t.Fatal(err)
		}
		loc, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		utc := rapid.Int64Range(-4e15, 8e15).Draw(t, "utc")
		wantName, wantOffset := time.UnixMicro(utc).In(loc).Zone()
		offset, abbreviation := z.Offset(utc)
		if offset != wantOffset || abbreviation != wantName {
			t.Fatalf("%s at %d: %d %s, want %d %s", name, utc, offset, abbreviation, wantOffset, wantName)
		}
		local := z.ToLocal(utc)
		if local != utc+int64(wantOffset)*Second {
			t.Fatalf("%s: local of %d is %d", name, utc, local)
		}
		if back := z.ToUTC(local); z.ToLocal(back) != local {
			t.Fatalf("%s: %d, local %d, came back as %d", name, utc, local, back)
		}
	})
}

// Adding and subtracting days and time is undone by its opposite; months only bend the day of the month.
func TestAdditionIsUndone(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		v := rapid.Int64Range(-4e15, 8e15).Draw(t, "t")
		w := Interval{Days: rapid.Int32Range(-9999, 9999).Draw(t, "days"), Micros: rapid.Int64Range(-9*Day, 9*Day).Draw(t, "micros")}
		sum, err := AddInterval(v, w)
		if err != nil {
			t.Fatal(err)
		}
		if back, err := SubInterval(sum, w); err != nil || back != v {
			t.Fatalf("%d + %v - %v = %d, %v", v, w, w, back, err)
		}
		diff, err := SubTimestamps(sum, v)
		if err != nil {
			t.Fatal(err)
		}
		if diff.Compare(w) != 0 || diff.Canonical() != w.Canonical() {
			t.Fatalf("difference %v, want %v", diff, w)
		}
		age, err := Age(sum, v)
		if err != nil {
			t.Fatal(err)
		}
		if age.Compare(Interval{}) != w.Compare(Interval{}) {
			t.Fatalf("age %v of %v", age, w)
		}
	})
}

// Equal intervals have one canonical form, unequal ones have two; justifying keeps the length.
func TestCanonicalIntervals(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		v := anyInterval().Draw(t, "v")
		if c := v.Canonical(); c.Compare(v) != 0 || c.Canonical() != c {
			t.Fatalf("%v: canonical %v", v, c)
		}
		for name, justify := range map[string]func() (Interval, error){
			"hours": v.JustifyHours, "days": v.JustifyDays, "interval": v.JustifyInterval,
		} {
			if w, err := justify(); err == nil && (w.Compare(v) != 0 || w.Canonical() != v.Canonical()) {
				t.Fatalf("justify %s of %v: %v", name, v, w)
			}
		}
		w := anyInterval().Draw(t, "w")
		if (v.Compare(w) == 0) != (v.Canonical() == w.Canonical()) || v.Compare(w) != -w.Compare(v) {
			t.Fatalf("%v %v: %d, %v %v", v, w, v.Compare(w), v.Canonical(), w.Canonical())
		}
	})
}

// Truncation is idempotent, never later, and a bin holds its timestamp.
func TestTruncation(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		v := rapid.Int64Range(-4e15, 8e15).Draw(t, "t")
		f := Field(rapid.IntRange(int(FieldMicroseconds), int(FieldMillennium)).Draw(t, "field"))
		start, err := Trunc(f, v)
		if err != nil || start > v {
			t.Fatalf("Trunc(%s, %d) = %d, %v", f, v, start, err)
		}
		if again, err := Trunc(f, start); err != nil || again != start {
			t.Fatalf("Trunc(%s, %d) = %d, %v", f, start, again, err)
		}
		width := rapid.Int64Range(1, 1000*Day).Draw(t, "width")
		origin := rapid.Int64Range(-4e15, 8e15).Draw(t, "origin")
		bin, err := DateBin(Interval{Micros: width}, v, origin)
		if err != nil || bin > v || v-bin >= width || (bin-origin)%width != 0 {
			t.Fatalf("DateBin(%d, %d, %d) = %d, %v", width, v, origin, bin, err)
		}
	})
}

// What a template wrote, it reads.
func TestTemplatesReadWhatTheyWrote(t *testing.T) {
	t.Parallel()
	templates := []string{
		"YYYY-MM-DD HH24:MI:SS.US", "YYYYMMDDHH24MISSUS", "FMMonth DD, YYYY HH12:MI:SS.US AM", "IYYY-IW-ID SSSS US", "YYYY-DDD HH24:MI:SS.US",
		"J HH24:MI:SS:US", "DDth Mon YYYY SSSSS.US", "Y,YYY-RM-DD HH:MI:SS.US p.m.", "Day, DD MON YYYY HH24 MI SS FF6",
	}
	rapid.Check(t, func(t *rapid.T) {
		template := rapid.SampledFrom(templates).Draw(t, "template")
		f, err := CompileFormat([]byte(template))
		if err != nil {
			t.Fatal(err)
		}
		v := rapid.Int64Range(-30609792000*Second, 253402300799*Second).Draw(t, "t") // 1000-01-01 to 9999-12-31
		text := f.Append(nil, v)
		if got, err := f.ParseTimestampTZ(text, nil); err != nil || got != v {
			t.Fatalf("%s: %q is %d, %v, want %d", template, text, got, err, v)
		}
		day := TimestampToDate(v)
		if got, err := f.ParseDate(text); err != nil || got != day {
			t.Fatalf("%s: %q is day %d, %v, want %d", template, text, got, err, day)
		}
		if !bytes.Equal(f.AppendTZ(nil, v, UTC()), text) {
			t.Fatalf("%s: at UTC %s", template, f.AppendTZ(nil, v, UTC()))
		}
	})
}

// The helpers of columns are EXTRACT.
func TestColumnHelpersAreExtract(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		v := rapid.Int64Range(MinTimestamp, MaxTimestamp).Draw(t, "t")
		for f, of := range map[Field]func(int64) int64{
			FieldHour: HourOf, FieldMinute: MinuteOf, FieldDay: DayOfMonth, FieldMonth: Month, FieldYear: Year,
		} {
			n, err := Extract(f, KindTimestamp, v)
			if err != nil || number(of(v), 0) != n {
				t.Fatalf("%s of %d: %d, EXTRACT %v %v", f, v, of(v), n, err)
			}
		}
	})
}
