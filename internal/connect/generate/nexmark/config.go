package nexmark

import (
	"errors"
	"fmt"
)

// Times are microseconds since 1970-01-01 00:00:00 UTC. The texts of an event have four digits for the year, which bounds both ends.
const (
	defaultBaseTime = 1436918400 * microsPerSecond     // 2015-07-15 00:00:00
	minTime         = -62135596800 * microsPerSecond   // 0001-01-01 00:00:00
	maxTime         = 253402300800*microsPerSecond - 1 // 9999-12-31 23:59:59.999999
)

// Bounds of Config that keep every product of the generator inside 64 bits and a record inside a few pages.
const (
	maxGroupSize = 1_000_000_000
	maxRate      = 1_000_000 // a faster one would give two events the same microsecond
	maxTextBytes = 1 << 16
	maxWindow    = 1_000_000
)

// Config is what a user can choose. Start from DefaultConfig: the zero Config is not valid. Two generators with equal Configs deal
// equal events; a position means something only together with the Config that it was taken under.
type Config struct {
	// Seed chooses the data set. Default 0.
	Seed uint64
	// Events is the number of events in the run; 0, the default, means without end (in fact: until the year 9999).
	Events int64
	// EventsPerSecond is the rate in event time, 1 to 1,000,000; it fixes the delay between events. Default 10,000 (100 µs).
	EventsPerSecond int64
	// BaseTime is the timestamp of event 0 in microseconds since the epoch, UTC. Default 2015-07-15 00:00:00.
	BaseTime int64
	// GroupSize is the number of neighbouring events that are dealt out of order, 1 to 10⁹ and no multiple of 953. Default 1: in order.
	GroupSize int64
	// PersonBytes, AuctionBytes and BidBytes are the average sizes that extra pads to, each up to 65,536. They count 8 bytes for a number
	// or a time and one for each character; a bid's channel and url and a person's time do not count. Defaults 200, 500, 100.
	PersonBytes, AuctionBytes, BidBytes int64
	// HotAuctionRatio, HotSellerRatio and HotBidderRatio: a reference goes to the hot key with probability 1 - 1/ratio; 1 means
	// never, at most 1,000,000. Defaults 2, 4, 4.
	HotAuctionRatio, HotSellerRatio, HotBidderRatio int64
	// InFlightAuctions and ActivePeople are how many of the latest ids the other references choose from, 1 to 1,000,000.
	// Defaults 100 and 1,000. InFlightAuctions also scales how long an auction lasts.
	InFlightAuctions, ActivePeople int64
}

// DefaultConfig returns the benchmark's usual settings: without end, in order, seed 0.
func DefaultConfig() Config {
	return Config{
		EventsPerSecond:  10_000,
		BaseTime:         defaultBaseTime,
		GroupSize:        1,
		PersonBytes:      200,
		AuctionBytes:     500,
		BidBytes:         100,
		HotAuctionRatio:  2,
		HotSellerRatio:   4,
		HotBidderRatio:   4,
		InFlightAuctions: 100,
		ActivePeople:     1_000,
	}
}

// FieldError says which field of a Config is wrong and what it may be.
type FieldError struct {
	// Field is the name as users write it, such as "group_size".
	Field string
	// Value is what it was set to.
	Value int64
	// Want completes the sentence "must be …".
	Want string
}

// Error implements error.
func (e *FieldError) Error() string {
	return fmt.Sprintf("nexmark: %s is %d, must be %s", e.Field, e.Value, e.Want)
}

// Validate reports every mistake at once, joined, each a *FieldError; nil means that NewGenerator accepts c.
func (c Config) Validate() error {
	errs := []error{
		within("events_per_second", c.EventsPerSecond, 1, maxRate),
		within("base_time", c.BaseTime, minTime, maxTime),
		c.validateGroupSize(),
		within("person_bytes", c.PersonBytes, 0, maxTextBytes),
		within("auction_bytes", c.AuctionBytes, 0, maxTextBytes),
		within("bid_bytes", c.BidBytes, 0, maxTextBytes),
		within("hot_auction_ratio", c.HotAuctionRatio, 1, maxWindow),
		within("hot_seller_ratio", c.HotSellerRatio, 1, maxWindow),
		within("hot_bidder_ratio", c.HotBidderRatio, 1, maxWindow),
		within("in_flight_auctions", c.InFlightAuctions, 1, maxWindow),
		within("active_people", c.ActivePeople, 1, maxWindow),
	}
	if err := errors.Join(errs...); err != nil {
		return err // the bound of events needs a valid rate and base time
	}
	return within("events", c.Events, 0, c.maxEvents())
}

func (c Config) validateGroupSize() error {
	if err := within("group_size", c.GroupSize, 1, maxGroupSize); err != nil {
		return err
	}
	if c.GroupSize%orderStep == 0 {
		return &FieldError{Field: "group_size", Value: c.GroupSize, Want: fmt.Sprintf("no multiple of %d, the step of the disorder", orderStep)}
	}
	return nil
}

func within(field string, value, low, high int64) error {
	if value >= low && value <= high {
		return nil
	}
	return &FieldError{Field: field, Value: value, Want: fmt.Sprintf("between %d and %d", low, high)}
}

// maxEvents is how many events fit before maxTime, the longest auction of the last one included.
func (c Config) maxEvents() int64 {
	room := maxTime - c.BaseTime - c.maxAuctionMillis()*microsPerMilli
	if room < 0 {
		return 0
	}
	return room/microsPerSecond*c.EventsPerSecond + 1
}

// count is the number of positions that a run deals.
func (c Config) count() uint64 {
	if c.Events > 0 {
		return uint64(c.Events)
	}
	return uint64(c.maxEvents())
}

// maxAuctionMillis bounds the random part of an auction's length: twice the time in which InFlightAuctions new ones appear.
func (c Config) maxAuctionMillis() int64 {
	events := c.InFlightAuctions * eventsPerEpoch / auctionsPerEpoch
	return max(2*events*millisPerSecond/c.EventsPerSecond, 1)
}

// delay is the time between two events in µs, or 0 where the rate makes it no whole number.
func (c Config) delay() uint64 {
	if microsPerSecond%c.EventsPerSecond != 0 {
		return 0
	}
	return uint64(microsPerSecond / c.EventsPerSecond)
}
