package crash_test

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"wire.example/wire/test/process"
)

var pointCall = regexp.MustCompile(`fault\.Point\("([^"]+)"\)`) //nolint:gochecknoglobals // immutable

// points are the kill points that the program's sources name.
func points(t *testing.T) []string {
	t.Helper()
	found := map[string]bool{}
	must(t, filepath.WalkDir("../../internal", func(path string, e fs.DirEntry, err error) error {
		if err == nil && e.IsDir() && e.Name() == "testdata" {
			return fs.SkipDir
		}
		if err != nil || e.IsDir() || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		for _, call := range pointCall.FindAllStringSubmatch(string(text), -1) {
			found[call[1]] = true
		}
		return err
	}))
	delete(found, "scratch/spilled")  // of runs that keep nothing: test/spill kills there
	delete(found, "restore/overflow") // of runs with less memory than the one before: so it does there
	if len(found) < 20 {
		t.Fatalf("only %d points were found: %v", len(found), found)
	}
	return slices.Sorted(maps.Keys(found))
}

// prelude says what comes before a run that can reach a point: those that only a run reaches which goes on from a checkpoint, or that takes over from a living one.
func prelude(point string) string {
	switch point {
	case "sink/file/half-copied":
		return "STOP"
	case "sink/file/resumed", "restore/half", "restore/step", "restore/unread", "state/unread":
		return "KILL"
	default:
		return ""
	}
}

// scene is a pipeline that is disturbed.
type scene struct {
	t      *testing.T
	p      *pipeline
	dir    string
	weak   string
	asleep []*process.Process
	woken  []*process.Process
	// early says that one sleeps that had not begun to read: it may miss what the other has finished with before it comes to publish.
	early bool
	// patient says that who sleeps is not woken before it has slept for asleepFor; slept is when the last one fell asleep.
	patient bool
	slept   time.Time
}

// asleepFor is how long a stopped run sleeps at least where a scene is patient: as long as the promise says.
const asleepFor = 30 * time.Second

func newScene(t *testing.T, p *pipeline, weak string) *scene {
	t.Helper()
	dir := t.TempDir()
	p.lay(t, dir)
	return &scene{t: t, p: p, dir: dir, weak: weak}
}

// run runs the pipeline; while one sleeps, as a take-over.
func (s *scene) run(point, signal string, parallelism int) *process.Process {
	s.t.Helper()
	var flags []string
	if len(s.asleep) > 0 {
		flags = append(flags, "--take-over")
	}
	r := s.p.run(s.t, s.dir, process.Aim{Point: point, After: s.after(point), Signal: signal, Weak: s.weak}, parallelism, flags...)
	if r.Stopped() {
		s.asleep, s.slept = append(s.asleep, r), time.Now() //nolint:forbidigo // processes live in the machine's time
	}
	return r
}

// after is what a run has to pass before a point: state that is larger than memory has begun to leave it, in this run. What only a run's beginning passes comes before that: the run goes on from one that had.
func (s *scene) after(point string) string {
	if name, _, _ := strings.Cut(point, ":"); s.p.name != large().name || prelude(name) != "" {
		return ""
	}
	return "state/left"
}

// killedAt runs the pipeline until it is killed at the nth pass of a point, or at an earlier one where a slow machine takes fewer checkpoints.
func (s *scene) killedAt(point string, nth int) *process.Process {
	s.t.Helper()
	for ; ; nth-- {
		if r := s.run(fmt.Sprintf("%s:%d", point, nth), "KILL", 2); r.Killed() || nth == 1 {
			return r
		}
		for _, name := range []string{".wire", "out"} {
			must(s.t, os.RemoveAll(filepath.Join(s.dir, name)))
		}
		s.p.lay(s.t, s.dir)
	}
}

// begin makes what has to be there before point can be reached.
func (s *scene) begin(point string) {
	s.t.Helper()
	if signal := prelude(point); signal != "" {
		s.early = true
		s.run("epoch/confirmed:5", signal, 2)
	}
}

// kill kills runs at the nth pass of a point, and again at its first, and then lets one come to its end. It reports whether the point was reached.
func (s *scene) kill(point string, nth int) (reached bool, err error) {
	s.t.Helper()
	s.begin(point)
	for _, leg := range []struct{ nth, parallelism int }{{nth, 1}, {1, 3}} {
		r := s.run(fmt.Sprintf("%s:%d", point, leg.nth), "KILL", leg.parallelism)
		if !r.Killed() {
			if err := r.Finishes(); err != nil {
				return reached, err
			}
			break
		}
		reached = true
	}
	return reached, s.end()
}

// stop stops a run at the nth pass of a point, lets another take over and come to its end, and wakes the first: it must find that it was superseded.
func (s *scene) stop(point string, nth int) (reached bool, err error) {
	s.t.Helper()
	s.begin(point)
	s.early = s.early || nth == 1 && s.after(point) == "" && strings.HasPrefix(point, "checkpoint/") // the claim at its start
	r := s.run(fmt.Sprintf("%s:%d", point, nth), "STOP", 1)
	if !r.Stopped() {
		return false, errors.Join(r.Finishes(), s.end())
	}
	return true, s.end()
}

