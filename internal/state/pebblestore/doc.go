// Package pebblestore is the state store on disk: an LSM tree, by Pebble.
//
// Apply sorts an epoch's changes, writes them as a table and ingests it: nothing goes through a log or a table in memory. A checkpoint is hard links
// of tables and one file, the pack, with all that Pebble keeps beside them; Open links tables and unpacks it. The live directory is scratch, and
// so holds tables only: Pebble's other files live in memory (see diskFS). A Comparer splits keys behind the hash, so that the filters of tables
// answer whether a hash is there. docs/format/store.md draws what lies on disk.
package pebblestore
