package nexmark

import (
	"math"
	"testing"
)

// million is enough events for the shares below to be within a percent of what they should be.
const million = 1_000_000

// near reports a share of count in total that is off by more than five standard deviations of a binomial draw.
func near(t *testing.T, what string, count, total int, want float64) {
	t.Helper()
	deviation := math.Sqrt(want * (1 - want) / float64(total))
	if share := float64(count) / float64(total); math.Abs(share-want) > 5*deviation {
		t.Errorf("%s: %d of %d are %.5f, want %.5f ± %.5f", what, count, total, share, want, 5*deviation)
	}
}

// skipCold leaves out the events while fewer than 1,000 people exist, when a cold draw meets the hot key more often.
const skipCold = 1_000 * eventsPerEpoch

func TestHotKeysHaveTheirShare(t *testing.T) {
	var bids, auctions, hotAuctions, hotBidders, hotSellers int
	each(t, DefaultConfig(), skipCold+million, func(n uint64, e *Event) {
		if n < skipCold {
			return
		}
		switch e.Kind {
		case KindAuction:
			auctions++
			hotSellers += count(e.Auction.Seller == 1000+int64(n/50)/100*100)
		case KindBid:
			bids++
			hotAuctions += count(e.Bid.Auction == 1000+int64(n/50*3+2)/100*100)
			hotBidders += count(e.Bid.Bidder == 1000+int64(n/50)/100*100+1)
		}
	})
	// A cold draw meets the hot auction too, one of 111, and the hot person, one of 1,010.
	near(t, "hot auction", hotAuctions, bids, 1.0/2+1.0/2/111)
	near(t, "hot bidder", hotBidders, bids, 3.0/4+1.0/4/1010)
	near(t, "hot seller", hotSellers, auctions, 3.0/4+1.0/4/1010)
}

func TestRatioOneHasNoHotKey(t *testing.T) {
	c := DefaultConfig()
	c.HotAuctionRatio, c.HotBidderRatio, c.HotSellerRatio = 1, 1, 1
	var bids, hotAuctions, hotBidders int
	each(t, c, skipCold+100_000, func(n uint64, e *Event) {
		if n < skipCold || e.Kind != KindBid {
			return
		}
		bids++
		hotAuctions += count(e.Bid.Auction == firstID+hotIndex(lastAuction(n)))
		hotBidders += count(e.Bid.Bidder == firstID+hotIndex(lastPerson(n))+1)
	})
	near(t, "first auction of its batch", hotAuctions, bids, 1.0/111)
	near(t, "second person of its batch", hotBidders, bids, 1.0/1010)
}

func count(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

// Cold keys are even over their window, alone and together with the key of the bid before: no key waits longer than chance has it.
func TestColdKeysAreEven(t *testing.T) {
	people, auctions, pairs := make([]int, 1010), make([]int, 111), make([]int, 10*10)
	before := int64(0)
	each(t, DefaultConfig(), skipCold+million, func(n uint64, e *Event) {
		if n < skipCold || e.Kind != KindBid {
			return
		}
		if person := e.Bid.Bidder - firstID; person != hotIndex(lastPerson(n))+1 {
			people[person-(lastPerson(n)-999)]++
		}
		if auction := e.Bid.Auction - firstID; auction != hotIndex(lastAuction(n)) {
			place := auction - (lastAuction(n) - 100)
			auctions[place]++
			if place > 0 && place <= 100 {
				pairs[before*10+place%10]++
				before = place % 10
			}
		}
	})
	// The hot key wanders evenly over places 901 to 1,000 and 1 to 100 and takes from them what was drawn cold; within those or
	// outside them all places are alike.
	for what, counts := range map[string][]int{
		"cold bidders": people[:900], "cold bidders near the hot one": people[901:1001], "cold auctions": auctions[1:101], "pairs of cold auctions": pairs,
	} {
		if sigma := chiSquare(counts); math.Abs(sigma) > 5 {
			t.Errorf("%s are %.1f standard deviations from even", what, sigma)
		}
	}
}

// An auction is in a window of 111 for 37 epochs, so half of 46 bids an epoch gives it 7.67 cold bids on average and none at all with a
// chance of e^-7.67.
func TestFewColdKeysAreNeverSeen(t *testing.T) {
	const first, last = 5_000, 55_000 // auctions whose whole window is in the run
	cold := make([]int, last)
	each(t, DefaultConfig(), million, func(n uint64, e *Event) {
		if e.Kind != KindBid {
			return
		}
		if index := e.Bid.Auction - firstID; index < last && index != hotIndex(lastAuction(n)) {
			cold[index]++
		}
	})
	unseen := 0
	for index := first; index < last; index++ {
		if index%hotBatch != 0 {
			unseen += count(cold[index] == 0)
		}
	}
	near(t, "auctions without a cold bid", unseen, (last-first)*99/100, math.Exp(-46.0/2*37/111))
}

func TestReferencesStayInTheirWindow(t *testing.T) {
	each(t, DefaultConfig(), 100_000, func(n uint64, e *Event) {
		if e.Kind == KindPerson {
			return
		}
		person := e.Auction.Seller - firstID
		if e.Kind == KindBid {
			person = e.Bid.Bidder - firstID
			newest := lastAuction(n)
			if index := e.Bid.Auction - firstID; index < max(newest-100, 0) || index > newest+10 {
				t.Fatalf("bid %d is for auction %d while %d is the newest", n, index, newest)
			}
		}
		if newest := lastPerson(n); person < max(newest-999, 0) || person > newest+10 {
			t.Fatalf("event %d is by person %d while %d is the newest", n, person, newest)
		}
	})
}

func TestAuctionsLastTheirTime(t *testing.T) {
	shortest, longest, sum, total := int64(math.MaxInt64), int64(0), int64(0), int64(0)
	categories := make([]int, 5)
	each(t, DefaultConfig(), million, func(n uint64, e *Event) {
		if e.Kind != KindAuction {
			return
		}
		a := &e.Auction
		length := a.Expires - a.DateTime
		if length%1000 != 0 {
			t.Fatalf("auction %d lasts %d µs, no whole milliseconds", a.ID, length)
		}
		shortest, longest, sum, total = min(shortest, length), max(longest, length), sum+length, total+1
		categories[a.Category-10]++
		if a.Reserve < a.InitialBid+100 || a.InitialBid < 100 {
			t.Fatalf("auction %d starts at %d with reserve %d", a.ID, a.InitialBid, a.Reserve)
		}
	})
	if shortest != 1_000 || longest != 333_000 || math.Abs(float64(sum/total)-167_000) > 2_000 {
		t.Errorf("auctions last %d to %d µs, %d on average", shortest, longest, sum/total)
	}
	if sigma := chiSquare(categories); math.Abs(sigma) > 5 {
		t.Errorf("categories %v are %.1f standard deviations from even", categories, sigma)
	}
}
