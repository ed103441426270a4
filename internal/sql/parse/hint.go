package parse

import (
	"strings"

	"wire.example/wire/internal/expr/parse"
)

// improve gives a syntax error the hint that its neighbourhood suggests.
func improve(text string, e *parse.Error) {
	if strings.TrimSpace(text) == "" {
		e.Hint = "a statement is missing"
	}
}
