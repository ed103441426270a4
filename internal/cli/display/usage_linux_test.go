package display

import "testing"

func TestHighWater(t *testing.T) {
	for _, test := range []struct {
		status string
		want   int64
		ok     bool
	}{
		{"Name:\twire\nVmHWM:\t   12345 kB\nVmRSS:\t 1 kB\n", 12345 << 10, true},
		{"Name:\twire\nVmRSS:\t 1 kB\n", 0, false},
		{"\nVmHWM:\t many kB\n", 0, false},
		{"\nVmHWM:\t 1 MB\n", 0, false},
		{"\nVmHWM:", 0, false},
	} {
		if got, ok := highWater([]byte(test.status)); ok != test.ok || ok && got != test.want {
			t.Errorf("%q: %d, %v", test.status, got, ok)
		}
	}
}

func FuzzHighWater(f *testing.F) {
	f.Add([]byte("Name:\twire\nVmHWM:\t   12345 kB\nVmRSS:\t 1 kB\n"))
	f.Add([]byte("\nVmHWM:"))
	f.Fuzz(func(t *testing.T, status []byte) {
		if peak, ok := highWater(status); ok && peak%1024 != 0 {
			t.Errorf("%q: %d bytes", status, peak)
		}
	})
}
