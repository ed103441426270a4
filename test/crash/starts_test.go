package crash_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"wire.example/wire/test/process"
)

// manifest is what scenes look at in a manifest.
type manifest struct {
	Number, Generation, Epoch int64
	Lineage, Kind             string
}

// manifests are those of the state directory, by number.
func (s *scene) manifests() []manifest {
	s.t.Helper()
	names, err := filepath.Glob(filepath.Join(s.dir, ".wire", "p", "manifests", "*.json"))
	must(s.t, err)
	slices.Sort(names)
	found := make([]manifest, len(names))
	for i, name := range names {
		text, err := os.ReadFile(name)
		must(s.t, err)
		var whole struct{ Manifest manifest }
		must(s.t, json.Unmarshal(text, &whole))
		found[i] = whole.Manifest
	}
	return found
}

// refused wants a run of the pipeline to end with 2, to say why, and to leave the output alone.
func (s *scene) refused(why string) error {
	s.t.Helper()
	before := files(s.t, s.dir)
	if r := s.run("", "", 2); r.Exit() != 2 || !strings.Contains(r.Says(), why) {
		return fmt.Errorf("it ended with %d, and should say %q: %s", r.Exit(), why, process.Tail(r.Says()))
	}
	if !maps.Equal(before, files(s.t, s.dir)) {
		return errors.New("a run that was refused changed the output")
	}
	return nil
}

// write changes a file of the scene.
func (s *scene) write(name, text string) {
	s.t.Helper()
	must(s.t, os.WriteFile(filepath.Join(s.dir, name), []byte(text), 0o600))
}

// regrouped is the pipeline edited so that the state of its groups is of no use.
func (s *scene) regrouped() string {
	s.t.Helper()
	text := strings.Replace(s.p.text, "GROUP BY customer", "GROUP BY customer, id % 3", 1)
	if text == s.p.text {
		s.t.Fatal("there are no groups in " + s.p.text)
	}
	return text
}

// editedAway edits a killed pipeline so that state would be lost: that is refused, and as it was it comes to its end.
func (s *scene) editedAway(nth int) error {
	s.t.Helper()
	if _, err := s.killed(nth); err != nil {
		return err
	}
	s.write(s.p.file, s.regrouped())
	if err := s.refused("state would be lost"); err != nil {
		return err
	}
	s.write(s.p.file, s.p.text)
	return s.end()
}

// again runs a finished pipeline again: it says so, and changes neither output nor checkpoint.
func (s *scene) again(int) error {
	s.t.Helper()
	if err := s.end(); err != nil {
		return err
	}
	before, was := files(s.t, s.dir), s.manifests()
	r := s.run("", "", 2)
	if err := r.Finishes(); err != nil {
		return err
	}
	if !strings.Contains(r.Says(), "is finished already") {
		return fmt.Errorf("it does not say that it is finished: %s", process.Tail(r.Says()))
	}
	now := s.manifests()
	if !maps.Equal(before, files(s.t, s.dir)) || len(now) != len(was)+1 || now[len(was)].Kind != "claim" || now[len(was)].Epoch != was[len(was)-1].Epoch {
		return fmt.Errorf("it ran again: the manifests are %+v, and were %+v", now, was)
	}
	return nil
}

// editedAfterwards edits a finished pipeline, which is refused.
func (s *scene) editedAfterwards(int) error {
	s.t.Helper()
	if err := s.end(); err != nil {
		return err
	}
	s.write(s.p.file, s.regrouped())
	return s.refused("the pipeline is finished, and has changed since")
}

// moreAfterwards gives a finished pipeline more input, which is refused.
func (s *scene) moreAfterwards(int) error {
	s.t.Helper()
	if err := s.end(); err != nil {
		return err
	}
	text, err := os.ReadFile(filepath.Join(s.dir, "in", "orders.jsonl"))
	must(s.t, err)
	line, _, _ := strings.Cut(string(text), "\n")
	s.write("in/orders.jsonl", string(text)+line+"\n")
	return s.refused("there is more input since, in orders")
}

