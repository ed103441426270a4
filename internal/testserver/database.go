package testserver

import (
	"context"
	"fmt"
	"os"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
)

// Database makes a database of the test's own, called name and the number of the process, on the PostgreSQL that dsn names, which may be shared,
// and returns the database's DSN. It is dropped in the test's cleanup. Texts are UTF-8 and ordered by bytes.
func Database(t testing.TB, dsn, name string) string {
	t.Helper()
	server, err := pgconn.ParseConfig(dsn)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := pgconn.ConnectConfig(t.Context(), server)
	if err != nil {
		t.Fatal(err)
	}
	name = fmt.Sprintf("%s_%d", name, os.Getpid())
	do := func(sql string) {
		if err := conn.Exec(context.Background(), sql).Close(); err != nil { // t's context has ended in its cleanup
			t.Error(err)
		}
	}
	do("CREATE DATABASE " + name + " TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C.UTF-8'")
	t.Cleanup(func() {
		do("DROP DATABASE " + name + " WITH (FORCE)")
		_ = conn.Close(context.Background())
	})
	return fmt.Sprintf("host=%s port=%d user=%s password='%s' dbname=%s sslmode=prefer", server.Host, server.Port, server.User, server.Password, name)
}
