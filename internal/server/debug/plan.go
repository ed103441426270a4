package debug

import "wire.example/wire/internal/plan/physical"

// Plan is a plan as data: the nodes by name, and where each leads.
type Plan struct {
	Parallelism int          `json:"parallelism"`
	Sources     []PlanSource `json:"sources"`
	Stages      []PlanStage  `json:"stages"`
	Steps       []PlanStep   `json:"steps"`
	Sinks       []PlanSink   `json:"sinks"`
	// DeadLetters is the name of the sink of rejected rows, "" if there is none. It is among Sinks.
	DeadLetters string `json:"dead_letters"`
}

// PlanSource is a source; Next are the names of the steps and sinks behind it.
type PlanSource struct {
	Name      string   `json:"name"`
	Connector string   `json:"connector"`
	OnError   string   `json:"on_error"`
	Next      []string `json:"next"`
}

// PlanStage is a stage: its tasks run the steps from Head on.
type PlanStage struct {
	Name  string `json:"name"`
	Tasks int    `json:"tasks"`
	Head  string `json:"head"`
}

// PlanStep is a step; Ports are the names behind each of its output ports.
type PlanStep struct {
	Name    string     `json:"name"`
	Detail  string     `json:"detail"`
	OnError string     `json:"on_error"`
	Ports   [][]string `json:"ports"`
}

// PlanSink is a sink.
type PlanSink struct {
	Name      string `json:"name"`
	Connector string `json:"connector"`
	OnError   string `json:"on_error"`
}

func planOf(p *physical.Plan) Plan {
	out := Plan{Parallelism: p.Parallelism, Sources: []PlanSource{}, Stages: []PlanStage{}, Steps: []PlanStep{}, Sinks: []PlanSink{}}
	seen := map[*physical.Step]bool{}
	for _, s := range p.Sources {
		out.Sources = append(out.Sources, PlanSource{Name: s.Name, Connector: s.Type.Name, OnError: s.OnError.String(), Next: names(s.Next)})
		out.addSteps(s.Next, seen)
	}
	for _, s := range p.Stages {
		out.Stages = append(out.Stages, PlanStage{Name: s.Name, Tasks: s.Tasks, Head: s.Head.Name})
		out.addSteps([]physical.Edge{{Step: s.Head}}, seen)
	}
	for _, s := range p.Sinks {
		out.addSink(s)
	}
	if p.DeadLetters != nil {
		out.DeadLetters = p.DeadLetters.Name
		out.addSink(p.DeadLetters)
	}
	return out
}

func (p *Plan) addSink(s *physical.Sink) {
	p.Sinks = append(p.Sinks, PlanSink{Name: s.Name, Connector: s.Type.Name, OnError: s.OnError.String()})
}

// addSteps adds the steps behind edges, each once, in the order in which rows meet them.
func (p *Plan) addSteps(edges []physical.Edge, seen map[*physical.Step]bool) {
	for _, e := range edges {
		if e.Step == nil || seen[e.Step] {
			continue
		}
		seen[e.Step] = true
		step := PlanStep{Name: e.Step.Name, Detail: e.Step.Detail, OnError: e.Step.OnError.String(), Ports: [][]string{}}
		for _, port := range e.Step.Ports {
			step.Ports = append(step.Ports, names(port))
		}
		p.Steps = append(p.Steps, step)
		for _, port := range e.Step.Ports {
			p.addSteps(port, seen)
		}
	}
}

// names returns where edges lead.
func names(edges []physical.Edge) []string {
	list := make([]string, len(edges))
	for i, e := range edges {
		switch {
		case e.Step != nil:
			list[i] = e.Step.Name
		case e.Exchange != nil:
			list[i] = e.Exchange.To.Stage.Head.Name
		default:
			list[i] = e.Sink.Name
		}
	}
	return list
}
