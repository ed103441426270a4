package crash_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
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
			if c.pipeline == "crowded" && !process.Heavy() {
				t.Skip("when state leaves memory depends on the machine: the control runs by make crash")
			}
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
	for _, p := range append(pipelines(), crowded()) {
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
		if !strings.Contains(r.Says(), "was not published: another run has taken over") {
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
	if r := s.run(fmt.Sprintf("epoch/confirmed:%d", nth), "KILL", 2); !r.Killed() {
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
