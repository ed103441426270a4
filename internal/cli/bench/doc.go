// Package bench is wire bench: it makes Nexmark's events as a JSON file, runs a list of pipelines over it, each in a process of its own, and
// prints what they cost.
//
// CPU an event is the slope between a short and a long run, (user + system over the long input − over the short one) / the difference in
// events, so that the start of a process does not count; of several pairs the median. The same is done for a loop over encoding/json, written
// by hand, as a yardstick of the machine. Times of the clock are those of the long run.
//
// wire bench nexmark does so for the 23 queries of Nexmark in SQL, from the file and from the generator.
package bench
