package nexmark

// Event numbers repeat in epochs of 50: one person, three auctions, 46 bids.
const (
	eventsPerEpoch   = 50
	auctionsPerEpoch = 3
)

const (
	firstID       = 1000 // of persons and of auctions
	firstCategory = 10
	categories    = 5
	hotBatch      = 100 // ids that share a hot one
	idLead        = 10  // how far a reference may be ahead of the ids in use
	// referenceDraws is how many words it takes to choose a person or an auction: a cold one, and whether it is the hot one instead.
	referenceDraws = 2
	numberBytes    = 8 // what a number or a time counts in a record's size
)

// Generator deals the events of one run. It owns one Event and the buffer of its texts, and never allocates after NewGenerator. Not for
// concurrent use: give each goroutine a Generator of its own; they agree.
type Generator struct {
	config           Config
	order            order
	count            uint64
	key              uint64 // of the events' streams
	delay            uint64 // between two events in µs; 0 if it is no whole number
	maxAuctionMillis uint64
	channels         channels
	want             Want
	draw             stream // of the event being made
	event            Event
	text             []byte // holds the event's texts, one after the other
}

// NewGenerator returns a generator for the run that c describes, or c's mistakes.
func NewGenerator(c Config) (*Generator, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	key := mix(c.Seed + goldenGamma)
	count := c.count()
	return &Generator{
		config:           c,
		order:            newOrder(uint64(c.GroupSize), count),
		count:            count,
		key:              key,
		delay:            c.delay(),
		maxAuctionMillis: uint64(c.maxAuctionMillis()),
		channels:         newChannels(key),
		want:             WantAll(),
		text:             make([]byte, 0, textCapacity(c)),
	}, nil
}

// textCapacity bounds the texts of one event: the longest extra, a fifth above its average, and 512 bytes for all the others together
// with the word by which drawing letters overshoots.
func textCapacity(c Config) int64 {
	return max(c.PersonBytes, c.AuctionBytes, c.BidBytes)*6/5 + 512
}

// Count returns the number of positions that the run deals: Config.Events, or for a run without end as many as fit before the year 10000.
func (g *Generator) Count() uint64 { return g.count }

// At returns the event at position k, or nil from Count on. The event and its texts are the generator's and valid until the next At or
// Event.
func (g *Generator) At(k uint64) *Event {
	if k >= g.count {
		return nil
	}
	return g.Event(g.order.number(k))
}

// Event returns event number n whatever its position, or nil from Count on, under the same terms as At.
func (g *Generator) Event(n uint64) *Event {
	if n >= g.count {
		return nil
	}
	kind := KindOf(n)
	g.event.Number, g.event.Kind = n, kind
	if g.want[kind] == 0 {
		return &g.event
	}
	g.draw = newStream(g.key, n)
	g.text = g.text[:0]
	switch kind {
	case KindPerson:
		g.makePerson(n)
	case KindAuction:
		g.makeAuction(n)
	default:
		g.makeBid(n)
	}
	return &g.event
}

// NumberAt returns the number of the event at position k, which is below Count.
func (g *Generator) NumberAt(k uint64) uint64 { return g.order.number(k) }

// KindOf returns the kind of event number n.
func KindOf(n uint64) Kind {
	switch offset := n % eventsPerEpoch; {
	case offset == 0:
		return KindPerson
	case offset <= auctionsPerEpoch:
		return KindAuction
	default:
		return KindBid
	}
}

// time returns the timestamp of event n, n/rate seconds after the base. At most 10⁶ events a second make it unique.
func (g *Generator) time(n uint64) int64 {
	if g.delay > 0 {
		return g.config.BaseTime + int64(n*g.delay)
	}
	rate := uint64(g.config.EventsPerSecond)
	return g.config.BaseTime + int64(n/rate*microsPerSecond+n%rate*microsPerSecond/rate)
}

// since returns the text that was appended from start on, without room to grow into what follows.
func (g *Generator) since(start int) []byte {
	return g.text[start:len(g.text):len(g.text)]
}

// appendText stores a copy of s among the event's texts.
func (g *Generator) appendText(s string) []byte {
	start := len(g.text)
	g.text = append(g.text, s...)
	return g.since(start)
}

// words draws a text of 3 to limit-1 characters.
func (g *Generator) words(limit uint64, separator byte) []byte {
	start := len(g.text)
	g.text = g.draw.appendWords(g.text, limit, separator)
	return g.since(start)
}

// extra draws the padding of a record that counts size bytes.
func (g *Generator) extra(size int, average int64) []byte {
	start := len(g.text)
	g.text = g.draw.appendExtra(g.text, size, int(average))
	return g.since(start)
}

// lastPerson returns the index, from 0, of the newest person at event n.
func lastPerson(n uint64) int64 { return int64(n / eventsPerEpoch) }

// lastAuction returns the index, from 0, of the newest auction at event n, itself included; n is no person.
func lastAuction(n uint64) int64 {
	return int64(n/eventsPerEpoch*auctionsPerEpoch + min(n%eventsPerEpoch, auctionsPerEpoch) - 1)
}

// hotIndex returns the first index of the batch of 100 that last belongs to.
func hotIndex(last int64) int64 { return last / hotBatch * hotBatch }

// coldPerson draws one of the active people or of the next ten.
func (g *Generator) coldPerson(n uint64) int64 {
	people := lastPerson(n) + 1
	active := min(people, g.config.ActivePeople)
	return people - active + int64(g.draw.below(uint64(active+idLead)))
}

// coldAuction draws one of the auctions in flight or of the next ten.
func (g *Generator) coldAuction(n uint64) int64 {
	newest := lastAuction(n)
	oldest := max(newest-g.config.InFlightAuctions, 0)
	return oldest + int64(g.draw.below(uint64(newest-oldest+1+idLead)))
}
