package op

// InputWatermarkHandler is a Multi that hears of the event time that one of its inputs has reached, in µs; it may emit. OnWatermark of a
// WatermarkHandler gets the least of all inputs. An input that is over has reached math.MaxInt64.
type InputWatermarkHandler interface {
	OnInputWatermark(input int, micros int64, out *Output) (more bool, err error)
}

// Flusher is an operator that holds rows back for batching's sake: a combiner that folds rows of one key before they go through an exchange, for
// instance. OnFlush emits them all; it is called where a piece of input ends. In a lane that is the end of each block, so that nothing
// is kept from one block to the next; in a task whenever no input waits, and before a watermark, a barrier and the end.
type Flusher interface {
	OnFlush(out *Output) (more bool, err error)
}

// Pausing is a Flusher that may be flushed between two calls for an event, too, as far as Pauses says so: state leaves memory then.
type Pausing interface {
	Flusher
	Pauses() bool
}

// Shared is an operator with state that every task has in full, made of input that is broadcast to all. SnapshotShared returns it, nil if there
// is none; one task is asked. RestoreShared is called in every task, before any input. The rules for versions are those of Stateful.
type Shared interface {
	SnapshotShared() ([]byte, error)
	RestoreShared(data []byte) error
}
