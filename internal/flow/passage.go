package flow

// passage is what a sink knows of its writers. It is data.
type passage struct {
	// passed is the last barrier that each writer has passed: by source, then by task, and in the dead-letter sink by deadSlot.
	passed []int64
	// aligned is the last barrier that all have passed and that is prepared or queued.
	aligned int64
}

// holds reports whether a writer has passed a barrier that others have not: what it writes belongs to a later epoch.
func (p *passage) holds(from int) bool { return p.passed[from] > p.aligned }

// pass notes that a writer has passed the barrier of epoch, and reports whether it was the last one to do so.
func (p *passage) pass(from int, epoch int64) bool {
	p.passed[from] = max(p.passed[from], epoch)
	for _, passed := range p.passed {
		if passed < epoch {
			return false
		}
	}
	return epoch > p.aligned
}
