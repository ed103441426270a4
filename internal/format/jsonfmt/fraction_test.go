package jsonfmt

import "testing"

// TestWholeNumbersBeyondNumeric: whether a number is whole does not depend on how many digits a NUMERIC holds.
func TestWholeNumbersBeyondNumeric(t *testing.T) {
	zeros := "00000000000000000000000000000000000000000000000000"
	tests := map[string]bool{
		"0": false, "0e-5": false, "0.0": false, "7": false, "-7.0": false, "1e3": false, "1.5e1": false, "15e-1": true, "150e-1": false,
		"150e-2": true, "0.5": true, "100.001": true, "100.001e3": false, "100.001e2": true, "1e-999999999999": true, "1e999999999999": false,
		"-1." + zeros: false, "1." + zeros + "1": true, "1." + zeros + "1e51": false, "1" + zeros + "e-50": false, "1" + zeros + "e-51": true,
		"0.1e+1": false, "0.10e1": false, "0.11E1": true,
	}
	for text, want := range tests {
		if got := hasFraction([]byte(text)); got != want {
			t.Errorf("%s: %v, want %v", text, got, want)
		}
	}
}
