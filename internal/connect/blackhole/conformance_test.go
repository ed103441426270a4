package blackhole_test

import (
	"testing"

	"wire.example/wire/internal/connect/blackhole"
	"wire.example/wire/sdk/sdktest"
)

func TestSinkConformance(t *testing.T) {
	typ := blackhole.SinkType()
	sdktest.SinkSuite(t, sdktest.Sink{
		Type: typ,
		New:  func(testing.TB) sdktest.Target { return sdktest.Target{Config: typ.NewConfig()} },
	})
}
