package cli_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"wire.example/wire/internal/cli"
	"wire.example/wire/internal/foundation/clock"
	"wire.example/wire/internal/plan/evolve"
	"wire.example/wire/internal/state/checkpoint"
)

// keepState makes the state directory that a pipeline would have after a few epochs, and returns it.
func keepState(t *testing.T, dir string, epochs ...int64) {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	o, err := checkpoint.Open(t.Context(), checkpoint.Options{
		Dir: dir, Pipeline: "orders", PID: 4711, Host: "machine", Clock: clock.NewManual(time.Date(2026, 5, 6, 7, 8, 9, 0, time.UTC)),
		Random: bytes.NewReader(make([]byte, 16)),
	})
	must(err)
	must(os.MkdirAll(o.LiveDir(), 0o750))
	for _, epoch := range epochs {
		var files []checkpoint.StageFile
		for _, name := range []string{"common", fmt.Sprintf("only-%d", epoch)} {
			path := filepath.Join(o.LiveDir(), name)
			content := strings.Repeat(name, 1000)
			if _, err := os.Stat(path); err != nil {
				must(os.WriteFile(path, []byte(content), 0o600))
			}
			files = append(files, checkpoint.StageFile{Name: name, Path: path, Size: int64(len(content))})
		}
		staged, err := o.Stage(t.Context(), epoch, "store", files)
		must(err)
		must(o.Publish(t.Context(), &checkpoint.Manifest{
			Epoch: epoch, Kind: checkpoint.KindCheckpoint, Unconfirmed: []int64{epoch},
			Files: staged, Body: json.RawMessage(`{}`), Plan: planOfOrders(t),
		}))
	}
	must(o.Close())
}

// planOfOrders is the plan of a pipeline as a run stores it.
func planOfOrders(t *testing.T) json.RawMessage {
	t.Helper()
	d := evolve.Description{
		PlannedFor: 2,
		Sources:    []*evolve.Source{{Name: "orders", Connector: "file"}},
		Steps:      []*evolve.Step{{Name: "counts.group", Kind: "aggregate"}},
		Sinks:      []*evolve.Sink{{Name: "out", Connector: "blackhole"}},
	}
	encoded, err := d.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return encoded
}

// wire runs the command line and returns what it printed.
func wire(t *testing.T, code int, args ...string) (out, errOut string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	if got := cli.Main(args, strings.NewReader(""), &stdout, &stderr); got != code {
		t.Fatalf("wire %q ended with %d, want %d\n%s%s", args, got, code, &stdout, &stderr)
	}
	return stdout.String(), stderr.String()
}

