package nexmark

// The members of each kind's record by their place in the schema.
const (
	PersonID = iota
	PersonName
	PersonEmailAddress
	PersonCreditCard
	PersonCity
	PersonState
	PersonDateTime
	PersonExtra
	personMembers
)

// The members of an auction.
const (
	AuctionID = iota
	AuctionItemName
	AuctionDescription
	AuctionInitialBid
	AuctionReserve
	AuctionDateTime
	AuctionExpires
	AuctionSeller
	AuctionCategory
	AuctionExtra
	auctionMembers
)

// The members of a bid.
const (
	BidAuction = iota
	BidBidder
	BidPrice
	BidChannel
	BidURL
	BidDateTime
	BidExtra
	bidMembers
)

// Members is a set of the members of one kind's record; a member is named by its place in the schema.
type Members uint16

// With returns m and one member more.
func (m Members) With(member int) Members { return m | 1<<member }

// Has reports whether m holds the member.
func (m Members) Has(member int) bool { return m>>member&1 != 0 }

// Want says, by kind, which members of events are wanted. A kind of which nothing is wanted is not made at all.
type Want [3]Members

// WantAll returns the Want of everything, which a new Generator has.
func WantAll() Want {
	return Want{KindPerson: 1<<personMembers - 1, KindAuction: 1<<auctionMembers - 1, KindBid: 1<<bidMembers - 1}
}

// Want makes the generator leave out what w does not hold: such members are undefined from here on. What is made does not depend on w, since
// the draws of what is left out are stepped over.
func (g *Generator) Want(w Want) {
	all := WantAll()
	for kind := range w {
		g.want[kind] = w[kind] & all[kind]
	}
	// A record's extra fills up what its other texts leave, so it needs them. A bid's does not.
	texts := func(extra int, others ...int) (m Members) {
		m = m.With(extra)
		for _, member := range others {
			m = m.With(member)
		}
		return m
	}
	if g.want[KindPerson].Has(PersonExtra) {
		g.want[KindPerson] |= texts(PersonExtra, PersonName, PersonEmailAddress, PersonCreditCard, PersonCity, PersonState)
	}
	if g.want[KindAuction].Has(AuctionExtra) {
		g.want[KindAuction] |= texts(AuctionExtra, AuctionItemName, AuctionDescription)
	}
}

// wants reports whether the member of the event being made is wanted; if not, it steps over the draws that it takes.
func (g *Generator) wants(member, draws int) bool {
	if g.want[g.event.Kind].Has(member) {
		return true
	}
	g.draw.skip(draws)
	return false
}

// wantsWords does the same for a text of words below limit, which takes draws by its length.
func (g *Generator) wantsWords(member int, limit uint64) bool {
	if g.want[g.event.Kind].Has(member) {
		return true
	}
	g.draw.skipWords(limit)
	return false
}
