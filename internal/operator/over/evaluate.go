package over

import (
	"wire.example/wire/sdk/batch"
)

// jobs are rows to be computed, in pieces of partitions.
type jobs struct {
	list []job
	// targets are the rows that are computed, one job behind the other.
	targets []uint32
	// number is the job that is next, or of which done rows are computed; at is how many targets are.
	number, done, at int
}

// job is the rows from position from up to, not including, to of ids, which are as much of a partition as the functions see.
type job struct {
	ids      []uint32
	from, to int
	// slot and head are for functions that keep something of the partition from one job to the next: where, and its first row.
	slot, head uint32
}

func (j *jobs) reset() { *j = jobs{list: j.list[:0], targets: j.targets[:0]} }

// step has the functions answer for the next rows of all jobs, at most a batch: the n targets from at on; n is 0 at the end. Columns are lent until the next step.
func (o *Operator) step(j *jobs) (at, n int, answers []*batch.Column, err error) {
	at, n = j.at, min(batch.MaxRows, len(j.targets)-j.at)
	if n == 0 {
		return at, 0, nil, nil
	}
	o.gather(j.targets[at : at+n])
	for filled := 0; filled < n; {
		work := &j.list[j.number]
		if j.done == 0 {
			o.part = partition{
				end: len(work.ids), ids: work.ids, groups: o.part.groups, slot: work.slot, head: work.head, fresh: work.from,
			}
			if err := o.beginFunctions(); err != nil {
				return 0, 0, nil, err
			}
		}
		p := &o.piece
		p.from, p.at = work.from+j.done, filled
		p.to = min(work.to, p.from+n-filled)
		if err := o.fill(); err != nil {
			return 0, 0, nil, err
		}
		filled += p.to - p.from
		if j.done += p.to - p.from; p.to == work.to {
			j.number, j.done = j.number+1, 0
		}
	}
	j.at += n
	o.answers = o.answers[:0]
	for _, c := range o.calls {
		o.answers = append(o.answers, c.finish(n))
	}
	return at, n, o.answers, nil
}

// evaluate hands on the answers for all jobs, a batch at a time.
func (o *Operator) evaluate(j *jobs, answer func(ids []uint32, columns []*batch.Column) error) error {
	for {
		at, n, columns, err := o.step(j)
		if err != nil || n == 0 {
			return err
		}
		if err := answer(j.targets[at:at+n], columns); err != nil {
			return err
		}
	}
}

// fill has the functions answer for the operator's piece.
func (o *Operator) fill() error {
	if o.wantPeers {
		o.part.peersOf(&o.piece)
	}
	for _, f := range o.frames {
		if !f.used {
			continue
		}
		if err := f.fill(); err != nil {
			return err
		}
	}
	for _, c := range o.calls {
		if err := c.fill(); err != nil {
			return err
		}
	}
	return nil
}

// beginFunctions begins the partition at hand.
func (o *Operator) beginFunctions() error {
	if o.wantPeers {
		if err := o.part.findPeers(o); err != nil {
			return err
		}
	}
	for _, f := range o.frames {
		if err := f.begin(); err != nil {
			return err
		}
	}
	for _, c := range o.calls {
		if err := c.begin(); err != nil {
			return err
		}
	}
	return nil
}
