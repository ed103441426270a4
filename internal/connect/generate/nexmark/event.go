package nexmark

// Kind tells which of an Event's records is set. Its value is the event_type of the combined form.
type Kind uint8

// The kinds, in the order of their event numbers within an epoch.
const (
	KindPerson Kind = iota
	KindAuction
	KindBid
)

// String returns the name of the kind's table.
func (k Kind) String() string {
	switch k {
	case KindPerson:
		return "person"
	case KindAuction:
		return "auction"
	case KindBid:
		return "bid"
	default:
		return "unknown"
	}
}

// Event is one event. Only the record that Kind names is meaningful; the others hold what an earlier event left there.
type Event struct {
	// Number is the event's number n: what its content depends on.
	Number uint64
	// Kind says which of the records below is the event.
	Kind    Kind
	Person  Person
	Auction Auction
	Bid     Bid
}

// DateTime returns the event's own timestamp in microseconds since the epoch, UTC.
func (e *Event) DateTime() int64 {
	switch e.Kind {
	case KindPerson:
		return e.Person.DateTime
	case KindAuction:
		return e.Auction.DateTime
	default:
		return e.Bid.DateTime
	}
}

// Person is someone who registered. Times are microseconds since the epoch, UTC; texts are lent by the Generator until its next call.
type Person struct {
	ID                                          int64
	Name, EmailAddress, CreditCard, City, State []byte
	DateTime                                    int64
	Extra                                       []byte
}

// Auction is an item put up by Seller, a person's id. Times and texts are as in Person.
type Auction struct {
	ID                    int64
	ItemName, Description []byte
	InitialBid, Reserve   int64
	DateTime, Expires     int64
	Seller, Category      int64
	Extra                 []byte
}

// Bid is an offer for Auction by Bidder, a person's id. Either may be up to 10 ids ahead of what has appeared. Times and texts are as in
// Person.
type Bid struct {
	Auction, Bidder, Price int64
	Channel, URL           []byte
	DateTime               int64
	Extra                  []byte
}
