package crash_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"wire.example/wire/test/process"
)

// TestAtRandomMoments kills runs at random moments until they finish, again and again, at another parallelism each time.
func TestAtRandomMoments(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the program and runs it many times")
	}
	kills := 15
	if process.Heavy() {
		kills = 300
	}
	random := rand.New(rand.NewPCG(process.Seed(t), 11)) //nolint:gosec // repeatable
	all := pipelines()
	undisturbed := newScene(t, all[0], "")
	world0.want(t, all[0])
	begun := time.Now() //nolint:forbidigo // processes live in the machine's time
	must(t, undisturbed.end())
	usual := time.Since(begun) //nolint:forbidigo // processes live in the machine's time
	finished := 0
	for killed, lap := 0, 0; killed < kills || finished == 0; lap++ {
		p := all[(lap+random.IntN(2))%len(all)]
		s := newScene(t, p, "")
		for legs := 1; ; legs++ {
			if legs > 100 {
				t.Fatalf("%s, lap %d of seed %d: not finished after %d runs", p.name, lap, process.Seed(t), legs)
			}
			r := p.start(t, s.dir, process.Aim{}, 1+random.IntN(3))
			within := time.Duration(4+legs) * usual / 3                                   // more from run to run: the machine may have become so slow that none got on
			moment := time.AfterFunc(time.Duration(random.Int64N(int64(within))), r.Kill) //nolint:forbidigo // processes live in the machine's time
			r.Wait()
			moment.Stop()
			if !r.Killed() {
				must(t, r.Finishes())
				break
			}
			killed++
		}
		finished++
		if err := s.end(); err != nil {
			t.Fatalf("%s, lap %d of seed %d: %v", p.name, lap, process.Seed(t), err)
		}
	}
	t.Logf("%d runs came to their end", finished)
}
