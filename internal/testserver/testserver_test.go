package testserver

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// recorder is a testing.TB that notes how a test would have ended.
type recorder struct {
	testing.TB
	ended string
}

func (r *recorder) Helper() {}
func (r *recorder) Fatalf(format string, args ...any) {
	r.ended = "fatal: " + fmt.Sprintf(format, args...)
}

func (r *recorder) Skipf(format string, args ...any) {
	r.ended = "skip: " + fmt.Sprintf(format, args...)
}

func TestAbsentServerSkipsOrFails(t *testing.T) {
	tests := []struct{ required, want string }{
		{"", "skip: SKIP: needs PostgreSQL 15: not installed"},
		{"0", "skip: SKIP: needs PostgreSQL 15: not installed"},
		{"1", "fatal: PostgreSQL 15 is required by WIRE_TEST_SERVERS=1: not installed"},
	}
	for _, tt := range tests {
		t.Setenv(RequireVariable, tt.required)
		r := &recorder{}
		absent(r, "PostgreSQL 15", errors.New("not installed"))
		if r.ended != tt.want {
			t.Errorf("%s=%s: %q, want %q", RequireVariable, tt.required, r.ended, tt.want)
		}
	}
}

func TestPostgresTakesTheServerFromTheEnvironment(t *testing.T) {
	t.Setenv(PostgresVariable, "postgres://somewhere/db")
	if got := Postgres(t); got != "postgres://somewhere/db" {
		t.Errorf("DSN = %q, want the variable's value", got)
	}
}

func TestPostgresProgramsNamesWhereItLooked(t *testing.T) {
	empty, full := t.TempDir(), t.TempDir()
	if err := os.WriteFile(filepath.Join(full, "initdb"), nil, 0o700); err != nil {
		t.Fatal(err)
	}
	if got, err := postgresPrograms([]string{empty, full}); err != nil || got != full {
		t.Errorf("programs = %q, %v, want %q", got, err, full)
	}
	_, err := postgresPrograms([]string{empty})
	if !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), empty) {
		t.Errorf("error = %v, want fs.ErrNotExist naming %s", err, empty)
	}
}

func TestPostgresStartsAndStops(t *testing.T) {
	t.Setenv(PostgresVariable, "") // a server of our own, whatever CI offers
	var dsn string
	started := t.Run("lifetime", func(t *testing.T) {
		dsn = Postgres(t)
		conn, err := pgx.Connect(t.Context(), dsn)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close(t.Context())
		var version, zone string
		if err := conn.QueryRow(t.Context(), "SELECT current_setting('server_version'), current_setting('TimeZone')").Scan(&version, &zone); err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(version, postgresMajor+".") || zone != "UTC" {
			t.Errorf("version %q, zone %q, want %s and UTC", version, zone, postgresMajor)
		}
	})
	if !started || dsn == "" { // failed, or skipped for want of a server
		return
	}
	address, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	if conn, err := net.Dial("tcp", address.Host); err == nil {
		t.Errorf("%s still answers after the test that started it ended", address.Host)
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestFailingProgramIsQuoted(t *testing.T) {
	programs := t.TempDir()
	script := "#!/bin/sh\necho 'no room left'\nexit 3\n"
	if err := os.WriteFile(filepath.Join(programs, "initdb"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	err := postgresServer{programs: programs, data: t.TempDir()}.create()
	if err == nil || !strings.Contains(err.Error(), "initdb: exit status 3\nno room left") {
		t.Errorf("error = %v, want the program's name, status and words", err)
	}
}
