package keyed

// Filters are never emptied as what they note comes back, or is removed while it is away. Where that goes on for ever, as with rows that expire, they are made anew while all that is away is gone through.

// Noted is how many hashes of rows that have left memory are noted. Those of rows that came back, or are no more, are among them, until a renewal.
func (r *Rows) Noted() int { return r.away.noted() }

// Renew begins to note anew which hashes have rows that have left memory. Until Renewed, Renote is to be called with each that has, of those that leave meanwhile apart; it need not get to its end.
func (r *Rows) Renew() {
	r.away.giveUpRenewal()
	r.away.renewing = true
}

// Renote notes, in a renewal if one is under way, that rows of a hash are away. Where there is no memory for that, the renewal is given up.
func (r *Rows) Renote(hash uint64) { r.away.renote(hash) }

// Renewed ends a renewal, if one is under way: from now on what it has noted is away, and nothing else.
func (r *Rows) Renewed() {
	a := r.away
	if !a.renewing {
		return
	}
	renewed := a.renewed
	a.renewed = nil
	a.forgetFilters()
	if a.filters = renewed; len(renewed) == 0 {
		a.groups = [Groups]uint64{}
		a.recount()
	}
}

func (a *away) renote(hash uint64) {
	if a.renewing && a.note(&a.renewed, hash) != nil {
		a.giveUpRenewal()
	}
}

// giveUpRenewal forgets what a renewal has noted, and ends it.
func (a *away) giveUpRenewal() {
	for _, f := range a.renewed {
		f.lines.Free()
	}
	a.renewed, a.renewing = nil, false
}
