package crash_test

import "testing"

// TestWithoutAGuarantee switches guarantees off, one at a time: what this package tests must fail then.
func TestWithoutAGuarantee(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("builds the program and runs it many times")
	}
	for _, test := range []struct{ guarantee, pipeline, point, signal string }{
		{"sink/file/cut", "newest", "sink/file/before-prepare", "KILL"},         // what was written after the checkpoint is cut off
		{"state/touch", "groups", "epoch/confirmed", "KILL"},                    // what changed is stored
		{"epoch/published-first", "parts", "checkpoint/before-publish", "KILL"}, // sinks commit what is published
	} {
		t.Run(test.guarantee, func(t *testing.T) {
			t.Parallel()
			var p *pipeline
			for _, one := range pipelines() {
				if one.name == test.pipeline {
					p = one
				}
			}
			for try := range 40 { // some fail by chance to do harm
				nth := 3 + try%8
				s := newScene(t, p, test.guarantee)
				act := s.kill
				if test.signal == "STOP" {
					act = s.stop
				}
				if _, err := act(test.point, nth); err != nil {
					t.Logf("noticed at pass %d: %v", nth, err)
					return
				}
			}
			t.Errorf("nobody notices that %s is missing", test.guarantee)
		})
	}
}
