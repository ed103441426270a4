package nexmark

// Lengths that the random texts of an auction stay below.
const (
	itemNameLimit    = 20
	descriptionLimit = 100
)

func (g *Generator) makeAuction(n uint64) {
	a := &g.event.Auction
	a.ID = firstID + lastAuction(n)
	if g.wants(AuctionSeller, referenceDraws) {
		a.Seller = firstID + g.seller(n)
	}
	a.Category = firstCategory + int64(g.draw.below(categories))
	a.InitialBid = g.draw.price()
	a.Reserve = a.InitialBid + g.draw.price()
	a.DateTime = g.time(n)
	a.Expires = a.DateTime + int64(1+g.draw.below(g.maxAuctionMillis))*microsPerMilli
	if g.wantsWords(AuctionItemName, itemNameLimit) {
		a.ItemName = g.words(itemNameLimit, ' ')
	}
	if g.wantsWords(AuctionDescription, descriptionLimit) {
		a.Description = g.words(descriptionLimit, ' ')
	}
	if g.wants(AuctionExtra, 0) {
		a.Extra = g.extra(6*numberBytes+len(g.text), g.config.AuctionBytes)
	}
}

// seller draws the index of the person who sells at event n; the hot one is the first of its batch.
func (g *Generator) seller(n uint64) int64 {
	index := g.coldPerson(n)
	if g.draw.hot(uint64(g.config.HotSellerRatio)) {
		index = hotIndex(lastPerson(n))
	}
	return index
}
