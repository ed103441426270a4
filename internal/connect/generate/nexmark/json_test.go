package nexmark

import (
	"bytes"
	"encoding/json"
	"math"
	"testing"
	"time"
)

// The shapes as encoding/json has them, members in the schema's order.
type (
	jsonPerson struct {
		ID           int64  `json:"id"`
		Name         string `json:"name"`
		EmailAddress string `json:"email_address"`
		CreditCard   string `json:"credit_card"`
		City         string `json:"city"`
		State        string `json:"state"`
		DateTime     string `json:"date_time"`
		Extra        string `json:"extra"`
	}
	jsonAuction struct {
		ID          int64  `json:"id"`
		ItemName    string `json:"item_name"`
		Description string `json:"description"`
		InitialBid  int64  `json:"initial_bid"`
		Reserve     int64  `json:"reserve"`
		DateTime    string `json:"date_time"`
		Expires     string `json:"expires"`
		Seller      int64  `json:"seller"`
		Category    int64  `json:"category"`
		Extra       string `json:"extra"`
	}
	jsonBid struct {
		Auction  int64  `json:"auction"`
		Bidder   int64  `json:"bidder"`
		Price    int64  `json:"price"`
		Channel  string `json:"channel"`
		URL      string `json:"url"`
		DateTime string `json:"date_time"`
		Extra    string `json:"extra"`
	}
	jsonEvent struct {
		EventType int          `json:"event_type"`
		Person    *jsonPerson  `json:"person,omitempty"`
		Auction   *jsonAuction `json:"auction,omitempty"`
		Bid       *jsonBid     `json:"bid,omitempty"`
	}
)

func text(micros int64) string { return time.UnixMicro(micros).UTC().Format(timestampLayout) }

// asJSON copies an event into the shapes of encoding/json.
func asJSON(e *Event) jsonEvent {
	out := jsonEvent{EventType: int(e.Kind)}
	switch p, a, b := &e.Person, &e.Auction, &e.Bid; e.Kind {
	case KindPerson:
		out.Person = &jsonPerson{
			p.ID, string(p.Name), string(p.EmailAddress), string(p.CreditCard), string(p.City), string(p.State), text(p.DateTime), string(p.Extra),
		}
	case KindAuction:
		out.Auction = &jsonAuction{
			a.ID, string(a.ItemName), string(a.Description), a.InitialBid, a.Reserve, text(a.DateTime), text(a.Expires), a.Seller, a.Category, string(a.Extra),
		}
	case KindBid:
		out.Bid = &jsonBid{b.Auction, b.Bidder, b.Price, string(b.Channel), string(b.URL), text(b.DateTime), string(b.Extra)}
	}
	return out
}

// marshal encodes without the escapes for HTML, which JSON does not ask for.
func marshal(t *testing.T, v any) []byte {
	t.Helper()
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		t.Fatal(err)
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n"))
}

func TestJSONEqualsTheStandardLibrarys(t *testing.T) {
	each(t, DefaultConfig(), 20_000, func(n uint64, e *Event) {
		want := asJSON(e)
		if got := AppendJSON([]byte("x"), e); string(got) != "x"+string(marshal(t, want)) {
			t.Fatalf("event %d:\n%s\nwant\nx%s", n, got, marshal(t, want))
		}
		var inner any = want.Bid
		switch e.Kind {
		case KindPerson:
			inner = want.Person
		case KindAuction:
			inner = want.Auction
		}
		if got := AppendTypedJSON([]byte("x"), e); string(got) != "x"+string(marshal(t, inner)) {
			t.Fatalf("event %d, typed:\n%s\nwant\nx%s", n, got, marshal(t, inner))
		}
	})
}

func TestJSONIsValid(t *testing.T) {
	c := DefaultConfig()
	c.PersonBytes, c.AuctionBytes, c.BidBytes = 0, 0, 0
	for _, c := range []Config{DefaultConfig(), c} {
		each(t, c, 10_000, func(n uint64, e *Event) {
			if line := AppendJSON(nil, e); !json.Valid(line) || bytes.ContainsAny(line, "\n\r") {
				t.Fatalf("event %d: %s", n, line)
			}
		})
	}
}

func TestBidAsTheSchemaShowsIt(t *testing.T) {
	e := &Event{Kind: KindBid, Bid: Bid{
		Auction: 1000, Bidder: 1001, Price: 123, Channel: []byte("Apple"), URL: []byte("https://x"), DateTime: defaultBaseTime + 100, Extra: []byte("e"),
	}}
	const bid = `{"auction":1000,"bidder":1001,"price":123,"channel":"Apple","url":"https://x","date_time":"2015-07-15 00:00:00.000100","extra":"e"}`
	if got, want := string(AppendJSON(nil, e)), `{"event_type":2,"bid":`+bid+`}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := string(AppendTypedJSON(nil, e)); got != bid {
		t.Errorf("got %s, want %s", got, bid)
	}
}

// A line of the combined file, its line feed included, has about 306 bytes: what file sizes and MB/s of the benchmarks are derived from.
func TestLinesOfTheCombinedFile(t *testing.T) {
	total := 0
	var line []byte
	each(t, DefaultConfig(), million, func(_ uint64, e *Event) {
		line = append(AppendJSON(line[:0], e), '\n')
		total += len(line)
	})
	mean := float64(total) / million
	if math.Abs(mean-306) > 5 {
		t.Errorf("a line has %.1f bytes on average, want about 306", mean)
	}
	t.Logf("%.2f bytes a line over %d events", mean, million)
}
