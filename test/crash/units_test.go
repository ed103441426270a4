package crash_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"wire.example/wire/test/process"
)

// unitControl is a guarantee that a test of a package is about, which fails without it.
type unitControl struct{ guarantee, folder, test string }

// unitControls are one for each guarantee whose breach does no harm to what whole runs answer, or only in time that no test should wait for; README.md lists them.
func unitControls() []unitControl {
	return []unitControl{
		{"checkpoint/rows-go-on", "test/exactlyonce", "TestRowsGoOnWhileCheckpointsFail"},          // a checkpoint that fails ends no run
		{"checkpoint/patience", "internal/flow", "TestBackPressureIsNoFailure"},                    // time in which rows wait for sinks does not count
		{"checkpoint/timeout", "internal/flow", "TestASlowPrepareIsGivenUp"},                       // what takes too long is given up
		{"checkpoint/backoff", "internal/flow", "TestCheckpointsThatNeverComeEndTheRun"},           // pauses between attempts grow
		{"checkpoint/failures", "internal/flow", "TestCheckpointsThatNeverComeEndTheRun"},          // so many failures in a row end the run
		{"checkpoint/begin", "internal/state/checkpoint", "TestAFreshStartThatEndsBeforeItBegins"}, // what there was is given up when a run begins, and not before
		{"checkpoint/file-sum", "internal/state/checkpoint", "TestDamagedFile"},                    // what is not as it was stored is damaged
		{"checkpoint/counts", "internal/engine", "TestCountsAreCompared"},                          // and so is a file with other entries than were counted
		{"retention/unconfirmed", "internal/state/checkpoint", "TestRetention"},                    // what sinks may not have committed stays
		{"retention/unconfirmed", "internal/state/checkpoint", "TestSmallModel"},
		{"epoch/new", "internal/state/checkpoint", "TestNumbersNeverComeTwiceInASmallModel"},      // no number of an epoch comes twice
		{"generation/new", "internal/state/checkpoint", "TestNumbersNeverComeTwiceInASmallModel"}, // nor does a generation
		{"recovery/newest", "internal/state/checkpoint", "TestEveryStartOfASmallModel"},           // nobody goes behind what sinks may have committed
		{"retention/needed", "internal/state/checkpoint", "TestEveryRetentionOfASmallModel"},      // what a checkpoint needs stays
		{"epoch/three", "internal/flow", "TestASlowCommitDoesNotStopTheNextBarrier"},              // no more epochs are unconfirmed than that
		{"epoch/three", "internal/flow", "TestEveryOrderOfASmallModel"},
		{"epoch/order", "internal/flow", "TestASlowCommitDoesNotStopTheNextBarrier"},                // epochs are committed in their order
		{"epoch/stranded", "internal/flow", "TestASlowPrepareIsGivenUp"},                            // what belongs to an epoch that is given up belongs to the next
		{"message/origin", "internal/flow", "TestMessagesOfAnotherRunAreNotHeeded"},                 // messages of a run that was superseded are not heeded
		{"source/answered-last", "internal/flow", "TestBlocksAreAnsweredWhenTheirEpochIsCommitted"}, // senders hear what is committed
		{"stage/ended", "internal/flow", "TestAStageThatHadEndedIsNotAskedAgain"},                   // what has told its end does not tell it again
		{"stage/watermark", "internal/flow", "TestASourceThatWakesBehindACheckpoint"},               // what a stage had got to without a source counts behind a restart
		{"stage/clock", "internal/flow", "TestBarriersCarryTheClock"},                               // processing time goes on from where it was
		{"sink/file/gone", "internal/connect/file", "TestOtherBytesAreNotTakenForOurs/both_gone"},   // output that is gone is missed
		{"sink/left", "test/edits", "TestARemovedSinkIsFinishedByTheNextRun"},                       // output of a sink that an edit removes is published
		{"sink/file/other", "internal/connect/file", "TestACommitChecksWhatIsThere"},                // nor is other output taken for it
		{"sink/file/repeated", "internal/connect/file", "TestACrashAfterTheRenameIsMended"},         // but what is there already stays as it is
		{"source/idle", "internal/flow", "TestASourceThatWakesBehindACheckpoint"},                   // who was idle is not waited for behind a restart, either
		{"restore/ranges", "internal/flow", "TestStateInNoRangeIsNotForgotten"},                     // each key group is in one range of a checkpoint
		{"window/waiting", "internal/operator/window", "TestBarriersTellNothing"},                   // what windows had yet to tell they tell behind a restart
		{"lineage/new", "internal/state/checkpoint", "TestFreshBeginsALineage"},                     // what begins anew has a lineage of its own
		{"memory/wait", "internal/flow", "TestRowsWaitForMemory"},                                   // rows that have no room wait
		{"checkpoint/rm-newest", "internal/state/checkpoint", "TestRemove"},                         // nobody removes the checkpoint that a run goes on from
		// A sync that fails is heard, of files and of directories.
		{"checkpoint/sync", "internal/state/checkpoint", "TestFailingSyncs"},
		{"checkpoint/sync-names", "internal/state/checkpoint", "TestFailingSyncs"},
		{"store/sum", "internal/state/pebblestore", "TestDamagedLogs"}, // nor is what is not as it was written taken for what was
		{"store/sum", "internal/state/pebblestore", "TestPackDamage"},
		{"store/sync", "internal/state/pebblestore", "TestApplyFails"},
		{"store/sync", "internal/state/pebblestore", "TestCheckpointFails"},
		{"store/sync-names", "internal/state/pebblestore", "TestCheckpointFails"},
		{"sink/file/sync", "internal/connect/file", "TestFailingSyncs"},
		{"sink/file/sync-names", "internal/connect/file", "TestFailingSyncs"},
		// What has expired is not there for the next row, whether it was removed or not.
		{"ttl/read", "internal/operator/aggregate", "TestExpiredGroupsAreNotFound"},
		{"ttl/read", "internal/operator/normalize", "TestKeysAreForgotten"},
		{"ttl/read", "internal/operator/setop", "TestExpiredRowsAreNotFound"},
		// Nor is it when it comes back to memory.
		{"ttl/back", "internal/operator/over", "TestExpiredPartitionsAreNotFoundBack/updating"},
		{"ttl/back", "internal/operator/over", "TestExpiredPartitionsAreNotFoundBack/timed"},
		{"ttl/back", "internal/operator/topn", "TestExpiredPartitionsAreNotFoundBack"},
		{"ttl/back", "internal/operator/dedupe", "TestExpiredPartitionsAreNotFoundBack"},
		{"ttl/read", "internal/operator/normalize", "TestExpiredKeysAreNotFoundBack"},
		{"ttl/back", "internal/operator/join", "TestManyRowsOfAKeyExpireAsTheyComeBack"},
		// What has expired is removed from memory, though no row comes.
		{"ttl/sweep", "internal/operator/aggregate", "TestGroupsAreSwept"},
		{"ttl/sweep", "internal/operator/over", "TestPartitionsAreSwept/updating"},
		{"ttl/sweep", "internal/operator/over", "TestPartitionsAreSwept/timed"},
		{"ttl/sweep", "internal/operator/topn", "TestPartitionsAreSwept"},
		{"ttl/sweep", "internal/operator/dedupe", "TestPartitionsAreSwept"},
		{"ttl/sweep", "internal/operator/normalize", "TestKeysAreSwept"},
		{"ttl/sweep", "internal/operator/join", "TestAgesAreStored"},
		{"ttl/sweep", "internal/operator/setop", "TestManyRowsAreForgotten"},
		{"ttl/sweep", "internal/operator/timejoin", "TestTimeToLive"},
		// And so it is from the store.
		{"ttl/away", "internal/operator/aggregate", "TestExpiredGroupsAreRemoved"},
		{"ttl/away", "internal/operator/over", "TestExpiredPartitionsAreRemoved/updating"},
		{"ttl/away", "internal/operator/over", "TestExpiredPartitionsAreRemoved/timed"},
		{"ttl/away", "internal/operator/topn", "TestExpiredPartitionsAreRemoved"},
		{"ttl/away", "internal/operator/dedupe", "TestExpiredPartitionsAreRemoved"},
		{"ttl/away", "internal/operator/normalize", "TestExpiredKeysAreRemoved"},
		{"ttl/away", "internal/operator/join", "TestRowsExpireThatHaveLeftMemory"},

		// What is taken back and not known changes nothing; where the end alone counts it may come before what it takes back.
		{"changes/known", "internal/operator/aggregate", "TestExpiredRowsAreIgnored"},
		{"changes/known", "internal/operator/aggregate", "TestHalvesOfWhatIsNotKnown"},
		{"changes/known", "internal/operator/setop", "TestWhatIsNotKnownIsNotTakenBack"},
		{"changes/known", "internal/operator/join", "TestWhatIsNotKnownIsNotTakenBack"},
		{"changes/early", "internal/operator/fold", "TestWhatAllChangesLeave"},
		{"changes/early", "internal/operator/timejoin", "TestRowsThatAreEqualAreABag"},

		{"interval/drop", "internal/operator/timejoin", "TestRowsThatNothingCanMatchAreGone"},       // rows that nothing can match any more are removed
		{"interval/behind", "internal/operator/timejoin", "TestARowWaitsAsLongAsItMustAndNoLonger"}, // and are not kept if they come so late
		{"session/pieces", "internal/operator/window", "TestSessionsCloseInPieces"},                 // sessions that close together do so some at a time
		{"over/past", "internal/operator/over", "TestNothingIsKeptInVain"},                          // rows that no frame sees any more are removed
	}
}

