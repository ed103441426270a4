package temporal

import "testing"

func BenchmarkFastTimestamp(b *testing.B) {
	text := []byte("2015-07-15 12:34:56.789")
	for b.Loop() {
		FastTimestamp(text)
	}
}

func BenchmarkTimestampParserHit(b *testing.B) {
	text := []byte("2015-07-15 12:34:56.789")
	var p TimestampParser
	for b.Loop() {
		p.Fast(text)
	}
}

func BenchmarkParseTimestampSlow(b *testing.B) {
	text := []byte("Wed Jul 15 12:34:56.5 2015 PST")
	for b.Loop() {
		_, _ = ParseTimestamp(text)
	}
}

func BenchmarkParseTimestampOffset(b *testing.B) {
	text := []byte("2015-07-15T12:34:56.789+02:00")
	for b.Loop() {
		_, _ = ParseTimestampUTC(text)
	}
}

func BenchmarkParseInterval(b *testing.B) {
	text := []byte("1 year 2 mons -3 days 04:05:06.789")
	for b.Loop() {
		_, _ = ParseInterval(text)
	}
}

func BenchmarkAppendTimestamp(b *testing.B) {
	buf := make([]byte, 0, 64)
	for b.Loop() {
		AppendTimestampISO(buf, 1436963696789000)
	}
}

func BenchmarkAppendTimestampTZ(b *testing.B) {
	zone, err := LoadZone("Europe/Berlin")
	if err != nil {
		b.Fatal(err)
	}
	buf := make([]byte, 0, 64)
	for b.Loop() {
		AppendTimestampTZ(buf, 1436963696789000, zone)
	}
}

func BenchmarkAppendInterval(b *testing.B) {
	buf := make([]byte, 0, 64)
	for b.Loop() {
		AppendInterval(buf, Interval{14, -3, 14706789000})
	}
}

func BenchmarkFormat(b *testing.B) {
	for _, template := range []string{"YYYY-MM-DD", "HH24:MI", "YYYY-MM-DD HH24:MI:SS.US", "FMDay, DDth Month YYYY"} {
		b.Run(template, func(b *testing.B) {
			f, err := CompileFormat([]byte(template))
			if err != nil {
				b.Fatal(err)
			}
			buf := make([]byte, 0, 64)
			for b.Loop() {
				f.Append(buf, 1436963696789000)
			}
		})
	}
}

func BenchmarkColumn(b *testing.B) {
	for name, of := range map[string]func(int64) int64{"hour": HourOf, "minute": MinuteOf, "day": DayOfMonth, "month": Month, "year": Year} {
		b.Run(name, func(b *testing.B) {
			t := int64(1436963696789000)
			for b.Loop() {
				t += of(t)
			}
		})
	}
}

func BenchmarkZone(b *testing.B) {
	zone, err := LoadZone("Europe/Berlin")
	if err != nil {
		b.Fatal(err)
	}
	b.Run("local", func(b *testing.B) {
		for b.Loop() {
			zone.ToLocal(1436963696789000)
		}
	})
	b.Run("utc", func(b *testing.B) {
		for b.Loop() {
			zone.ToUTC(1436963696789000)
		}
	})
}

func BenchmarkTrunc(b *testing.B) {
	for b.Loop() {
		_, _ = Trunc(FieldMonth, 1436963696789000)
	}
}
