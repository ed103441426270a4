package optimize

import (
	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/internal/plan/logical"
)

// PushConditions gives a scan the comparisons with constants that its only reader, a filter, makes: its decoder can drop a row as soon as it
// sees the column. The filter stays, for decoders may ignore conditions. Decoders read the event time of those rows too, since filtered rows
// move the watermark. Rows that are updated keep both halves until the filter has seen them.
func PushConditions(p *logical.Plan) {
	nodes := order(p)
	readers := map[logical.Node]int{}
	for _, s := range p.Sinks {
		readers[s.Input]++
	}
	for _, n := range nodes {
		for _, in := range n.Inputs() {
			readers[in]++
		}
	}
	for _, n := range nodes {
		filter, ok := n.(*logical.Filter)
		if !ok {
			continue
		}
		scan, ok := filter.Input.(*logical.Scan)
		if ok && readers[scan] == 1 && scan.Source.Changes == logical.AppendOnly {
			scan.Conditions, scan.Hidden = bind.Conditions(filter.Predicate), filter.Hidden
		}
	}
}
