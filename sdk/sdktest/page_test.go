package sdktest

import "testing"

func TestOptionsTable(t *testing.T) {
	type config struct {
		Path string `doc:"Where." option:"path" required:"true"`
		Mode string `default:"a" doc:"How." enum:"a,b" option:"mode"`
	}
	want := "| `path` | text | (required) | Where. |\n| `mode` | text | a | How. One of: a, b. |\n"
	if got := optionsTable(&config{}); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if got := optionsTable(&struct{}{}); got != "no options" {
		t.Error(got)
	}
}
