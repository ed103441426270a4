package blackhole_test

import (
	"testing"

	"wire.example/wire/internal/connect/blackhole"
	"wire.example/wire/sdk/sdktest"
)

func TestPage(t *testing.T) { sdktest.OptionsOnPage(t, &blackhole.Config{}) }
