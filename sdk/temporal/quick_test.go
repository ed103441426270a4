package temporal

import (
	"testing"
	"time"
)

func TestQuickFast(t *testing.T) {
	for _, s := range []string{"2015-07-15 00:00:00", "2015-07-15T23:59:59.1Z", "0001-01-01 00:00:00.000001", "9999-12-31 23:59:59.999999", "2000-02-29 12:34:56.120Z", "1900-03-01 01:02:03"} {
		m, ok := FastTimestamp([]byte(s))
		t.Log(s, m, ok, time.UnixMicro(m).UTC())
	}
	for d := -2440588; d < 10000000; d += 37 {
		y, m, dd := Civil(int32(d))
		if Days(y, m, dd) != int64(d) {
			t.Fatal(d, y, m, dd)
		}
		if d > -800000 && d < 3000000 {
			tt := time.Unix(int64(d)*86400, 0).UTC()
			if y != tt.Year() || m != int(tt.Month()) || dd != tt.Day() {
				t.Fatal(tt, y, m, dd)
			}
		}
	}
}
func BenchmarkQ(b *testing.B) {
	s := []byte("2015-07-15 00:00:00.123456")
	var p TimestampParser
	b.Run("f", func(b *testing.B) {
		for b.Loop() {
			FastTimestamp(s)
		}
	})
	b.Run("p", func(b *testing.B) {
		for b.Loop() {
			p.Fast(s)
		}
	})
	b.Run("civil", func(b *testing.B) {
		for b.Loop() {
			Split(1436918400123456)
		}
	})
}