func wantText(t *testing.T, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestCheckpointCommands(t *testing.T) {
	folder := t.TempDir()
	pipeline := filepath.Join(folder, "orders.yaml")
	if err := os.WriteFile(pipeline, []byte("name: my orders\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(folder, ".wire", "my%20orders")
	_, errOut := wire(t, 2, "checkpoint", "list", pipeline)
	if !strings.Contains(errOut, dir+" keeps no checkpoints") {
		t.Error(errOut)
	}
	keepState(t, dir, 3, 4, 7)
	const lineage = "00000000-0000-4000-8000-000000000000"

	out, _ := wire(t, 0, "checkpoint", "list", pipeline)
	wantText(t, out, `EPOCH  KIND        CREATED              FILES  SIZE   RUN
7      checkpoint  2026-05-06 07:08:09  2      12 KB  1
4      checkpoint  2026-05-06 07:08:09  2      12 KB  1
3      checkpoint  2026-05-06 07:08:09  2      12 KB  1
`+dir+`: 4 files, 23 KB
`)
	out, _ = wire(t, 0, "checkpoint", "show", pipeline)
	for _, line := range []string{
		"epoch           7\n", "kind            checkpoint\n", "pipeline        orders\n", "created         2026-05-06T07:08:09Z\n",
		"by              process 4711 on machine since 2026-05-06T07:08:09Z\n", "lineage         " + lineage + "\n", "manifest        4\n",
		"unconfirmed     7\n", "files of store  2, 12 KB\n",
		"store  common  5.9 KB  ", "  " + lineage + "-1-7-store-only%2D7\n", "plan for a parallelism of 2\nKIND       NAME          CONNECTOR\nsource     orders        file\n", "aggregate  counts.group  \n", "sink       out           blackhole\n",
	} {
		if !strings.Contains(out, line) {
			t.Errorf("%q is not in\n%s", line, out)
		}
	}
	out, _ = wire(t, 0, "checkpoint", "verify", "--state-dir", dir, "3", "7")
	wantText(t, out, "epoch 3: ok, 2 files, 12 KB\nepoch 7: ok, 2 files, 12 KB\n")

	out, _ = wire(t, 0, "checkpoint", "rm", "--state-dir", dir, "4")
	wantText(t, out, "removed: checkpoints 1, files 1, 5.9 KB\n")
	_, errOut = wire(t, 1, "checkpoint", "rm", "--state-dir", dir, "7")
	if !strings.Contains(errOut, "goes on from epoch 7, the newest") {
		t.Error(errOut)
	}
	_, errOut = wire(t, 2, "checkpoint", "rm", "--state-dir", dir, "4")
	if !strings.Contains(errOut, "there is no checkpoint of epoch 4") {
		t.Error(errOut)
	}
	out, _ = wire(t, 0, "checkpoint", "verify", "--state-dir", dir, "--all")
	wantText(t, out, "epoch 7: ok, 2 files, 12 KB\nepoch 3: ok, 2 files, 12 KB\n")

	for args, want := range map[string]string{
		"list":                           "name a pipeline file",
		"list " + pipeline + " 3":        "accepts at most 1 arg",
		"list --state-dir " + dir + " 3": "list takes no epochs",
		"show " + pipeline + " x":        `"x" is no epoch`,
		"show " + pipeline + " 5":        "no readable checkpoint of epoch 5",
		"rm " + pipeline:                 "name the epochs",
		"rm " + pipeline + " --all 3":    "not both",
		"show nothing.yaml":              "nothing.yaml",
		"lst":                            `did you mean "list"?`,
		"backup":                         `unknown command "backup"; wire checkpoint --help lists them`,
		"show " + pipeline + " -1":       "see wire checkpoint show --help",
	} {
		if _, errOut := wire(t, 2, append([]string{"checkpoint"}, strings.Fields(args)...)...); !strings.Contains(errOut, want) {
			t.Errorf("wire checkpoint %s: %s", args, errOut)
		}
	}
	out, _ = wire(t, 0, "checkpoint", "rm", pipeline, "--all")
	wantText(t, out, "removed: checkpoints 2, files 3, 18 KB\n")
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("%s is still there: %v", dir, err)
	}
}

func TestCheckpointCommandsSayWhatIsDamaged(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	keepState(t, dir, 1, 2)
	damaged := filepath.Join(dir, "files", "00000000-0000-4000-8000-000000000000-1-2-store-only%2D2")
	if err := os.WriteFile(damaged, []byte("short"), 0o600); err != nil {
		t.Fatal(err)
	}
	out, errOut := wire(t, 1, "checkpoint", "verify", "--state-dir", dir)
	wantText(t, out, "epoch 2: "+damaged+": checkpoint is damaged: 5 bytes, should be 6000\n")
	wantText(t, errOut, "wire: 1 of 1 checkpoints are damaged, and wire run does not go on from the newest:\n"+
		"Restore the file from a backup, or go on from an older checkpoint: what sinks were given since then they are given again.\n  --accept-duplicates-since 1   checkpoint of 2026-05-06T07:08:09Z\n")

	newest := filepath.Join(dir, "manifests", "00000000000000000003.json")
	if err := os.WriteFile(newest, []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	says := newest + ": checkpoint is damaged at byte 2: the file ends here, too early"
	for _, command := range []string{"checkpoint show", "checkpoint verify", "state ls"} {
		_, errOut = wire(t, 1, append(strings.Fields(command), "--state-dir", dir)...)
		wantText(t, errOut, "wire: the newest checkpoint cannot be read: "+says+"\nName one of the epochs that can be read to look at it: 1. Restore the file from a backup; wire run says how to go on without it\n")
	}
	out, errOut = wire(t, 1, "checkpoint", "verify", "--state-dir", dir, "--all")
	wantText(t, out, "epoch 1: ok, 2 files, 12 KB\n"+says+"\n")
	if !strings.Contains(errOut, "1 of 2 checkpoints are damaged, and wire run does not go on from the newest:\nRestore the file from a backup, or ") {
		t.Error(errOut)
	}
	out, _ = wire(t, 0, "checkpoint", "list", "--state-dir", dir)
	if !strings.Contains(out, says+"\n") {
		t.Error(out)
	}
	var list struct {
		Checkpoints []struct{ Epoch, Bytes, Files int64 }
		Damaged     []string
	}
	out, _ = wire(t, 0, "checkpoint", "list", "--json", "--state-dir", dir)
	if err := json.Unmarshal([]byte(out), &list); err != nil || len(list.Damaged) != 1 || len(list.Checkpoints) != 1 || list.Checkpoints[0].Epoch != 1 {
		t.Errorf("%s\n%v", out, err)
	}
	var reports []struct{ OK bool }
	out, _ = wire(t, 0, "checkpoint", "verify", "--json", "--state-dir", dir, "1")
	if err := json.Unmarshal([]byte(out), &reports); err != nil || len(reports) != 1 || !reports[0].OK {
		t.Errorf("%s\n%v", out, err)
	}
	var shown checkpoint.Manifest
	out, _ = wire(t, 0, "checkpoint", "show", "--json", "--state-dir", dir, "1")
	if err := json.Unmarshal([]byte(out), &shown); err != nil || shown.Epoch != 1 {
		t.Errorf("%s\n%v", out, err)
	}
}

// Who verifies is told what a start would say, of checkpoints that are whole and no others.
func TestVerifySaysHowToGoOn(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	keepState(t, dir, 1, 2, 3)
	verify := func(want string, args ...string) {
		t.Helper()
		_, errOut := wire(t, 1, append([]string{"checkpoint", "verify", "--state-dir", dir}, args...)...)
		if !strings.HasSuffix(errOut, want) {
			t.Errorf("%v: got %s\nwant %s", args, errOut, want)
		}
	}
	only := func(epoch int) string {
		return filepath.Join(dir, "files", fmt.Sprintf("00000000-0000-4000-8000-000000000000-1-%d-store-only%%2D%d", epoch, epoch))
	}
	if err := os.WriteFile(only(2), []byte("short"), 0o600); err != nil {
		t.Fatal(err)
	}
	verify("1 of 1 checkpoints are damaged; wire run goes on from that of epoch 3, the newest, which wire checkpoint verify reads without an epoch, and all with --all\n", "2")
	verify("1 of 3 checkpoints are damaged; wire run goes on from that of epoch 3, the newest, which is whole, and wire checkpoint rm removes damaged ones that are named\n", "--all")
	if err := errors.Join(os.Remove(only(3)), os.Mkdir(only(3), 0o700)); err != nil {
		t.Fatal(err)
	}
	ways := ", and wire run does not go on from the newest:\nMake the file readable, restore it from a backup, or go on from an older checkpoint: what sinks were given since then they are given again.\n" +
		"  --accept-duplicates-since 1   checkpoint of 2026-05-06T07:08:09Z\n"
	verify("1 of 1 checkpoints are damaged" + ways)
	verify("2 of 3 checkpoints are damaged"+ways, "--all")
	out, _ := wire(t, 1, "checkpoint", "verify", "--state-dir", dir)
	wantText(t, out, "epoch 3: "+only(3)+": checkpoint cannot be read: is a directory\n")

	newest := filepath.Join(dir, "manifests", "00000000000000000004.json")
	if err := errors.Join(os.Remove(newest), os.Mkdir(newest, 0o700)); err != nil {
		t.Fatal(err)
	}
	verify("2 of 3 checkpoints are damaged"+ways, "--all")
	verify("wire: the newest checkpoint cannot be read: " + newest + ": checkpoint cannot be read: is a directory\n" +
		"Name one of the epochs that can be read to look at it: 2, 1. Restore the file from a backup; wire run says how to go on without it\n")
	if out, _ := wire(t, 0, "checkpoint", "list", "--state-dir", dir); !strings.Contains(out, newest+": checkpoint cannot be read: is a directory\n") {
		t.Error(out)
	}
}

// Where manifests are gone every command says so, and removal goes on.
func TestCheckpointCommandsSayThatManifestsAreGone(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	keepState(t, dir, 1, 2)
	names, err := filepath.Glob(filepath.Join(dir, "manifests", "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if err := os.Remove(name); err != nil {
			t.Fatal(err)
		}
	}
	says := dir + " holds files of checkpoints (3, 18000 bytes), and its folder manifests no manifest that says what they are\n" +
		"Restore the manifests from a backup, or begin anew with --fresh, which writes everything again and removes the files.\n"
	for _, command := range []string{"checkpoint show", "checkpoint verify", "checkpoint verify --all", "state ls"} {
		_, errOut := wire(t, 1, append(strings.Fields(command), "--state-dir", dir)...)
		wantText(t, errOut, "wire: "+says)
	}
	out, _ := wire(t, 0, "checkpoint", "list", "--state-dir", dir)
	wantText(t, out, says+dir+": 3 files, 18 KB\n")
	out, _ = wire(t, 0, "checkpoint", "list", "--json", "--state-dir", dir)
	if !strings.Contains(out, "and its folder manifests no manifest") {
		t.Error(out)
	}
	wire(t, 0, "checkpoint", "rm", "--all", "--state-dir", dir)
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Error(err)
	}
}

// What is asked for by its epoch is named with its damage, and removed unless it is the newest.
func TestCheckpointCommandsOfADamagedEpoch(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	keepState(t, dir, 1, 2, 3, 4)
	damage := func(number int) string {
		t.Helper()
		path := filepath.Join(dir, "manifests", fmt.Sprintf("%020d.json", number))
		if err := os.WriteFile(path, []byte("{}"), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	says := "wire: there is no readable checkpoint of epoch 3: " + damage(4) + ": checkpoint is damaged at byte 2: the file ends here, too early\n"
	for _, command := range []string{"show", "verify"} {
		_, errOut := wire(t, 1, "checkpoint", command, "--state-dir", dir, "3")
		wantText(t, errOut, says)
	}
	out, _ := wire(t, 0, "checkpoint", "rm", "--state-dir", dir, "3")
	wantText(t, out, "removed: checkpoints 1, files 1, 5.9 KB\n")
	damage(5)
	for _, epoch := range []string{"2", "4"} {
		if _, errOut := wire(t, 1, "checkpoint", "rm", "--state-dir", dir, epoch); !strings.Contains(errOut, "the newest") {
			t.Errorf("rm %s: %s", epoch, errOut)
		}
	}
}

func TestCheckpointsOfARunningPipelineAreNotRemoved(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	keepState(t, dir, 1, 2, 3)
	o, err := checkpoint.Open(t.Context(), checkpoint.Options{Dir: dir, Pipeline: "orders"}) // by this process, which is not waited for
	if err != nil {
		t.Fatal(err)
	}
	holder := fmt.Sprintf("process %d on ", os.Getpid())
	for _, args := range [][]string{{"1"}, {"--all"}} {
		_, errOut := wire(t, 1, append([]string{"checkpoint", "rm", "--state-dir", dir}, args...)...)
		if !strings.Contains(errOut, "the pipeline is run by "+holder) {
			t.Error(errOut)
		}
	}
	out, _ := wire(t, 0, "checkpoint", "list", "--state-dir", dir)
	if !strings.Contains(out, "; run 2 is that of "+holder) || strings.Count(out, "checkpoint  ") != 3 {
		t.Error(out)
	}
	if err := o.Close(); err != nil {
		t.Fatal(err)
	}
}

// What is no state directory is called that, with what to do, and nothing is made or removed there.
func TestWhatIsNoStateDirectory(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, dir := range []string{"empty", "other", "cut", ".wire", "cluster/manifests", "cluster2/manifests", "cluster2/files", "above/cluster/manifests"} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for _, path := range []string{"file", "other/notes.txt", "cut/lock", "cluster/manifests/pod.yaml", "cluster2/manifests/pod.yaml", "cluster2/files/a"} {
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	keepState(t, ".wire/orders", 1)
	for dir, says := range map[string]string{
		"absent": "there is no such directory; a run of the pipeline makes it, and --state-dir names another one",
		"empty":  "it is empty; a run of the pipeline with this --state-dir takes the first one",
		"file":   "it is a file; a state directory is .wire/NAME beside the pipeline file, or where --state-dir said",
		"other":  "it is no state directory: it holds notes.txt, and no manifests",
		".wire":  "it holds state directories; name one of them: .wire/orders",
		// Folders of others have such a name, too.
		"cluster": "it is no state directory: its folder manifests holds no manifest of a checkpoint",
		"above":   "it is no state directory: it holds cluster, and no manifests",
	} {
		for _, command := range []string{"checkpoint list", "checkpoint show", "checkpoint verify", "checkpoint create", "checkpoint rm 1", "checkpoint rm --all", "state ls", "state scan a.group"} {
			_, errOut := wire(t, 2, append(strings.Fields(command), "--state-dir", dir)...)
			wantText(t, errOut, "wire: "+dir+" keeps no checkpoints: "+says+"\n")
		}
	}
	for dir, names := range map[string]int{"empty": 0, "other": 1, ".wire": 1, "cluster/manifests": 1, "above": 1} {
		if found, err := os.ReadDir(dir); err != nil || len(found) != names {
			t.Errorf("%s holds %v: %v", dir, found, err)
		}
	}
	for _, held := range []string{"manifests/pod.yaml", "files/a"} { // a folder that looks like one is not removed either
		if _, errOut := wire(t, 1, "checkpoint", "rm", "--all", "--state-dir", "cluster2"); !strings.Contains(errOut, "cluster2 is not only a state directory: it holds ") {
			t.Error(errOut)
		}
		if err := os.Remove("cluster2/" + held); err != nil {
			t.Fatal(err)
		}
	}
	// What a removal has left that was cut short is removed.
	out, _ := wire(t, 0, "checkpoint", "list", "--state-dir", "cut")
	wantText(t, out, "there is no checkpoint: the next run begins anew\ncut: 0 files, 0 B\n")
	_, errOut := wire(t, 2, "checkpoint", "show", "--state-dir", "cut")
	wantText(t, errOut, "wire: cut: there is no checkpoint yet; a run of the pipeline takes them\n")
	wire(t, 0, "checkpoint", "rm", "--all", "--state-dir", "cut")
	if _, err := os.Stat("cut"); !os.IsNotExist(err) {
		t.Error(err)
	}
}

// Nothing is removed while a pipeline runs: that is said without a way that rm has not.
func TestNothingIsRemovedWhileItRuns(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	keepState(t, dir, 1, 2)
	o, err := checkpoint.Open(t.Context(), checkpoint.Options{Dir: dir, Pipeline: "orders", Clock: clock.NewManual(time.Date(2026, 5, 6, 7, 8, 9, 0, time.UTC))})
	if err != nil {
		t.Fatal(err)
	}
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	holder := fmt.Sprintf("process %d on %s", os.Getpid(), host)
	for _, what := range []string{"1", "--all"} {
		_, errOut := wire(t, 1, "checkpoint", "rm", "--state-dir", dir, what)
		wantText(t, errOut, "wire: "+dir+": the pipeline is run by "+holder+" since 2026-05-06T07:08:09Z, and nothing is removed meanwhile; stop it first\n")
	}
	out, _ := wire(t, 0, "checkpoint", "list", "--state-dir", dir)
	if !strings.Contains(out, "is that of "+holder) {
		t.Error(out)
	}
	if err := o.Close(); err != nil {
		t.Fatal(err)
	}
	_, errOut := wire(t, 1, "checkpoint", "create", "--state-dir", dir)
	wantText(t, errOut, "wire: "+dir+": no process runs the pipeline; wire run takes checkpoints while it runs, and one when it is stopped\n")
}
