package over

import (
	"wire.example/wire/sdk/batch"
)

// jobs are rows to be computed, in pieces of partitions.
type jobs struct {
	list []job
	// ids are the rows that the functions see, one job behind the other; targets those that are computed.
	ids, targets []uint32
}

// job is the rows from position from up to, not including, to of the part of ids that is the job's.
type job struct{ first, end, from, to int }

func (j *jobs) reset() { j.list, j.ids, j.targets = j.list[:0], j.ids[:0], j.targets[:0] }

// evaluate has the functions answer for the rows of all jobs and hands on each batch of answers: for the targets from at on. Columns are lent for the call.
func (o *Operator) evaluate(j *jobs, answer func(at, n int, columns []*batch.Column) error) error {
	number, done := 0, 0
	for at := 0; at < len(j.targets); {
		n := min(batch.MaxRows, len(j.targets)-at)
		o.gather(j.targets[at : at+n])
		for filled := 0; filled < n; {
			work := &j.list[number]
			if done == 0 {
				o.part.start, o.part.end, o.part.ids = 0, work.end-work.first, j.ids[work.first:work.end]
				if err := o.beginFunctions(); err != nil {
					return err
				}
			}
			p := &o.piece
			p.from, p.at = work.from+done, filled
			p.to = min(work.to, p.from+n-filled)
			if err := o.fill(); err != nil {
				return err
			}
			filled += p.to - p.from
			if done += p.to - p.from; p.to == work.to {
				number, done = number+1, 0
			}
		}
		o.answers = o.answers[:0]
		for _, c := range o.calls {
			o.answers = append(o.answers, c.finish(n))
		}
		if err := answer(at, n, o.answers); err != nil {
			return err
		}
		at += n
	}
	return nil
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
