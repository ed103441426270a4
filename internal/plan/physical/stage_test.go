package physical_test

import (
	"strings"
	"testing"

	"wire.example/wire/internal/plan/physical"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/connector"
	"wire.example/wire/sdk/schema"
)

// joined is a plan by hand: two sources meet in a join of four tasks, whose rows are counted by key and then sorted in one task.
type joined struct {
	*physical.Plan
	bids, auctions           *physical.Source
	join, count, sort        *physical.Stage
	toBuild, toProbe, toSort *physical.Exchange
}

func newJoined() *joined {
	columns := schema.New(schema.Field{Name: "auction", Type: schema.Of(schema.Int64)}, schema.Field{Name: "price", Type: schema.Of(schema.Int64)})
	file, out := &connector.SourceType{Name: "file"}, &physical.Sink{Name: "out", Type: &connector.SinkType{Name: "stdout"}}
	edge := func(e physical.Edge) [][]physical.Edge { return [][]physical.Edge{{e}} }
	p := &joined{}
	p.sort = &physical.Stage{Name: "sort", Tasks: 1, Inputs: 1, Head: &physical.Step{Name: "sort", Detail: "by n", Ports: edge(physical.Edge{Sink: out})}}
	p.toSort = &physical.Exchange{To: physical.Input{Stage: p.sort}}
	p.count = &physical.Stage{Name: "count", Tasks: 2, Inputs: 1, Head: &physical.Step{Name: "count", Detail: "by auction", Schema: columns, Ports: edge(physical.Edge{Exchange: p.toSort})}}
	toCount := &physical.Exchange{Kind: physical.Hash, Keys: []int{0}, To: physical.Input{Stage: p.count}}
	narrow := &physical.Step{Name: "narrow", Detail: "auction", Ports: edge(physical.Edge{Exchange: toCount})}
	p.join = &physical.Stage{Name: "join", Tasks: 4, Inputs: 2, Head: &physical.Step{Name: "join", Detail: "on auction", Ports: edge(physical.Edge{Step: narrow})}}
	p.toBuild = &physical.Exchange{Kind: physical.Broadcast, To: physical.Input{Stage: p.join, Number: 1}}
	p.toProbe = &physical.Exchange{Kind: physical.Hash, Keys: []int{1, 0}, To: physical.Input{Stage: p.join}}
	p.bids = &physical.Source{Name: "bids", Type: file, Decode: codec.DecodeSpec{Schema: columns}, Next: []physical.Edge{{Exchange: p.toProbe}}, After: []physical.Input{{Stage: p.join, Number: 1}}}
	p.auctions = &physical.Source{Name: "auctions", Type: file, Next: []physical.Edge{{Exchange: p.toBuild}}}
	p.Plan = &physical.Plan{
		Name: "p", Sources: []*physical.Source{p.bids, p.auctions}, Stages: []*physical.Stage{p.join, p.count, p.sort},
		Sinks: []*physical.Sink{out}, Parallelism: 2,
	}
	return p
}

func TestStagesPrintThemselves(t *testing.T) {
	const want = `source bids (file), 2 lanes, read after the end of join input 1
  exchange hash(price, auction) to join input 0
source auctions (file), 2 lanes
  exchange broadcast to join input 1
stage join, 4 tasks
  join: on auction
    narrow: auction
      exchange hash($0) to count
stage count, 2 tasks
  count: by auction
    exchange single to sort
stage sort, 1 task
  sort: by n
    sink out: stdout
`
	p := newJoined()
	if got := p.String(); got != want {
		t.Errorf("%s", got)
	}
	if err := p.Check(); err != nil {
		t.Error(err)
	}
}

func TestPlansThatNoPlannerMayMake(t *testing.T) {
	for want, spoil := range map[string]func(*joined){
		"stage join has 0 tasks":                                       func(p *joined) { p.join.Tasks = 0 },
		"stage join has 257 tasks":                                     func(p *joined) { p.join.Tasks = 257 },
		"stage sort has no input":                                      func(p *joined) { p.sort.Inputs = 0 },
		"stage sort has no step":                                       func(p *joined) { p.sort.Head = nil },
		"nothing leads to input 1 of stage sort":                       func(p *joined) { p.sort.Inputs = 2 },
		"source bids leads to input 2 of stage join, which has 2":      func(p *joined) { p.toProbe.To.Number = 2 },
		"stage count leads by a single exchange to stage sort":         func(p *joined) { p.sort.Tasks = 2 },
		"the hash exchange from source bids to stage join has no keys": func(p *joined) { p.toProbe.Keys = nil },
		"source bids leads to a stage that is not in the plan":         func(p *joined) { p.toProbe.To.Stage = &physical.Stage{} },
		"stage count leads to stage join, which stands before it":      func(p *joined) { p.toSort.To = p.toProbe.To },
		"an edge of source bids leads to none":                         func(p *joined) { p.bids.Next[0].Exchange = nil },
		"an edge of source auctions leads to none or to several": func(p *joined) {
			p.auctions.Next[0].Sink = p.Sinks[0]
		},
		`two steps are called "count"`:                                 func(p *joined) { p.join.Head.Ports[0][0].Step.Name = "count" },
		`step "count" is in stage join and in stage count`:             func(p *joined) { p.join.Head.Ports[0] = []physical.Edge{{Step: p.count.Head}} },
		`step "count" is in source bids and in stage count`:            func(p *joined) { p.bids.Next = append(p.bids.Next, physical.Edge{Step: p.count.Head}) },
		"source bids waits for an input that is not in the plan":       func(p *joined) { p.bids.After[0].Number = 2 },
		"source bids waits for the end of join input 0, which waits":   func(p *joined) { p.bids.After[0].Number = 0 },
		"source auctions waits for the end of sort, which waits for":   func(p *joined) { p.auctions.After = []physical.Input{{Stage: p.sort}} },
		"source auctions waits for the end of join input 0, which wai": func(p *joined) { p.auctions.After = []physical.Input{{Stage: p.join}} },
	} {
		p := newJoined()
		spoil(p)
		if err := p.Check(); err == nil || !strings.Contains(err.Error(), "internal error: plan: "+want) {
			t.Errorf("%v\nwant %s", err, want)
		}
	}
}

func TestAStepBehindTwoSourcesIsFine(t *testing.T) {
	p := newJoined()
	both := &physical.Step{Name: "both", Ports: [][]physical.Edge{{{Exchange: p.toSort}}}}
	p.bids.Next = append(p.bids.Next, physical.Edge{Step: both}, physical.Edge{Step: both})
	p.auctions.Next = append(p.auctions.Next, physical.Edge{Step: both})
	if err := p.Check(); err != nil {
		t.Error(err)
	}
}
