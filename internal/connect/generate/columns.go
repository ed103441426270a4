package generate

import (
	"wire.example/wire/internal/connect/generate/nexmark"
	"wire.example/wire/sdk/batch"
)

// columns are where the members of one kind's record go, in the order of the schema; nil where nothing reads one.
type columns []*batch.Column

// wanted returns the members that have a column.
func (c columns) wanted() nexmark.Members {
	var m nexmark.Members
	for i, column := range c {
		if column != nil {
			m = m.With(i)
		}
	}
	return m
}

func (c columns) number(member, row int, v int64) {
	if column := c[member]; column != nil {
		column.Int64s()[row] = v
	}
}

func (c columns) text(member, row int, v []byte) {
	if column := c[member]; column != nil {
		column.SetBytes(row, v)
	}
}

// fill writes an event as a row.
func (c columns) fill(row int, e *nexmark.Event) {
	switch e.Kind {
	case nexmark.KindPerson:
		c.person(row, &e.Person)
	case nexmark.KindAuction:
		c.auction(row, &e.Auction)
	default:
		c.bid(row, &e.Bid)
	}
}

func (c columns) person(row int, p *nexmark.Person) {
	c.number(nexmark.PersonID, row, p.ID)
	c.text(nexmark.PersonName, row, p.Name)
	c.text(nexmark.PersonEmailAddress, row, p.EmailAddress)
	c.text(nexmark.PersonCreditCard, row, p.CreditCard)
	c.text(nexmark.PersonCity, row, p.City)
	c.text(nexmark.PersonState, row, p.State)
	c.number(nexmark.PersonDateTime, row, p.DateTime)
	c.text(nexmark.PersonExtra, row, p.Extra)
}

func (c columns) auction(row int, a *nexmark.Auction) {
	c.number(nexmark.AuctionID, row, a.ID)
	c.text(nexmark.AuctionItemName, row, a.ItemName)
	c.text(nexmark.AuctionDescription, row, a.Description)
	c.number(nexmark.AuctionInitialBid, row, a.InitialBid)
	c.number(nexmark.AuctionReserve, row, a.Reserve)
	c.number(nexmark.AuctionDateTime, row, a.DateTime)
	c.number(nexmark.AuctionExpires, row, a.Expires)
	c.number(nexmark.AuctionSeller, row, a.Seller)
	c.number(nexmark.AuctionCategory, row, a.Category)
	c.text(nexmark.AuctionExtra, row, a.Extra)
}

func (c columns) bid(row int, b *nexmark.Bid) {
	c.number(nexmark.BidAuction, row, b.Auction)
	c.number(nexmark.BidBidder, row, b.Bidder)
	c.number(nexmark.BidPrice, row, b.Price)
	c.text(nexmark.BidChannel, row, b.Channel)
	c.text(nexmark.BidURL, row, b.URL)
	c.number(nexmark.BidDateTime, row, b.DateTime)
	c.text(nexmark.BidExtra, row, b.Extra)
}
