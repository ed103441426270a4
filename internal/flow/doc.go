// Package flow is the data path: it runs a physical plan.
//
// In reading order: build.go makes the parts from the sink backwards, run.go starts and ends them; source.go deals blocks and barriers in order of
// tickets; lane.go decodes a block and pushes its rows through the lane's own copy of the chain; chain.go is that chain; turn.go puts lanes
// back in order; exchange.go deals rows to the tasks of a stage and queue.go takes them there; task.go is a task, align.go decides for it what
// barriers, ends and watermarks of several producers come to, state.go takes and restores its state; sink.go is the one ordered writer of
// each sink and aligns barriers of several writers; coordinate.go starts epochs and acts on what epoch.go decides, by the messages of
// message.go to worker.go, which carries them out; manifest.go is what an
// epoch leaves behind; account.go counts.
//
// Time goes with the rows. timeline.go is a source's event time, ticket by ticket; dating.go tells each row what its split had reached before it; watermark.go
// tells those behind the source; idle.go finds out who is not to be waited for, and pace.go who is not to be read because he is too far ahead;
// steptime.go tells operators, and clock.go is processing time.
//
// Every lane takes a block under the source's read lock, works on it alone, and then waits for its turn to write: so rows leave a source in
// the order in which its blocks were read, at any number of lanes. A barrier takes a ticket like a block and so stands at one place in the
// order. When a sink is slow its lanes wait in Write, the source is not polled, and memory stays where it is: one block a lane.
//
// A stage runs in tasks of its own, each a goroutine with operators of its own and a part of the key groups. A queue leads from each source and
// task to each task of a stage that it leads to; a source's lanes fill it in order of tickets, so that a task sees each source as one sequence.
// Every queue is bounded, and a task takes from all of them but those of producers that are ahead of a barrier: nothing can lock up.
package flow
