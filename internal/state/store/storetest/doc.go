// Package storetest holds the suite that every store passes: what is applied is read, by ranges and by hashes, in the order of keys; drops, large
// and empty entries; readers beside Apply; checkpoints, whose files keep their names, and stores opened from them; and random histories beside a model.
package storetest
