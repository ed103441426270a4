package nexmark

import (
	"bytes"
	"testing"

	"pgregory.net/rapid"
)

// values lists an event's members in the order of the schema.
func values(e *Event) []any {
	switch p, a, b := &e.Person, &e.Auction, &e.Bid; e.Kind {
	case KindPerson:
		return []any{p.ID, p.Name, p.EmailAddress, p.CreditCard, p.City, p.State, p.DateTime, p.Extra}
	case KindAuction:
		return []any{a.ID, a.ItemName, a.Description, a.InitialBid, a.Reserve, a.DateTime, a.Expires, a.Seller, a.Category, a.Extra}
	default:
		return []any{b.Auction, b.Bidder, b.Price, b.Channel, b.URL, b.DateTime, b.Extra}
	}
}

func same(a, b any) bool {
	if text, ok := a.([]byte); ok {
		return bytes.Equal(text, b.([]byte))
	}
	return a == b
}

// Whatever is left out, what is made stays the same.
func TestWantedMembersDoNotDependOnTheOthers(t *testing.T) {
	whole := generator(t, DefaultConfig())
	rapid.Check(t, func(t *rapid.T) {
		want := Want{}
		for kind := range want {
			want[kind] = Members(rapid.Uint16().Draw(t, "members"))
		}
		some, err := NewGenerator(DefaultConfig())
		if err != nil {
			t.Fatal(err)
		}
		some.Want(want)
		first := rapid.Uint64Range(0, 1_000_000).Draw(t, "first")
		for n := first; n < first+100; n++ {
			e, got := whole.Event(n), some.Event(n)
			if got.Kind != e.Kind || got.Number != n {
				t.Fatalf("event %d is number %d, a %s", n, got.Number, got.Kind)
			}
			all, made := values(e), values(got)
			for member := range all {
				if want[e.Kind].Has(member) && !same(all[member], made[member]) {
					t.Fatalf("event %d (%s), wanting %b: member %d is %q, want %q", n, e.Kind, want[e.Kind], member, made[member], all[member])
				}
			}
		}
	})
}

func TestWhatIsNotWantedIsNotMade(t *testing.T) {
	g := generator(t, DefaultConfig())
	g.Want(Want{KindBid: Members(0).With(BidPrice)})
	for n := range uint64(100) {
		e := g.Event(n)
		if e.Person.ID != 0 || e.Auction.ID != 0 || e.Bid.URL != nil || e.Bid.Extra != nil || e.Bid.Channel != nil || e.Bid.Auction != 0 {
			t.Fatalf("event %d: %+v", n, e)
		}
		if KindOf(n) == KindBid && e.Bid.Price < 100 {
			t.Fatalf("event %d has the price %d", n, e.Bid.Price)
		}
	}
}

func TestWantAllIsEverything(t *testing.T) {
	for kind, members := range WantAll() {
		count := len(values(&Event{Kind: Kind(kind)}))
		if !members.Has(count-1) || members.Has(count) {
			t.Errorf("%s: members %b, want %d", Kind(kind), members, count)
		}
	}
}

func TestNumberAtIsThePositionsEvent(t *testing.T) {
	c := DefaultConfig()
	c.Events, c.GroupSize = 1_234, 100
	g := generator(t, c)
	for k := range g.Count() {
		if got, want := g.NumberAt(k), g.At(k).Number; got != want {
			t.Fatalf("position %d: event %d, want %d", k, got, want)
		}
	}
}
