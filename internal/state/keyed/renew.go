package keyed

// Filters are never emptied as what they note comes back, or is removed while it is away. Where that goes on for ever, as with rows that expire, they are made anew while all that is away is gone through.

// Noted is how many hashes of rows that have left memory are noted. Those of rows that came back, or are no more, are among them, until a renewal.
func (r *Rows) Noted() int { return r.away.noted() }

func (a *away) endRenewal() {
	if !a.renewing {
		return
	}
	renewed := a.renewed
	a.renewed = nil
	a.forgetFilters()
	if a.filters = renewed; len(renewed) == 0 {
		a.groups, a.count = [Groups]uint64{}, 0
		a.recount()
	}
}

func (a *away) renote(hash uint64) {
	if a == nil {
		return
	}
	a.met = true
	if !a.isUnread(hash) { // that counts as away anyhow
		a.renoteRead(hash)
	}
}

// renoteRead is renote for a hash that is not unread any more.
func (a *away) renoteRead(hash uint64) {
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

// notedLeast is how many noted hashes are not worth a renewal.
const notedLeast = 4096

// Renews reports whether a Waking has to go through a key group although none of its keys is looked for: hashes are noted anew, or that is to begin.
func (t *Table) Renews(group uint8) bool {
	return t.away != nil && (t.away.renewing || group == 0 && t.away.isWorn())
}

// isWorn reports whether so many hashes are noted that most of them may have nothing away any more.
func (a *away) isWorn() bool { return a.noted() > 2*a.lasting+notedLeast }

// enter says that a Waking is at the beginning of a key group. A renewal goes through all of them in their order; where it does not, it is given up.
func (a *away) enter(group uint8) {
	if a == nil || a.closed {
		return
	}
	a.walked = true
	if a.renewing && group != a.entered+1 { // behind the last one is the first
		a.giveUpRenewal()
	}
	through := group == a.entered+1
	if a.entered = group; group > 0 {
		return
	}
	if a.renewing {
		a.endRenewal()
		a.lasting = a.noted()
	}
	a.renewing = a.isWorn() || through && !a.met && a.noted() > 0 // nothing of what is noted was there
	a.met = false
}

// Renewing is an Evictable that can note anew which hashes have entries that are away.
type Renewing interface {
	Evictable
	// Renew begins to note them anew when most of what is noted has nothing away any more, or goes on with that, as far as it is worth a batch. Where a Waking goes through the part that does it, and Renew nothing. The error is
	// one of the store.
	Renew() error
}

// Renew notes anew which hashes have keys that are away; see Renewing.
func (t *Table) Renew() error { return t.away.renew(t.kept.home, t.slice, t.len, t.HasHash) }

// Renew notes anew which hashes have rows that are away; see Renewing. Those of rows in memory are among them.
func (r *Rows) Renew() error {
	return r.away.renew(r.kept.home, r.slice, r.len, func(uint64) bool { return false })
}

// renew goes on with a renewal, of a part that has so many entries in memory.
func (a *away) renew(home Home, slice int64, entries int, resident func(hash uint64) bool) error {
	switch {
	case a == nil || a.walked || a.closed || a.unread || a.ranged:
		return nil
	case a.renewing:
	case !a.isWorn() || a.noted() <= 2*(max(a.count, 0)+entries)+notedLeast:
		return nil
	default:
		a.renewing, a.next = true, 0
	}
	read, last := 0, uint64(0)
	note := func(hash uint64, _, _ []byte) bool {
		if read >= wokenRead && hash != last {
			a.next = hash
			return false
		}
		read, last = read+1, hash
		a.renoteRead(hash)
		return a.renewing
	}
	for group := a.next >> groupShift; group < Groups; group++ {
		a.next = max(a.next, group<<groupShift)
		over, err := a.readAway(home, slice, uint8(group), a.next, resident, note)
		if err != nil || !over && a.renewing {
			return err
		}
		if !a.renewing { // there is no memory for it
			break
		}
	}
	a.endRenewal()
	a.lasting = a.noted()
	return nil
}

func (t *Table) enter(group uint8) { t.away.enter(group) }

func (t *Table) renote(hash uint64) { t.away.renote(hash) }

func (r *Rows) enter(group uint8) { r.away.enter(group) }

func (r *Rows) renote(hash uint64) { r.away.renote(hash) }

// Together is a table and rows that leave memory with its keys, and that have their hashes, as one Sleeping: it is the keys that are found.
type Together struct {
	*Table
	Rows []*Rows
}

func (t Together) enter(group uint8) {
	t.Table.enter(group)
	for _, r := range t.Rows {
		r.enter(group)
	}
}

func (t Together) renote(hash uint64) {
	t.Table.renote(hash)
	for _, r := range t.Rows {
		r.renote(hash)
	}
}
