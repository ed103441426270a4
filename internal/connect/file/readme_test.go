package file_test

import (
	"testing"

	"wire.example/wire/internal/connect/file"
	"wire.example/wire/sdk/sdktest"
)

func TestPage(t *testing.T) {
	sdktest.OptionsOnPage(t, &file.SourceConfig{})
	sdktest.OptionsOnPage(t, &file.SinkConfig{})
}
