package flow

import (
	"fmt"
	"slices"
	"testing"

	"wire.example/wire/sdk/connector"
)

// The small model: two sources lead to a task, which writes to a sink, as the first source does itself. Every order of what can happen is tried, with rows, epochs and epochs that are given up at
// any moment bounded: no published epoch may be torn, and nobody may be stuck.

// item stands in a queue: a row (0) or the barrier of an epoch.
type modelItem int64

type model struct {
	epochs   epochs
	giving   int64 // the epoch that was given up, as long as not all have heard of it
	heard    bool  // the worker has
	worker   givenUp
	sources  [2]modelSource
	queues   [2][]modelItem
	held     [2]int64
	align    alignment
	taskRows [2]int  // rows that the task has, by source
	told     givenUp // the task's inbox
	sink     passage
	written  [2]int // rows that the sink has, by writer: the first source, and the task
	waiting  [2]int // rows that a writer waits to write
	// parts of the epoch that is collected
	positions [2]int
	passed    [2]bool
	sealed    int // rows of the task at its seal, -1 before
	prepared  []int
	rows      int // still to be read by each source
	abandons  int
	torn      string
}

type modelSource struct {
	request int64
	read    int
}

func newModel(rows, abandons int) *model {
	m := &model{epochs: epochs{most: 100}, align: *newAlignment(1), sink: passage{passed: make([]int64, 2)}, rows: rows, abandons: abandons, sealed: -1}
	for range 2 {
		p := m.align.add(nil)
		m.align.feeds(p, 0)
	}
	return m
}

func (m *model) clone() *model {
	c := *m
	c.epochs.unconfirmed = slices.Clone(m.epochs.unconfirmed)
	c.queues = [2][]modelItem{slices.Clone(m.queues[0]), slices.Clone(m.queues[1])}
	c.align.producers, c.align.inputs = slices.Clone(m.align.producers), slices.Clone(m.align.inputs)
	c.sink.passed = slices.Clone(m.sink.passed)
	c.prepared = slices.Clone(m.prepared)
	return &c
}

func (m *model) key() string {
	passed := [2]int64{m.align.producers[0].passed, m.align.producers[1].passed}
	return fmt.Sprint(m.epochs, m.giving, m.heard, m.worker, m.sources, m.queues, m.held, passed, m.align.aligned, m.align.pending, m.taskRows, m.told, m.sink, m.written, m.waiting, m.positions, m.passed, m.sealed, m.prepared, m.abandons)
}

// writes has a writer bring its rows to the sink, unless it must wait.
func (m *model) writes(writer int) {
	if !m.sink.holds(writer) || m.worker.covers(m.sink.passed[writer]) {
		m.written[writer] += m.waiting[writer]
		m.waiting[writer] = 0
	}
}

// passSink passes a barrier at the sink, behind the rows of the writer.
func (m *model) passSink(writer int, epoch int64) {
	if !m.sink.pass(writer, epoch) || m.worker.covers(epoch) {
		return
	}
	if epoch == m.epochs.last && m.epochs.phase == phaseCollecting {
		m.prepared = []int{m.written[0], m.written[1]}
	}
	m.sink.aligned = epoch
	m.writes(0)
	m.writes(1)
}

func (m *model) collecting(epoch int64) bool {
	return m.epochs.phase == phaseCollecting && m.epochs.last == epoch
}

// steps are all that can happen next.
func (m *model) steps(mostEpochs int64) map[string]func(*model) {
	steps := map[string]func(*model){}
	if m.epochs.mayBegin(false) && m.epochs.last < mostEpochs && m.giving == 0 {
		steps["begin"] = func(m *model) {
			n := m.epochs.begin(false)
			m.passed, m.sealed, m.prepared = [2]bool{}, -1, nil
			for i := range m.sources {
				m.sources[i].request = n
			}
		}
	}
	if m.epochs.pausing && m.giving == 0 {
		steps["resume"] = func(m *model) { m.epochs.resume() }
	}
	if len(m.epochs.unconfirmed) > 0 {
		steps["confirm"] = func(m *model) { m.epochs.confirm() }
	}
	if m.epochs.phase == phaseCollecting && m.abandons > 0 {
		steps["give up"] = func(m *model) {
			m.abandons--
			m.epochs.giveUp(false)
			m.giving = m.epochs.last
		}
	}
	m.hearSteps(steps)
	if m.collecting(m.epochs.last) && m.passed == [2]bool{true, true} && m.sealed >= 0 && m.prepared != nil {
		steps["publish"] = (*model).publish
	}
	for i := range m.sources {
		m.sourceSteps(i, steps)
		if len(m.queues[i]) > 0 && m.held[i] == 0 && m.waiting[1] == 0 {
			steps[fmt.Sprint("take ", i)] = func(m *model) { m.take(i) }
		}
	}
	return steps
}

