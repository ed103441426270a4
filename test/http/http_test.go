package http_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"wire.example/wire/internal/plan/physical"
	"wire.example/wire/sdk/connector"
)

// TestNothingThatWasAnsweredIsLost: clients send on while the target is killed and started again, several times. Every row of every request
// arrives, and no other.
func TestNothingThatWasAnsweredIsLost(t *testing.T) {
	const clients, requests, perRequest = 8, 60, 3
	for _, c := range []setup{{lanes: 1}, {lanes: 3, sink: map[string]any{"concurrency": 2, "batch_rows": 5}}} {
		g := newTarget(t)
		c.repeats = make(chan struct{}, 1)
		p := run(t, g, c)
		var sent atomic.Int64
		progress := make(chan struct{}, clients*requests)
		var all sync.WaitGroup
		for range clients {
			all.Go(func() {
				for range requests {
					var body strings.Builder
					for range perRequest {
						fmt.Fprintf(&body, "{\"id\":%d,\"note\":\"n\"}\n", sent.Add(1))
					}
					if r := p.post(body.String()); r.status != http.StatusOK || r.Accepted != perRequest {
						t.Errorf("%+v", r)
					}
					progress <- struct{}{}
				}
			})
		}
		for range 3 {
			for range clients * requests / 5 {
				<-progress
			}
			g.kill()
			for range 3 {
				<-c.repeats // the sink has noticed
			}
			g.start()
		}
		all.Wait()
		seen := map[int64]int{}
		for _, r := range rows[row](t, g) {
			seen[r.ID]++
		}
		for id := int64(1); id <= sent.Load(); id++ {
			if seen[id] == 0 {
				t.Errorf("row %d was answered, but the target does not have it", id)
			}
			delete(seen, id)
		}
		if len(seen) > 0 {
			t.Errorf("rows that nobody sent: %v", seen)
		}
		if r := p.finish(); r.Sinks[0].Rows != sent.Load() {
			t.Errorf("%d rows in the account, %d sent", r.Sinks[0].Rows, sent.Load())
		}
	}
}

func TestABadRowIsItsSendersAffair(t *testing.T) {
	g := newTarget(t)
	p := run(t, g, setup{lanes: 2})
	good := make(chan reply, 50)
	for i := range cap(good) {
		go func() { good <- p.post(fmt.Sprintf(`{"id":%d}`, i)) }()
	}
	for range 20 {
		r := p.post("{\"id\":1000}\n\n{\"id\":\"x\"}\n{\"id\":null}\n")
		if r.status != 400 || r.Line != 3 || r.Record != 2 || r.Column != "id" || r.Code != "22P02" {
			t.Errorf("%+v", r)
		}
	}
	r := p.post("[{\"id\":1000},\n{\"id\":9223372036854775808}]")
	if r.status != 400 || r.Line != 2 || r.Record != 2 || r.Code != "22003" {
		t.Errorf("%+v", r)
	}
	for range cap(good) {
		if r := <-good; r.status != 200 {
			t.Errorf("%+v", r)
		}
	}
	var ids []int64
	for _, r := range rows[row](t, g) {
		ids = append(ids, r.ID)
	}
	if slices.Sort(ids); len(ids) != 50 || ids[49] != 49 {
		t.Errorf("%v", ids)
	}
	p.finish()
}

// letter is a dead letter.
type letter struct {
	Step, Code, Raw string
	Line            *int64
}

