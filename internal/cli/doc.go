// Package cli is the command line: it reads arguments, calls the packages that do the work, and turns errors into messages and exit codes.
//
// Exit codes: 0 done; 1 failed while running; 2 wrong pipeline or arguments; 130 stopped by Ctrl-C; 143 stopped by SIGTERM.
package cli
