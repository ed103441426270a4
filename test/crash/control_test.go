package crash_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"wire.example/wire/test/process"
)

// control is a guarantee, and what fails without it.
type control struct {
	guarantee, pipeline string
	// disturb disturbs a pipeline at the nth pass of some point, and says what is wrong then.
	disturb func(s *scene, nth int) error
}

// at makes a disturbance of one at a point.
func at(act func(s *scene, point string, nth int) (bool, error), point string) func(*scene, int) error {
	return func(s *scene, nth int) error {
		_, err := act(s, point, nth)
		return err
	}
}

// controls are one for each guarantee; README.md lists them.
func controls() []control {
	return []control{
		{"sink/file/cut", "newest", at((*scene).kill, "sink/file/before-prepare")},         // what was written after the checkpoint is cut off
		{"state/touch", "groups", at((*scene).kill, "epoch/confirmed")},                    // what changed is stored
		{"state/evict-clean", "crowded", (*scene).crowd},                                   // what leaves memory is stored
		{"epoch/prepared-first", "parts", at((*scene).kill, "epoch/published")},            // what is published is prepared
		{"epoch/published-first", "parts", at((*scene).kill, "checkpoint/before-publish")}, // sinks commit what is published
		{"checkpoint/fence", "windows", (*scene).fenced},                                   // who was superseded publishes nothing
		{"retention/needed", "groups", (*scene).retained},                                  // what a checkpoint needs stays
		{"source/file/verify", "groups", (*scene).changeInput},                             // a run goes on in the file that it has read
		{"barrier/align", "join", (*scene).apart},                                          // rows behind a barrier are in the next checkpoint
		{"state/sealed-first", "wide", (*scene).slowly},                                    // what changes while it is written is written as it was
		{"state/evict", "crowded", (*scene).crowd},                                         // state leaves memory where that is short
		{"sink/file/recover", "parts", at((*scene).kill, "epoch/published")},               // what is published is committed by the next run, too
		{"sink/file/repeated", "parts", at((*scene).kill, "sink/file/after-commit")},       // and what is committed already stays as it is
		{"sink/file/repeated", "letters", at((*scene).kill, "sink/file/after-commit")},     // dead letters, too
		{"sink/file/repeated", "letters", at((*scene).stop, "sink/file/after-commit")},     // and for who takes over
		{"sink/dead-letters", "parts", at((*scene).kill, "epoch/confirmed")},               // the file of dead letters is a sink like any other
		{"checkpoint/checksum", "groups", (*scene).edited},                                 // what is not as it was written is damaged
		{"checkpoint/one-owner", "groups", (*scene).second},                                // one process runs a pipeline
		{"recovery/newest", "parts", (*scene).damagedNewest},                               // nobody goes behind what sinks may have committed
		{"state/unread", "groups", (*scene).twice},                                         // what a restart leaves unread is there when it is killed again
		{"state/scratch", "groups", at((*scene).kill, "epoch/applied")},                    // and a restart looks at nothing else that a killed run left in its store
		{"source/times", "late", at((*scene).kill, "epoch/confirmed")},                     // a source knows again how far event time had come
		{"edit/refused", "groups", (*scene).editedAway},                                    // an edit that would lose state is refused
		{"finished/says", "groups", (*scene).again},                                        // a finished pipeline says so, and does not run again
		{"finished/edited", "groups", (*scene).editedAfterwards},                           // nor does it once it was edited
		{"finished/input", "groups", (*scene).moreAfterwards},                              // or has more input
		{"finished/confirm", "parts", (*scene).unpublished},                                // but for what sinks have yet to publish
		{"source/position", "windows", at((*scene).kill, "epoch/confirmed")},               // a source goes on where it was
		{"source/records", "parts", at((*scene).kill, "epoch/confirmed")},                  // and numbers its records from there
		{"epoch/new", "groups", (*scene).numbered},                                         // no number of an epoch comes twice
		{"generation/new", "groups", (*scene).numbered},                                    // nor does a generation
		{"stop/checkpoint", "groups", (*scene).stopped},                                    // who is told to stop takes a last checkpoint
		{"recovery/repeats", "parts", (*scene).repeated},                                   // duplicates that somebody accepted come beside what there is
		{"restore/owner", "windows", at((*scene).kill, "epoch/confirmed")},                 // a task has the state of its own key groups
	}
}

