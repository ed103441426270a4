// Package pipelines holds scripts that say what pipelines do, one behaviour each, and the test that runs them.
//
// A script is testdata/NAME.txtar: a comment that says the behaviour, then files. pipeline.yaml is the pipeline; want/PATH is what PATH holds
// afterwards; files that begin with want. or have no part in the run are
//
//	want.stderr    lines that the output on standard error contains
//	want.exit      the exit code, 0 if absent
//	want.account   lines such as "source a: records 3, rows 2, filtered 1": numbers that are not named must be 0, save bytes and the like
//	want.stdout    what is printed, for scripts whose flags print something
//	flags          more flags for wire run
//	env            variables, one NAME=VALUE a line
//	resume         "no: REASON" for a run that cannot be stopped and resumed
//
// and all others are input. Input whose name ends in .gz or .zst stands there as text and is compressed before the run; a wanted file is
// uncompressed before it is compared. The lines of NAME.quoted are Go strings whose values, put together, are the bytes of NAME. In output, the time of
// a dead letter reads "-". Files that are neither input nor wanted fail the script.
//
// Every script runs straight, at parallelism 2 and 3 with blocks of a record or so, stopped after its first block and resumed, and stopped
// after every block; each way must give the same answer and the same account, of resumed runs the sum. With WIRE_BIN set it is that program which
// runs, as a process; else it is the command line within the test, which is quicker.
package pipelines
