package nexmark

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"
)

func TestDefaultConfigIsTheBenchmarks(t *testing.T) {
	c := DefaultConfig()
	if err := c.Validate(); err != nil {
		t.Fatal(err)
	}
	if got := time.UnixMicro(c.BaseTime).UTC().Format(time.DateTime); got != "2015-07-15 00:00:00" {
		t.Errorf("base time = %s", got)
	}
	if got := c.maxAuctionMillis(); got != 333 {
		t.Errorf("longest auction = %d ms, want twice the 166.6 ms of 1,666 events", got)
	}
}

func TestValidateNamesTheField(t *testing.T) {
	cases := []struct {
		name   string
		change func(*Config)
		want   string
	}{
		{"no rate", func(c *Config) { c.EventsPerSecond = 0 }, "nexmark: events_per_second is 0, must be between 1 and 1000000"},
		{"rate above one a µs", func(c *Config) { c.EventsPerSecond = 1_000_001 }, "events_per_second is 1000001, must be"},
		{"year 0", func(c *Config) { c.BaseTime = minTime - 1 }, "base_time is -62135596800000001, must be"},
		{"year 10000", func(c *Config) { c.BaseTime = maxTime + 1 }, "base_time is 253402300800000000, must be"},
		{"group 0", func(c *Config) { c.GroupSize = 0 }, "group_size is 0, must be between 1 and 1000000000"},
		{"group too large", func(c *Config) { c.GroupSize = 1_000_000_001 }, "group_size is 1000000001, must be between"},
		{"group 953", func(c *Config) { c.GroupSize = 953 }, "group_size is 953, must be no multiple of 953"},
		{"group 9530", func(c *Config) { c.GroupSize = 9530 }, "group_size is 9530, must be no multiple of 953"},
		{"person size", func(c *Config) { c.PersonBytes = -1 }, "person_bytes is -1, must be between 0 and 65536"},
		{"auction size", func(c *Config) { c.AuctionBytes = 65_537 }, "auction_bytes is 65537, must be"},
		{"bid size", func(c *Config) { c.BidBytes = -1 }, "bid_bytes is -1, must be"},
		{"hot auctions", func(c *Config) { c.HotAuctionRatio = 0 }, "hot_auction_ratio is 0, must be between 1 and 1000000"},
		{"hot sellers", func(c *Config) { c.HotSellerRatio = 0 }, "hot_seller_ratio is 0, must be"},
		{"hot bidders", func(c *Config) { c.HotBidderRatio = -3 }, "hot_bidder_ratio is -3, must be"},
		{"in flight", func(c *Config) { c.InFlightAuctions = 0 }, "in_flight_auctions is 0, must be"},
		{"active", func(c *Config) { c.ActivePeople = 1_000_001 }, "active_people is 1000001, must be"},
		{"negative length", func(c *Config) { c.Events = -1 }, "events is -1, must be between 0 and"},
		{"length past the calendar", func(c *Config) { c.Events = math.MaxInt64 }, "events is 9223372036854775807, must be between 0 and"},
	}
	for _, test := range cases {
		t.Run(test.name, func(t *testing.T) {
			c := DefaultConfig()
			test.change(&c)
			_, err := NewGenerator(c)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("error = %v, want %q", err, test.want)
			}
			var field *FieldError
			if !errors.As(err, &field) {
				t.Errorf("%T holds no *FieldError", err)
			}
		})
	}
}

func TestValidateReportsAllMistakes(t *testing.T) {
	c := DefaultConfig()
	c.GroupSize, c.BidBytes = 1906, -5
	err := c.Validate()
	if err == nil || strings.Count(err.Error(), "nexmark: ") != 2 {
		t.Fatalf("error = %v, want one line for each of two mistakes", err)
	}
}

func TestCountEndsWithTheCalendar(t *testing.T) {
	for _, rate := range []int64{1, 3, 10_000, maxRate} {
		c := DefaultConfig()
		c.EventsPerSecond = rate
		g := generator(t, c)
		e := g.Event(g.Count() - 1)
		if year := time.UnixMicro(e.DateTime()).UTC().Year(); year < 9998 || year > 9999 {
			t.Errorf("rate %d: the last event is in %d", rate, year)
		}
		for n := g.Count() - 1; n >= g.Count()-eventsPerEpoch; n-- {
			if e := g.Event(n); e.Kind == KindAuction && e.Auction.Expires > maxTime {
				t.Errorf("rate %d: event %d expires after the year 9999", rate, n)
			}
		}
	}
}

func TestCountWithNoRoomIsZero(t *testing.T) {
	c := DefaultConfig()
	c.BaseTime = maxTime
	g := generator(t, c)
	if g.Count() != 0 || g.At(0) != nil {
		t.Errorf("count = %d, At(0) = %v, want an empty run", g.Count(), g.At(0))
	}
}
