package stdout_test

import (
	"testing"

	"wire.example/wire/internal/connect/stdout"
	"wire.example/wire/sdk/sdktest"
)

func TestPage(t *testing.T) { sdktest.OptionsOnPage(t, &stdout.Config{}) }
