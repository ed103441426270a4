package cli_test

import (
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"wire.example/wire/internal/cli"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"wire": func() { os.Exit(cli.Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) },
	})
}

// TestScripts runs the command line as users do; exit codes are checked by `exits`.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
	})
}

func TestExitCodes(t *testing.T) {
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := null.Close(); err != nil {
			t.Error(err)
		}
	}()
	for _, test := range []struct {
		args []string
		want int
	}{
		{[]string{"version"}, 0},
		{[]string{"version", "extra"}, 2},
		{[]string{"check"}, 2},
		{[]string{"check", "no-such-file.yaml"}, 2},
		{[]string{"connectors", "nothing"}, 2},
		{[]string{"connectors", "--nonsense"}, 2},
		{[]string{"chek"}, 2},
		{[]string{"nonsense"}, 2},
		{nil, 0},
	} {
		if got := cli.Main(test.args, null, null, null); got != test.want {
			t.Errorf("wire %v ended with %d, want %d", test.args, got, test.want)
		}
	}
}