// hearSteps are how it becomes known that an epoch was given up: the worker hears of it, and then has the task go on; no other epoch begins before.
func (m *model) hearSteps(steps map[string]func(*model)) {
	switch {
	case m.giving == 0:
	case !m.heard:
		steps["hear"] = func(m *model) {
			m.heard = true
			m.worker.hear(m.giving)
			for i := range m.sources {
				m.sources[i].request = 0 // withdrawn, if it was not taken
			}
			m.writes(0)
			m.writes(1)
		}
	default:
		steps["tell"] = func(m *model) {
			m.told.hear(m.giving)
			m.giving, m.heard = 0, false
			for i := range m.held {
				if m.told.covers(m.held[i]) {
					m.held[i] = 0
				}
			}
		}
	}
}

func (m *model) sourceSteps(i int, steps map[string]func(*model)) {
	if i == 0 && m.waiting[0] > 0 { // it waits at the sink
		return
	}
	if s := m.sources[i]; s.request > 0 {
		steps[fmt.Sprint("barrier of source ", i)] = func(m *model) {
			epoch := m.sources[i].request
			m.sources[i].request = 0
			if m.collecting(epoch) {
				m.passed[i], m.positions[i] = true, m.sources[i].read
			}
			m.queues[i] = append(m.queues[i], modelItem(epoch))
			if i == 0 {
				m.passSink(0, epoch)
			}
		}
	}
	if m.sources[i].read < m.rows {
		steps[fmt.Sprint("row of source ", i)] = func(m *model) {
			m.sources[i].read++
			m.queues[i] = append(m.queues[i], 0)
			if i == 0 {
				m.waiting[0]++
				m.writes(0)
			}
		}
	}
}

// take has the task take what comes next from a source.
func (m *model) take(i int) {
	it := m.queues[i][0]
	m.queues[i] = m.queues[i][1:]
	if it == 0 {
		m.taskRows[i]++
		m.waiting[1]++
		m.writes(1)
		return
	}
	if !m.align.barrier(i, int64(it)) {
		if m.align.holds(i) && !m.told.covers(int64(it)) {
			m.held[i] = int64(it)
		}
		return
	}
	m.held = [2]int64{}
	epoch := m.align.aligned
	if m.worker.covers(epoch) {
		return
	}
	if m.collecting(epoch) {
		m.sealed = m.taskRows[0] + m.taskRows[1]
		if m.taskRows != m.positions {
			m.torn = fmt.Sprintf("epoch %d: the task has %v rows, the sources stand at %v", epoch, m.taskRows, m.positions)
		}
	}
	m.passSink(1, epoch)
}

func (m *model) publish() {
	if m.prepared[0] != m.positions[0] || m.prepared[1] != m.sealed {
		m.torn = fmt.Sprintf("epoch %d: the sink has %v rows, the first source stands at %v, and the task had %d", m.epochs.last, m.prepared, m.positions, m.sealed)
	}
	m.epochs.store()
	m.epochs.publish()
	if len(m.epochs.unconfirmed) > connector.MaxUnconfirmed {
		m.torn = fmt.Sprintf("%v are unconfirmed", m.epochs.unconfirmed)
	}
}

func TestEveryOrderOfASmallModel(t *testing.T) {
	for _, c := range []struct {
		rows, abandons int
		epochs         int64
	}{{1, 0, 4}, {1, 1, 2}, {2, 1, 2}, {1, 2, 3}} {
		states, published, wrong := explore(newModel(c.rows, c.abandons), c.epochs, func(*model) {})
		if wrong != "" || published == 0 {
			t.Errorf("%+v: %s", c, wrong)
		}
		t.Logf("%+v: %d states, %d publications", c, states, published)
	}
}

// TestTheSmallModelFindsWhatIsWrong: a task that is not told of what was given up is stuck, and one that does not hold producers back is torn.
func TestTheSmallModelFindsWhatIsWrong(t *testing.T) {
	deaf := newModel(1, 1)
	deaf.told = -1
	if _, _, wrong := explore(deaf, 2, func(m *model) {
		for i, p := range m.align.producers {
			if p.passed > m.align.aligned && m.epochs.phase == phaseNone && m.worker.covers(p.passed) {
				m.held[i] = p.passed
			}
		}
	}); wrong == "" {
		t.Error("a task that goes on holding producers back is not stuck")
	}
	if _, _, wrong := explore(newModel(1, 0), 2, func(m *model) { m.held = [2]int64{} }); wrong == "" {
		t.Error("a task that holds nobody back is not torn")
	}
}

// explore tries all orders, with something wrong after each step, and returns how many states there are, how often an epoch was published, and what is wrong with one.
func explore(start *model, mostEpochs int64, spoil func(*model)) (states, published int, wrong string) {
	seen := map[string]bool{}
	todo := []*model{start}
	for len(todo) > 0 && wrong == "" {
		m := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		steps := m.steps(mostEpochs)
		if len(steps) == 0 && (m.epochs.phase != phaseNone || m.written != [2]int{m.rows, 2 * m.rows}) {
			wrong = "stuck: " + m.key()
		}
		for name, step := range steps {
			next := m.clone()
			step(next)
			spoil(next)
			if name == "publish" {
				published++
			}
			if wrong = next.torn; wrong != "" {
				break
			}
			if key := next.key(); !seen[key] {
				seen[key] = true
				todo = append(todo, next)
			}
		}
	}
	return len(seen), published, wrong
}
