package cli_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"wire.example/wire/internal/cli"
)

// endless is a pipeline that goes on until it is stopped.
const endless = `name: endless
sources:
  numbers: {connector: generate, kind: sequence, rate: 1000}
sinks:
  out: {from: numbers, connector: blackhole}
`

func writePipeline(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "p.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func get(t *testing.T, url string) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("%s: %d, %v", url, response.StatusCode, err)
	}
	return string(body)
}

// listening runs the command with args besides those that say where to listen, and returns where it does, and a function that stops it as Ctrl-C does and returns its exit code and what it printed.
func listening(t *testing.T, args ...string) (url string, stop func() (code int, out string)) {
	t.Helper()
	read, write := io.Pipe()
	ended := make(chan int, 1)
	var printed bytes.Buffer
	go func() {
		ended <- cli.Main(append([]string{"run", "--listen", "127.0.0.1:0", "--summary", "json"}, args...), os.Stdin, &printed, write)
		write.Close()
	}()
	lines := bufio.NewScanner(read)
	for url == "" && lines.Scan() {
		url = regexp.MustCompile(`http://127\.0\.0\.1:[0-9]+/`).FindString(lines.Text())
	}
	go func() {
		for lines.Scan() { // what else is said
		}
	}()
	return url, func() (int, string) {
		if err := syscall.Kill(os.Getpid(), syscall.SIGINT); err != nil {
			t.Fatal(err)
		}
		return <-ended, printed.String()
	}
}

// TestListen looks at a run over HTTP, then stops it.
func TestListen(t *testing.T) {
	path := writePipeline(t, endless)
	url, stop := listening(t, "--state-dir", filepath.Join(filepath.Dir(path), "state"), path)
	for path, want := range map[string]string{
		"metrics":        `wire_source_records_total{pipeline="endless",source="numbers"} `,
		"healthz":        "ok\n",
		"debug/pipeline": `"connector": "blackhole"`,
	} {
		if body := get(t, url+path); !strings.Contains(body, want) {
			t.Errorf("/%s lacks %s:\n%s", path, want, body)
		}
	}
	if code, out := stop(); code != 130 || !strings.Contains(out, `"status":"stopped"`) {
		t.Errorf("ended with %d: %s", code, out)
	}
}

// crowded is a pipeline that goes on until it is stopped, whose state does not fit into its memory: keys come again and again, and new ones between them.
const crowded = `SET emit = 'changes';
CREATE SOURCE numbers (n BIGINT) WITH (connector = 'generate', kind = 'sequence');
CREATE SINK out WITH (connector = 'blackhole');
INSERT INTO out SELECT k, count(*) AS c FROM (SELECT repeat((CASE WHEN n % 2 = 0 THEN n ELSE n % 200000 END)::text, 40) AS k FROM numbers) AS x GROUP BY k;
`

// TestMetricsOfState: what filters spare, and what the store is asked for and answers, is counted, whether or not state is kept.
func TestMetricsOfState(t *testing.T) {
	for name, args := range map[string][]string{"kept": {"--state-dir", filepath.Join(t.TempDir(), "state")}, "scratch": {"--ephemeral"}} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "p.sql")
			if err := os.WriteFile(path, []byte(crowded), 0o600); err != nil {
				t.Fatal(err)
			}
			url, stop := listening(t, append(args, "--memory", "48MiB", path)...)
			for _, family := range []string{"keys_asked", "keys_spared", "lookups", "entries_found", "filter_hits", "filter_misses", "cache_hits"} {
				series := "wire_state_" + family + "_total"
				value := func() (v float64) {
					_, text, _ := strings.Cut(get(t, url+"metrics"), "\n"+series+"{pipeline=\"p\"} ")
					if _, err := fmt.Sscan(text, &v); err != nil {
						t.Fatalf("%s: %v", series, err)
					}
					return v
				}
				for first := value(); value() <= first; { // as long as the test may take
				}
			}
			if code, out := stop(); code != 130 {
				t.Errorf("ended with %d: %s", code, out)
			}
		})
	}
}

func TestListenWhereSomebodyElseDoes(t *testing.T) {
	var config net.ListenConfig
	taken, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	var out, said bytes.Buffer
	code := cli.Main([]string{"run", "--listen", taken.Addr().String(), writePipeline(t, endless)}, os.Stdin, &out, &said)
	if code != 2 || !strings.Contains(said.String(), "address already in use") || strings.Contains(said.String(), "account") {
		t.Errorf("ended with %d: %s", code, said.String())
	}
}