func TestPolicies(t *testing.T) {
	for _, policy := range []physical.OnError{physical.Drop, physical.DeadLetter} {
		g, dead := newTarget(t), newTarget(t)
		g.answer = func(body []byte) int {
			if bytes.Contains(body, []byte("spoiled")) {
				return http.StatusUnprocessableEntity
			}
			return http.StatusOK
		}
		p := run(t, g, setup{onError: policy, dead: dead})
		r := p.post("{\"id\":1}\n{\"id\":\"x\"}\n{\"id\":2,\"note\":\"spoiled\"}\n{\"id\":3}\n")
		if r.status != 200 || r.Accepted != 4 {
			t.Errorf("%s: %+v", policy, r)
		}
		if got := rows[row](t, g); len(got) != 2 || got[0].ID != 1 || got[1].ID != 3 {
			t.Errorf("%s: %v", policy, got)
		}
		report := p.finish()
		letters := rows[letter](t, dead)
		if policy == physical.Drop {
			letters = append(letters, letter{}, letter{}) // none, but both counted
		}
		if len(letters) != 2 || report.Sources[0].Rejected != 1 || report.Sinks[0].Rejected != 1 {
			t.Fatalf("%s: %v, %+v", policy, letters, report)
		}
		if policy == physical.Drop {
			continue
		}
		if l := letters[0]; l.Step != "in" || l.Code != "22P02" || l.Raw != `{"id":"x"}` || *l.Line != 2 {
			t.Errorf("%+v", l)
		}
		if l := letters[1]; l.Step != "out" || l.Code != "HV000" || l.Raw != `{"id":2,"note":"spoiled"}` || l.Line != nil {
			t.Errorf("%+v", l)
		}
	}
}

func TestATargetThatRefusesARowEndsThePipeline(t *testing.T) {
	g := newTarget(t)
	g.answer = func([]byte) int { return http.StatusBadRequest }
	p := run(t, g, setup{})
	if r := p.post(`{"id":1}`); r.status != 503 {
		t.Errorf("%+v", r)
	}
	<-p.ended
	var refused *connector.RowsError
	if !errors.As(p.err, &refused) || !strings.Contains(p.err.Error(), `sink "out": a row was refused`) {
		t.Error(p.err)
	}
}

// TestAGentleStopAnswersWhatIsUnderWay: the row is at the target, which takes its time; a stop waits for it.
func TestAGentleStopAnswersWhatIsUnderWay(t *testing.T) {
	g := newTarget(t)
	reached, release := make(chan struct{}), make(chan struct{})
	g.answer = func([]byte) int {
		close(reached)
		<-release
		return http.StatusOK
	}
	p := run(t, g, setup{})
	replies := make(chan reply)
	go func() { replies <- p.post(`{"id":1}`) }()
	<-reached
	close(p.stop)
	close(release)
	if r := <-replies; r.status != 200 {
		t.Errorf("%+v", r)
	}
	<-p.ended
	if p.err != nil || p.outcome.Finished || len(rows[row](t, g)) != 1 {
		t.Errorf("%+v, %v", p.outcome, p.err)
	}
	if resp, err := p.client.Post(p.url, "", strings.NewReader("{}")); err == nil {
		resp.Body.Close()
		t.Errorf("a stopped pipeline answered %d", resp.StatusCode)
	}
}

func TestCancelAnswersEveryone(t *testing.T) {
	g := newTarget(t)
	reached, release := make(chan struct{}, 10), make(chan struct{})
	g.answer = func([]byte) int {
		reached <- struct{}{}
		<-release
		return http.StatusOK
	}
	defer close(release)
	p := run(t, g, setup{})
	replies := make(chan reply, 5)
	for i := range cap(replies) {
		go func() {
			r, err := p.try(fmt.Sprintf(`{"id":%d}`, i))
			if err != nil { // its connection came too late
				r.status = 503
			}
			replies <- r
		}()
	}
	<-reached
	p.cancel()
	for range cap(replies) {
		if r := <-replies; r.status != 503 {
			t.Errorf("%+v", r)
		}
	}
	<-p.ended
	if !errors.Is(p.err, context.Canceled) {
		t.Error(p.err)
	}
}

func TestAcceptedRowsArriveBeforeTheEnd(t *testing.T) {
	g := newTarget(t)
	p := run(t, g, setup{source: map[string]any{"acknowledge": "accepted"}})
	for i := range 100 {
		if r := p.post(fmt.Sprintf(`{"id":%d}`, i)); r.status != http.StatusAccepted {
			t.Errorf("%+v", r)
		}
	}
	p.finish()
	if got := rows[row](t, g); len(got) != 100 || got[99].ID != 99 {
		t.Errorf("%d rows", len(got))
	}
}
