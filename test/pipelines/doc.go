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
// Every script runs straight, at parallelism 2 with checkpoints every two blocks of a record or so, at parallelism 3, stopped after its first block and resumed, and stopped
// after every block; each way must give the same answer and the same account, of resumed runs the sum. Every fourth, chosen by WIRE_SEED, is killed twice and resumed at
// parallelism 3; with WIRE_TEST_HEAVY=1 all are, as processes too. With WIRE_BIN set it is that program which runs, as a process; else it is the command line within the
// test, which is quicker.
//
// Scripts in SQL are in testdata/sql. A script NAME.txtar has pipeline.sql; what PostgreSQL answers to witness.sql, over the sources of the script as tables, is
// want/out.jsonl, and witness.NAME.sql stands for want/NAME.jsonl:
//
//	go test ./test/pipelines -run TestSQL -update     writes PostgreSQL's answers; Wire's never become one
//
// Without -update they are made again and compared where WIRE_TEST_POSTGRES names a server. The tables have columns pos, the place of a row in its split, and split, the file; a source of
// changes has the rows that are left, and a source NAME with a watermark a view NAME_w with the column wm: the watermark of the row's split just before it. Lines of
// want.changes, FILE: changes or FILE: rows, say whether lines of a file have kinds of change. Output is folded before it is compared, as a multiset, and a row that
// is taken back has to be there. want.stderr, want.exit, flags and resume are as above.
//
// A grid NAME.yaml is a script with axes: a case for each combination of their values, filled into templates; its answers are in NAME.want. Every script and
// case runs straight and at parallelism 2 with checkpoints every few rows. A quarter each, chosen by WIRE_SEED, and with WIRE_TEST_HEAVY=1 all of them run also killed twice and
// resumed at parallelism 3, stopped in the middle and resumed at parallelism 3, and at parallelism 4.
//
// TestEveryCellHasAScript counts what scripts show of windows, emission, lateness, joins and kinds of change, and fails for a combination without one.
//
// A script over inputs that never end has until, lines FILE: ROWS: its process gets a SIGINT when sinks have so many rows. If it has then/PATH, that is appended to an input
// first, a while after these rows have come, and until.then says what is waited for before the signal; then2/PATH and until.then2 may follow. It runs at parallelism 1 and at 3; every fourth, or with
// WIRE_TEST_HEAVY=1 each, is also killed in the middle, some time after one of its stages got its input, resumed at another parallelism, killed when all rows have come, and resumed.
//
// testdata/sql/open.txt lists the cases that do not pass yet, with the reason. What it lists has to fail: a line that excuses nothing is an error.
package pipelines
