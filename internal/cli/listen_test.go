package cli_test

import (
	"bufio"
	"bytes"
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

// TestListen looks at a run over HTTP, then stops it as Ctrl-C does.
func TestListen(t *testing.T) {
	path := writePipeline(t, endless)
	state := filepath.Join(filepath.Dir(path), "state")
	read, write := io.Pipe()
	code := make(chan int, 1)
	var out bytes.Buffer
	go func() {
		code <- cli.Main([]string{"run", "--listen", "127.0.0.1:0", "--summary", "json", "--state-dir", state, path}, os.Stdin, &out, write)
		write.Close()
	}()
	lines := bufio.NewScanner(read)
	var url string
	for url == "" && lines.Scan() {
		if m := regexp.MustCompile(`http://127\.0\.0\.1:[0-9]+/`).FindString(lines.Text()); m != "" {
			url = m
		}
	}
	go func() {
		for lines.Scan() { // what else is said
		}
	}()
	for path, want := range map[string]string{
		"metrics":        `wire_source_records_total{pipeline="endless",source="numbers"} `,
		"healthz":        "ok\n",
		"debug/pipeline": `"connector": "blackhole"`,
	} {
		if body := get(t, url+path); !strings.Contains(body, want) {
			t.Errorf("/%s lacks %s:\n%s", path, want, body)
		}
	}
	if err := syscall.Kill(os.Getpid(), syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if got := <-code; got != 130 || !strings.Contains(out.String(), `"status":"stopped"`) {
		t.Errorf("ended with %d: %s", got, out.String())
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
