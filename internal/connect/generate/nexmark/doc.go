// Package nexmark deals the events of the Nexmark benchmark: persons, auctions and bids of an auction site, 1 : 3 : 46.
//
// An event is a pure function of the Config and its number n: it draws from a random stream of its own, mixed from (seed, n), so a run
// restarts at any event and splits without coordination. A Generator deals by position k; within a group of Config.GroupSize positions
// the numbers come out of order (see order.go), which is what exercises watermarks. Event n happens n delays after Config.BaseTime, and no
// two events share a timestamp.
//
// The rules (proportions, hot keys, sizes, channels) are those of the Nexmark generator of Apache Beam and its successor
// nexmark/nexmark; the random draws are not theirs, so data sets agree in distribution, not in bytes. Three details differ on purpose:
// timestamps have microseconds, texts with inner spaces never begin or end with one, and an e-mail address has '_' where theirs has a space.
//
// All texts are printable ASCII without quotes or backslashes, so no encoding of them ever needs an escape.
package nexmark