// TestWithoutAGuarantee switches guarantees off, one at a time: what this package tests must fail then, and must not before.
func TestWithoutAGuarantee(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("builds the program and runs it many times")
	}
	for _, c := range controls() {
		t.Run(c.guarantee, func(t *testing.T) {
			t.Parallel()
			p := named(c.pipeline)
			if err := c.disturb(newScene(t, p, ""), 4); err != nil {
				t.Fatalf("with %s: %v", c.guarantee, err)
			}
			for try := range 40 { // some fail by chance to do harm
				nth := 3 + try%8
				if err := c.disturb(newScene(t, p, c.guarantee), nth); err != nil {
					t.Logf("try %d, noticed at pass %d: %v", try, nth, err)
					return
				}
			}
			t.Errorf("nobody notices that %s is missing", c.guarantee)
		})
	}
}

func named(name string) *pipeline {
	for _, p := range append(pipelines(), crowded(), wide(), late(), large(), letters()) {
		if p.name == name {
			return p
		}
	}
	panic("there is no pipeline " + name)
}

// crowd runs a pipeline whose state leaves memory to its end.
func (s *scene) crowd(int) error {
	s.t.Helper()
	if err := s.run("", "", 1).Finishes(); err != nil {
		return err
	}
	return differs(s.p.answer(s.t, s.dir), world0.want(s.t, s.p))
}

// fenced stops a run before it publishes, and lets another take over: the first is told that it was superseded before anything else of it fails.
func (s *scene) fenced(nth int) error {
	s.t.Helper()
	if reached, err := s.stop("checkpoint/before-publish", nth); err != nil || !reached {
		return err
	}
	for _, r := range s.woken {
		if says := r.Says(); !strings.Contains(says, "was not published: another run has taken over") && !strings.Contains(says, "came too late, and is not committed by this run: another run has taken over") {
			return fmt.Errorf("a run that was superseded published: it ended with %d: %s", r.Exit(), process.Tail(r.Says()))
		}
	}
	return nil
}

// retained kills a run that has deleted checkpoints: those that are left are whole.
func (s *scene) retained(nth int) error {
	s.t.Helper()
	s.run(fmt.Sprintf("epoch/confirmed:%d", nth+2), "KILL", 2)
	v := process.Start(s.t, s.dir, nil, "checkpoint", "verify", "--all", s.p.file)
	v.Wait()
	return errors.Join(v.Finishes(), s.end())
}

// changeInput changes what a killed run had read: the next one says so.
func (s *scene) changeInput(nth int) error {
	s.t.Helper()
	if r := s.killedAt("epoch/confirmed", nth); !r.Killed() {
		return fmt.Errorf("not killed: %s", process.Tail(r.Says()))
	}
	path := filepath.Join(s.dir, "in", "orders.jsonl")
	text, err := os.ReadFile(path)
	must(s.t, err)
	must(s.t, os.WriteFile(path, bytes.Replace(text, []byte(`"customer":`), []byte(`"customer":1`), 1), 0o600))
	if r := s.run("", "", 2); r.Exit() != 1 || !strings.Contains(r.Says(), "orders.jsonl is not the file that the stored position was taken in") {
		return fmt.Errorf("a run over another file ended with %d: %s", r.Exit(), process.Tail(r.Says()))
	}
	return nil
}

// killed runs the pipeline until it is killed behind some checkpoints, and returns the path of the newest manifest.
func (s *scene) killed(nth int) (newest string, err error) {
	s.t.Helper()
	if r := s.killedAt("epoch/confirmed", nth); !r.Killed() {
		return "", fmt.Errorf("not killed: %s", process.Tail(r.Says()))
	}
	names, err := filepath.Glob(filepath.Join(s.dir, ".wire", "p", "manifests", "*.json"))
	must(s.t, err)
	return slices.Max(names), nil
}