// unitPatience bounds one test of a package: without its guarantee it may hang.
const unitPatience = 2 * time.Minute

// TestUnitsWithoutAGuarantee switches guarantees off, one at a time, in the tests of packages: the one named must fail then, and must not before.
func TestUnitsWithoutAGuarantee(t *testing.T) {
	if testing.Short() {
		t.Skip("builds and runs the tests of other packages")
	}
	programs := map[string]string{}
	for _, c := range unitControls() {
		if programs[c.folder] == "" {
			programs[c.folder] = unitProgram(t, c.folder)
		}
		t.Run(c.guarantee+" in "+filepath.Base(c.folder)+" "+strings.ReplaceAll(c.test, "/", ", "), func(t *testing.T) {
			if said, passed := c.runs(t, programs[c.folder], ""); !passed || !strings.Contains(said, "--- PASS: "+c.test+" ") {
				t.Fatalf("%s with %s: %s", c.test, c.guarantee, process.Tail(said))
			}
			said, passed := c.runs(t, programs[c.folder], c.guarantee)
			if noticed := strings.Contains(said, "--- FAIL: "+c.test+" ") || strings.Contains(said, "panic: test timed out"); passed || !noticed {
				t.Errorf("%s does not notice that %s is missing: %s", c.test, c.guarantee, process.Tail(said))
			}
			t.Logf("noticed: %s", process.Tail(said))
		})
	}
}

// unitProgram builds the tests of a package, with guarantees that can be switched off.
func unitProgram(t *testing.T, folder string) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "units.test")
	build := exec.CommandContext(t.Context(), "go", "test", "-c", "-tags", "killpoints", "-o", program, "wire.example/wire/"+folder)
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v: %s", folder, err, out)
	}
	return program
}

// runs runs the test without a guarantee, "" for none, and returns what it said and whether it passed.
func (c unitControl) runs(t *testing.T, program, weak string) (said string, passed bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*unitPatience) // the program ends itself before
	defer cancel()
	run := exec.CommandContext(ctx, program, "-test.v", "-test.run", "^"+strings.ReplaceAll(c.test, "/", "$/^")+"$", "-test.timeout", unitPatience.String())
	run.Dir = t.TempDir() // a failure leaves files
	run.Env = append(slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "WIRE_TEST_HEAVY=") }), process.Aim{Weak: weak}.Env()...)
	out, err := run.CombinedOutput()
	return string(out), err == nil
}
