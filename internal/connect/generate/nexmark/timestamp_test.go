package nexmark

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

const timestampLayout = "2006-01-02 15:04:05.000000"

func TestAppendTimestamp(t *testing.T) {
	cases := []struct {
		micros int64
		want   string
	}{
		{defaultBaseTime + 100, "2015-07-15 00:00:00.000100"},
		{0, "1970-01-01 00:00:00.000000"},
		{-1, "1969-12-31 23:59:59.999999"},
		{minTime, "0001-01-01 00:00:00.000000"},
		{maxTime, "9999-12-31 23:59:59.999999"},
	}
	for _, test := range cases {
		if got := string(AppendTimestamp(nil, test.micros)); got != test.want {
			t.Errorf("%d = %s, want %s", test.micros, got, test.want)
		}
	}
}

func TestAppendTimestampAgreesWithTime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		micros := rapid.Int64Range(minTime, maxTime).Draw(t, "micros")
		want := time.UnixMicro(micros).UTC().Format(timestampLayout)
		if got := string(AppendTimestamp([]byte("x"), micros)); got != "x"+want {
			t.Fatalf("got %s, want x%s", got, want)
		}
	})
}

func TestCivilKnowsEveryDay(t *testing.T) {
	day := time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)
	for n := uint64(0); day.Year() < 10_000; n++ {
		year, month, dom := civil(n)
		wantYear, wantMonth, wantDay := day.Date()
		if int(year) != wantYear || int(month) != int(wantMonth) || int(dom) != wantDay {
			t.Fatalf("day %d = %d-%d-%d, want %s", n, year, month, dom, day.Format(time.DateOnly))
		}
		day = day.AddDate(0, 0, 1)
	}
}