// edited changes a figure in the newest manifest, which stays one that can be read: it is named as damaged.
func (s *scene) edited(nth int) error {
	s.t.Helper()
	newest, err := s.killed(nth)
	if err != nil {
		return err
	}
	text, err := os.ReadFile(newest)
	must(s.t, err)
	other := createdYear.ReplaceAll(text, []byte("${1}1"))
	if bytes.Equal(text, other) {
		s.t.Fatalf("there is no year in %s", text)
	}
	must(s.t, os.WriteFile(newest, other, 0o600))
	v := process.Start(s.t, s.dir, process.Aim{Weak: s.weak}.Env(), "checkpoint", "verify", s.p.file)
	if v.Wait(); v.Exit() != 1 || !strings.Contains(v.Says(), filepath.Base(newest)) {
		return fmt.Errorf("verify ended with %d: %s", v.Exit(), process.Tail(v.Says()))
	}
	return nil
}

var createdYear = regexp.MustCompile(`("created":\s*"2)\d`) //nolint:gochecknoglobals // immutable

// second starts a second run beside one that is stopped: it is refused, and the first comes to its end.
func (s *scene) second(nth int) error {
	s.t.Helper()
	if reached, err := s.stopsFirst(nth); err != nil || !reached {
		return err
	}
	first := s.asleep[0]
	r := s.p.run(s.t, s.dir, process.Aim{Weak: s.weak}, 2)
	first.Signal(syscall.SIGCONT)
	first.Wait()
	s.asleep = nil
	if r.Exit() != 1 || !strings.Contains(r.Says(), fmt.Sprintf("the pipeline is run by process %d", first.PID)) {
		return fmt.Errorf("a second run ended with %d: %s", r.Exit(), process.Tail(r.Says()))
	}
	return errors.Join(first.Finishes(), differs(s.p.answer(s.t, s.dir), world0.want(s.t, s.p)))
}

// stopsFirst stops a run behind some checkpoints; false: it had come to its end.
func (s *scene) stopsFirst(nth int) (stopped bool, err error) {
	s.t.Helper()
	r := s.run(fmt.Sprintf("epoch/confirmed:%d", nth), "STOP", 1)
	if !r.Stopped() {
		return false, r.Finishes()
	}
	return true, nil
}

// damagedNewest cuts the newest manifest short: the next run goes on from no older one by itself.
func (s *scene) damagedNewest(nth int) error {
	s.t.Helper()
	newest, err := s.killed(nth)
	if err != nil {
		return err
	}
	text, err := os.ReadFile(newest)
	must(s.t, err)
	must(s.t, os.WriteFile(newest, text[:len(text)/2], 0o600))
	if r := s.run("", "", 2); r.Exit() != 1 || !strings.Contains(r.Says(), filepath.Base(newest)) || !strings.Contains(r.Says(), "cannot be used") {
		return fmt.Errorf("a run whose newest checkpoint is damaged ended with %d: %s", r.Exit(), process.Tail(r.Says()))
	}
	return nil
}

// twice kills a run that has left state unread before it reads any, and another that has left it unread, too, behind a checkpoint.
func (s *scene) twice(nth int) error {
	s.t.Helper()
	if r := s.killedAt("epoch/confirmed", nth); !r.Killed() {
		return fmt.Errorf("not killed: %s", process.Tail(r.Says()))
	}
	for _, point := range []string{"state/unread", "epoch/confirmed"} {
		if r := s.p.run(s.t, s.dir, process.Aim{Point: point, Signal: "KILL", Weak: s.weak}, 2, "--restore-for", "1ns"); !r.Killed() {
			return fmt.Errorf("not killed at %s: %s", point, process.Tail(r.Says()))
		}
	}
	return s.end()
}

// apart kills a run of whose two sources one passes its first barrier long after the other, which reads on: the longer, the more often nobody noticed.
func (s *scene) apart(nth int) error {
	return s.paused("epoch/confirmed", fmt.Sprintf("source/barrier:2=%dms", 50*nth))
}

// slowly kills a run that takes its time over each piece that it writes of an epoch, so that rows come between two.
func (s *scene) slowly(nth int) error {
	return s.paused("epoch/confirmed:2", fmt.Sprintf("epoch/piece=%dms", 10*nth))
}

// paused kills a run that pauses at a point, and lets one come to its end.
func (s *scene) paused(point, pause string) error {
	s.t.Helper()
	if r := s.p.run(s.t, s.dir, process.Aim{Point: point, Signal: "KILL", Weak: s.weak, Pause: pause}, 1); !r.Killed() {
		return fmt.Errorf("not killed: %s", process.Tail(r.Says()))
	}
	return s.end()
}
