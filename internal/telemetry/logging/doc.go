// Package logging makes the program's logger: slog, as coloured text on a terminal and as JSON anywhere else.
//
// It never writes secrets that it can tell by their key or that stand in a URL. There is no global logger: main makes one and hands it down.
package logging
