package nexmark

import "encoding/binary"

// Six states, so that the queries that ask for three of them find rows in a small run too.
//
//nolint:gochecknoglobals // immutable tables
var (
	states     = [...]string{"AZ", "CA", "ID", "OR", "WA", "WY"}
	cities     = [...]string{"Phoenix", "Tucson", "Sacramento", "San Diego", "Boise", "Portland", "Eugene", "Spokane", "Tacoma", "Casper"}
	firstNames = [...]string{"Alice", "Bruno", "Clara", "David", "Emma", "Felix", "Grace", "Henry", "Irene", "Jonas", "Karla"}
	lastNames  = [...]string{"Anderson", "Baker", "Carter", "Dixon", "Evans", "Fischer", "Garcia", "Hughes", "Ivanov"}
)

// Lengths that the random parts of an e-mail address stay below.
const (
	mailboxLimit = 7
	domainLimit  = 5
)

func (g *Generator) makePerson(n uint64) {
	p := &g.event.Person
	p.ID = firstID + lastPerson(n)
	if g.wants(PersonName, 2) {
		p.Name = g.personName()
	}
	if g.want[KindPerson].Has(PersonEmailAddress) {
		p.EmailAddress = g.emailAddress()
	} else {
		g.draw.skipWords(mailboxLimit)
		g.draw.skipWords(domainLimit)
	}
	if g.wants(PersonCreditCard, 2) {
		p.CreditCard = g.creditCard()
	}
	if g.wants(PersonCity, 1) {
		p.City = g.appendText(cities[g.draw.below(uint64(len(cities)))])
	}
	if g.wants(PersonState, 1) {
		p.State = g.appendText(states[g.draw.below(uint64(len(states)))])
	}
	p.DateTime = g.time(n)
	if g.wants(PersonExtra, 0) {
		p.Extra = g.extra(numberBytes+len(g.text), g.config.PersonBytes)
	}
}

func (g *Generator) personName() []byte {
	start := len(g.text)
	g.text = append(g.text, firstNames[g.draw.below(uint64(len(firstNames)))]...)
	g.text = append(g.text, ' ')
	g.text = append(g.text, lastNames[g.draw.below(uint64(len(lastNames)))]...)
	return g.since(start)
}

func (g *Generator) emailAddress() []byte {
	start := len(g.text)
	g.text = g.draw.appendWords(g.text, mailboxLimit, '_')
	g.text = append(g.text, '@')
	g.text = g.draw.appendWords(g.text, domainLimit, '_')
	g.text = append(g.text, ".com"...)
	return g.since(start)
}

// creditCard draws four groups of four digits.
func (g *Generator) creditCard() []byte {
	start := len(g.text)
	g.eightDigits()
	g.text = append(g.text, ' ')
	g.eightDigits()
	return g.since(start)
}

func (g *Generator) eightDigits() {
	digits := eightDigits(g.draw.below(digitLimit))
	g.text = binary.LittleEndian.AppendUint32(g.text, uint32(digits))
	g.text = append(g.text, ' ')
	g.text = binary.LittleEndian.AppendUint32(g.text, uint32(digits>>32))
}
