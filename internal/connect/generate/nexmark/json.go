package nexmark

// AppendJSON appends e in the combined form, one object with the record under its kind's name and the other kinds left out:
// {"event_type":2,"bid":{…}}. Members are in the schema's order; there is no line feed. It allocates only if dst lacks room.
func AppendJSON(dst []byte, e *Event) []byte {
	switch e.Kind {
	case KindPerson:
		dst = e.Person.AppendJSON(append(dst, `{"event_type":0,"person":`...))
	case KindAuction:
		dst = e.Auction.AppendJSON(append(dst, `{"event_type":1,"auction":`...))
	default:
		dst = e.Bid.AppendJSON(append(dst, `{"event_type":2,"bid":`...))
	}
	return append(dst, '}')
}

// AppendTypedJSON appends e's record alone, as a row of its kind's own table; there is no line feed.
func AppendTypedJSON(dst []byte, e *Event) []byte {
	switch e.Kind {
	case KindPerson:
		return e.Person.AppendJSON(dst)
	case KindAuction:
		return e.Auction.AppendJSON(dst)
	default:
		return e.Bid.AppendJSON(dst)
	}
}

// AppendJSON appends p as an object.
func (p *Person) AppendJSON(dst []byte) []byte {
	dst = appendInt(dst, `{"id":`, p.ID)
	dst = appendBytes(dst, `,"name":"`, p.Name)
	dst = appendBytes(dst, `","email_address":"`, p.EmailAddress)
	dst = appendBytes(dst, `","credit_card":"`, p.CreditCard)
	dst = appendBytes(dst, `","city":"`, p.City)
	dst = appendBytes(dst, `","state":"`, p.State)
	dst = appendTime(dst, `","date_time":"`, p.DateTime)
	dst = appendBytes(dst, `","extra":"`, p.Extra)
	return append(dst, `"}`...)
}

// AppendJSON appends a as an object.
func (a *Auction) AppendJSON(dst []byte) []byte {
	dst = appendInt(dst, `{"id":`, a.ID)
	dst = appendBytes(dst, `,"item_name":"`, a.ItemName)
	dst = appendBytes(dst, `","description":"`, a.Description)
	dst = appendInt(dst, `","initial_bid":`, a.InitialBid)
	dst = appendInt(dst, `,"reserve":`, a.Reserve)
	dst = appendTime(dst, `,"date_time":"`, a.DateTime)
	dst = appendTime(dst, `","expires":"`, a.Expires)
	dst = appendInt(dst, `","seller":`, a.Seller)
	dst = appendInt(dst, `,"category":`, a.Category)
	dst = appendBytes(dst, `,"extra":"`, a.Extra)
	return append(dst, `"}`...)
}

// AppendJSON appends b as an object.
func (b *Bid) AppendJSON(dst []byte) []byte {
	dst = appendInt(dst, `{"auction":`, b.Auction)
	dst = appendInt(dst, `,"bidder":`, b.Bidder)
	dst = appendInt(dst, `,"price":`, b.Price)
	dst = appendBytes(dst, `,"channel":"`, b.Channel)
	dst = appendBytes(dst, `","url":"`, b.URL)
	dst = appendTime(dst, `","date_time":"`, b.DateTime)
	dst = appendBytes(dst, `","extra":"`, b.Extra)
	return append(dst, `"}`...)
}

// appendInt appends a number; none of this package is negative.
func appendInt(dst []byte, before string, v int64) []byte {
	return appendDecimal(append(dst, before...), uint64(v))
}

// appendBytes appends a text that needs no escapes, which holds for all texts of this package.
func appendBytes(dst []byte, before string, text []byte) []byte {
	return append(append(dst, before...), text...)
}

func appendTime(dst []byte, before string, micros int64) []byte {
	return AppendTimestamp(append(dst, before...), micros)
}
