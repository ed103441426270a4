// Package archtest holds the house rules that plain `go test` enforces: which package may import which, where encoding/json and other
// libraries are banned, that every package is documented, and what must not be in the repository.
//
// It has no code of its own. The tests read source text with go/parser, so they need neither a build nor a tool, and see files of every
// platform and build tag. Rules that golangci-lint can express as well stand in .golangci.yml too, where an editor shows them early;
// where the two differ, these tests are the stricter. Each table names the reason of each rule and of each exception.
package archtest
