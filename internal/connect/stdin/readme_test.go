package stdin_test

import (
	"testing"

	"wire.example/wire/internal/connect/stdin"
	"wire.example/wire/sdk/sdktest"
)

func TestPage(t *testing.T) { sdktest.OptionsOnPage(t, &stdin.Config{}) }
