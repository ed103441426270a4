package flow

import "encoding/json"

// The coordinator of a run and its workers, the processes that have sources, tasks and sinks, talk by messages. A message is data: it names who it is of and what it is about by numbers, so that it may come from another process. What tasks have changed
// never goes to the coordinator: a worker keeps it until it is told to store it. Today there is one worker, in the same process, and a message is a call. docs/adr/0034-coordinator-and-workers-talk-by-messages.md.

// origin says of which run a message is. A pipeline that another run has taken over begins a new generation: messages of the old one are not heeded.
type origin struct {
	Lineage    string
	Generation int64
}

// originOf is the origin of a run's messages.
func originOf(who Identity) origin {
	return origin{Lineage: who.Lineage, Generation: who.Generation}
}

// report is a message to the coordinator.
type report struct {
	Origin origin
	// From is who sends it: his number among the sources, the tasks or the sinks of the run, as Body says.
	From int
	// Epoch is what it is about; 0: none in particular.
	Epoch int64
	// Body is a sourceSealed, sourceEnded, taskSealed, taskDrained, taskEnded or sinkPrepared.
	Body any
}

type (
	// sourceSealed: the source has passed the barrier of the epoch, and stood there.
	sourceSealed struct{ At part }
	// sourceEnded: the source's input is over, and it stands there.
	sourceEnded struct{ At part }
	// taskSealed: the task has passed the barrier. States are those of its operators, where nothing stores them.
	taskSealed struct {
		At     taskPart
		States map[string]operatorState
	}
	// taskDrained: the worker has all that the task had changed when it passed the barrier.
	taskDrained struct{}
	// taskEnded: the task has ended and sent on all it had.
	taskEnded struct{}
	// sinkPrepared: the sink has prepared the epoch.
	sinkPrepared struct{ State json.RawMessage }
)

// order is a message of the coordinator to a worker. Whoever gives one hears whether it was carried out.
type order struct {
	Origin origin
	// Epoch is what it is about; 0: none in particular.
	Epoch int64
	// Body is a beginEpoch, passBarrier, giveUpEpoch, storeStranded, storeEpoch, commitEpoch, tellTime or stopReading.
	Body any
}

type (
	// beginEpoch: Sources pass the barrier of the epoch, which is the last they pass if Stop.
	beginEpoch struct {
		Sources []int
		Stop    bool
		Clock   int64 // processing time, in µs; 0 if nobody asks for it
	}
	// passBarrier: Sources and Tasks have ended, and the sinks need not wait for their barriers.
	passBarrier struct{ Sources, Tasks []int }
	// giveUpEpoch: nobody waits for the epoch any more. What belongs to it belongs to the next one.
	giveUpEpoch struct{}
	// storeStranded: what ended tasks have changed in epochs that were given up goes into the store.
	storeStranded struct{}
	// storeEpoch: what was changed in the epoch goes into the store.
	storeEpoch struct{}
	// commitEpoch: the sinks, and what is left of those that an edit has removed, commit the epoch, which is published, by what they have prepared; Finished if it is the last of a pipeline that is finished. Sources forget what is durable: Ended says which had ended,
	// by source.
	commitEpoch struct {
		Sinks    map[string]json.RawMessage
		Left     []LeftSink
		Finished bool
		Ended    []bool
	}
	// tellTime: Sources tell what time it is, in µs, or look for themselves.
	tellTime struct {
		Sources []int
		Clock   int64
	}
	// stopReading: sources read nothing any more.
	stopReading struct{}
)

// endedAt are the sources that had ended at the epoch.
func endedAt(sources []part) []bool {
	ended := make([]bool, len(sources))
	for i := range sources {
		ended[i] = sources[i].ended
	}
	return ended
}
