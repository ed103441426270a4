// Package upgrade keeps what releases have stored, and checks that every format on disk has such a fixture, of each version that is read, and that some test reads each: README.md is the table.
package upgrade
