package nexmark

import (
	"math"
	"math/bits"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

func TestPersonsLookLikePersons(t *testing.T) {
	name := regexp.MustCompile(`^[A-Z][a-z]+ [A-Z][a-z]+$`)
	email := regexp.MustCompile(`^[a-z][a-z_]{1,4}[a-z]@[a-z][a-z_]{1,2}[a-z]\.com$`)
	card := regexp.MustCompile(`^\d{4} \d{4} \d{4} \d{4}$`)
	seen := map[string]int{}
	each(t, DefaultConfig(), 500_000, func(n uint64, e *Event) {
		if e.Kind != KindPerson {
			return
		}
		p := &e.Person
		if !name.Match(p.Name) || !email.Match(p.EmailAddress) || !card.Match(p.CreditCard) || !slices.Contains(cities[:], string(p.City)) {
			t.Fatalf("person %d: %q %q %q %q", n, p.Name, p.EmailAddress, p.CreditCard, p.City)
		}
		seen[string(p.State)]++
	})
	for _, state := range []string{"AZ", "CA", "ID", "OR", "WA", "WY"} {
		near(t, state, seen[state], 10_000, 1.0/6)
	}
}

func TestBidsComeFromChannels(t *testing.T) {
	urls := map[string]string{}
	hot := make([]int, 4)
	bids := 0
	each(t, DefaultConfig(), 500_000, func(_ uint64, e *Event) {
		if e.Kind != KindBid {
			return
		}
		bids++
		channel := string(e.Bid.Channel)
		if known, ok := urls[channel]; !ok {
			urls[channel] = string(e.Bid.URL)
		} else if known != string(e.Bid.URL) {
			t.Fatalf("channel %s has two URLs, %s and %s", channel, known, e.Bid.URL)
		}
		if i := slices.Index([]string{"Google", "Facebook", "Baidu", "Apple"}, channel); i >= 0 {
			hot[i]++
		}
	})
	if len(urls) != channelCount+4 {
		t.Errorf("%d channels, want 10,004", len(urls))
	}
	near(t, "bids of hot channels", hot[0]+hot[1]+hot[2]+hot[3], bids, 0.5)
	if sigma := chiSquare(hot); math.Abs(sigma) > 5 {
		t.Errorf("hot channels %v are %.1f standard deviations from even", hot, sigma)
	}
	checkURLs(t, urls)
}

// checkURLs looks at the URL of each channel by name.
func checkURLs(t *testing.T, urls map[string]string) {
	t.Helper()
	form := regexp.MustCompile(`^https://www\.nexmark\.com/[a-z_]{3,4}/[a-z_]{3,4}/[a-z_]{3,4}/item\.htm\?query=1(&channel_id=(\d+))?$`)
	withID := 0
	for channel, url := range urls {
		parts := form.FindStringSubmatch(url)
		if parts == nil {
			t.Fatalf("channel %s has the URL %s", channel, url)
		}
		if id := parts[2]; id != "" {
			withID++
			checkChannelID(t, channel, id) // fails for a hot channel, which has none
		}
	}
	near(t, "other channels with an id", withID, channelCount, 0.9)
}

// checkChannelID compares an id with what Nexmark makes of the channel's number: the absolute value of its 32 bits reversed.
func checkChannelID(t *testing.T, channel, id string) {
	t.Helper()
	number, err := strconv.Atoi(strings.TrimPrefix(channel, "channel-"))
	if err != nil || number < 0 || number >= channelCount {
		t.Fatalf("channel %q", channel)
	}
	reversed := int64(int32(bits.Reverse32(uint32(number))))
	if want := strconv.FormatInt(max(reversed, -reversed), 10); id != want {
		t.Fatalf("channel %s has id %s, want %s", channel, id, want)
	}
}

// The URLs of a channel do not depend on who asks first: two generators of a seed agree, and seeds differ.
func TestChannelURLsBelongToTheSeed(t *testing.T) {
	one, again, other := newChannels(mix(1)), newChannels(mix(1)), newChannels(mix(2))
	if one != again || one == other {
		t.Errorf("hot URLs %v and %v of one seed, %v of another", one.hotURLs, again.hotURLs, other.hotURLs)
	}
}

func TestTextsNeedNoEscapes(t *testing.T) {
	c := DefaultConfig()
	each(t, c, 100_000, func(n uint64, e *Event) {
		p, a, b := &e.Person, &e.Auction, &e.Bid
		texts := [][]byte{p.Name, p.EmailAddress, p.CreditCard, p.City, p.State, p.Extra}
		switch e.Kind {
		case KindAuction:
			texts = [][]byte{a.ItemName, a.Description, a.Extra}
		case KindBid:
			texts = [][]byte{b.Channel, b.URL, b.Extra}
		}
		for _, text := range texts {
			for _, char := range text {
				if char < ' ' || char > '~' || char == '"' || char == '\\' {
					t.Fatalf("event %d holds %q", n, text)
				}
			}
		}
	})
}

func TestSizesAverageAsConfigured(t *testing.T) {
	var sums, counts [3]int
	each(t, DefaultConfig(), million, func(_ uint64, e *Event) {
		counts[e.Kind]++
		switch p, a := &e.Person, &e.Auction; e.Kind {
		case KindPerson:
			sums[0] += 8 + len(p.Name) + len(p.EmailAddress) + len(p.CreditCard) + len(p.City) + len(p.State) + len(p.Extra)
		case KindAuction:
			sums[1] += 6*8 + len(a.ItemName) + len(a.Description) + len(a.Extra)
		case KindBid:
			sums[2] += 4*8 + len(e.Bid.Extra)
		}
	})
	for i, want := range []float64{200, 500, 100} {
		if mean := float64(sums[i]) / float64(counts[i]); math.Abs(mean-want) > 0.01*want {
			t.Errorf("a %s counts %.1f bytes on average, want %.0f", Kind(i), mean, want)
		}
	}
}

func TestTextsAreCutOffFromEachOther(t *testing.T) {
	g := generator(t, DefaultConfig())
	p := &g.Event(0).Person
	city := string(p.City)
	_ = append(p.CreditCard, "overwritten"...)
	if string(p.City) != city {
		t.Errorf("appending to one text turned the next from %q into %q", city, p.City)
	}
}