// numbered kills runs that go on, one that begins anew and one that goes on from an older checkpoint: neither epochs nor generations come twice.
func (s *scene) numbered(int) error {
	s.t.Helper()
	var last manifest // the highest numbers so far
	for _, flags := range [][]string{nil, nil, {"--fresh"}, {"--accept-duplicates-since"}, nil} {
		if len(flags) == 1 && flags[0] != "--fresh" {
			of := func(m manifest) bool {
				return m.Kind == "checkpoint" && m.Epoch < last.Epoch && m.Lineage == last.Lineage
			}
			all := s.manifests()
			oldest := slices.IndexFunc(all, of)
			if oldest < 0 {
				return fmt.Errorf("there is no older checkpoint in %+v", all)
			}
			flags = append(flags, fmt.Sprint(all[oldest].Epoch))
		}
		r := s.p.run(s.t, s.dir, process.Aim{Point: "epoch/confirmed:2", Signal: "KILL", Weak: s.weak}, 2, flags...)
		if !r.Killed() {
			return fmt.Errorf("%v: not killed: %s", flags, process.Tail(r.Says()))
		}
		own := manifest{}
		for _, m := range s.manifests() {
			if m.Number > last.Number && m.Kind == "checkpoint" {
				if m.Generation <= last.Generation || m.Epoch <= max(last.Epoch, own.Epoch) {
					return fmt.Errorf("%v: epoch %d of generation %d comes after epoch %d of generation %d", flags, m.Epoch, m.Generation, last.Epoch, last.Generation)
				}
				own = m
			}
		}
		if last = own; own.Number == 0 {
			return fmt.Errorf("%v: there is no new checkpoint", flags)
		}
	}
	return nil
}

// stopped stops a run with SIGINT before it has any checkpoint: it takes one, and the next run goes on from there.
func (s *scene) stopped(nth int) error {
	s.t.Helper()
	rare := []string{"--checkpoint-interval", "1h", "--checkpoint-blocks", "0"}
	r := s.p.run(s.t, s.dir, process.Aim{Point: fmt.Sprintf("source/block:%d", 5*nth), Signal: "STOP", Weak: s.weak}, 1, rare...)
	if !r.Stopped() {
		return r.Finishes()
	}
	r.Signal(syscall.SIGINT)
	r.Signal(syscall.SIGCONT)
	r.Wait()
	all := s.manifests()
	if newest := all[len(all)-1]; r.Exit() != 130 || newest.Kind != "checkpoint" || !strings.Contains(r.Says(), fmt.Sprintf("stopped, with checkpoint %d", newest.Epoch)) {
		return fmt.Errorf("a run that was told to stop ended with %d, and the newest manifest is %+v: %s", r.Exit(), newest, process.Tail(r.Says()))
	}
	return s.end()
}

// repeated goes on from the oldest checkpoint that there is: its sinks are given again what they had, and nothing is missing.
func (s *scene) repeated(nth int) error {
	s.t.Helper()
	if _, err := s.killed(nth); err != nil {
		return err
	}
	all := s.manifests()
	oldest := all[slices.IndexFunc(all, func(m manifest) bool { return m.Kind == "checkpoint" })].Epoch
	if oldest == all[len(all)-1].Epoch {
		return nil // there is no older one
	}
	r := s.p.run(s.t, s.dir, process.Aim{Weak: s.weak}, 2, "--accept-duplicates-since", fmt.Sprint(oldest))
	if err := r.Finishes(); err != nil {
		return err
	}
	answer := s.p.answer(s.t, s.dir)
	for _, row := range world0.want(s.t, s.p) {
		if !slices.Contains(answer, row) {
			return fmt.Errorf("after duplicates since %d were accepted %q is missing", oldest, row)
		}
	}
	return nil
}

// unpublished kills a run when it has published that the pipeline is finished, and before sinks have committed that: the next one has them do so.
func (s *scene) unpublished(int) error {
	s.t.Helper()
	r := s.p.run(s.t, s.dir, process.Aim{Point: "epoch/published", Signal: "KILL", Weak: s.weak}, 1, "--checkpoint-interval", "1h", "--checkpoint-blocks", "0")
	if all := s.manifests(); !r.Killed() || all[len(all)-1].Kind != "finished" {
		return fmt.Errorf("not killed behind the last epoch: %s", process.Tail(r.Says()))
	}
	return s.end()
}
