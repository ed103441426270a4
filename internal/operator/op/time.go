package op

// TimeHandler acts on processing time: the coordinator's clock, in µs since 1970-01-01, which comes in band as watermarks do. OnTime is called when the
// least of all producers' has moved, and may emit. An operator has no other clock, so that all lanes and tasks agree. How often it comes is the plan's
// business (physical.Plan.Tick).
type TimeHandler interface {
	OnTime(micros int64, out *Output) (more bool, err error)
}

// Timed is an operator that must know the processing time of the rows that it is given next. SetTime is called before Apply whenever that has moved.
// Unlike TimeHandler it may stand in a lane: each block is of one processing time.
type Timed interface {
	SetTime(micros int64)
}

// Limiter is an operator that holds rows back which may come out of it later than the watermark that it was told: one that waits for the end of another
// input, for instance. Limit returns the watermark that may be told to those behind it when it has been told micros, at most micros; it is asked after
// OnWatermark and after each other call that emitted something. An operator that is not a Limiter passes watermarks on as they are.
type Limiter interface {
	Limit(micros int64) int64
}
