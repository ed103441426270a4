package testserver

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
)

const (
	// PostgresVariable holds the DSN of a running PostgreSQL 15 that tests may use.
	PostgresVariable = "WIRE_TEST_POSTGRES"

	postgresMajor   = "15" // the version whose semantics Wire follows
	startAttempts   = 3    // another process may take the free port first
	postgresAccount = "postgres"
)

// Postgres returns the DSN (postgres://…) of a PostgreSQL 15 whose user may create databases. A server named by PostgresVariable is
// shared by all packages: use temporary tables, or a schema or database of your own. Otherwise one is started for this test (about 5 s)
// and stopped in its cleanup: call it once and share the DSN among subtests.
func Postgres(t testing.TB) string {
	t.Helper()
	if dsn := os.Getenv(PostgresVariable); dsn != "" {
		return dsn
	}
	programs, err := postgresPrograms(postgresFolders())
	if err != nil {
		absent(t, "PostgreSQL "+postgresMajor, err)
	}
	account, err := serverAccount()
	if err != nil {
		absent(t, "PostgreSQL "+postgresMajor, err)
	}
	// Not t.TempDir: the server's account could not enter it, since its parent is closed to others.
	data, err := os.MkdirTemp("", "wire-postgres-*")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(data); err != nil {
			t.Errorf("remove PostgreSQL's data directory: %v", err)
		}
	})
	server := postgresServer{programs: programs, account: account, data: data}
	if err := server.create(); err != nil {
		t.Fatalf("create PostgreSQL's data directory: %v", err)
	}
	port, err := server.start()
	if err != nil {
		t.Fatalf("start PostgreSQL: %v", err)
	}
	t.Cleanup(func() {
		if err := server.stop(); err != nil {
			t.Errorf("stop PostgreSQL: %v", err)
		}
	})
	return fmt.Sprintf("postgres://%s@127.0.0.1:%d/postgres?sslmode=disable", postgresAccount, port)
}

// postgresFolders are where distributions and Homebrew put the programs of this major version.
func postgresFolders() []string {
	return []string{
		"/usr/lib/postgresql/" + postgresMajor + "/bin",
		"/usr/pgsql-" + postgresMajor + "/bin",
		"/opt/homebrew/opt/postgresql@" + postgresMajor + "/bin",
		"/usr/local/opt/postgresql@" + postgresMajor + "/bin",
	}
}

// postgresPrograms returns the first of the folders that holds initdb.
func postgresPrograms(folders []string) (string, error) {
	for _, folder := range folders {
		if _, err := os.Stat(filepath.Join(folder, "initdb")); err == nil {
			return folder, nil
		}
	}
	return "", fmt.Errorf("no initdb in %q (install postgresql-%s, or set %s to a DSN): %w", folders, postgresMajor, PostgresVariable, fs.ErrNotExist)
}

// serverAccount is the account to run as: nil for the current one, the account postgres when the current one is root, which the server refuses.
func serverAccount() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	account, err := user.Lookup(postgresAccount)
	if err != nil {
		return nil, fmt.Errorf("PostgreSQL refuses to run as root: %w", err)
	}
	uid, err1 := strconv.ParseUint(account.Uid, 10, 32)
	gid, err2 := strconv.ParseUint(account.Gid, 10, 32)
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, errors.Join(err1, err2)
}

// postgresServer is one server on a data directory of its own.
type postgresServer struct {
	programs string              // folder of initdb and pg_ctl
	account  *syscall.Credential // nil: the current one
	data     string              // exists, and belongs to the test
}

// create fills the data directory. Durability is off: the data ends with the test.
func (s postgresServer) create() error {
	if s.account != nil {
		if err := os.Chown(s.data, int(s.account.Uid), int(s.account.Gid)); err != nil {
			return err
		}
	}
	return s.run("initdb", "--pgdata", s.data, "--username", postgresAccount, "--auth", "trust",
		"--encoding", "UTF8", "--locale", "C.UTF-8", "--no-sync")
}

// start returns the port on which the server answers.
func (s postgresServer) start() (port int, err error) {
	for range startAttempts {
		if port, err = freePort(); err != nil {
			return 0, err
		}
		options := fmt.Sprintf("-p %d -h 127.0.0.1 -c unix_socket_directories='' -c fsync=off -c wal_level=logical -c timezone=UTC", port)
		err = s.run("pg_ctl", "start", "--wait", "--pgdata", s.data, "--log", filepath.Join(s.data, "server.log"), "--options", options)
		if err == nil {
			return port, nil
		}
	}
	log, _ := os.ReadFile(filepath.Join(s.data, "server.log")) // explains err where it exists
	return 0, fmt.Errorf("%w\n%s", err, log)
}

// stop ends the server without waiting for its clients.
func (s postgresServer) stop() error {
	return s.run("pg_ctl", "stop", "--wait", "--mode", "immediate", "--pgdata", s.data)
}

// run waits for one of PostgreSQL's programs. Its output goes to a file, since a daemon it leaves behind would keep a pipe open.
func (s postgresServer) run(program string, arguments ...string) error {
	output, err := os.CreateTemp("", "wire-"+program+"-*")
	if err != nil {
		return err
	}
	defer os.Remove(output.Name()) //nolint:errcheck // a temporary file
	defer output.Close()           //nolint:errcheck // read by name below
	command := exec.Command(filepath.Join(s.programs, program), arguments...)
	command.Dir = s.data
	command.Env = append(os.Environ(), "LC_ALL=C")
	command.Stdout, command.Stderr = output, output
	command.SysProcAttr = &syscall.SysProcAttr{Credential: s.account}
	if err := command.Run(); err != nil {
		said, _ := os.ReadFile(output.Name()) // the program's own words; without them err stands alone
		return fmt.Errorf("%s: %w\n%s", program, err, bytes.TrimSpace(said))
	}
	return nil
}
