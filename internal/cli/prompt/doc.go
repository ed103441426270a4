// Package prompt is where a person types SQL: lines edited on a terminal, a history that outlives the program, and completion.
//
// Editor reads lines with golang.org/x/term; the terminal is raw only while it does, so that Ctrl-C is a signal while statements run.
// Vocabulary.Complete is a pure function of the text around the cursor. History keeps whole statements and leaves out those that hold a secret.
package prompt