// end lets a run come to its end, wakes those that sleep, and compares.
func (s *scene) end() error {
	s.t.Helper()
	before := s.finished()
	if err := s.run("", "", 2).Finishes(); err != nil {
		return err
	}
	published := files(s.t, s.dir)
	if s.patient && len(s.asleep) > 0 {
		time.Sleep(time.Until(s.slept.Add(asleepFor))) //nolint:forbidigo // as above
	}
	for _, r := range s.asleep {
		r.Signal(syscall.SIGCONT)
		r.Wait()
		if strings.Contains(r.Says(), "is finished already") {
			continue // it slept before it owned anything, and found nothing to do
		}
		if superseded := strings.Contains(r.Says(), "another run has taken this pipeline over"); !before && (r.Exit() == 0 || !superseded && !s.early) {
			return fmt.Errorf("a run that was superseded ended with %d: %s", r.Exit(), process.Tail(r.Says()))
		}
	}
	s.asleep, s.woken = nil, s.asleep
	if !maps.Equal(published, files(s.t, s.dir)) {
		return errors.New("a run that was superseded changed the output")
	}
	if err := differs(s.p.answer(s.t, s.dir), world0.want(s.t, s.p)); err != nil {
		return err
	}
	if left := hidden(s.t, s.dir); len(left) > 0 {
		return fmt.Errorf("%q are left", left)
	}
	return nil
}

var lastKind = regexp.MustCompile(`"kind":\s*"finished"|"finished":\s*true`) //nolint:gochecknoglobals // immutable

// finished reports whether the newest checkpoint is that of a finished pipeline.
func (s *scene) finished() bool {
	s.t.Helper()
	names, err := filepath.Glob(filepath.Join(s.dir, ".wire", "p", "manifests", "*.json"))
	must(s.t, err)
	if len(names) == 0 {
		return false
	}
	text, err := os.ReadFile(slices.Max(names))
	must(s.t, err)
	return lastKind.Match(text)
}

// world0 is the world of this process's tests.
var world0 world

// reached counts how often pipelines were disturbed, of disturbances that were tried.
type reached struct {
	mu     sync.Mutex
	counts map[disturbance]int
}

func (r *reached) add(d disturbance, n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.counts == nil {
		r.counts = map[disturbance]int{}
	}
	r.counts[d] += n
}

// disturbance is a point at which pipelines are killed or stopped.
type disturbance struct {
	point, signal string
	// large: it is the pipeline whose state is larger than its memory, at a pass behind the first at which state left it.
	large bool
	// seed is what passes are drawn from.
	seed uint64
}

func (d disturbance) String() string {
	if d.large {
		return d.point + " " + d.signal + ", more state than memory"
	}
	return d.point + " " + d.signal
}

// largeCut is how many points there are for each at which the large pipeline is killed in CI, and as many for each at which it is stopped.
const largeCut = 18

// disturbances are all that TestAtEachPoint tries: kills at each point; of stops, and of the large pipeline, a cut in CI.
func disturbances(t *testing.T, points []string) (all []disturbance) {
	t.Helper()
	for i, point := range points {
		draw := uint64(i) + process.Seed(t) //nolint:gosec // a small number
		all = append(all, disturbance{point, "KILL", false, uint64(i)})
		if process.Heavy() || draw%3 == 0 {
			all = append(all, disturbance{point, "STOP", false, uint64(i)})
		}
		if process.Heavy() || draw%largeCut == 0 {
			all = append(all, disturbance{point, "KILL", true, uint64(i)})
		}
		if process.Heavy() || draw%largeCut == largeCut/2 {
			all = append(all, disturbance{point, "STOP", true, uint64(i)})
		}
	}
	return all
}

// TestAtEachPoint kills and stops runs of all pipelines at each point, and wants each to be reached.
func TestAtEachPoint(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the program and runs it many times")
	}
	all, account := disturbances(t, points(t)), &reached{}
	t.Run("points", func(t *testing.T) {
		for _, d := range all {
			t.Run(d.String(), func(t *testing.T) {
				t.Parallel()
				d.tries(t, account)
			})
		}
	})
	for _, d := range all {
		switch n, tried := account.counts[d]; {
		case !tried: // -run left it out
		case n == 0 && (d.signal == "KILL" || d.large || process.Heavy()):
			t.Errorf("%s: no pipeline got there", d)
		default:
			t.Logf("%s: %d times", d, n)
		}
	}
}

// pipelines are those that are disturbed, in the order of a draw: no other than the large one has state that leaves memory.
func (d disturbance) pipelines(random *rand.Rand) []*pipeline {
	if d.large || d.point == "state/left" {
		return []*pipeline{large()}
	}
	all := pipelines()
	random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all
}

// tries disturbs pipelines at the point: all of them, early and late; in the cut one that gets there.
func (d disturbance) tries(t *testing.T, account *reached) {
	t.Helper()
	account.add(d, 0)
	random := rand.New(rand.NewPCG(process.Seed(t), d.seed)) //nolint:gosec // repeatable
	all := d.pipelines(random)
	nths := []int{1, 3, 8}
	if !process.Heavy() {
		nths = []int{1 + random.IntN(3), 1}
	}
	patient := process.Heavy() && d.signal == "STOP" && !d.large // until one has slept: a sleep in each would take half an hour
	for _, p := range all {
		for _, nth := range nths {
			s := newScene(t, p, "")
			s.patient = patient
			act := s.kill
			if d.signal == "STOP" {
				act = s.stop
			}
			hit, err := act(d.point, nth)
			if err != nil {
				t.Errorf("%s, %s at pass %d of %s: %v", p.name, d.signal, nth, d.point, err)
				return
			}
			if !hit {
				continue
			}
			account.add(d, 1)
			patient = false
			if !process.Heavy() {
				return
			}
		}
	}
}
