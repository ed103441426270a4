package nexmark

import (
	"encoding/binary"
	"math/bits"
)

const (
	channelCount    = 10_000
	hotChannelRatio = 2
	hotChannelCount = 4
)

//nolint:gochecknoglobals // immutable table
var hotChannelNames = [hotChannelCount]string{"Google", "Facebook", "Baidu", "Apple"}

// channels knows where bids come from. A channel has one URL for the whole run, a function of the seed and the channel's number alone;
// those of the hot four are kept, as half of all bids show them.
type channels struct {
	key     uint64
	hotURLs [hotChannelCount]string
}

func newChannels(key uint64) channels {
	c := channels{key: mix(^key)}
	for i := range c.hotURLs {
		s := newStream(c.key, uint64(channelCount+i))
		c.hotURLs[i] = string(s.appendURL(nil))
	}
	return c
}

// appendURL appends https://www.nexmark.com/abc/def_/ghi/item.htm?query=1 with three random segments.
func (s *stream) appendURL(dst []byte) []byte {
	dst = append(dst, "https://www.nexmark.com/"...)
	lengths, two, third := s.next(), s.spaced('_'), s.spaced('_')
	dst = appendSegment(dst, uint32(two), lengths&1)
	dst = appendSegment(dst, uint32(two>>32), lengths>>1&1)
	dst = appendSegment(dst, uint32(third), lengths>>2&1)
	return append(dst, "item.htm?query=1"...)
}

// appendSegment appends three of the four letters, or all if fourth is 1, and a slash.
func appendSegment(dst []byte, letters uint32, fourth uint64) []byte {
	dst = binary.LittleEndian.AppendUint32(dst, letters)
	return append(dst[:len(dst)-1+int(fourth)], '/')
}

// appendURL appends the URL of the channel with that number; nine in ten carry an id, the number's bits reversed and read as a
// signed number without its sign.
func (c *channels) appendURL(dst []byte, number uint64) []byte {
	s := newStream(c.key, number)
	dst = s.appendURL(dst)
	if s.below(10) == 0 {
		return dst
	}
	dst = append(dst, "&channel_id="...)
	id := int64(int32(bits.Reverse32(uint32(number))))
	return appendDecimal(dst, uint64(max(id, -id)))
}

func (g *Generator) makeBid(n uint64) {
	b := &g.event.Bid
	if g.wants(BidAuction, referenceDraws) {
		b.Auction = firstID + g.biddenAuction(n)
	}
	if g.wants(BidBidder, referenceDraws) {
		b.Bidder = firstID + g.bidder(n)
	}
	if g.wants(BidPrice, 1) {
		b.Price = g.draw.price()
	}
	if g.want[KindBid].Has(BidURL) || g.wants(BidChannel, 2) {
		g.chooseChannel(b)
	}
	b.DateTime = g.time(n)
	if g.wants(BidExtra, 0) {
		b.Extra = g.extra(4*numberBytes, g.config.BidBytes)
	}
}

// biddenAuction draws the index of the auction that event n bids for; the hot one is the first of its batch.
func (g *Generator) biddenAuction(n uint64) int64 {
	index := g.coldAuction(n)
	if g.draw.hot(uint64(g.config.HotAuctionRatio)) {
		index = hotIndex(lastAuction(n))
	}
	return index
}

// bidder draws the index of the person who bids at event n; the hot one is the second of its batch, so as not to be the hot seller too.
func (g *Generator) bidder(n uint64) int64 {
	index := g.coldPerson(n)
	if g.draw.hot(uint64(g.config.HotBidderRatio)) {
		index = hotIndex(lastPerson(n)) + 1
	}
	return index
}

// chooseChannel draws two words either way.
func (g *Generator) chooseChannel(b *Bid) {
	if g.draw.hot(hotChannelRatio) {
		i := g.draw.below(hotChannelCount)
		b.Channel, b.URL = g.appendText(hotChannelNames[i]), g.appendText(g.channels.hotURLs[i])
		return
	}
	number := g.draw.below(channelCount)
	start := len(g.text)
	g.text = append(g.text, "channel-"...)
	g.text = appendDecimal(g.text, number)
	b.Channel = g.since(start)
	if g.want[KindBid].Has(BidURL) {
		start = len(g.text)
		g.text = g.channels.appendURL(g.text, number)
		b.URL = g.since(start)
	}
}
