package keyed

// BeginRenewal begins a renewal, as a Waking does.
func (r *Rows) BeginRenewal() {
	r.away.giveUpRenewal()
	r.away.renewing = true
}

// Renote notes a hash in a renewal.
func (r *Rows) Renote(hash uint64) { r.away.renote(hash) }

// Renewed ends a renewal.
func (r *Rows) Renewed() { r.away.endRenewal() }
